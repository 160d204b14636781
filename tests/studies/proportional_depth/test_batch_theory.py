"""The covariance SDE of a batch by other routes: a pair, small times, finer steps, networks."""

import numpy as np
import pytest

from rankscope.errors import ParameterError
from rankscope.numerics import batch_geometry, pair_angles, random_batches
from rankscope.planning.parameters import build
from rankscope.studies.effective_dimension.theory import fluctuations, kernel
from rankscope.studies.proportional_depth.parameters import Parameters
from rankscope.studies.proportional_depth.theory import batches, shaped


def moved(shape, size, time, steps, paths, correlation=0.0):
    """Cosines of paths at a time."""
    generator = np.random.default_rng(1)
    start = correlation + (1 - correlation) * np.eye(size)
    cosine = np.broadcast_to(start, (paths, size, size)).copy()
    for _ in range(steps):
        cosine = batches.step(cosine, shape, time / steps, generator)
    return cosine


@pytest.mark.parametrize("shape", [0.0, 2.0])
def test_paths_of_two_inputs_have_the_law_of_the_cosine(shape):
    cosine = moved(shape, 2, 1.0, 32, 8000)[:, 0, 1]
    law, other = (shaped.laws(c, 0.0, np.array([1.0]))[0] for c in (shape, 2.0 - shape))
    edges = np.arange(-2, 3.1, 0.5)
    theirs = [law[edge > shaped.NODES].sum() for edge in edges]
    ours = [(np.arctanh(cosine) < edge).mean() for edge in edges]
    np.testing.assert_allclose(ours, theirs, atol=0.025)
    wrong = [other[edge > shaped.NODES].sum() for edge in edges]
    assert np.abs(np.subtract(ours, wrong)).max() > 0.1


@pytest.mark.parametrize(("shape", "correlation"), [(0.0, 0.0), (3.0, 0.0), (3.0, 0.5)])
def test_at_small_times_the_rank_falls_as_the_formula_of_first_order(shape, correlation):
    size, time = 24, 0.02
    ratio = batches.centred_ratio(moved(shape, size, time, 4, 1500, correlation))
    gained = (1 / ratio).mean() - 1 / (size - 1)
    (first,) = batches.first_order(shape, correlation, np.array([time]))
    error = 4 * (1 / ratio).std() / np.sqrt(len(ratio))
    # terms of t and of 1/m
    assert gained == pytest.approx(first, abs=error, rel=0.1)
    assert abs(gained - 2 * first) > 0.5 * first


@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_the_formula_of_first_order_is_the_recursion_of_leaky_networks(correlation):
    width, shape = 4000, 3.0
    kink = shape / (2 * width**0.5)
    slope = (1 - kink) / (1 + kink)
    cosine, variance = np.array([correlation]), 0.0
    for _ in range(width // 10):
        damping = fluctuations.damping(cosine, slope)[0]
        injection = fluctuations.injection(cosine, slope, orthogonal=False)[0]
        variance = damping**2 * variance + injection / width
        cosine = kernel.correlation_map(cosine, slope)
    (found,) = batches.first_order(shape, correlation, np.array([0.1]))
    assert found == pytest.approx(variance, rel=5e-3)
    assert found != pytest.approx(0.1, rel=0.02)


def test_finer_steps_change_the_rank_by_what_is_left_out():
    coarse, fine = (1 / batches.centred_ratio(moved(2.0, 8, 0.5, s, 800)) for s in (16, 64))
    error = np.hypot(coarse.std(), fine.std()) / np.sqrt(800)
    # a hundredth at 128 steps per unit of time, four of these at 32
    assert coarse.mean() == pytest.approx(fine.mean(), abs=4 * error, rel=0.04)
    assert 4 * error < 0.06 * fine.mean()


def test_a_layer_of_a_batch_is_one_of_explicit_weights():
    generator, size, width, kink = np.random.default_rng(2), 4, 16, 0.4
    factor = np.linalg.cholesky(0.3 + 0.7 * np.eye(size))
    drawn = random_batches.next_layer(
        np.broadcast_to(factor, (20_000, size, size)), kink, width, generator
    )
    values = factor @ generator.standard_normal((20_000, size, width))
    features = values + kink * np.abs(values)
    both = [drawn @ drawn.transpose(0, 2, 1), features @ features.transpose(0, 2, 1)]
    ratios = [
        batch_geometry.participation_ratio(batch_geometry.centred(batch_geometry.cosines(one)))
        for one in both
    ]
    error = 4 * ratios[0].std() / np.sqrt(10_000)
    assert ratios[0].mean() == pytest.approx(ratios[1].mean(), abs=error)
    np.testing.assert_allclose(np.diagonal(both[0], axis1=1, axis2=2), 1, rtol=1e-9)
    assert abs(ratios[0].mean() - (size - 1)) > 10 * error


def test_a_linear_layer_by_three_numbers_has_the_law_of_one_by_its_units():
    generator = np.random.Generator(np.random.SFC64(3))
    start = np.full(20_000, 0.6), np.full(20_000, 0.8)
    short = pair_angles.next_linear_layer(*start, 32, generator)
    long = pair_angles.next_layer(*start, 0.0, 32, generator)
    other = pair_angles.next_linear_layer(*start, 16, generator)
    np.testing.assert_allclose(short[0] ** 2 + short[1] ** 2, 1, rtol=1e-12)
    for ours, theirs, wrong in zip(short, long, other, strict=True):
        levels = np.quantile(theirs, [0.05, 0.3, 0.7, 0.95])
        shares = [[np.mean(one < level) for level in levels] for one in (ours, theirs, wrong)]
        np.testing.assert_allclose(shares[0], shares[1], atol=0.02)
        assert np.abs(np.subtract(shares[2], shares[1])).max() > 0.03


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"activation": "relu"}, "activation must be shaped"),
        ({"depth_ratio": 4.5}, "depth_ratio must be at most 4"),
        ({"correlation": -0.1}, "correlation must be between 0"),
    ],
)
def test_batches_have_rules_of_their_own(changed, message):
    values = {
        "activation": "shaped", "width": 64, "correlation": 0.0, "depth_ratio": 1.0, "runs": 2,
        "batch_size": 3,
    }  # fmt: skip
    with pytest.raises(ParameterError, match=message):
        build(Parameters, values | changed, "here")
