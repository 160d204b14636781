import math

import numpy as np
import pytest
from scipy import special

from rankscope.numerics import mixtures
from rankscope.numerics.classifiers import Multinomial
from rankscope.studies.eigenspace_alignment import effective_spectrum
from rankscope.studies.eigenspace_alignment import softmax_dynamics as dynamics
from rankscope.studies.eigenspace_alignment.mixture import theory
from rankscope.studies.eigenspace_alignment.mixture.parameters import Parameters
from rankscope.studies.eigenspace_alignment.mixture.theory import full_matrices, limits
from rankscope.studies.eigenspace_alignment.nodes import normal_nodes

ERRORS = 4.5  # standard errors


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
    found = dynamics._derivative(
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
    point = limits.fixed_point(4, 0.1)
    end = dynamics.trajectory(np.eye(4), np.inf, 0.1, 0.0, np.array([0.0, 400.0]), np.eye(4)).mean[
        -1
    ]
    expected = point.scale * (np.eye(4) - (1 - np.eye(4)) / 3)
    np.testing.assert_allclose(end, expected, atol=1e-4)


def test_without_noise_what_is_outside_the_means_decays_at_twice_the_ridge():
    found = dynamics.trajectory(np.eye(3), np.inf, 0.2, 1.0, np.array([0.0, 3.0]), np.eye(3))
    outside = found.weight[-1] - found.mean[-1] @ found.mean[-1].T
    np.testing.assert_allclose(outside, np.eye(3) * math.exp(-1.2), atol=1e-5)


def test_full_matrices_have_k_times_k_minus_one_and_k_outliers_without_much_noise():
    k = 3
    nodes = normal_nodes(k, 7) / 30
    inputs = np.concatenate([nodes + centre for centre in np.eye(k)])
    p = special.softmax(2.0 * inputs, axis=1)
    u = p - np.repeat(np.eye(k), len(nodes), axis=0)
    hessian = p[:, :, None] * np.eye(k) - p[:, :, None] * p[:, None, :]
    for matrices, count in ((hessian, k * (k - 1)), (u[:, :, None] * u[:, None, :], k)):
        edge, outliers = full_matrices.outliers(matrices, inputs, 900.0, 10.0)
        outliers = outliers[outliers > 10 * edge]  # others are of the order of the noise
        assert len(outliers) == count
        joint = np.einsum("nab,ni,nj->aibj", matrices, inputs, inputs) / len(inputs)
        exact = np.linalg.eigvalsh(joint.reshape(k * k, k * k))[::-1][:count]
        np.testing.assert_allclose(outliers, exact, rtol=0.02)


@pytest.mark.parametrize(
    ("classes", "ridge"), [(2, 0.5), (4, 0.05), (10, 0.01), (3, 1e-6), (3, 5.0)]
)
def test_at_the_fixed_point_the_gradient_of_the_loss_vanishes(classes, ridge):
    point = limits.fixed_point(classes, ridge)
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
        limits.fixed_point(3, 0.0)


def test_the_hessian_threshold_at_the_start_is_k_over_root_phi():
    thresholds = limits.start_thresholds(5, 8.0)
    np.testing.assert_allclose(thresholds[0], 5 / math.sqrt(8.0), rtol=1e-5)


@pytest.mark.parametrize("matrix", [0, 1])
def test_thresholds_at_the_start_are_where_the_effective_spectrum_gains_outliers(matrix):
    k, phi = 3, 6.0
    own, other = limits.start_thresholds(k, phi)[matrix]
    weights = (np.full(k, (k - 1) / k**2), (1 / k - np.eye(k)[0]) ** 2)[matrix]
    for threshold, fewer, more in ((own, 0, 1 if matrix else k), (other, matrix, k)):
        for factor, count in ((0.97, fewer), (1.03, more)):
            snr = threshold * factor
            nodes = normal_nodes(k, 12) / math.sqrt(snr)
            inputs = np.concatenate([nodes + centre for centre in np.eye(k)])
            found = effective_spectrum.spectrum(
                np.repeat(weights, len(nodes)), inputs, snr, phi, 2 * k
            )
            assert len(found.outliers) == count


def test_the_error_law_falls_as_one_over_lambda():
    point = limits.fixed_point(4, 0.05)
    late = np.array([1e9])
    first, second = (
        limits.misalignment_law(point, snr, 8.0, 1.0, late, 1.0)[0] for snr in (1.0, 10.0)
    )
    assert first == pytest.approx(0.30, abs=0.005)
    assert second == pytest.approx(first / 10)


def test_the_error_law_starts_from_the_angle_and_decays_at_twice_the_ridge():
    point, outside = limits.fixed_point(4, 0.05), 1e-4
    times = np.array([0.0, 3.0])
    start, later = limits.misalignment_law(point, math.inf, 8.0, 1.0, times, outside)
    inside = math.sqrt(point.squared_length)
    assert start == pytest.approx(1 - inside / math.hypot(inside, math.sqrt(outside)), rel=1e-3)
    assert later / start == pytest.approx(math.exp(-2 * 0.05 * 3.0))


@pytest.mark.parametrize("scale", [0.0, 1.5])
def test_the_outliers_of_full_matrices_are_those_of_matrices_of_samples(scale):
    k, dimension = 3, 250
    training = {"ridge": 0.05, "step_scale": 1.0, "duration": 1.0, "checkpoints": 2}
    sizes = {"classes": k, "dimension": dimension, "snr": 30.0, "samples_per_dimension": 8.0}
    point = Parameters(**sizes, **training, matrices="full")
    overlaps = dynamics.Overlaps(scale * np.eye(k)[None], scale**2 * np.eye(k)[None])
    predicted = theory._full(point, np.eye(k), overlaps)
    mixture = mixtures.Mixture(np.eye(k), np.arange(k), 30.0)
    generator = np.random.default_rng(3)
    components, inputs = mixture.sample(generator, 8 * dimension, dimension)
    p = special.softmax(scale * inputs[:, :k], axis=1)
    errors = p - np.eye(k)[components]
    hessian = np.einsum("ma,ab->mab", p, np.eye(k)) - np.einsum("ma,mb->mab", p, p)
    for index, inner in enumerate((hessian, np.einsum("ma,mb->mab", errors, errors))):
        matrix = np.einsum("mab,mi,mj->aibj", inner, inputs, inputs, optimize=True)
        matrix = matrix.reshape(k * dimension, -1) / len(inputs)
        values = np.linalg.eigvalsh(matrix)[::-1]
        count = int(predicted["full_outliers"].values[0, index])
        assert count >= k
        expected = predicted["full_eigenvalues"].values[0, index]
        np.testing.assert_allclose(values[:count], expected[:count], rtol=0.06)
        assert values[count] == pytest.approx(predicted["full_edge"].values[0, index], rel=0.06)
