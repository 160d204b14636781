"""Angles of a pair through random layers, against explicit weights and exact laws."""

import numpy as np
import pytest
from scipy import special, stats

from rankscope.numerics import pair_angles

WIDTH = 32


def generator(seed):
    return np.random.Generator(np.random.SFC64(seed))


def drawn(networks, kink, cosine, sine=None, layers=1, width=WIDTH, seed=1):
    cosine = np.full(networks, cosine)
    sine = np.sqrt(1 - cosine**2) if sine is None else np.full(networks, sine)
    source = generator(seed)
    for _ in range(layers):
        cosine, sine = pair_angles.next_layer(cosine, sine, kink, width, source)
    return cosine, sine


def explicit(networks, kink, cosine, layers):
    """Draw every weight, and take the cosine of the features."""
    features = np.zeros((networks, 2, WIDTH))
    features[:, 0, 0] = 1
    features[:, 1, :2] = cosine, np.sqrt(1 - cosine**2)
    source = np.random.default_rng(2)
    for _ in range(layers):
        values = features @ source.standard_normal((networks, WIDTH, WIDTH)) / np.sqrt(WIDTH)
        features = values + kink * np.abs(values)
    x, y = features[:, 0], features[:, 1]
    lengths = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    return (x * y).sum(axis=1) / lengths


@pytest.mark.parametrize(("kink", "cosine"), [(1.0, 0.0), (0.3, -0.6), (0.0, 0.5)])
def test_cosines_have_the_law_of_explicit_weights(kink, cosine):
    ours, _ = drawn(2000, kink, cosine, layers=3)
    theirs = explicit(2000, kink, cosine, layers=3)
    assert stats.ks_2samp(ours, theirs).pvalue > 1e-3
    # another kink is told apart
    other = explicit(2000, 1 - kink, cosine, layers=3)
    assert stats.ks_2samp(ours, other).pvalue < 1e-6


def test_cosine_and_sine_are_of_one_angle():
    for kink in (0.0, 0.3, 1.0):
        cosine, sine = drawn(200, kink, -0.7, layers=5)
        np.testing.assert_allclose(cosine**2 + sine**2, 1, atol=1e-5)


def test_without_a_kink_orthogonal_inputs_have_a_beta_distributed_squared_sine():
    _, sine = drawn(5000, 0.0, 0.0)
    law = stats.beta((WIDTH - 1) / 2, 1 / 2)
    assert stats.kstest(sine**2, law.cdf).pvalue > 1e-3
    assert stats.kstest(sine**2, stats.beta(WIDTH / 4, 1 / 2).cdf).pvalue < 1e-6


@pytest.mark.parametrize("start", [1e-3, 1e-12])
def test_a_small_angle_keeps_its_digits(start):
    cosine, sine = drawn(20_000, 0.0, np.sqrt(1 - start**2), start)
    gained = 2 * np.log(sine / start)
    mean = special.digamma((WIDTH - 1) / 2) - special.digamma(WIDTH / 2)
    assert gained.mean() == pytest.approx(mean, abs=4 * gained.std() / np.sqrt(len(gained)))
    # the cosine alone has lost it
    assert start > 1e-8 or (cosine**2 >= 1 - 1e-6).all()
