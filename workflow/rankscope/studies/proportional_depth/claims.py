"""Claims about a pair and a batch of inputs where depth is comparable to width."""

import dataclasses
import functools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr

from rankscope.evidence.claims import ABSTRACT, RECALLED, Definition, claim
from rankscope.evidence.region import at_least, at_most, factor, percent, within
from rankscope.evidence.results import Family, Point, Results
from rankscope.evidence.samples import Estimate, Sample, jackknife, total_variation

TIMES = (0.5, 1.0, 2.0, 4.0)
EARLY = 0.99
"""Cosine of the inputs below which an angle is not small from the start."""
SHARE = 5 / 64
"""Largest ``(1 + c^2) / n``, the order of what the equation of shaped networks neglects."""
NEAR_THE_LAST = 0.9
"""Of the depth drawn."""

LAYERS = "layers n/2, n, 2n and 4n, as far as drawn"
SHAPED = "shaped activations, n of 64 or more, (1 + c^2) / n of 5/64 or less"
RELU = "ReLU, n of 64 or more, inputs of cosine below 0.99"
LIMIT = "Li and Nica, arXiv 2310.12079, say that there is a limit; which, is derived here"


@claim(
    "law of the cosine",
    "In shaped networks the law of the pair's cosine at layer l is that of the neural covariance "
    "SDE at t = l/n, at a distance in total variation of {accepted}.",
    accepted=at_most(
        0.05,
        why="neglected terms, (1 + c^2)/n of up to 0.08, move a law by a third of that, and "
        "sampling 4,000 networks gives up to 0.017 by itself",
    ),
    estimate="total variation between shares of networks and the law, in 12 bins of artanh rho",
    scope=f"{SHAPED}; {LAYERS}",
    source="Li, Nica and Roy, arXiv 2206.02768; the equation was recalled, and derived here again",
    basis=RECALLED,
    null="infinite width: one cosine in all networks",
    figure="laws_of_the_cosine",
    # a distance of shares of networks is never 0
    targets={"holds": 0.02},
    headline=True,
)
def law_of_cosine(results: Results) -> Iterator[Sample]:
    """Compare the shares over all networks; sampling noise adds to the distance."""
    for point, time in at_times(results.where(covered)):
        law, wide = (
            coarse(point.predicted[name].sel(time=time)).to_numpy()
            for name in ("law", "law_infinite_width")
        )
        shares = coarse(point.measured.law.sel(time=time))
        distance = functools.partial(total_variation, law=law)
        chance = total_variation(wide[None], law)
        yield Sample(point, jackknife(distance, shares), f"l = {time:g} n", chance=chance)


@claim(
    "mean rank of the pair",
    "In shaped networks the pair's mean participation ratio at layer l is that of the SDE at "
    "t = l/n, {accepted}.",
    accepted=within(
        0.03, why="the ratio has lost up to 0.86, at rates that are off by (1 + c^2)/n, up to 0.08"
    ),
    estimate="mean participation ratio minus prediction",
    scope=f"{SHAPED}; {LAYERS}, where infinite width is off by more than 0.06",
    null="infinite width, without noise",
    figure="angle_and_rank",
)
def mean_rank(results: Results) -> Iterator[Sample]:
    """Subtract the predicted ratio from that of each replicate."""
    for point, time in at_times(results.where(covered)):
        predicted = point.predicted.sel(time=time)
        ratio = predicted.participation_ratio
        chance = float(predicted.participation_ratio_infinite_width - ratio)
        if abs(chance) > 0.06:
            found = point.measured.participation_ratio.sel(time=time) - ratio
            yield Sample(point, found, f"l = {time:g} n", chance=chance)


@claim(
    "depth of half the second direction",
    "Half of the participation ratio beyond 1 is lost, in the mean over shaped networks, at the "
    "layer that the SDE says, {accepted}.",
    accepted=factor(1.15, why="twice (1 + c^2)/n, up to 0.08, as the loss slows with depth"),
    estimate="measured layer / predicted layer",
    scope=f"{SHAPED}; where that layer is at most half of the depth drawn, and infinite width is "
    "off by more than 30 %",
    null="infinite width: its layer, or one near the last if it is not reached",
    figure="angle_and_rank",
)
def half_depth(results: Results) -> Iterator[Sample]:
    """Interpolate the mean ratio to the depth at which half of what is beyond 1 is left."""
    for point in results.where(covered):
        predicted = float(point.predicted.half_depth)
        chance = wide_half_depth(point) / predicted
        if predicted <= point.width * point.depth_ratio / 2 and chance > 1.3:
            yield Sample(point, half_layers(point, predicted), chance=chance)


@claim(
    "no shape keeps the rank",
    "Of two orthogonal inputs, half of the participation ratio beyond 1 is lost, in the mean over "
    "networks, by layer l = b n with b {accepted}, whatever the shape.",
    accepted=at_most(
        1.2, why="the SDE's largest is 1.08, at c = 1.4; a tenth more for what it neglects"
    ),
    estimate="measured layer / n",
    scope=f"{SHAPED}, orthogonal inputs, depth of 2n or more; where infinite width keeps more "
    "than half to layer 1.4 n",
    null="infinite width: its layer, or one near the last if it is not reached",
    figure="angle_and_rank",
    targets={"holds": 0.9, "fails": 1.5},
    headline=True,
)
def no_shape_keeps(results: Results) -> Iterator[Sample]:
    """Interpolate as above, in units of the width."""
    for point in results.where(covered, lambda p: p.depth_ratio >= 2, correlation=0.0):
        chance = wide_half_depth(point) / point.width
        if chance > 1.4:
            yield Sample(point, half_layers(point, point.width), chance=chance)


@claim(
    "only depth over width",
    "In shaped networks of one c the pair's mean participation ratio at layer l = n is the same at "
    "any width, {accepted}.",
    accepted=within(0.03, why="what is neglected, (1 + c^2)/n, differs by up to 0.08 of 0.5 lost"),
    estimate="mean ratio at the largest width minus that at the smallest",
    scope=SHAPED,
    null="the depth alone decides, so that the wider network has lost more",
    figure="angle_and_rank",
)
def only_depth_over_width(results: Results) -> Iterator[Sample]:
    """Subtract replicates of two widths, which are independent."""
    chosen = results.where(covered)
    for family in chosen.families("width", ignoring=("depth_ratio", "runs")):
        small, large = family[0], family[-1]
        later = min(large.width / small.width, small.depth_ratio)
        curve = small.predicted.participation_ratio
        chance = float(curve.sel(time=later) - curve.sel(time=1))
        if abs(chance) > 0.06:
            at_width = [p.measured.participation_ratio.sel(time=1) for p in (large, small)]
            found = at_width[0] - at_width[1]
            yield Sample(Family("width", (small, large)), found, chance=chance)


@claim(
    "angle in ReLU networks: mean",
    "In ReLU networks the mean ln sin^2 of the pair's angle is that of the diffusion of "
    "ln sin theta {accepted}, at depths up to 4n.",
    accepted=percent(5, why="what a small angle gains is exact; earlier layers add terms of 1/n"),
    estimate="mean over networks / prediction",
    scope=f"{RELU}; {LAYERS}",
    source=LIMIT,
    basis=ABSTRACT,
    null="infinite width",
    figure="angle_and_rank",
)
def relu_mean(results: Results) -> Iterator[Sample]:
    """Divide the mean over networks by the prediction."""
    for point, time in at_times(results.where(falling)):
        predicted = point.predicted.sel(time=time)
        ratio = point.measured.log_squared_sine.sel(time=time) / predicted.log_squared_sine
        chance = predicted.log_squared_sine_infinite_width / predicted.log_squared_sine
        yield Sample(point, ratio, f"l = {time:g} n", chance=float(chance))


@claim(
    "angle in ReLU networks: variance",
    "In ReLU networks the variance over networks of ln sin^2 of the pair's angle is that of the "
    "diffusion of ln sin theta {accepted}.",
    accepted=percent(10, why="the noise of a small angle is exact; larger angles have less"),
    estimate="variance over networks / prediction",
    scope=f"{RELU}; layers n, 2n and 4n, as far as drawn",
    source=LIMIT,
    basis=ABSTRACT,
    null="infinite width: no variance",
    chance=0.0,
    figure="angle_and_rank",
)
def relu_variance(results: Results) -> Iterator[Sample]:
    """Divide the variance within each replicate by the prediction."""
    for point, time in at_times(results.where(falling)):
        if time >= 1:
            found = point.measured.log_squared_sine_variance.sel(time=time)
            ratio = found / point.predicted.log_squared_sine_variance.sel(time=time)
            yield Sample(point, ratio, f"l = {time:g} n")


@claim(
    "rate of small angles",
    "Once the angle is small, mean ln sin^2 falls by kappa/n in each layer, whatever was lost "
    "before, to leading order: 1/n without a kink, 2/n for ReLU; {accepted}.",
    accepted=percent(10, why="of order 1/n; exact for ReLU and without a kink"),
    estimate="measured fall per layer / predicted",
    scope="inputs of cosine 0.99 or more, n of 64 or more",
    null="infinite width: no fall of that size",
    chance=0.0,
    figure="angle_and_rank",
)
def small_angles(results: Results) -> Iterator[Sample]:
    """Divide what the mean has lost from the input to the last layer."""
    for point in results.where(lambda p: p.correlation >= EARLY and p.width >= 64):
        start = math.log((1 - point.correlation) * (1 + point.correlation))
        lost = point.measured.log_squared_sine.isel(time=-1) - start
        yield Sample(point, lost / (point.depth_ratio * float(point.predicted.deep_rate)))


@claim(
    "a few networks hold the mean",
    "At layer 2n of ReLU networks the mean over networks of the participation ratio beyond 1 is "
    "{accepted} times that of a network of mean ln sin^2.",
    accepted=at_least(10, why="an order of magnitude; the diffusion says 23"),
    estimate="mean ratio beyond 1 / that of the mean logarithm",
    scope=RELU,
    null="one rank in all networks",
    chance=1.0,
    figure="angle_and_rank",
    targets={"holds": 20.0},
)
def few_networks(results: Results) -> Iterator[Sample]:
    """Divide the mean over all replicates by that of their mean logarithm."""
    for point in results.where(falling, lambda p: p.depth_ratio >= 2):
        at_end = point.measured.sel(time=2)
        found = jackknife(over_typical, at_end.participation_ratio, at_end.log_squared_sine)
        yield Sample(point, found)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Average(Definition):
    """What is averaged over networks, and the variable that holds it."""

    variable: str


@claim(
    "rank of a batch",
    "In shaped networks the centred participation ratio PR of a batch of m inputs at layer l is, "
    "in the mean over networks, that of the neural covariance SDE at t = l/n, {accepted}.",
    accepted=percent(
        10,
        why="what is neglected is of order (1 + c^2)/n, up to 0.08, of what the rank has lost, "
        "and steps and paths of the SDE leave a hundredth",
    ),
    estimate="mean over networks / prediction",
    scope=f"{SHAPED}, m from 3 to n/8, inputs of one cosine; layers n/2, n, 2n and 4n, as far as "
    "drawn",
    source="Li, Nica and Roy, arXiv 2206.02768, by its abstract; the equation was recalled and "
    "derived here again, and the rank of its paths is computed here",
    basis=RECALLED,
    null="the kernel of infinite width: PR = m - 1",
    figure="rank_of_a_batch",
    definitions=(
        Average(name="mean of PR", variable="centred_participation_ratio"),
        Average(name="mean of 1/PR", variable="inverse_centred_participation_ratio"),
    ),
    headline=True,
)
def rank_of_batch(results: Results, average: Average) -> Iterator[Sample]:
    """Divide the mean over networks by that over paths."""
    for point, time in at_times(results.where(in_scope, lambda p: p.batch_size > 2)):
        if 8 * point.batch_size <= point.width:
            predicted = float(point.predicted[average.variable].sel(time=time))
            full = point.batch_size - 1
            wide = 1 / full if average.variable.startswith("inverse") else full
            found = point.measured[average.variable].sel(time=time) / predicted
            yield Sample(point, found, f"l = {time:g} n", chance=wide / predicted)


def in_scope(point: Point) -> bool:
    """Whether the equation of shaped networks is claimed to hold."""
    return bool(
        point.activation == "shaped"
        and point.correlation < EARLY
        and point.width >= 64
        and (1 + point.shape**2) / point.width <= SHARE
    )


def covered(point: Point) -> bool:
    """Whether it is, of a pair."""
    return point.batch_size == 2 and in_scope(point)


def falling(point: Point) -> bool:
    """Whether a ReLU network starts from an angle that is not small."""
    return bool(point.activation == "relu" and point.correlation < EARLY and point.width >= 64)


def at_times(results: Results) -> Iterator[tuple[Point, float]]:
    """Go through points and the times of `TIMES` that were drawn."""
    for point in results:
        for time in TIMES:
            if time <= point.depth_ratio:
                yield point, time


def coarse(law: xr.DataArray) -> xr.DataArray:
    """Return a law in bins twice as wide, of one unit of artanh rho."""
    # two laws may differ by noise alone in many narrow bins
    coarser: Any = law.coarsen(bin=2)
    return coarser.sum()


def over_typical(ratio: np.ndarray, logarithm: np.ndarray) -> float:
    """Return the mean participation ratio beyond 1 over that at the mean of ``ln sin^2``."""
    square = math.exp(logarithm.mean())
    return float((ratio.mean() - 1) / (square / (2 - square)))


def half_layers(point: Point, unit: float) -> Estimate:
    """Estimate the layer at which half of the ratio beyond 1 is lost, in a unit."""
    return jackknife(
        lambda some: _half_depth(point, some.mean(axis=0)) / unit,
        point.measured.participation_ratio,
    )


def wide_half_depth(point: Point) -> float:
    """Return that layer at infinite width, or one near the last if it is not reached."""
    found = _half_depth(point, point.predicted.participation_ratio_infinite_width.to_numpy())
    return NEAR_THE_LAST * point.width * point.depth_ratio if math.isnan(found) else found


def _half_depth(point: Point, curve: np.ndarray) -> float:
    """Interpolate a curve over the measured layers; ``nan`` if half is not lost."""
    start = (1 - point.correlation**2) / (1 + point.correlation**2)
    left = np.concatenate([[1.0], (curve - 1) / start])
    after = int(np.argmax(left <= 0.5))
    if left[after] > 0.5:
        return math.nan
    beside = slice(None, after + 1)
    places, values = np.arange(len(left))[beside][-2:], left[beside][-2:]
    return float(np.interp(-0.5, -values, places) * point.width * point.depth_ratio / len(curve))
