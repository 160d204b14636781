import numpy as np
import pytest

from rankscope.numerics import mixtures
from rankscope.numerics.activations import ACTIVATIONS, SHARPNESS
from rankscope.numerics.classifiers import Multinomial, TwoLayer

torch = pytest.importorskip("torch")
LABELS = mixtures.xor_mixture(1.0).labels


def multinomial(k=3, dimension=5, size=40):
    generator = np.random.default_rng(0)
    weights = generator.standard_normal((k, dimension))
    return Multinomial(np.arange(k)), weights, *draw(generator, k, dimension, size)


def draw(generator, components, dimension, size):
    return generator.standard_normal((size, dimension)), generator.integers(components, size=size)


def two_layer(name, width=4, dimension=5, size=40):
    generator = np.random.default_rng(1)
    first = generator.standard_normal((width, dimension))
    second = generator.standard_normal(width)
    inputs, components = draw(generator, 4, dimension, size)
    return TwoLayer(LABELS, ACTIVATIONS[name]), first, second, inputs, components


def torch_multinomial(inputs, truth):
    def loss(weights):
        return torch.nn.functional.cross_entropy(
            torch.tensor(inputs) @ weights.T, torch.tensor(truth), reduction="none"
        )

    return loss


TORCH = {
    "relu": torch.relu,
    "tanh": torch.tanh,
    "softplus": lambda h: torch.nn.functional.softplus(h, beta=SHARPNESS, threshold=500),
}


def torch_two_layer(name, inputs, truth):
    def loss(first, second):
        hidden = torch.tensor(inputs) @ first.T
        active = TORCH[name](hidden)
        return torch.nn.functional.binary_cross_entropy_with_logits(
            active @ second, torch.tensor(truth, dtype=torch.float64), reduction="none"
        )

    return loss


def test_multinomial_loss_slopes_and_blocks_are_those_of_automatic_differentiation():
    network, weights, inputs, components = multinomial()
    hidden, unused = inputs @ weights.T, np.zeros(3)
    loss = torch_multinomial(inputs, components)
    point = torch.tensor(weights)
    np.testing.assert_allclose(network.loss(hidden, components, unused), loss(point).numpy())
    jacobian = torch.func.jacrev(loss)(point).numpy()
    slopes, none = network.slopes(hidden, components, np.zeros((40, 3)))
    np.testing.assert_allclose(slopes[:, :, None] * inputs[:, None, :], jacobian, atol=1e-12)
    np.testing.assert_array_equal(none, 0.0)
    hessian = torch.func.hessian(lambda w: loss(w).mean())(point).numpy()
    of_hessian, of_g = network.block_weights(hidden, components, unused)
    for label in range(3):
        block = (inputs.T * of_hessian[:, label]) @ inputs / 40
        np.testing.assert_allclose(block, hessian[label, :, label], atol=1e-12)
        second = jacobian[:, label].T @ jacobian[:, label] / 40
        np.testing.assert_allclose((inputs.T * of_g[:, label]) @ inputs / 40, second, atol=1e-12)


def test_multinomial_slopes_are_finite_differences_of_the_loss():
    network, weights, inputs, components = multinomial()
    hidden, width, unused = inputs @ weights.T, 1e-6, np.zeros((40, 3))
    for label in range(3):
        step = width * np.eye(3)[label]
        up, down = (network.loss(hidden + s * step, components, unused) for s in (1, -1))
        slopes = network.slopes(hidden, components, unused)[0][:, label]
        np.testing.assert_allclose(slopes, (up - down) / (2 * width), atol=1e-8)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_two_layer_derivatives_are_those_of_automatic_differentiation(name):
    network, first, second, inputs, components = two_layer(name)
    hidden, truth = inputs @ first.T, LABELS[components]
    loss = torch_two_layer(name, inputs, truth)
    point = torch.tensor(first), torch.tensor(second)
    np.testing.assert_allclose(network.loss(hidden, components, second), loss(*point).numpy())
    of_first, of_second = (j.numpy() for j in torch.func.jacrev(loss, (0, 1))(*point))
    in_first, in_second = network.slopes(hidden, components, second)
    np.testing.assert_allclose(in_first[:, :, None] * inputs[:, None], of_first, atol=1e-12)
    np.testing.assert_allclose(in_second, of_second, atol=1e-12)
    hessian = torch.func.hessian(lambda w: loss(w, point[1]).mean())(point[0]).numpy()
    of_hessian, of_g = network.block_weights(hidden, components, second)
    for neuron in range(4):
        block = (inputs.T * of_hessian[:, neuron]) @ inputs / 40
        np.testing.assert_allclose(block, hessian[neuron, :, neuron], atol=1e-11)
        moment = of_first[:, neuron].T @ of_first[:, neuron] / 40
        np.testing.assert_allclose((inputs.T * of_g[:, neuron]) @ inputs / 40, moment, atol=1e-12)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_last_layer_blocks_are_those_of_automatic_differentiation(name):
    network, first, second, inputs, components = two_layer(name)
    hidden, ridge = inputs @ first.T, 0.3
    loss = torch_two_layer(name, inputs, LABELS[components])
    point = torch.tensor(first), torch.tensor(second)
    found = network.last_layer(hidden, components, second, ridge)
    hessian = torch.func.hessian(lambda v: loss(point[0], v).mean())(point[1]).numpy()
    gradients = torch.func.jacrev(loss, 1)(*point).numpy()
    with_ridge = gradients + ridge * second
    np.testing.assert_allclose(found[0], hessian, atol=1e-12)
    np.testing.assert_allclose(found[1], gradients.T @ gradients / 40, atol=1e-12)
    np.testing.assert_allclose(found[2], with_ridge.T @ with_ridge / 40, atol=1e-12)


def test_without_a_kink_both_curvatures_agree():
    network, first, second, _, _ = two_layer("softplus")
    mixture = mixtures.xor_mixture(4.0)
    components, inputs = mixture.sample(np.random.default_rng(2), 500, 5)
    direction = np.tile(np.eye(5)[0], (4, 1))
    difference, almost = network.curvature_across(
        inputs, components, first, second, direction, 1e-4
    )
    np.testing.assert_allclose(difference, almost, rtol=1e-5, atol=1e-8)


def test_across_the_kink_of_relu_the_finite_difference_adds_the_density_of_crossings():
    # one neuron, h = w x with x ~ N(0, 1): the kink adds v E[u delta(h) x_2^2] to the curvature
    network = TwoLayer(np.array([0]), ACTIVATIONS["relu"])
    generator = np.random.default_rng(3)
    inputs = generator.standard_normal((400_000, 2))
    components = np.zeros(len(inputs), dtype=int)
    first, second = np.array([[0.7, 0.0]]), np.array([1.3])
    difference, almost = network.curvature_across(
        inputs, components, first, second, np.array([[0.0, 1.0]]), 0.05
    )
    expected = 1.3 * 0.5 / (0.7 * np.sqrt(2 * np.pi))
    assert difference[0] - almost[0] == pytest.approx(expected, rel=0.05)


def test_correct_counts_what_the_output_says():
    network, first, second, inputs, components = two_layer("relu")
    hidden = inputs @ first.T
    outputs = np.maximum(hidden, 0) @ second
    expected = (outputs > 0) == (LABELS[components] == 1)
    np.testing.assert_array_equal(network.correct(hidden, components, second), expected)
