import numpy as np
import pytest

from rankscope.numerics import neural_collapse

K, UNITS, EACH = 4, 9, 5


@pytest.fixture
def collapsed():
    """Features at the vertices of a rotated simplex, with a common mean, and their labels."""
    generator = np.random.default_rng(3)
    frame = np.linalg.qr(generator.standard_normal((UNITS, UNITS)))[0][:, :K]
    labels = np.repeat(np.arange(K), EACH)
    return (np.eye(K) @ frame.T * 2.5 + generator.standard_normal(UNITS))[labels], labels


def test_all_distances_vanish_at_a_simplex(collapsed):
    features, labels = collapsed
    means = neural_collapse.class_means(features, labels)
    readout = 0.3 * (means - means.mean(axis=0)) + np.ones(UNITS)
    assert neural_collapse.within_over_between(features, labels) == pytest.approx(0, abs=1e-20)
    assert neural_collapse.spread_of_lengths(means) == pytest.approx(0, abs=1e-12)
    assert neural_collapse.distance_from_simplex(means) == pytest.approx(0, abs=1e-12)
    assert neural_collapse.distance_from_duality(means, readout) == pytest.approx(0, abs=1e-12)
    centred = means - means.mean(axis=0)
    logits = features @ centred.T - means @ means.mean(axis=0)
    assert neural_collapse.disagreement(features, means, logits) == 0
    assert neural_collapse.disagreement(features, means, -logits) == 1


def test_distances_see_what_is_not_a_simplex(collapsed):
    features, labels = collapsed
    means = neural_collapse.class_means(features, labels)
    stretched = means.copy()
    stretched[0] += 3 * (means[0] - means.mean(axis=0))
    assert neural_collapse.spread_of_lengths(stretched) > 0.3
    assert neural_collapse.distance_from_simplex(stretched) > 0.05
    random = np.random.default_rng(1).standard_normal(means.shape)
    assert neural_collapse.distance_from_duality(means, random) > 0.5


def test_variability_is_the_trace_of_the_ratio_of_covariances(collapsed):
    features, labels = collapsed
    noisy = features + 0.3 * np.random.default_rng(5).standard_normal(features.shape)
    means = neural_collapse.class_means(noisy, labels)
    within = np.cov((noisy - means[labels]).T, bias=True)
    between = np.cov(means.T, bias=True)
    expected = np.trace(within @ np.linalg.pinv(between, rcond=1e-8)) / K
    assert neural_collapse.within_over_between(noisy, labels) == pytest.approx(expected)
    turned = noisy @ np.linalg.qr(np.random.default_rng(6).standard_normal((UNITS, UNITS)))[0]
    assert neural_collapse.within_over_between(7 * turned, labels) == pytest.approx(expected)
