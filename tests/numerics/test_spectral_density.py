import numpy as np
import pytest

from rankscope.numerics import spectral_density

SIZE = 30


@pytest.fixture
def matrix():
    generator = np.random.default_rng(1)
    square = generator.standard_normal((SIZE, SIZE))
    return square + square.T


def test_polynomials_up_to_degree_two_m_less_one_are_exact_and_higher_ones_are_not(matrix):
    start = np.random.default_rng(2).standard_normal((1, SIZE))
    found = spectral_density.quadrature(lambda v: matrix @ v, start, 4)
    unit, scale = start[0] / np.linalg.norm(start), np.linalg.norm(matrix, 2)
    for degree in range(9):
        exact = unit @ np.linalg.matrix_power(matrix / scale, degree) @ unit
        value = (found.weights * (found.nodes / scale) ** degree).sum()
        assert (value == pytest.approx(exact, abs=1e-12)) == (degree < 8)


def test_as_many_steps_as_dimensions_find_every_eigenvalue_with_its_share(matrix):
    start = np.random.default_rng(3).standard_normal((2, SIZE))
    found = spectral_density.quadrature(lambda v: matrix @ v, start, SIZE)
    values, vectors = np.linalg.eigh(matrix)
    unit = start / np.linalg.norm(start, axis=1, keepdims=True)
    np.testing.assert_allclose(found.nodes, [values] * 2, atol=1e-10)
    np.testing.assert_allclose(found.weights, (unit @ vectors) ** 2, atol=1e-10)


def test_where_no_direction_is_left_further_nodes_have_no_weight():
    matrix = np.diag(np.repeat([3.0, 1.0], 5))
    found = spectral_density.quadrature(lambda v: matrix @ v, np.ones((1, 10)), 6)
    heavy = found.weights[0] > 1e-12
    np.testing.assert_allclose(found.nodes[0][heavy], [1.0, 3.0])
    np.testing.assert_allclose(found.weights[0][heavy], 0.5)


def densities(matrix, law, points):
    probes = np.random.default_rng(5).standard_normal((6, len(matrix)))
    found = spectral_density.quadrature(lambda v: matrix @ v, probes, 30)
    return spectral_density.smoothed(found, points, 0.1), law(points)


def distance(measured, law):
    """Root mean square; each point is good to a tenth, by the number of eigenvalues near it."""
    return np.sqrt(((measured / law - 1) ** 2).mean())


def semicircle(x):
    return np.sqrt(np.maximum(4 - x**2, 0)) / (2 * np.pi)


def marchenko_pastur(x, ratio=0.25):
    edges = (1 - ratio**0.5) ** 2, (1 + ratio**0.5) ** 2
    inside = np.maximum((edges[1] - x) * (x - edges[0]), 0)
    return np.sqrt(inside) / (2 * np.pi * ratio * x)


def test_the_density_of_a_wigner_matrix_is_a_semicircle_and_no_other_law():
    square = np.random.default_rng(4).standard_normal((500, 500))
    matrix = (square + square.T) / np.sqrt(2 * 500)
    measured, law = densities(matrix, semicircle, np.linspace(-1.4, 1.4, 15))
    assert distance(measured, law) < 0.15
    assert distance(measured, law[0]) > 0.2


def test_the_density_of_a_sample_covariance_is_that_of_marchenko_and_pastur():
    samples = np.random.default_rng(6).standard_normal((1600, 400))
    points = np.linspace(0.5, 1.8, 10)
    measured, law = densities(samples.T @ samples / 1600, marchenko_pastur, points)
    assert distance(measured, law) < 0.15
    assert distance(measured, semicircle(points)) > 0.2
