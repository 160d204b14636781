"""The theory of `proportional_depth` against layers drawn, other routes and exact cases."""

import numpy as np
import pytest
from scipy import integrate, stats

from rankscope.numerics import pair_angles
from rankscope.studies.proportional_depth.parameters import Parameters
from rankscope.studies.proportional_depth.theory import (
    diffusion,
    layers,
    predict,
    shaped,
    unshaped,
)

WIDTH = 64


def layer(blocks, kink, cosine, sine):
    """Draw blocks of 500 networks, and return cosines and sines after a layer."""
    source = np.random.Generator(np.random.SFC64(1))
    start = np.full(500, cosine), np.full(500, sine)
    found = [pair_angles.next_layer(*start, kink, WIDTH, source) for _ in range(blocks)]
    return np.concatenate(found, axis=1)


def test_a_chain_of_constant_drift_has_the_mean_and_variance_of_its_diffusion():
    nodes = 0.1 * np.arange(-120, 151)
    times = np.array([0.3, 1.0, 2.0])
    found = diffusion.laws(nodes, np.full(271, 0.7), 2.0, 0.25, times)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
    mean = found @ nodes
    np.testing.assert_allclose(mean, 0.25 + 0.7 * times, atol=1e-8)
    # a start between two nodes adds up to h^2 / 4
    np.testing.assert_allclose(found @ nodes**2 - mean**2, 2 * times + 0.05**2, atol=1e-6)


@pytest.mark.parametrize(("shape", "cosine"), [(0.0, 0.6), (2.0, 0.0), (2.0, 0.8)])
def test_a_layer_has_the_drift_and_the_variance_of_the_equation(shape, cosine):
    after, _ = layer(500, shape / (2 * WIDTH**0.5), cosine, np.sqrt(1 - cosine**2))
    gained = np.arctanh(after) - np.arctanh(cosine)
    drift = float(shaped.drift(np.arctanh(cosine), shape))
    order = (1 + shape**2) / WIDTH
    error = 4 * WIDTH * gained.std() / np.sqrt(len(gained))
    assert WIDTH * gained.mean() == pytest.approx(drift, abs=error + order * abs(drift))
    assert WIDTH * gained.var() == pytest.approx(1, rel=0.02 + 2 * order)
    # without Ito's term the drift is another
    assert abs(WIDTH * gained.mean() - (drift - cosine)) > error or cosine == 0


@pytest.mark.parametrize("kink", [0.2, 1.0])
def test_the_map_of_distances_is_a_ratio_of_gaussian_integrals(kink):
    cosine = 0.3
    radial = [
        integrate.quad(
            lambda a, both=both: (
                (np.cos(a) + kink * abs(np.cos(a)))
                * (np.cos(a - both) + kink * abs(np.cos(a - both)))
            ),
            0,
            2 * np.pi,
            limit=200,
        )[0]
        for both in (np.arccos(cosine), 0.0)
    ]
    found = float(layers.next_distance(np.float64(1 - cosine), kink))
    assert 1 - found == pytest.approx(radial[0] / radial[1], rel=1e-6)


def test_the_drift_is_that_of_infinite_width_without_the_term_of_noise():
    width, y = 10**8, np.array([-1.0, 0.0, 0.5, 2.0])
    distance = 1 - np.tanh(y)
    after = layers.next_distance(distance, 3.0 / (2 * np.sqrt(width)))
    gained = width * (distance - after) * np.cosh(y) ** 2
    np.testing.assert_allclose(shaped.drift(y, 3.0) - np.tanh(y) / 2, gained, rtol=1e-5)


def test_the_law_is_that_of_paths_by_euler_and_maruyama():
    source, steps = np.random.default_rng(5), 200
    y = np.zeros(20_000)
    for _ in range(steps):
        y += shaped.drift(y, 2.0) / steps + source.standard_normal(len(y)) / np.sqrt(steps)
    law = shaped.laws(2.0, 0.0, np.array([1.0]))[0]
    edges = np.arange(-2, 3.1, 0.5)
    theirs = [(y < edge).mean() for edge in edges]
    ours = [law[edge > shaped.NODES].sum() for edge in edges]
    np.testing.assert_allclose(ours, theirs, atol=0.015)
    other = shaped.laws(0.0, 0.0, np.array([1.0]))[0]
    assert abs(other[shaped.NODES < 0].sum() - (y < 0).mean()) > 0.1


def test_without_a_kink_the_mean_angle_stays_and_pairs_end_parallel_or_opposite():
    law = shaped.laws(0.0, 0.5, np.array([1.0, 4.0, 40.0]))
    angle = law @ np.arcsin(np.tanh(shaped.NODES))
    np.testing.assert_allclose(angle, np.arcsin(0.5), atol=2e-3)
    share = law[-1, shaped.NODES < 0].sum()
    assert share == pytest.approx(np.arccos(0.5) / np.pi, abs=0.02)


def test_with_a_kink_all_pairs_end_parallel():
    law = shaped.laws(1.0, -0.9, np.array([40.0]))[0]
    assert law[shaped.NODES < 2].sum() < 0.03


@pytest.mark.parametrize("kink", [0.0, 0.25, 1.0])
def test_a_small_angle_gains_what_a_layer_adds(kink):
    mean, variance = layers.small_angle(kink, WIDTH)
    _, sine = layer(400, kink, 1.0, 1e-9)
    gained = 2 * np.log(sine / 1e-9)
    error = 4 * WIDTH * gained.std() / np.sqrt(len(gained))
    room = 0.02 if kink == 0.25 else 0.0
    assert WIDTH * gained.mean() == pytest.approx(mean, abs=error, rel=room)
    assert WIDTH * gained.var() == pytest.approx(variance, rel=0.02 + 2 * room)
    assert abs(WIDTH * gained.mean() + 1.7) > error


def test_rates_of_small_angles_tend_to_kappa():
    for kink, kappa in ((0.0, 1.0), (1.0, 2.0)):
        assert layers.concentration(kink) == kappa
        np.testing.assert_allclose(layers.small_angle(kink, 10_000), (-kappa, 4 * kappa), rtol=1e-3)


def test_the_inverse_of_a_small_angle_has_the_mean_of_a_linear_equation():
    width, cosine, times = 2000, 0.9999, np.array([0.5, 1.0])
    mean, variance = layers.small_angle(1.0, width)
    rate = variance / 8 - mean / 2
    start = 1 / np.arccos(cosine)
    expected = start * np.exp(rate * times)
    expected += width / (3 * np.pi) * np.expm1(rate * times) / rate
    found = unshaped.laws(width, cosine, times) @ np.exp(unshaped.NODES)
    np.testing.assert_allclose(found, expected, rtol=0.02)
    assert np.all(np.abs(found / (start * np.exp(rate * times)) - 1) > 0.2)


def test_half_of_the_second_direction_is_lost_sooner_with_more_shape_and_never_of_small_angles():
    assert shaped.half_time(8.0, 0.0) < shaped.half_time(4.0, 0.0) < shaped.half_time(2.0, 0.0)
    assert shaped.half_time(0.0, 1 - 1e-8) == np.inf
    assert unshaped.half_layer(1 - 1e-8) == np.inf


def test_half_of_it_is_lost_within_three_layers_of_relu():
    cosines = 1 - layers.distances(0.0, 1.0, 3)
    np.testing.assert_allclose(cosines, [0, 0.3183, 0.4937, 0.6048], atol=1e-4)
    assert 2 < unshaped.half_layer(0.0) < 3


def test_laws_of_both_activations_are_laws():
    for values in ({"activation": "relu"}, {"activation": "shaped", "shape": 2.0}):
        found = predict(Parameters(width=WIDTH, correlation=0.2, depth_ratio=1.0, runs=2, **values))
        for name in ("law", "law_infinite_width"):
            np.testing.assert_allclose(found[name].sum("bin"), 1, atol=1e-6)
        assert (found.participation_ratio > 1).all()


def test_a_normal_law_of_the_logarithm_of_a_small_angle():
    law = unshaped.laws(1000, 1 - 1e-12, np.array([1.0]))[0]
    mean, variance = layers.small_angle(1.0, 1000)
    start = -0.5 * np.log(2e-12)
    normal = stats.norm(start - mean / 2, np.sqrt(variance / 4))
    place = np.argmin(np.abs(unshaped.NODES - start - 0.5))
    below = unshaped.NODES[place] + unshaped.STEP / 2
    assert law[: place + 1].sum() == pytest.approx(normal.cdf(below), abs=5e-3)
