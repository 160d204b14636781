"""Jacobians of deep networks against derivatives, and products in many digits."""

import mpmath
import numpy as np
import pytest

from rankscope.numerics import jacobians

SIZE = 5


def drawn(activation, *layers, seed=3, orthogonal=False, size=SIZE):
    generator = np.random.default_rng(seed)
    inputs = np.ones(size)
    return list(jacobians.jacobians(inputs, activation, layers, generator, orthogonal=orthogonal))


def weights(activation, depth, seed=3):
    """The Gaussian weights that the same generator gives."""
    generator = np.random.default_rng(seed)
    scale = np.sqrt(jacobians.GAINS[activation] / SIZE)
    return [scale * generator.standard_normal((SIZE, SIZE)) for _ in range(depth)]


def exact(activation, depth):
    """Logarithms of singular values of the plain product, in 200 digits."""
    law, features = jacobians.ACTIVATIONS[activation], np.ones(SIZE)
    with mpmath.workdps(200):
        product = mpmath.eye(SIZE)
        for weight in weights(activation, depth):
            values = weight @ features
            product = mpmath.matrix(law.slope(values)[:, None] * weight) * product
            features = law.value(values)
        found = mpmath.svd_r(product, compute_uv=False)
        return np.array([float(mpmath.log(value)) for value in found])


@pytest.mark.parametrize("activation", ["linear", "tanh"])
def test_all_singular_values_of_a_deep_product_are_right(activation):
    found = drawn(activation, 15 * SIZE)[-1].log_singular_values()
    expected = exact(activation, 15 * SIZE)
    assert expected[0] - expected[-1] > 40
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_a_product_without_orthogonalisation_loses_the_small_ones():
    product = np.linalg.multi_dot(weights("linear", 15 * SIZE)[::-1])
    plain = np.log(np.linalg.svd(product, compute_uv=False))
    assert abs(plain - exact("linear", 15 * SIZE))[-1] > 1


def test_the_jacobian_is_the_derivative():
    step, direction = 1e-6, np.eye(SIZE)[2]
    ends = []
    for start in (np.ones(SIZE) - step * direction, np.ones(SIZE) + step * direction):
        features = start
        for weight in weights("tanh", 8):
            features = np.tanh(weight @ features)
        ends.append(features)
    length = np.linalg.norm(ends[1] - ends[0]) / (2 * step)
    assert drawn("tanh", 8)[-1].log_norm(direction) == pytest.approx(np.log(length), rel=1e-6)


def test_one_linear_layer_is_its_weight():
    expected = np.linalg.svd(weights("linear", 1)[0], compute_uv=False)
    np.testing.assert_allclose(np.exp(drawn("linear", 1)[0].log_singular_values()), expected)


@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_a_layer_keeps_mean_square_lengths(activation):
    size = 400
    map_ = drawn(activation, 1, size=size)[0]
    squares = np.exp(2 * map_.log_singular_values())
    assert squares.mean() == pytest.approx(1, abs=0.1)


def test_relu_has_the_rank_of_its_narrowest_layer():
    features, fewest = np.ones(SIZE), SIZE
    for weight, jacobian in zip(weights("relu", 4), drawn("relu", 1, 2, 3, 4), strict=True):
        features = np.maximum(weight @ features, 0)
        fewest = min(fewest, np.count_nonzero(features))
        assert jacobian.rank == fewest
        assert np.count_nonzero(np.isfinite(jacobian.log_singular_values())) == fewest
    assert 0 < fewest < SIZE


def test_layers_between_are_not_forgotten_where_one_is_narrower():
    found = drawn("relu", 4)[0].log_singular_values()
    np.testing.assert_allclose(found, drawn("relu", 1, 2, 3, 4)[3].log_singular_values())


def test_orthogonal_layers_are_an_isometry():
    values = drawn("linear", 20, orthogonal=True)[-1].log_singular_values()
    np.testing.assert_allclose(values, 0, atol=1e-12)


def test_a_network_that_dies_has_no_jacobian():
    last = drawn("relu", 60, size=2)[-1]
    assert last.rank == 0
    assert np.all(last.log_singular_values() == -np.inf)
    assert last.log_norm(np.eye(2)[0]) == -np.inf
