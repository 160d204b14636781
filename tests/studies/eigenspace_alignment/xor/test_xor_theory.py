import itertools
import math

import numpy as np
import pytest

from rankscope.numerics import mixtures
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.numerics.classifiers import TwoLayer
from rankscope.studies.eigenspace_alignment.xor.theory import dynamics, limits

ERRORS = 4.5  # standard errors


def test_xor_derivatives_are_the_mean_change_of_a_step():
    generator = np.random.default_rng(3)
    width, snr, ridge, corrector, size = 3, 6.0, 0.1, 2.0, 200_000
    first, second = generator.standard_normal((2, width, 5))[0], generator.standard_normal(width)
    state = dynamics.State(second, first[:, :2], first[:, 2:] @ first[:, 2:].T)
    mixture = mixtures.xor_mixture(snr)
    components, inputs = mixture.sample(generator, size, 5)
    network = TwoLayer(mixture.labels, ACTIVATIONS["softplus"])
    in_first, in_second = network.slopes(inputs @ first.T, components, second)
    gradient = in_first[:, :, None] * inputs[:, None, :] + ridge * first
    outside = gradient[:, :, 2:] @ first[:, 2:].T
    noise = corrector / snr * in_first[:, :, None] * in_first[:, None, :]
    changes = (
        -in_second - ridge * second,
        -gradient[:, :, :2],
        -(outside + np.swapaxes(outside, 1, 2)) + noise,
    )
    found = dynamics._derivative(state, "softplus", snr, ridge, corrector)
    for ours, change in zip((found.second, found.first, found.outside), changes, strict=True):
        error = change.std(axis=0) / math.sqrt(size)
        assert (np.abs(ours - change.mean(axis=0)) / (error + 1e-3)).max() < ERRORS


def test_the_planted_start_has_the_cells_it_names():
    state = dynamics.planted(6, 4)
    cells = {(np.sign(v), *m) for v, m in zip(state.second, state.first, strict=True)}
    assert len(cells) == 4
    assert np.all((state.second > 0) == (state.first[:, 0] != 0))


@pytest.mark.parametrize("name", ["relu", "softplus"])
def test_activations_of_the_theory_are_those_of_the_networks(name):
    points = np.linspace(-2, 2, 41) + 0.01
    ours, theirs = dynamics.activation(name), ACTIVATIONS[name]
    for one, other in zip(ours, (theirs.value, theirs.slope, theirs.curvature), strict=True):
        np.testing.assert_allclose(one(points), other(points), atol=1e-12)


@pytest.mark.parametrize("width", [1, 2, 4, 6])
def test_the_occupancy_law_counts_all_choices_of_cells(width):
    counts = np.zeros(5)
    for choice in itertools.product(range(4), repeat=width):
        counts[len(set(choice))] += 1
    np.testing.assert_allclose(limits.occupancy(width), counts / 4**width)


def test_four_neurons_fill_four_cells_with_probability_three_in_thirty_two():
    assert limits.occupancy(4)[4] == pytest.approx(3 / 32)


def test_at_the_xor_fixed_point_the_gradient_without_noise_vanishes():
    ridge = 0.03
    length = math.sqrt(limits.squared_length(ridge))
    second = length * np.array([1.0, -1.0, 1.0, -1.0])
    first = length * np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    mixture = mixtures.xor_mixture(1.0)
    network = TwoLayer(mixture.labels, ACTIVATIONS["relu"])
    hidden, components = mixture.centres @ first.T, np.arange(4)
    in_first, in_second = network.slopes(hidden, components, second)
    np.testing.assert_allclose(in_second.mean(axis=0), -ridge * second, atol=1e-12)
    np.testing.assert_allclose(in_first.T @ mixture.centres / 4, -ridge * first, atol=1e-12)
    hessian, g, regularised = network.last_layer(hidden, components, second, ridge)
    expected = limits.last_eigenvalues(ridge)
    np.testing.assert_allclose(np.linalg.eigvalsh(hessian), expected[0])
    np.testing.assert_allclose(np.linalg.eigvalsh(g), expected[1])
    np.testing.assert_allclose(regularised @ second, 0.0, atol=1e-12)


def test_the_error_law_decays_at_twice_the_ridge():
    decay = limits.misalignment_law(0.05, np.inf, 4.0, 1.0, np.array([0.0, 10.0]), 1.0)
    assert decay[1] / decay[0] == pytest.approx(math.exp(-1.0))


def test_the_error_law_falls_as_one_over_lambda():
    first, second = (
        limits.misalignment_law(0.05, snr, 4.0, 1.0, np.array([1e9]), 1.0)[0] for snr in (1.0, 10.0)
    )
    assert first == pytest.approx(2 / 4 + 2 * 0.05)
    assert second == pytest.approx(first / 10)


def test_the_kink_of_a_state_is_what_finite_differences_see_beyond_the_hessian():
    state, snr = dynamics.planted(4, 4), 20.0
    first = np.concatenate([state.first, 0.5 * np.eye(4)], axis=1)
    state = dynamics.State(state.second, state.first, 0.25 * np.eye(4))
    mixture = mixtures.xor_mixture(snr)
    components, inputs = mixture.sample(np.random.default_rng(5), 400_000, 6)
    network = TwoLayer(mixture.labels, ACTIVATIONS["relu"])
    across = np.eye(6)[[1, 0, 1, 0]]
    difference, almost = network.curvature_across(
        inputs, components, first, state.second, across, 0.02
    )
    kinks = [dynamics.kink(state, snr, neuron) for neuron in range(4)]
    np.testing.assert_allclose(difference - almost, kinks, rtol=0.05)


def test_without_noise_the_kink_of_the_fixed_point_is_the_closed_form():
    ridge, snr = 0.05, 1e6
    start = dynamics.planted(4, 4)
    length = math.sqrt(limits.squared_length(ridge))
    state = dynamics.State(2 * length * start.second, 2 * length * start.first, 1e-9 * np.eye(4))
    found = dynamics.kink(state, snr, 0)
    assert found == pytest.approx(limits.kink_term(ridge, snr), rel=1e-3)
