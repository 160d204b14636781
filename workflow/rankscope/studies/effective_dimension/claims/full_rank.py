"""Claims D and E: where the rank stays nearly full, and where layers alternate."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from rankscope.evidence.claims import ABSTRACT, claim
from rankscope.evidence.region import at_least
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample, exact
from rankscope.studies.effective_dimension.claims.definitions import (
    COUNTS,
    DEFINITIONS,
    PAPER,
    REDUCED,
    SOURCE,
    Rank,
    wide,
)
from rankscope.studies.effective_dimension.claims.revivals import passes, relative_rise

DEEP = 20
"""Layer at which "nearly full" is judged: the last one of the score of claim A."""
STRONG = 0.25
"""Least |a| of a "strong" slope, which the abstract does not quantify."""
LOST = 0.02
"""Least loss, in units of m, of which a part can be kept."""
NEARLY_FULL = at_least(0.95, why="'nearly full rank': all but a twentieth")
SHARE = "mean rank over min(m, n)"
HALF = "half of all directions: as many units live in deep ReLU layers"
LAYER = "layer 20 (or the last, if earlier)"


@claim(
    "D orthogonal",
    "With orthogonal weights the effective dimension stays nearly full: share {accepted}.",
    accepted=NEARLY_FULL,
    estimate=SHARE,
    null=HALF,
    chance=0.5,
    targets={"holds": 1.0},
    scope=f"ReLU, orthogonal weights, no bias, {LAYER}",
    source=SOURCE,
    basis=ABSTRACT,
    figure="verdicts_by_definition",
    definitions=COUNTS,
    over="width",
)
def orthogonal(results: Results, rank: Rank) -> Iterator[Sample]:
    """Take the share of full rank with orthogonal weights."""
    law = {**PAPER, "initialisation": "orthogonal"}
    return _shares(results.where(**law), rank)


@claim(
    "D advantage",
    "Orthogonal weights keep at least half of what Gaussian weights lose: rank / m beyond "
    "halfway {accepted}.",
    accepted=at_least(
        0, why="the abstract says that the deficit is absent there, and gives no number"
    ),
    estimate="rank / m beyond halfway between Gaussian and full",
    null="no difference between the initialisations: half of the loss, below 0",
    targets={"holds": 0.05, "fails": -0.05},
    scope="ReLU; points that exist with both initialisations and where Gaussian weights lose "
    f"more than 0.02 m, {LAYER}",
    source=SOURCE,
    basis=ABSTRACT,
    figure="verdicts_by_definition",
    definitions=COUNTS,
)
def advantage(results: Results, rank: Rank) -> Iterator[Sample]:
    """Subtract the middle between Gaussian and full rank from the rank with orthogonal weights."""
    relu = results.where(rank.measured, negative_slope=0.0, **REDUCED)
    for family in relu.families("initialisation", ignoring=["extras"]):
        gaussian, kept = (_deep(point, rank) for point in family)
        halfway = (_full(family[0]) + gaussian) / 2
        nothing_kept = float(np.mean(gaussian - halfway))
        if -2 * nothing_kept >= LOST:
            step = rank.step(family[0])
            yield Sample(family, kept - halfway, chance=nothing_kept, resolution=step)


@claim(
    "D leaky",
    "With a strong negative slope the effective dimension stays nearly full: share {accepted}.",
    accepted=NEARLY_FULL,
    estimate=SHARE,
    null=HALF,
    chance=0.5,
    targets={"holds": 1.0},
    scope=f"slopes of at least 0.25 in size, either sign, but not 1; {LAYER}",
    source=SOURCE,
    basis=ABSTRACT,
    figure="verdicts_by_definition",
    definitions=COUNTS,
)
def leaky(results: Results, rank: Rank) -> Iterator[Sample]:
    """Take the share of full rank with strong slopes."""
    strong = results.where(
        lambda p: abs(p.negative_slope) >= STRONG and p.negative_slope != 1,
        initialisation="gaussian",
        bias_variance=0.0,
        **REDUCED,
    )
    return _shares(strong, rank)


@claim(
    "D finite width",
    "Collapse is a finite-width phenomenon: at n >= 8 m the effective dimension is full, share "
    "{accepted}.",
    accepted=NEARLY_FULL,
    estimate=SHARE,
    null=HALF,
    chance=0.5,
    targets={"holds": 1.0},
    scope=f"ReLU, Gaussian weights, no bias, n >= 8 m, {LAYER}",
    source=SOURCE,
    basis=ABSTRACT,
    figure="verdicts_by_definition",
    definitions=COUNTS,
)
def finite_width(results: Results, rank: Rank) -> Iterator[Sample]:
    """Take the share of full rank in wide networks."""
    return _shares(results.where(lambda p: p.width >= 8 * p.batch_size, **PAPER), rank)


@claim(
    "E",
    "Layers alternately collapse and revive: rises after a fall, {accepted}.",
    accepted=at_least(2, why="one fall and one rise are no alternation"),
    estimate="significant rises after a fall",
    null="monotone decay or full rank: 0",
    chance=0.0,
    targets={"holds": 3.0},
    scope="ReLU, Gaussian weights, no bias, n >= m >= 50, all layers",
    source=SOURCE,
    basis=ABSTRACT,
    figure="verdicts_by_definition",
    definitions=DEFINITIONS,
)
def alternation(results: Results, rank: Rank) -> Iterator[Sample]:
    """Count the rises of the mean that are significant, each of them tested for itself."""
    for point in results.where(rank.measured, wide, lambda p: p.depth > 1, **PAPER):
        curves = rank.curves(point)
        sound = np.isfinite(curves).all(axis=1)
        rises = count_rises(curves[sound]) if sound.any() else 0
        missing = int(np.count_nonzero(~sound))
        yield Sample(point, replace(exact(rises), missing=missing))


def _shares(results: Results, rank: Rank) -> Iterator[Sample]:
    for point in results.where(rank.measured):
        share = _deep(point, rank) / _full(point)
        yield Sample(point, share, resolution=rank.step(point) / _full(point))


def _full(point: Point) -> float:
    return float(min(1, point.width / point.batch_size))


def _deep(point: Point, rank: Rank) -> np.ndarray:
    return rank.curves(point)[:, min(DEEP, point.depth) - 1]


def count_rises(curves: np.ndarray) -> int:
    """Return the number of significant rises after a significant fall, from the first layer.

    A rise is from the lowest mean since the last rise, a fall from the highest since then;
    both must pass the registered test of revival, at any distance.
    """
    low = high = rises = 0
    falling, fell = True, False
    mean = curves.mean(axis=0)
    for layer in range(1, curves.shape[1]):
        if falling:
            low = layer if mean[layer] < mean[low] else low
            fell = fell or _rises(curves, layer, high)
            if fell and _rises(curves, low, layer):
                rises, falling, high = rises + 1, False, layer
        else:
            high = layer if mean[layer] > mean[high] else high
            if _rises(curves, layer, high):
                falling, fell, low = True, True, layer
    return rises


def _rises(curves: np.ndarray, lower: int, upper: int) -> bool:
    return bool(passes(relative_rise(curves[:, [lower]], curves[:, [upper]]))[0])
