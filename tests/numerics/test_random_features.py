"""Random networks of several architectures, against explicit weights and known moments."""

import numpy as np
import pytest
from scipy import integrate

from rankscope.numerics import random_features

INPUTS = np.sqrt(6) * np.eye(6)


def drawn(networks, **law):
    generator = np.random.default_rng(3)
    return np.stack(
        [
            list(random_features.layers(INPUTS, "gelu", 40, 3, generator, **law))
            for _ in range(networks)
        ]
    )


def explicit(networks, *, layer_norm=False, batch_norm=False, branch=0.0):
    """Draw every matrix."""
    generator = np.random.default_rng(4)
    phi, gain = random_features.FUNCTIONS["gelu"], random_features.gain("gelu")

    def matrix(fan_in):
        return generator.standard_normal((fan_in, 40)) / np.sqrt(fan_in)

    def unit(rows):
        return rows / np.sqrt((rows**2).mean(axis=1))[:, None]

    found = []
    for _ in range(networks):
        h, kept = INPUTS @ matrix(6) if branch else INPUTS, []
        for _ in range(3):
            if branch:
                h = h + branch * gain * phi(unit(h) @ matrix(40)) @ matrix(40)
            else:
                z = h @ matrix(h.shape[1])
                h = gain * phi((z - z.mean(axis=0)) / z.std(axis=0) if batch_norm else z)
            if layer_norm:
                h = unit(h - h.mean(axis=1)[:, None])
            kept.append(h)
        found.append(kept)
    return np.array(found)


@pytest.mark.parametrize("law", [{}, {"layer_norm": True}, {"batch_norm": True}, {"branch": 0.7}])
def test_features_have_the_law_of_explicit_weights(law):
    ours, theirs = drawn(1500, **law), explicit(1500, **law)
    for moment in (lambda g: g[:, :, 0, 1], lambda g: g[:, :, 2, 2], lambda g: g[:, :, 0, 1] ** 2):
        a, b = (moment(np.einsum("nlik,nljk->nlij", h, h) / 40) for h in (ours, theirs))
        error = np.sqrt((a.var(axis=0) + b.var(axis=0)) / 1500)
        assert np.all(np.abs(a.mean(axis=0) - b.mean(axis=0)) < 4.5 * error + 1e-12)


@pytest.mark.parametrize("name", random_features.FUNCTIONS)
def test_the_gain_keeps_the_mean_square_of_standard_normal_preactivations(name):
    phi = random_features.FUNCTIONS[name]
    density = lambda z: np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)  # noqa: E731
    square = integrate.quad(lambda z: float(phi(np.array(z))) ** 2 * density(z), -12, 12)[0]
    assert random_features.gain(name) ** 2 * square == pytest.approx(1, abs=1e-3)


def test_layer_norm_leaves_rows_of_no_mean_and_unit_mean_square():
    last = drawn(1, layer_norm=True)[0, -1]
    np.testing.assert_allclose(last.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose((last**2).mean(axis=1), 1)
