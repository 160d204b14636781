"""What the probe measures, on updates whose answer is known."""

import numpy as np
import pytest

from rankscope.numerics import leading_directions, low_rank
from rankscope.probe import comparing, measure


def random_update(generator, shape, rank):
    return measure.decompose(
        generator.standard_normal((shape[0], rank)),
        generator.standard_normal((rank, shape[1])),
        0.1,
    )


@pytest.mark.parametrize("shape", [(20, 30), (30, 20), (25, 25)])
@pytest.mark.parametrize("rank", [3, 40])
def test_both_ways_to_decompose_give_the_update(shape, rank):
    generator = np.random.default_rng(0)
    left = generator.standard_normal((shape[0], rank))
    right = generator.standard_normal((rank, shape[1]))
    svd = measure.decompose(left, right, -0.5)
    np.testing.assert_allclose(svd.dense(), -0.5 * left @ right, atol=1e-12)


@pytest.mark.parametrize("shape", [(20, 50), (50, 20), (30, 30)])
def test_leading_directions_are_those_of_the_full_decomposition(shape):
    matrix = np.random.default_rng(1).standard_normal(shape)
    found = leading_directions.leading_left(matrix, 5)
    expected = np.linalg.svd(matrix)[0][:, :5]
    np.testing.assert_allclose(abs(np.sum(found * expected, axis=0)), 1.0, atol=1e-10)


def test_leading_directions_of_a_tall_matrix_of_low_rank_are_orthonormal():
    generator = np.random.default_rng(2)
    matrix = generator.standard_normal((40, 2)) @ generator.standard_normal((2, 10))
    found = leading_directions.leading_left(matrix, 4)
    np.testing.assert_allclose(found.T @ found, np.eye(4), atol=1e-10)


def test_an_update_along_the_base_has_ranks_norm_and_amplification_in_closed_form():
    base = np.diag([4.0, 2.0, 1.0, 1.0])
    svd = measure.decompose(np.eye(4)[:, :2], np.diag([3.0, 1.0]) @ np.eye(2, 4), 1.0)
    found = measure.update(base, svd, measure.Settings(ranks=(1, 2, 4)))
    assert found["numerical_rank"] == 2
    assert found["stable_rank"] == pytest.approx(10 / 9)
    assert found["relative_norm"] == pytest.approx(np.sqrt(10 / 22))
    assert (found["rank_90"], found["rank_99"]) == (1, 2)
    norm = np.sqrt(10)
    np.testing.assert_allclose(
        found["amplification"], [norm / 4, norm / np.sqrt(20), np.nan], rtol=1e-12
    )
    np.testing.assert_allclose(found["alignment"][0], 4 / (np.sqrt(22) / 4), rtol=1e-12)


def test_an_untrained_update_has_no_amplification_and_no_rank():
    base = np.random.default_rng(3).standard_normal((8, 8))
    svd = measure.decompose(np.zeros((8, 2)), np.ones((2, 8)), 1.0)
    found = measure.update(base, svd, measure.Settings(ranks=(1, 2)))
    assert found["numerical_rank"] == 0
    assert found["update_norm"] == 0
    assert np.isnan(found["alignment"]).all()


def test_the_alignment_of_random_directions_lies_in_its_chance_interval_19_times_in_20():
    generator = np.random.default_rng(4)
    base = generator.standard_normal((60, 60))
    values = {1: [], 4: []}
    for _ in range(600):
        svd = random_update(generator, (60, 60), 4)
        found = measure.update(base, svd, measure.Settings(ranks=(1, 4)))
        for place, rank in enumerate(values):
            values[rank].append(found["alignment"][place])
    for rank, sample in values.items():
        low, high = measure.alignment_chance(rank)
        inside = np.mean((np.array(sample) > low) & (np.array(sample) < high))
        assert abs(inside - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 600), rank


def test_a_large_random_direction_is_an_intruder_and_a_tiny_update_brings_none():
    generator = np.random.default_rng(5)
    base = generator.standard_normal((50, 50)) / np.sqrt(50)
    strong = low_rank.LowRankSvd(
        low_rank.random_frame(generator, (50, 1)),
        np.array([20.0]),
        low_rank.random_frame(generator, (50, 1)),
    )
    weak = low_rank.LowRankSvd(strong.left, np.array([1e-6]), strong.right)
    settings = measure.Settings(intruders=5)
    base_left = measure.left_basis(base)
    found = measure.intruders(base, base_left, strong, settings, [generator] * 2)
    assert found["intruders"] == 1
    np.testing.assert_array_equal(found["intruders_control"], [1, 1])
    assert measure.intruders(base, base_left, weak, settings, [])["intruders"] == 0


def test_the_similarity_of_an_update_with_itself_is_one_and_ends_at_its_rank():
    svd = random_update(np.random.default_rng(6), (30, 20), 3)
    phi = measure.similarity(svd, svd, 5)
    np.testing.assert_allclose(np.diagonal(phi[:, :3, :3], axis1=1, axis2=2), 1.0, atol=1e-12)
    assert np.isnan(phi[:, 3:, :]).all()
    assert np.isnan(phi[:, :, 3:]).all()


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
def test_the_chance_interval_covers_its_share_whatever_the_spectrum_of_the_base(exponent):
    generator = np.random.default_rng(8)
    base = np.diag(np.arange(1, 101.0) ** -exponent)
    draws, inside = 400, {1: 0, 4: 0, 8: 0}
    for _ in range(draws):
        svd = random_update(generator, base.shape, 8)
        found = measure.update(base, svd, measure.Settings(ranks=tuple(inside)), generator)
        for place, rank in enumerate(inside):
            low, high = (found[name][place] for name in measure.CHANCE)
            inside[rank] += low < found["alignment"][place] < high
    for rank, count in inside.items():
        assert count / draws > 0.91, (rank, count / draws)


def test_the_interval_of_an_even_spectrum_is_too_narrow_for_a_concentrated_one():
    generator = np.random.default_rng(9)
    base = np.diag(np.arange(1, 101.0) ** -1.0)
    low, high = measure.alignment_chance(4)
    inside = 0
    for _ in range(300):
        svd = random_update(generator, base.shape, 4)
        found = measure.update(base, svd, measure.Settings(ranks=(4,)))
        inside += low < found["alignment"][0] < high
    assert inside / 300 < 0.9


def test_a_direction_is_shared_beyond_the_edge_of_random_subspaces():
    generator = np.random.default_rng(6)
    left, right = (low_rank.random_frame(generator, (200, k)) for k in (8, 12))
    share, chance, deviation, shared = comparing._similar(left, right)
    assert share == pytest.approx(chance, abs=5 * deviation)
    assert shared == 0
    # a cosine of 0.6 is beyond the edge, 0.43, and one of 0.3 is not
    for cosine, count in ((0.6, 1), (0.3, 0)):
        rest = low_rank.random_frame(generator, (200, 13))
        rest = np.linalg.qr(rest - left @ (left.T @ rest))[0]
        mixed = np.column_stack(
            [cosine * left[:, 0] + np.sqrt(1 - cosine**2) * rest[:, 0], rest[:, 1:12]]
        )
        assert comparing._similar(left, mixed)[3] == count
