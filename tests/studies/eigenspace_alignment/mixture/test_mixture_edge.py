import numpy as np
import pytest

from rankscope.numerics import mixtures
from rankscope.numerics.moment_operators import WeightedMoments
from rankscope.planning import parameters as planning
from rankscope.studies.eigenspace_alignment import measurement
from rankscope.studies.eigenspace_alignment.mixture.parameters import Parameters

POINT = {
    "classes": 2,
    "dimension": 24,
    "snr": 2.0,
    "samples_per_dimension": 4.0,
    "ridge": 0.1,
    "step_scale": 1.0,
    "duration": 0.0,
    "checkpoints": 1,
}


def drawn(known):
    point = planning.build(Parameters, POINT, "here")
    generator = np.random.default_rng(0)
    mixture = mixtures.class_mixture(np.eye(2), point.snr)
    first = generator.standard_normal((2, known))
    _, samples = mixture.sample(generator, 4000, point.dimension)
    return point, first, samples, generator


@pytest.mark.parametrize("known", [20, 24])
def test_noise_alone_is_white_and_does_not_know_the_logits(known):
    point, first, samples, generator = drawn(known)
    noise = measurement.noise_alone(samples, first, point, generator)
    assert noise.shape == samples.shape
    scale = 1 / point.snr
    covariance = noise.T @ noise / len(noise)
    assert np.abs(covariance - scale * np.eye(24)).max() < 6 * scale / np.sqrt(len(noise))
    hidden = samples[:, :known] @ first.T
    correlation = np.corrcoef(hidden.T, noise.T)[:2, 2:]
    assert np.abs(correlation).max() < 5 / np.sqrt(len(noise))
    raw = np.corrcoef(hidden.T, samples.T)[:2, 2:]
    assert np.abs(raw).max() > 0.2


def test_the_part_outside_the_signal_is_kept():
    point, first, samples, generator = drawn(20)
    noise = measurement.noise_alone(samples, first, point, generator)
    np.testing.assert_allclose(noise[:, 20:], samples[:, 20:], rtol=1e-6)


def test_the_largest_eigenvalue_is_that_of_the_dense_matrix():
    _, _, samples, generator = drawn(20)
    weights = generator.uniform(0.1, 1.0, (3, len(samples)))
    found = measurement.largest(samples, weights, generator)
    dense = WeightedMoments(samples, weights).matrix()
    np.testing.assert_allclose(found, np.linalg.eigvalsh(dense)[:, -1], rtol=1e-4)
