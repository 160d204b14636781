import numpy as np
import pytest

from rankscope.numerics import mixtures, sgd
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.numerics.classifiers import Multinomial, TwoLayer

STEP, RIDGE = 0.05, 0.2


def setting(networks=3, rows=3, dimension=7, steps=12):
    generator = np.random.default_rng(0)
    first = generator.standard_normal((networks, rows, dimension))
    second = generator.standard_normal((networks, rows))
    inputs = generator.standard_normal((networks, steps, dimension))
    return first, second, inputs, generator.integers(3, size=(networks, steps))


def test_steps_on_the_softmax_classifier_are_those_of_the_update_written_out():
    first, _, inputs, components = setting()
    expected = first.copy()
    for network in range(3):
        for y, c in zip(inputs[network], components[network], strict=True):
            z = expected[network] @ y
            p = np.exp(z) / np.exp(z).sum()
            p[c] -= 1
            expected[network] -= STEP * (np.outer(p, y) + RIDGE * expected[network])
    sgd.descend(
        Multinomial(np.arange(3)).slopes,
        first,
        np.zeros((3, 3)),
        inputs,
        components,
        STEP,
        RIDGE,
    )
    np.testing.assert_allclose(first, expected, atol=1e-12)


def test_steps_on_two_layers_are_those_of_the_optimiser_of_torch():
    torch = pytest.importorskip("torch")
    first, second, inputs, components = setting(networks=1)
    labels = mixtures.xor_mixture(1.0).labels
    w = torch.tensor(first[0], requires_grad=True)
    v = torch.tensor(second[0], requires_grad=True)
    optimiser = torch.optim.SGD([w, v], lr=STEP, weight_decay=RIDGE)
    for y, c in zip(inputs[0], components[0], strict=True):
        optimiser.zero_grad()
        output = v @ torch.relu(w @ torch.tensor(y))
        target = torch.tensor(float(labels[c]), dtype=torch.float64)
        torch.nn.functional.binary_cross_entropy_with_logits(output, target).backward()
        optimiser.step()
    network = TwoLayer(labels, ACTIVATIONS["relu"])
    sgd.descend(network.slopes, first, second, inputs, components, STEP, RIDGE)
    np.testing.assert_allclose(first[0], w.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(second[0], v.detach().numpy(), atol=1e-12)


def test_a_network_does_not_depend_on_the_others_to_the_last_bit():
    first, second, inputs, components = setting()
    network = TwoLayer(mixtures.xor_mixture(1.0).labels, ACTIVATIONS["relu"])
    alone, v = first[1:2].copy(), second[1:2].copy()
    sgd.descend(network.slopes, alone, v, inputs[1:2], components[1:2], STEP, RIDGE)
    sgd.descend(network.slopes, first, second, inputs, components, STEP, RIDGE)
    np.testing.assert_array_equal(first[1], alone[0])
    np.testing.assert_array_equal(second[1], v[0])


@pytest.mark.parametrize("inside", [True, False])
def test_projected_steps_move_in_or_out_of_the_subspace_only(inside):
    first, _, inputs, components = setting(steps=1)
    basis = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3, 7, 2)))[0]
    moved, plain = first.copy(), first.copy()
    slopes = Multinomial(np.arange(3)).slopes
    sgd.descend_projected(slopes, moved, inputs, components, STEP, RIDGE, basis, inside)
    sgd.descend(slopes, plain, np.zeros((3, 3)), inputs, components, STEP, RIDGE)
    projector = basis @ np.swapaxes(basis, 2, 3)
    if not inside:
        projector = np.eye(7) - projector
    expected = first + np.einsum("akij,akj->aki", projector, plain - first)
    np.testing.assert_allclose(moved, expected, atol=1e-12)
