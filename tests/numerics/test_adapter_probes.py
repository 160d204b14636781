import numpy as np
import pytest
from scipy import integrate, special, stats

from rankscope.numerics import adapter_probes, low_rank, subspaces


@pytest.fixture
def generator():
    return np.random.default_rng(5)


def test_the_amplification_of_the_base_weights_own_directions_is_one(generator):
    base = generator.normal(size=(12, 9))
    left, values, right_t = np.linalg.svd(base, full_matrices=False)
    probe = adapter_probes.amplification(
        base, left[:, :3], right_t[:3].T, np.linalg.norm(values[:3])
    )
    assert probe.factor == pytest.approx(1.0, rel=1e-13)
    by_chance = 3 * np.linalg.norm(base) / np.sqrt(12 * 9)
    assert probe.alignment == pytest.approx(np.linalg.norm(values[:3]) / by_chance, rel=1e-13)


def test_alignment_does_not_depend_on_the_scale_of_weight_or_update(generator):
    base = generator.normal(size=(12, 9))
    left, right = (low_rank.random_frame(generator, (size, 3)) for size in (12, 9))
    one = adapter_probes.amplification(base, left, right, 1.0)
    other = adapter_probes.amplification(5 * base, left, right, 7.0)
    assert other.alignment == pytest.approx(one.alignment, rel=1e-13)
    assert other.factor == pytest.approx(7 / 5 * one.factor, rel=1e-13)


def test_random_directions_capture_what_the_null_says(generator):
    base = generator.normal(size=(30, 20)) * np.linspace(0.1, 2, 20)
    squares = np.array(
        [
            np.linalg.norm(
                low_rank.random_frame(generator, (30, 4)).T
                @ base
                @ low_rank.random_frame(generator, (20, 4))
            )
            ** 2
            for _ in range(2000)
        ]
    )
    null = adapter_probes.captured_null(30, 20, 4, np.linalg.norm(base)) ** 2
    assert squares.mean() == pytest.approx(null, abs=4 * squares.std() / np.sqrt(len(squares)))


def test_table_seven_of_lora_is_the_null_for_random_directions():
    # |Wq| = 61.95 at width 12288; the paper prints 0.02 at rank 4 and 0.33 at rank 64
    assert round(adapter_probes.captured_null(12288, 12288, 4, 61.95), 2) == 0.02
    assert adapter_probes.captured_null(12288, 12288, 64, 61.95) == pytest.approx(0.3227, abs=5e-5)


@pytest.mark.parametrize(("i", "j"), [(1, 1), (2, 6), (6, 2), (5, 5)])
def test_the_similarity_of_random_subspaces_has_the_nulls_mean_and_spread(generator, i, j):
    draws = np.array(
        [
            subspaces.subspace_similarity(
                low_rank.random_frame(generator, (16, i)), low_rank.random_frame(generator, (16, j))
            )[-1, -1]
            for _ in range(4000)
        ]
    )
    mean = adapter_probes.similarity_null(16, i, j)
    spread = adapter_probes.similarity_null_sd(16, i, j)
    assert draws.mean() == pytest.approx(mean, abs=4 * spread / np.sqrt(len(draws)))
    assert draws.std() == pytest.approx(spread, rel=0.08)


def test_the_whole_space_is_similar_to_itself_without_spread():
    assert adapter_probes.similarity_null(8, 8, 8) == 1.0
    assert adapter_probes.similarity_null_sd(8, 8, 8) == 0.0


@pytest.mark.parametrize(("dimension", "directions"), [(1, 1), (2, 2), (30, 30), (30, 5)])
def test_the_best_match_of_a_random_direction_is_exact(generator, dimension, directions):
    vectors = generator.normal(size=(20000, dimension))
    matches = np.abs(vectors[:, :directions]).max(axis=1) / np.linalg.norm(vectors, axis=1)
    mean, spread = adapter_probes.random_match(dimension, directions)
    assert matches.mean() == pytest.approx(
        mean, abs=5 * matches.std() / np.sqrt(len(matches)) + 1e-9
    )
    assert matches.std() == pytest.approx(spread, rel=0.05, abs=1e-6)


def test_at_width_4096_a_random_direction_matches_nothing():
    mean, spread = adapter_probes.random_match(4096, 4096)
    assert mean == pytest.approx(np.sqrt(2 * np.log(4096) / 4096), rel=0.1)
    assert mean + 10 * spread < 0.5


def test_only_a_new_direction_is_an_intruder(generator):
    base = low_rank.random_frame(generator, (100, 100))
    mixed = (base[:, :1] + base[:, 1:2]) / np.sqrt(2)
    new = generator.normal(size=(100, 1))
    new /= np.linalg.norm(new)
    tuned = np.hstack([base[:, 3:5], mixed, new])
    assert adapter_probes.best_match(tuned, base)[:3] == pytest.approx([1, 1, np.sqrt(0.5)])
    assert adapter_probes.count_intruders(tuned, base) == 1
    assert adapter_probes.count_intruders(tuned, base, threshold=0.8) == 2


def test_the_best_match_is_the_integral_of_its_quantiles():
    largest = integrate.quad(lambda u: np.sqrt(2) * special.erfinv(u ** (1 / 20)), 0, 1)[0]
    mean, _ = adapter_probes.random_match(30, 20)
    assert mean == pytest.approx(largest / stats.chi(30).mean(), rel=1e-6)
