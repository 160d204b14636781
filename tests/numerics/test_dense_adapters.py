"""Factors of a dense network's hidden layers: gradients, and ranks as zeros of larger factors."""

import numpy as np
import pytest

from rankscope.numerics import dense_adapters, dense_networks
from rankscope.numerics.activations import ACTIVATIONS

NETWORKS, INPUTS, WIDTH, CLASSES, RANK = 2, 7, 6, 3, 4
TANH = ACTIVATIONS["tanh"]


@pytest.fixture
def stack():
    generator = np.random.default_rng(1)

    def normal(*shape):
        return generator.standard_normal((NETWORKS, *shape)) / np.sqrt(shape[-1])

    weights = [normal(WIDTH, INPUTS), normal(WIDTH, WIDTH), normal(CLASSES, WIDTH)]
    outputs = [normal(WIDTH, RANK), normal(WIDTH, RANK)]
    inputs = [normal(RANK, INPUTS), normal(RANK, WIDTH)]
    pixels = generator.standard_normal((NETWORKS, 40, INPUTS))
    labels = generator.integers(CLASSES, size=(NETWORKS, 40))
    return weights, outputs, inputs, pixels, labels


def loss(weights, outputs, inputs, pixels, labels):
    adapted = dense_adapters.whole(weights, outputs, inputs)
    p = dense_networks.forward(adapted, pixels, TANH).probabilities
    return -np.log(np.take_along_axis(p, labels[..., None], axis=-1)).mean(axis=(1, 2))


def slopes_of(weights, outputs, inputs, pixels, labels):
    adapted = dense_adapters.whole(weights, outputs, inputs)
    return dense_networks.loss_gradients(adapted, pixels, labels, TANH)[:-1]


def difference(stack, part, layer, entry, width=1e-5):
    """The derivative in one entry of a factor, by a central difference."""
    found = []
    for sign in (1, -1):
        moved = [[array.copy() for array in each] for each in stack[:3]]
        moved[part][layer][(slice(None), *entry)] += sign * width
        found.append(loss(*moved, *stack[3:]))
    return (found[0] - found[1]) / (2 * width)


@pytest.mark.parametrize(("part", "layer", "entry"), [(1, 0, (2, 3)), (1, 1, (5, 0)),
                                                      (2, 0, (1, 6)), (2, 1, (3, 2))])  # fmt: skip
def test_gradients_in_factors_are_finite_differences(stack, part, layer, entry):
    _, outputs, inputs, _, _ = stack
    slopes = slopes_of(*stack)
    found = dense_adapters.factor_gradients(slopes, outputs, inputs)
    expected = difference(stack, part, layer, entry)
    own = found[2 * (part - 1) + layer]
    np.testing.assert_allclose(own[(slice(None), *entry)], expected, rtol=1e-5)
    # the factors of another layer, or of the other side, would not give these
    wrong = dense_adapters.factor_gradients(slopes, outputs, [2 * a for a in inputs])
    wrong_b = dense_adapters.factor_gradients(slopes, [2 * b for b in outputs], inputs)
    one = (wrong if part == 1 else wrong_b)[2 * (part - 1) + layer]
    assert not np.allclose(one[(slice(None), *entry)], expected, rtol=1e-2)


def train(weights, inputs, pixels, labels, adam):
    own = [*weights[:-1], weights[-1].copy()]
    factors = [a.copy() for a in inputs]
    outputs = [np.zeros((NETWORKS, WIDTH, a.shape[1])) for a in factors]
    dense_adapters.train(
        own, outputs, factors, lambda _: (pixels, labels), range(30), "tanh",
        adam=adam, factor_rate=0.05, readout_rate=0.02,
    )  # fmt: skip
    return own, outputs, factors


@pytest.mark.parametrize("adam", [False, True])
def test_zeros_of_larger_factors_are_factors_of_a_lower_rank(stack, adam):
    weights, _, inputs, pixels, labels = stack
    few = [a[:, :2] for a in inputs]
    padded = [np.where(np.arange(RANK)[:, None] < 2, a, 0.0) for a in inputs]
    own, outputs, factors = train(weights, few, pixels, labels, adam)
    other, wide, long = train(weights, padded, pixels, labels, adam)
    for b, a in zip(wide, long, strict=True):
        assert not b[:, :, 2:].any()
        assert not a[:, 2:].any()
    for one, two in zip(
        dense_adapters.whole(own, outputs, factors),
        dense_adapters.whole(other, wide, long),
        strict=True,
    ):
        np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-12)
    assert np.abs(wide[0]).max() > 0.01


@pytest.mark.parametrize("adam", [False, True])
def test_without_rank_the_readout_alone_is_trained(stack, adam):
    weights, _, inputs, pixels, labels = stack
    own, outputs, factors = train(weights, [0 * a for a in inputs], pixels, labels, adam)
    features = dense_networks.forward(weights, pixels, TANH).features[-1]
    alone = [weights[-1].copy()]
    optimiser = dense_networks.Optimiser(alone, adam=adam, learning_rate=0.02, weight_decay=0.0)
    dense_networks.train(alone, lambda _: (features, labels), range(30), "tanh", optimiser)
    for one, two in zip(dense_adapters.whole(own, outputs, factors), weights, strict=False):
        np.testing.assert_array_equal(one, two) if one.shape[1] != CLASSES else None
    np.testing.assert_allclose(own[-1], alone[0], rtol=1e-10)
