import itertools
import math

import numpy as np
import pytest
from scipy import special

from rankscope.numerics import mixtures
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.numerics.classifiers import Multinomial, TwoLayer
from rankscope.studies.eigenspace_alignment import (
    theory_full,
    theory_limits,
    theory_mixture,
    theory_spectrum,
    theory_xor,
)
from rankscope.studies.eigenspace_alignment.theory_nodes import normal_nodes, root

ERRORS = 4.5  # standard errors


def test_nodes_are_antithetic_with_unit_variance():
    nodes = normal_nodes(3, 9)
    np.testing.assert_allclose(nodes.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(nodes.T @ nodes / len(nodes), np.eye(3), atol=0.02)


def test_the_root_squares_to_the_matrix():
    half = np.random.default_rng(0).standard_normal((4, 2))
    matrix = half @ half.T
    np.testing.assert_allclose(root(matrix) @ root(matrix), matrix, atol=1e-12)


# The effective dynamics of the mixture


def mixture_state(k=3):
    generator = np.random.default_rng(1)
    gram = np.array([[1.0, 0.3, 0.1], [0.3, 1.0, 0.0], [0.1, 0.0, 1.0]])
    centres = np.linalg.cholesky(gram)
    first = generator.standard_normal((k, 8)) * 0.7
    return gram, centres, first


def one_step(first, centres, snr, ridge, corrector, dimension, size):
    """Return the mean and error of the change of M and S in one step of SGD, over the step."""
    k = len(centres)
    network = Multinomial(np.arange(k))
    mixture = mixtures.Mixture(centres, np.arange(k), snr)
    components, inputs = mixture.sample(np.random.default_rng(2), size, first.shape[1])
    step = corrector / dimension
    slopes, _ = network.slopes(inputs @ first.T, components, np.zeros((size, k)))
    # noise in the other dimensions adds its squared length to that of the update
    rest = (dimension - first.shape[1]) / snr
    gradient = slopes[:, :, None] * inputs[:, None, :] + ridge * first
    overlap = gradient[:, :, :k] @ centres.T
    cross = gradient @ first.T
    square = gradient @ np.swapaxes(gradient, 1, 2) + rest * (
        slopes[:, :, None] * slopes[:, None, :]
    )
    in_mean = -overlap
    in_weight = -(cross + np.swapaxes(cross, 1, 2)) + step * square
    return [
        (each.mean(axis=0), each.std(axis=0) / math.sqrt(size)) for each in (in_mean, in_weight)
    ]


@pytest.mark.parametrize("corrected", [True, False])
def test_mixture_derivatives_are_the_mean_change_of_a_step_with_the_corrector_only(corrected):
    gram, centres, first = mixture_state()
    snr, ridge, corrector = 4.0, 0.1, 2.0
    inside = first[:, :3] @ centres.T
    found = theory_mixture._derivative(
        inside,
        first @ first.T,
        gram,
        1 / snr,
        ridge,
        corrector if corrected else 0.0,
        normal_nodes(3, 12),
    )
    measured = one_step(first, centres, snr, ridge, corrector, 100_000, 200_000)
    gaps = [
        np.abs(ours - mean).max() / error.max()
        for ours, (mean, error) in zip(found, measured, strict=True)
    ]
    assert gaps[0] < ERRORS
    assert (gaps[1] < ERRORS) == corrected


def test_without_noise_the_ode_ends_at_the_fixed_point():
    point = theory_limits.fixed_point(4, 0.1)
    end = theory_mixture.trajectory(
        np.eye(4), np.inf, 0.1, 0.0, np.array([0.0, 400.0]), np.eye(4)
    ).mean[-1]
    expected = point.scale * (np.eye(4) - (1 - np.eye(4)) / 3)
    np.testing.assert_allclose(end, expected, atol=1e-4)


def test_without_noise_what_is_outside_the_means_decays_at_twice_the_ridge():
    found = theory_mixture.trajectory(np.eye(3), np.inf, 0.2, 1.0, np.array([0.0, 3.0]), np.eye(3))
    outside = found.weight[-1] - found.mean[-1] @ found.mean[-1].T
    np.testing.assert_allclose(outside, np.eye(3) * math.exp(-1.2), atol=1e-5)


# The effective dynamics of XOR


def test_xor_derivatives_are_the_mean_change_of_a_step():
    generator = np.random.default_rng(3)
    width, snr, ridge, corrector, size = 3, 6.0, 0.1, 2.0, 200_000
    first, second = generator.standard_normal((2, width, 5))[0], generator.standard_normal(width)
    state = theory_xor.State(second, first[:, :2], first[:, 2:] @ first[:, 2:].T)
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
    found = theory_xor._derivative(state, "softplus", snr, ridge, corrector)
    for ours, change in zip((found.second, found.first, found.outside), changes, strict=True):
        error = change.std(axis=0) / math.sqrt(size)
        assert (np.abs(ours - change.mean(axis=0)) / (error + 1e-3)).max() < ERRORS


def test_the_planted_start_has_the_cells_it_names():
    state = theory_xor.planted(6, 4)
    cells = {(np.sign(v), *m) for v, m in zip(state.second, state.first, strict=True)}
    assert len(cells) == 4
    assert np.all((state.second > 0) == (state.first[:, 0] != 0))


@pytest.mark.parametrize("name", ["relu", "softplus"])
def test_activations_of_the_theory_are_those_of_the_networks(name):
    points = np.linspace(-2, 2, 41) + 0.01
    ours, theirs = theory_xor.activation(name), ACTIVATIONS[name]
    for one, other in zip(ours, (theirs.value, theirs.slope, theirs.curvature), strict=True):
        np.testing.assert_allclose(one(points), other(points), atol=1e-12)


# Effective spectra


def spiked(snr, phi, strength):
    """Return nodes of a unit weight and one centred two-point direction of this variance."""
    signs = np.repeat([-1.0, 1.0], 500)
    noise = np.concatenate([normal_nodes(1, 8)[:500]] * 2)[:1000] / math.sqrt(snr)
    return np.ones(1000), strength * signs[:, None] + 0 * noise, snr, phi


def test_with_equal_weights_the_edge_is_that_of_marchenko_and_pastur():
    found = theory_spectrum.spectrum(*spiked(5.0, 8.0, 0.0), 1)
    assert found.edge == pytest.approx((1 + 8.0**-0.5) ** 2 / 5.0, rel=1e-6)
    assert len(found.outliers) == 0


def test_with_equal_weights_the_outlier_is_that_of_a_spiked_covariance():
    snr, phi, variance = 5.0, 8.0, 0.6
    weights, inputs, *rest = spiked(snr, phi, math.sqrt(variance))
    found = theory_spectrum.spectrum(weights, inputs, *rest, 3)
    # the covariance is (1 + l) / snr along the spike
    excess = variance * snr - 1
    expected = (1 + excess) * (1 + 1 / (phi * excess)) / snr
    overlap = (1 - 1 / (phi * excess**2)) / (1 + 1 / (phi * excess))
    assert found.outliers == pytest.approx([expected], rel=1e-5)
    assert found.overlap(np.ones(1), 1) ** 2 == pytest.approx(overlap, rel=1e-4)


def test_below_its_threshold_a_spike_makes_no_outlier():
    threshold = (1 + 8.0**-0.5) / 5.0
    for factor, count in ((0.95, 0), (1.05, 1)):
        spectrum = theory_spectrum.spectrum(*spiked(5.0, 8.0, math.sqrt(factor * threshold)), 2)
        assert len(spectrum.outliers) == count


def test_the_spectrum_of_a_large_random_matrix_is_the_effective_one():
    generator = np.random.default_rng(4)
    d, phi, snr = 500, 6.0, 20.0
    samples = generator.standard_normal((int(phi * d), d)) / math.sqrt(snr)
    samples[:, 0] += generator.choice([-1.0, 1.0], len(samples))
    weights = special.expit(2 * samples[:, 0] + 1 * samples[:, 1] * math.sqrt(snr))
    values, vectors = np.linalg.eigh((samples.T * weights) @ samples / len(samples))
    nodes = normal_nodes(2, 11) / math.sqrt(snr)
    inputs = np.concatenate([nodes + np.array([s, 0.0]) for s in (-1.0, 1.0)])
    of_nodes = special.expit(2 * inputs[:, 0] + inputs[:, 1] * math.sqrt(snr))
    found = theory_spectrum.spectrum(of_nodes, inputs, snr, phi, 4)
    assert len(found.outliers) == 1
    assert values[-1] == pytest.approx(found.outliers[0], rel=0.03)
    assert values[-2] == pytest.approx(found.edge, rel=0.04)
    inside = np.linalg.norm(vectors[:2, -1])
    assert inside == pytest.approx(np.linalg.norm(found.vectors[:, 0]), abs=0.01)


def test_full_matrices_have_k_times_k_minus_one_and_k_outliers_without_much_noise():
    k = 3
    nodes = normal_nodes(k, 7) / 30
    inputs = np.concatenate([nodes + centre for centre in np.eye(k)])
    p = special.softmax(2.0 * inputs, axis=1)
    u = p - np.repeat(np.eye(k), len(nodes), axis=0)
    hessian = p[:, :, None] * np.eye(k) - p[:, :, None] * p[:, None, :]
    for matrices, count in ((hessian, k * (k - 1)), (u[:, :, None] * u[:, None, :], k)):
        edge, outliers = theory_full.outliers(matrices, inputs, 900.0, 10.0)
        outliers = outliers[outliers > 10 * edge]  # others are of the order of the noise
        assert len(outliers) == count
        joint = np.einsum("nab,ni,nj->aibj", matrices, inputs, inputs) / len(inputs)
        exact = np.linalg.eigvalsh(joint.reshape(k * k, k * k))[::-1][:count]
        np.testing.assert_allclose(outliers, exact, rtol=0.02)


# Closed forms


@pytest.mark.parametrize(("classes", "ridge"), [(2, 0.5), (4, 0.05), (10, 0.01)])
def test_at_the_fixed_point_the_gradient_of_the_loss_vanishes(classes, ridge):
    point = theory_limits.fixed_point(classes, ridge)
    weights = point.scale * (np.eye(classes) - (1 - np.eye(classes)) / (classes - 1))
    p = special.softmax(weights, axis=0)  # column c: logits of the centre mu_c
    gradient = (p - np.eye(classes)) / classes + ridge * weights
    np.testing.assert_allclose(gradient, 0.0, atol=1e-10)
    assert point.squared_length == pytest.approx((weights[0] ** 2).sum())
    blocks = [p[0] * (1 - p[0]) / classes, (p[0] - np.eye(classes)[0]) ** 2 / classes]
    for row, block in zip(point.eigenvalues, blocks, strict=True):
        np.testing.assert_allclose(np.sort(block), np.sort([row[0], *[row[1]] * (classes - 1)]))
    leading = np.abs(weights[0, 0]) / np.linalg.norm(weights[0])
    assert point.alignment_first == pytest.approx(leading)


def test_without_a_ridge_there_is_no_fixed_point():
    with pytest.raises(ValueError, match=r"ridge must be positive, got 0\.0"):
        theory_limits.fixed_point(3, 0.0)


def test_the_hessian_threshold_at_the_start_is_k_over_root_phi():
    thresholds = theory_limits.start_thresholds(5, 8.0)
    np.testing.assert_allclose(thresholds[0], 5 / math.sqrt(8.0), rtol=1e-5)


@pytest.mark.parametrize("matrix", [0, 1])
def test_thresholds_at_the_start_are_where_the_effective_spectrum_gains_outliers(matrix):
    k, phi = 3, 6.0
    own, other = theory_limits.start_thresholds(k, phi)[matrix]
    weights = (np.full(k, (k - 1) / k**2), (1 / k - np.eye(k)[0]) ** 2)[matrix]
    for threshold, fewer, more in ((own, 0, 1 if matrix else k), (other, matrix, k)):
        for factor, count in ((0.97, fewer), (1.03, more)):
            snr = threshold * factor
            nodes = normal_nodes(k, 12) / math.sqrt(snr)
            inputs = np.concatenate([nodes + centre for centre in np.eye(k)])
            found = theory_spectrum.spectrum(
                np.repeat(weights, len(nodes)), inputs, snr, phi, 2 * k
            )
            assert len(found.outliers) == count


@pytest.mark.parametrize("width", [1, 2, 4, 6])
def test_the_occupancy_law_counts_all_choices_of_cells(width):
    counts = np.zeros(5)
    for choice in itertools.product(range(4), repeat=width):
        counts[len(set(choice))] += 1
    np.testing.assert_allclose(theory_limits.occupancy(width), counts / 4**width)


def test_four_neurons_fill_four_cells_with_probability_three_in_thirty_two():
    assert theory_limits.occupancy(4)[4] == pytest.approx(3 / 32)


def test_at_the_xor_fixed_point_the_gradient_without_noise_vanishes():
    ridge = 0.03
    length = math.sqrt(theory_limits.xor_squared_length(ridge))
    second = length * np.array([1.0, -1.0, 1.0, -1.0])
    first = length * np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    mixture = mixtures.xor_mixture(1.0)
    network = TwoLayer(mixture.labels, ACTIVATIONS["relu"])
    hidden, components = mixture.centres @ first.T, np.arange(4)
    in_first, in_second = network.slopes(hidden, components, second)
    np.testing.assert_allclose(in_second.mean(axis=0), -ridge * second, atol=1e-12)
    np.testing.assert_allclose(in_first.T @ mixture.centres / 4, -ridge * first, atol=1e-12)
    hessian, g, regularised = network.last_layer(hidden, components, second, ridge)
    expected = theory_limits.xor_last_eigenvalues(ridge)
    np.testing.assert_allclose(np.linalg.eigvalsh(hessian), expected[0])
    np.testing.assert_allclose(np.linalg.eigvalsh(g), expected[1])
    np.testing.assert_allclose(regularised @ second, 0.0, atol=1e-12)


def test_error_laws_fall_as_one_over_lambda_and_decay_at_twice_the_ridge():
    point = theory_limits.fixed_point(4, 0.05)
    late = np.array([1e9])
    first, second = (
        theory_limits.misalignment_law(point, snr, 8.0, 1.0, late, 1.0)[0] for snr in (1.0, 10.0)
    )
    assert first == pytest.approx(0.30, abs=0.005)
    assert second == pytest.approx(first / 10)
    decay = theory_limits.xor_misalignment_law(0.05, np.inf, 4.0, 1.0, np.array([0.0, 10.0]), 1.0)
    assert decay[1] / decay[0] == pytest.approx(math.exp(-1.0))


def test_the_kink_of_a_state_is_what_finite_differences_see_beyond_the_hessian():
    state, snr = theory_xor.planted(4, 4), 20.0
    first = np.concatenate([state.first, 0.5 * np.eye(4)], axis=1)
    state = theory_xor.State(state.second, state.first, 0.25 * np.eye(4))
    mixture = mixtures.xor_mixture(snr)
    components, inputs = mixture.sample(np.random.default_rng(5), 400_000, 6)
    network = TwoLayer(mixture.labels, ACTIVATIONS["relu"])
    across = np.eye(6)[[1, 0, 1, 0]]
    difference, almost = network.curvature_across(
        inputs, components, first, state.second, across, 0.02
    )
    kinks = [theory_xor.kink(state, snr, neuron) for neuron in range(4)]
    np.testing.assert_allclose(difference - almost, kinks, rtol=0.05)


def test_without_noise_the_kink_of_the_fixed_point_is_the_closed_form():
    ridge, snr = 0.05, 1e6
    start = theory_xor.planted(4, 4)
    length = math.sqrt(theory_limits.xor_squared_length(ridge))
    state = theory_xor.State(2 * length * start.second, 2 * length * start.first, 1e-9 * np.eye(4))
    found = theory_xor.kink(state, snr, 0)
    assert found == pytest.approx(theory_limits.kink_term(ridge, snr), rel=1e-3)
