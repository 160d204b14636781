import dataclasses

import numpy as np
import pytest

from rankscope.numerics import dense_networks
from rankscope.numerics.activations import ACTIVATIONS

STEPS, BATCH, PIXELS, CLASSES = 40, 8, 6, 3


def stack(count, dtype=np.float64):
    drawn = [
        dense_networks.draw(PIXELS, 7, 3, CLASSES, (2.0, 1.0), np.random.default_rng(i))
        for i in range(count)
    ]
    return [np.stack(layer).astype(dtype) for layer in zip(*drawn, strict=True)]


def data(count):
    generator = np.random.default_rng(9)
    inputs = generator.standard_normal((count, STEPS, BATCH, PIXELS))
    return inputs, generator.integers(CLASSES, size=(count, STEPS, BATCH))


def trained(weights, inputs, labels, activation="relu", **settings):
    settings = {"adam": False, "learning_rate": 0.1, "weight_decay": 0.0} | settings
    optimiser = dense_networks.Optimiser(weights, **settings)
    dense_networks.train(
        weights, lambda s: (inputs[:, s], labels[:, s]), range(STEPS), activation, optimiser
    )
    return weights


def loss(weights, inputs, labels, law):
    p = dense_networks.forward(weights, inputs, law).probabilities
    return -np.log(np.take_along_axis(p, labels[..., None], axis=-1)).mean()


@pytest.mark.parametrize("name", ["relu", "tanh", "softplus"])
def test_gradients_are_finite_differences_of_the_loss(name):
    law, weights = ACTIVATIONS[name], stack(1)
    inputs, labels = (one[:, 0] for one in data(1))
    found = dense_networks.loss_gradients(weights, inputs, labels, law)
    for layer, place in ((0, (0, 2, 3)), (1, (0, 1, 5)), (2, (0, 4, 0)), (3, (0, 2, 6))):
        values = []
        for sign in (1, -1):
            moved = [w.copy() for w in weights]
            moved[layer][place] += sign * 1e-5
            values.append(loss(moved, inputs, labels, law))
        difference = (values[0] - values[1]) / 2e-5
        assert found[layer][place] == pytest.approx(difference, abs=1e-7)


def product(weights, inputs, labels, law, directions):
    found = dense_networks.forward(weights, inputs, law)
    return dense_networks.hessian_product(weights, found, labels, law, directions)


@pytest.mark.parametrize("name", ["relu", "tanh", "softplus"])
def test_hessian_products_are_finite_differences_of_gradients(name):
    law, weights = ACTIVATIONS[name], stack(2)
    inputs, labels = (one[:, 0] for one in data(2))
    generator = np.random.default_rng(5)
    directions = [generator.standard_normal(w.shape) for w in weights]
    ends = [
        dense_networks.loss_gradients(
            [w + sign * 1e-6 * u for w, u in zip(weights, directions, strict=True)],
            inputs,
            labels,
            law,
        )
        for sign in (1, -1)
    ]
    found = product(weights, inputs, labels, law, directions)
    for one, above, below in zip(found, *ends, strict=True):
        np.testing.assert_allclose(one, (above - below) / 2e-6, atol=2e-7)


def test_without_the_second_derivative_of_the_network_a_product_would_be_another():
    law, weights = ACTIVATIONS["softplus"], stack(1)
    inputs, labels = (one[:, 0] for one in data(1))
    directions = [np.ones_like(w) for w in weights]
    straight = dataclasses.replace(law, curvature=np.zeros_like)
    whole, part = (product(weights, inputs, labels, one, directions) for one in (law, straight))
    assert np.abs(whole[0] - part[0]).max() > 1e-3


def test_a_network_does_not_depend_on_those_beside_it():
    inputs, labels = data(5)
    together = trained(stack(5, np.float32), inputs.astype(np.float32), labels)
    for i in range(5):
        alone = [w[i : i + 1].copy() for w in stack(5, np.float32)]
        trained(alone, inputs[i : i + 1].astype(np.float32), labels[i : i + 1])
        for one, all_ in zip(alone, together, strict=True):
            np.testing.assert_array_equal(one[0], all_[i])


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize(
    "settings",
    [
        {"adam": False, "weight_decay": 0.0},
        {"adam": False, "weight_decay": 0.01},
        {"adam": True, "weight_decay": 0.01, "learning_rate": 0.01},
    ],
)
def test_a_network_of_a_stack_is_torchs_for_the_same_start_and_batches(activation, settings):
    torch = pytest.importorskip("torch")
    inputs, labels = data(2)
    ours = trained(stack(2), inputs, labels, activation, **settings)
    theirs = [torch.tensor(w[1], requires_grad=True) for w in stack(2)]
    kind = torch.optim.Adam if settings["adam"] else torch.optim.SGD
    optimiser = kind(
        theirs, lr=settings.get("learning_rate", 0.1), weight_decay=settings["weight_decay"]
    )
    for step in range(STEPS):
        features = torch.tensor(inputs[1, step])
        for weight in theirs[:-1]:
            features = getattr(torch, activation)(features @ weight.T)
        logits = features @ theirs[-1].T
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(logits, torch.tensor(labels[1, step])).backward()
        optimiser.step()
    for own, weight, start in zip(ours, theirs, stack(2), strict=True):
        np.testing.assert_allclose(own[1], weight.detach().numpy(), atol=1e-10)
        assert np.abs(own[1] - start[1]).max() > 0.01


def test_another_learning_rate_is_another_network():
    inputs, labels = data(1)
    first, second = (trained(stack(1), inputs, labels, learning_rate=r) for r in (0.1, 0.11))
    assert np.abs(first[0] - second[0]).max() > 1e-4
