import numpy as np
import pytest

from rankscope.numerics import alignment
from rankscope.numerics.moment_operators import MultinomialHessian, MultinomialSecondMoment


def spiked(generator, size, dimension):
    samples = generator.standard_normal((size, dimension)) / 10
    samples[:, :3] += generator.choice([-1.0, 1.0], (size, 3)) * np.array([2.0, 1.5, 1.0])
    return samples


def dense_matrices(samples, weights):
    return np.einsum("bm,mi,mj->bij", weights, samples, samples) / len(samples)


@pytest.mark.parametrize("size", [400, 20])
def test_measures_are_those_of_dense_matrices(size):
    generator = np.random.default_rng(0)
    samples, weights = spiked(generator, size, 30), generator.random((4, size)) + 0.5
    vectors, gradients = generator.standard_normal((2, 4, 30))
    start = alignment.starting_rows(generator, 4, 30, 3)
    found = alignment.measure(samples, weights, vectors, gradients, 3, 2, 4, start)
    matrices = dense_matrices(samples, weights)
    values, basis = np.linalg.eigh(matrices)
    np.testing.assert_allclose(found.values, values[:, ::-1][:, :4], rtol=1e-6)
    projector = np.diag(np.arange(30) < 3).astype(float)
    for block in range(4):
        top = basis[block][:, -2:]
        x, g = vectors[block], gradients[block]
        rho = np.linalg.norm(top.T @ x) / np.linalg.norm(x)
        assert found.weights_in[block] == pytest.approx(rho, abs=1e-4)
        rho = np.linalg.norm(top.T @ g) / np.linalg.norm(g)
        assert found.gradient_in[block] == pytest.approx(rho, abs=1e-4)
        rho = abs(top[:, 1] @ x) / np.linalg.norm(x)
        assert found.weights_in_first[block] == pytest.approx(rho, abs=1e-4)
        cosine = np.linalg.svd(projector @ top, compute_uv=False)[-1]
        assert found.smallest_cosine[block] == pytest.approx(cosine, abs=1e-4)
        a = matrices[block]
        outside = np.linalg.norm(a - projector @ a @ projector, 2) / np.linalg.norm(a, 2)
        assert found.outside[block] == pytest.approx(outside, rel=1e-2)
    assert found.converged.all()
    assert found.residual.max() <= alignment.TOLERANCE


def test_fewer_samples_than_dimensions_give_the_same_pairs_by_the_dual_route():
    generator = np.random.default_rng(1)
    samples, weights = spiked(generator, 25, 40), generator.random((2, 25))
    weights[:, 0] = 0.0
    start = alignment.starting_rows(generator, 2, 40, 3)
    dual = alignment.leading(samples, weights, 3, start)
    matrices = dense_matrices(samples, weights)
    weights[:, 0] = -1e-300  # a negative weight forbids the dual route
    primal = alignment.leading(samples, weights, 3, start)
    expected = np.linalg.eigvalsh(matrices)[:, ::-1][:, :3]
    for pairs in (dual, primal):
        np.testing.assert_allclose(pairs.values, expected, rtol=1e-6)
        gap = matrices @ pairs.vectors - pairs.vectors * pairs.values[:, None]
        residual = np.linalg.norm(gap, axis=1) / expected[:, :1]
        assert residual.max() <= alignment.TOLERANCE
        np.testing.assert_allclose(pairs.residual, residual, rtol=0.1, atol=1e-9)


@pytest.mark.parametrize("size", [60, 15])
@pytest.mark.parametrize("kind", ["hessian", "second moment"])
def test_leading_pairs_of_full_matrices_are_those_of_the_dense_ones(kind, size):
    generator = np.random.default_rng(7)
    samples = generator.standard_normal((size, 8)) * np.array([5.0, 3.0, *[1.0] * 6])
    p = generator.dirichlet(np.ones(3), size)
    u = p - np.eye(3)[generator.integers(3, size=size)]
    matrix = (
        MultinomialHessian(samples, p) if kind == "hessian" else MultinomialSecondMoment(samples, u)
    )
    dense = matrix.apply(np.eye(24))
    found = alignment.leading_full(matrix, 4, generator.standard_normal((1, 24)))
    assert found.converged.all()
    np.testing.assert_allclose(found.values[0], np.linalg.eigvalsh(dense)[:-5:-1], rtol=1e-9)
    vectors = found.vectors[0]
    np.testing.assert_allclose(
        dense @ vectors, vectors * found.values[0], atol=1e-4 * found.values[0, 0]
    )


def test_an_indefinite_matrix_is_ordered_by_absolute_value():
    generator = np.random.default_rng(2)
    samples = spiked(generator, 300, 20)
    weights = np.where(np.abs(samples[:, :1].T) > 2, -3.0, 0.2)
    found = alignment.leading(samples, weights, 3, generator.standard_normal((1, 20)))
    values = np.linalg.eigvalsh(dense_matrices(samples, weights))[0]
    expected = values[np.argsort(-np.abs(values))][:3]
    np.testing.assert_allclose(found.values[0], expected, rtol=1e-5)


def test_starting_rows_carry_as_much_inside_as_outside():
    rows = alignment.starting_rows(np.random.default_rng(3), 500, 100, 4)
    inside = (rows[:, :4] ** 2).sum(axis=1).mean()
    assert inside == pytest.approx((rows[:, 4:] ** 2).sum(axis=1).mean(), rel=0.15)
