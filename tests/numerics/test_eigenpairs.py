import numpy as np
import pytest
from scipy.sparse import linalg as sparse

from rankscope.numerics import eigenpairs
from rankscope.numerics.moment_operators import WeightedMoments


def stack(seed, blocks=3, size=60, signed=False):
    generator = np.random.default_rng(seed)
    basis = np.linalg.qr(generator.standard_normal((blocks, size, size)))[0]
    values = generator.random((blocks, size))
    values[:, :4] += np.array([9.0, 7.0, 5.0, 3.0])
    if signed:
        values[:, 1] *= -1
        values[:, 3] *= -1
    return (basis * values[:, None, :]) @ np.swapaxes(basis, 1, 2)


def start(seed, blocks=3, size=60):
    return np.random.default_rng(seed).standard_normal((blocks, size))


def times(matrices):
    return lambda rows: np.einsum("bij,bj->bi", matrices, rows)


@pytest.mark.parametrize("signed", [False, True])
def test_leading_pairs_are_those_of_a_dense_solver(signed):
    matrices = stack(0, signed=signed)
    found = eigenpairs.lanczos(times(matrices), start(1), 4, tolerance=1e-10)
    values, vectors = eigenpairs.dense(matrices, 4)
    np.testing.assert_allclose(found.values, values, rtol=1e-12)
    inner = np.abs(np.einsum("bic,bic->bc", found.vectors, vectors))
    np.testing.assert_allclose(inner, 1.0, atol=1e-10)
    assert found.converged.all()


def test_leading_pairs_are_those_of_arpack():
    matrices = stack(2)
    found = eigenpairs.lanczos(times(matrices), start(3), 4, tolerance=1e-10)
    for block in range(3):
        values = sparse.eigsh(matrices[block], 4, which="LM", return_eigenvectors=False)
        np.testing.assert_allclose(found.values[block], np.sort(values)[::-1], rtol=1e-10)


def test_residuals_are_those_of_the_returned_pairs():
    matrices = stack(4)
    found = eigenpairs.lanczos(times(matrices), start(5), 4, tolerance=1e-3)
    gap = matrices @ found.vectors - found.vectors * found.values[:, None, :]
    expected = np.linalg.norm(gap, axis=1) / found.values[:, :1]
    np.testing.assert_allclose(found.residual, expected, atol=1e-14)


def test_too_few_steps_are_reported_as_not_converged():
    found = eigenpairs.lanczos(times(stack(6)), start(7), 4, tolerance=1e-12, max_steps=6)
    assert not found.converged.all()
    assert np.all(np.isfinite(found.values))


def test_single_precision_with_a_double_finish_is_exact_to_second_order():
    matrices = stack(8)
    single = matrices.astype(np.float32)
    found = eigenpairs.lanczos(
        times(single), start(9).astype(np.float32), 4, 1e-5, finish=lambda rows: rows @ matrices
    )
    values, _ = eigenpairs.dense(matrices, 4)
    assert np.abs(found.values / values - 1).max() < 1e-9
    assert found.converged.all()
    assert found.vectors.dtype == np.float64


@pytest.mark.parametrize("precision", [np.float32, float])
def test_vectors_stay_orthonormal_where_eigenvalues_decay_over_ten_orders(precision):
    basis = np.linalg.qr(np.random.default_rng(18).standard_normal((200, 200)))[0]
    matrix = ((basis * 10.0 ** -np.linspace(0, 10, 200)) @ basis.T).astype(precision)[None]
    spanned = []

    def finish(rows):
        spanned.append(rows[0])
        return rows @ matrix

    begin = start(19, 1, 200).astype(precision)
    eigenpairs.lanczos(times(matrix), begin, 8, 1e-3 * np.finfo(precision).eps, 120, finish=finish)
    gram = spanned[0] @ spanned[0].T
    np.testing.assert_allclose(gram, np.eye(8), atol=20 * np.finfo(precision).eps)


def test_a_block_does_not_depend_on_the_others_beyond_when_they_all_stop():
    matrices = stack(10)
    together = eigenpairs.lanczos(times(matrices), start(11), 4, tolerance=1e-12)
    alone = eigenpairs.lanczos(times(matrices[:1]), start(11)[:1], 4, tolerance=1e-12)
    np.testing.assert_allclose(together.values[:1], alone.values, rtol=1e-12)


def test_an_invariant_start_is_left_for_a_new_direction():
    matrices = np.stack([np.diag(np.arange(12.0, 0.0, -1.0))] * 2)
    begin = np.zeros((2, 12))
    begin[:, 3] = 1.0
    found = eigenpairs.lanczos(times(matrices), begin, 3)
    np.testing.assert_allclose(found.values, [[12.0, 11.0, 10.0]] * 2)
    assert found.converged.all()


def test_all_pairs_of_a_small_matrix_are_found():
    matrices = stack(12, size=7)
    found = eigenpairs.lanczos(times(matrices), start(13, size=7), 7)
    np.testing.assert_allclose(found.values, eigenpairs.dense(matrices, 7)[0], rtol=1e-10)


def test_a_zero_matrix_has_zero_eigenvalues_and_residuals():
    found = eigenpairs.lanczos(lambda rows: 0.0 * rows, start(14, 1, 9), 3)
    np.testing.assert_array_equal(found.values, 0.0)
    np.testing.assert_array_equal(found.residual, 0.0)


def test_the_wrong_operator_fails():
    matrices = stack(15)
    found = eigenpairs.lanczos(times(matrices * 1.01), start(16), 4)
    assert np.abs(found.values / eigenpairs.dense(matrices, 4)[0] - 1).min() > 1e-3


@pytest.mark.parametrize("count", [0, 61])
def test_an_impossible_count_is_refused(count):
    with pytest.raises(ValueError, match=f"count must be between 1 and 60, got {count}"):
        eigenpairs.lanczos(times(stack(0)), start(1), count)


def test_moment_operators_agree_with_a_dense_decomposition_in_single_precision():
    generator = np.random.default_rng(17)
    samples = generator.standard_normal((400, 50)) * np.where(np.arange(50) < 3, 3.0, 1.0)
    weights = generator.random((4, 400))
    double = WeightedMoments(samples, weights)
    single = WeightedMoments(samples.astype(np.float32), weights.astype(np.float32))
    begin = generator.standard_normal((4, 50)).astype(np.float32)
    found = eigenpairs.lanczos(single.apply, begin, 3, 1e-5, finish=double.apply)
    values, _ = eigenpairs.dense(double.matrix(), 3)
    np.testing.assert_allclose(found.values, values, rtol=1e-8)
