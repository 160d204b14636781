import numpy as np
import pytest

from rankscope.numerics import moment_operators


@pytest.fixture
def samples():
    # more than one slab, and the last one is not full
    return np.random.default_rng(0).standard_normal((930, 17))


@pytest.fixture
def weights():
    return np.random.default_rng(1).standard_normal((3, 930))


def test_applying_weighted_moments_is_the_product_with_their_sum(samples, weights):
    rows = np.random.default_rng(2).standard_normal((3, 17))
    found = moment_operators.WeightedMoments(samples, weights).apply(rows)
    for block in range(3):
        matrix = sum(w * np.outer(y, y) for w, y in zip(weights[block], samples, strict=True)) / 930
        np.testing.assert_allclose(found[block], matrix @ rows[block], atol=1e-12)


def test_several_vectors_for_each_operator_are_several_applications(samples, weights):
    rows = np.random.default_rng(2).standard_normal((3, 5, 17))
    operator = moment_operators.WeightedMoments(samples, weights)
    expected = np.stack([operator.apply(each) for each in np.moveaxis(rows, 1, 0)], axis=1)
    np.testing.assert_allclose(operator.apply(rows), expected, atol=1e-13)
    dual = moment_operators.DualMoments(samples @ samples.T, np.abs(weights))
    rows = np.random.default_rng(3).standard_normal((3, 2, 930))
    expected = np.stack([dual.apply(each) for each in np.moveaxis(rows, 1, 0)], axis=1)
    np.testing.assert_allclose(dual.apply(rows), expected, atol=1e-11)


@pytest.mark.parametrize("vectors", [1, 10, 90, 3000])
@pytest.mark.parametrize("dimension", [7, 1000])
def test_slabs_hold_every_sample_once(vectors, dimension):
    parts = list(moment_operators._parts(np.empty((2011, dimension)), vectors))
    assert np.concatenate([np.arange(2011)[part] for part in parts]).tolist() == list(range(2011))


def test_the_formed_matrix_is_what_is_applied(samples, weights):
    operator = moment_operators.WeightedMoments(samples, weights)
    columns = [operator.apply(np.tile(unit, (3, 1))) for unit in np.eye(17)]
    np.testing.assert_allclose(operator.matrix(), np.stack(columns, axis=2), atol=1e-12)


def test_the_part_outside_a_span_has_no_block_inside_it(samples, weights):
    operator = moment_operators.WeightedMoments(samples, weights)
    matrix = operator.matrix()
    matrix[:, :4, :4] = 0.0
    rows = np.random.default_rng(2).standard_normal((3, 17))
    expected = np.einsum("bij,bj->bi", matrix, rows)
    np.testing.assert_allclose(operator.apply_outside(rows, 4), expected, atol=1e-12)


def test_the_dual_has_the_same_eigenvalues_and_gives_the_same_eigenvectors():
    generator = np.random.default_rng(4)
    samples, weights = generator.standard_normal((9, 25)), generator.random((2, 9))
    dual = moment_operators.DualMoments(samples @ samples.T, np.sqrt(weights))
    small = np.stack([dual.apply(np.tile(unit, (2, 1))) for unit in np.eye(9)], axis=2)
    values, vectors = np.linalg.eigh(small)
    matrix = moment_operators.WeightedMoments(samples, weights).matrix()
    np.testing.assert_allclose(values[:, ::-1], np.linalg.eigvalsh(matrix)[:, ::-1][:, :9])
    found = dual.primal(vectors, samples)
    np.testing.assert_allclose(matrix @ found, found * values[:, None, :], atol=1e-12)


def multinomial(classes):
    generator = np.random.default_rng(5)
    samples = generator.standard_normal((60, 7))
    p = generator.dirichlet(np.ones(classes), 60)
    u = p - np.eye(classes)[generator.integers(classes, size=60)]
    return samples, p, u


def test_full_multinomial_matrices_are_sums_of_kronecker_products():
    samples, p, u = multinomial(4)
    rows = np.random.default_rng(6).standard_normal((2, 28))
    hessian = np.mean(
        [
            np.kron(np.diag(a) - np.outer(a, a), np.outer(y, y))
            for a, y in zip(p, samples, strict=True)
        ],
        axis=0,
    )
    second = np.mean(
        [np.outer(np.kron(a, y), np.kron(a, y)) for a, y in zip(u, samples, strict=True)], axis=0
    )
    np.testing.assert_allclose(
        moment_operators.MultinomialHessian(samples, p).apply(rows), rows @ hessian, atol=1e-12
    )
    np.testing.assert_allclose(
        moment_operators.MultinomialSecondMoment(samples, u).apply(rows), rows @ second, atol=1e-12
    )


def test_the_diagonal_block_of_the_full_hessian_is_the_weighted_class_block():
    samples, p, _ = multinomial(3)
    row = np.zeros((1, 21))
    row[0, :7] = np.random.default_rng(7).standard_normal(7)
    full = moment_operators.MultinomialHessian(samples, p).apply(row)[0, :7]
    weights = (p[:, 0] * (1 - p[:, 0]))[None]
    block = moment_operators.WeightedMoments(samples, weights).apply(row[:, :7])[0]
    np.testing.assert_allclose(full, block, atol=1e-14)


def test_the_dual_of_the_full_second_moment_has_its_eigenpairs():
    generator = np.random.default_rng(8)
    samples, u = generator.standard_normal((11, 6)), generator.standard_normal((11, 3))
    operator = moment_operators.MultinomialSecondMoment(samples, u)
    values, vectors = np.linalg.eigh(operator.dual(samples @ samples.T))
    found = operator.primal(vectors)
    np.testing.assert_allclose(operator.apply(found.T).T, found * values, atol=1e-10)
