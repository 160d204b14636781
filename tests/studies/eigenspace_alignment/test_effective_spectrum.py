import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import special

from rankscope.studies.eigenspace_alignment import effective_spectrum, measurement
from rankscope.studies.eigenspace_alignment.nodes import normal_nodes, root


def test_nodes_are_antithetic_with_unit_variance():
    nodes = normal_nodes(3, 9)
    np.testing.assert_allclose(nodes.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(nodes.T @ nodes / len(nodes), np.eye(3), atol=0.02)


def test_the_root_squares_to_the_matrix():
    half = np.random.default_rng(0).standard_normal((4, 2))
    matrix = half @ half.T
    np.testing.assert_allclose(root(matrix) @ root(matrix), matrix, atol=1e-12)


def spiked(snr, phi, strength):
    """Return nodes of a unit weight and one centred two-point direction of this variance."""
    signs = np.repeat([-1.0, 1.0], 500)
    noise = np.concatenate([normal_nodes(1, 8)[:500]] * 2)[:1000] / math.sqrt(snr)
    return np.ones(1000), strength * signs[:, None] + 0 * noise, snr, phi


def test_with_equal_weights_the_edge_is_that_of_marchenko_and_pastur():
    found = effective_spectrum.spectrum(*spiked(5.0, 8.0, 0.0), 1)
    assert found.edge == pytest.approx((1 + 8.0**-0.5) ** 2 / 5.0, rel=1e-6)
    assert len(found.outliers) == 0


def test_with_equal_weights_the_outlier_is_that_of_a_spiked_covariance():
    snr, phi, variance = 5.0, 8.0, 0.6
    weights, inputs, *rest = spiked(snr, phi, math.sqrt(variance))
    found = effective_spectrum.spectrum(weights, inputs, *rest, 3)
    # the covariance is (1 + l) / snr along the spike
    excess = variance * snr - 1
    expected = (1 + excess) * (1 + 1 / (phi * excess)) / snr
    overlap = (1 - 1 / (phi * excess**2)) / (1 + 1 / (phi * excess))
    assert found.outliers == pytest.approx([expected], rel=1e-5)
    assert found.overlap(np.ones(1), 1) ** 2 == pytest.approx(overlap, rel=1e-4)


def test_below_its_threshold_a_spike_makes_no_outlier():
    threshold = (1 + 8.0**-0.5) / 5.0
    for factor, count in ((0.95, 0), (1.05, 1)):
        spectrum = effective_spectrum.spectrum(*spiked(5.0, 8.0, math.sqrt(factor * threshold)), 2)
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
    found = effective_spectrum.spectrum(of_nodes, inputs, snr, phi, 4)
    assert len(found.outliers) == 1
    assert values[-1] == pytest.approx(found.outliers[0], rel=0.03)
    assert values[-2] == pytest.approx(found.edge, rel=0.04)
    inside = np.linalg.norm(vectors[:2, -1])
    assert inside == pytest.approx(np.linalg.norm(found.vectors[:, 0]), abs=0.01)


@pytest.mark.parametrize("snr", [1e2, 1e6, 1e9])
def test_outliers_far_above_the_edge_are_found(snr):
    found = effective_spectrum.spectrum(*spiked(snr, 8.0, 1.0), 1)
    assert found.outliers == pytest.approx([1.0], rel=0.03)


def test_the_measured_edge_of_a_bulk_is_that_of_marchenko_and_pastur_whatever_the_signal():
    generator = np.random.default_rng(6)
    d, size, snr = 200, 1600, 5.0
    point = SimpleNamespace(spanned=1, snr=snr)
    samples = generator.standard_normal((size, d)) / math.sqrt(snr)
    samples[:, 0] += 3 * generator.choice([-1.0, 1.0], size)
    for rows, coordinates in ((1, 2), (1, d), (40, d)):  # the chain's coordinates, and all of them
        first = generator.standard_normal((rows, coordinates))
        noise = measurement.noise_alone(samples, first, point, generator)
        edge = measurement.largest(noise, np.ones((1, size)), generator)
        assert edge[0] == pytest.approx((1 + (d / size) ** 0.5) ** 2 / snr, rel=0.03)
