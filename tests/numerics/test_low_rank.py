import numpy as np
import pytest

from rankscope.numerics import low_rank


@pytest.fixture
def generator():
    return np.random.default_rng(7)


def dense_values(left, right, scaling):
    return np.linalg.svd(scaling * left @ right, compute_uv=False)


@pytest.mark.parametrize(("rows", "columns", "rank"), [(40, 30, 1), (30, 40, 5), (8, 50, 12)])
def test_singular_values_are_those_of_the_dense_product(generator, rows, columns, rank):
    left, right = generator.normal(size=(rows, rank)), generator.normal(size=(rank, columns))
    values = low_rank.singular_values(left, right, scaling=-0.3)
    dense = dense_values(left, right, -0.3)[: len(values)]
    np.testing.assert_allclose(values, dense, rtol=0, atol=1e-13 * dense[0])


def test_the_decomposition_is_orthonormal_and_gives_the_product_back(generator):
    left, right = generator.normal(size=(3, 40, 5)), generator.normal(size=(3, 5, 30))
    update = low_rank.svd(left, right, scaling=-2.0)
    np.testing.assert_allclose(update.dense(), -2.0 * left @ right, atol=1e-12)
    for vectors in (update.left, update.right):
        identity = np.swapaxes(vectors, -1, -2) @ vectors
        np.testing.assert_allclose(identity, np.broadcast_to(np.eye(5), (3, 5, 5)), atol=1e-13)


def test_the_norm_is_that_of_the_product(generator):
    left, right = generator.normal(size=(20, 4)), generator.normal(size=(4, 9))
    norm = low_rank.svd(left, right).frobenius_norm
    assert norm == pytest.approx(np.linalg.norm(left @ right), rel=1e-14)


def test_rank_one_has_the_product_of_the_lengths(generator):
    column, row = generator.normal(size=(20, 1)), generator.normal(size=(1, 30))
    expected = np.linalg.norm(column) * np.linalg.norm(row)
    assert low_rank.singular_values(column, row)[0] == pytest.approx(expected, rel=1e-15)


def test_an_untrained_adapter_has_only_zero_singular_values(generator):
    values = low_rank.singular_values(np.zeros((20, 4)), generator.normal(size=(4, 30)))
    np.testing.assert_array_equal(values, np.zeros(4))


def test_values_do_not_depend_on_how_the_product_is_factored(generator):
    left, right = generator.normal(size=(30, 4)), generator.normal(size=(4, 20))
    mix = generator.normal(size=(4, 4))
    np.testing.assert_allclose(
        low_rank.singular_values(left @ mix, np.linalg.solve(mix, right)),
        low_rank.singular_values(left, right),
        rtol=1e-11,
    )


def test_small_singular_values_are_kept_where_the_gram_route_loses_them(generator):
    exact = np.array([1.0, 1e-4, 1e-10])
    mix = low_rank.random_frame(generator, (3, 3))
    left = low_rank.random_frame(generator, (50, 3)) * exact @ mix
    right = mix.T @ low_rank.random_frame(generator, (40, 3)).T
    np.testing.assert_allclose(low_rank.singular_values(left, right), exact, rtol=1e-5)
    gram = np.linalg.eigvals((left.T @ left) @ (right @ right.T)).real
    assert abs(np.sqrt(np.abs(gram)).min() / exact[2] - 1) > 1


def test_truncation_is_the_best_approximation(generator):
    left, right = generator.normal(size=(30, 6)), generator.normal(size=(6, 20))
    update = low_rank.svd(left, right)
    error = np.linalg.norm(left @ right - update.truncated(2).dense())
    assert error == pytest.approx(np.linalg.norm(update.singular_values[2:]), rel=1e-12)


def test_random_directions_keep_the_spectrum_and_forget_the_directions(generator):
    update = low_rank.svd(generator.normal(size=(200, 4)), generator.normal(size=(4, 150)))
    control = low_rank.with_random_directions(update, generator)
    np.testing.assert_allclose(
        np.linalg.svd(control.dense(), compute_uv=False)[:4], update.singular_values, rtol=1e-12
    )
    cosine = np.abs(update.left[:, 0] @ control.left[:, 0])
    assert cosine < 4 / np.sqrt(200)


def test_the_signs_of_a_random_frame_are_fair(generator):
    first = np.array([low_rank.random_frame(generator, (5, 2))[0, 0] for _ in range(2000)])
    assert abs(np.sign(first).mean()) < 4 / np.sqrt(2000)
    assert (first**2).mean() == pytest.approx(1 / 5, abs=4 * np.std(first**2) / np.sqrt(2000))
