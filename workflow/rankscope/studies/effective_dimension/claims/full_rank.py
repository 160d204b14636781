"""Claims D and E: where the rank stays nearly full, and where layers alternate."""

from collections.abc import Iterator

import numpy as np

from rankscope.evidence.claims import ABSTRACT, claim
from rankscope.evidence.region import at_least
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample
from rankscope.studies.effective_dimension.claims.definitions import (
    COUNTS,
    DEFINITIONS,
    PAPER,
    REDUCED,
    SOURCE,
    Rank,
    wide,
)
from rankscope.studies.effective_dimension.claims.revivals import REVIVED, SCOPE, swings

DEEP = 20
"""Layer at which "nearly full" is judged: the last one of the score of claim A."""
STRONG = 0.25
"""Least |a| of a "strong" slope, which the abstract does not quantify."""
LOST = 0.02
"""Least loss, in units of m, of which a part can be kept."""
FEWEST_LAYERS = 5
"""Fewest that can fall and rise twice."""
MOVES = ("first fall", "first rise", "second fall", "second rise")
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
    "Layers alternately collapse and revive: two falls, each with a rise after it, relative to the "
    "mean {accepted} each.",
    accepted=at_least(REVIVED.lower, why="that of a revival; one fall and one rise alternate not"),
    estimate="relative fall or rise, between the layers that the other half of the networks chose",
    null="monotone decay or full rank: 0",
    chance=0.0,
    scope=f"{SCOPE}, at any distance from each other; points of 5 or more layers",
    source=SOURCE,
    basis=ABSTRACT,
    figure="verdicts_by_definition",
    definitions=DEFINITIONS,
)
def alternation(results: Results, rank: Rank) -> Iterator[Sample]:
    """Measure two falls and two rises on networks that did not choose their layers."""
    for point in results.where(rank.measured, wide, lambda p: p.depth >= FEWEST_LAYERS, **PAPER):
        moves = swings(rank.curves(point), rises=2)
        for part, (move, base) in zip(MOVES, moves, strict=True):
            yield Sample(point, move, part, resolution=rank.step(point) / (base or np.inf))


def _shares(results: Results, rank: Rank) -> Iterator[Sample]:
    for point in results.where(rank.measured):
        share = _deep(point, rank) / _full(point)
        yield Sample(point, share, resolution=rank.step(point) / _full(point))


def _full(point: Point) -> float:
    return float(min(1, point.width / point.batch_size))


def _deep(point: Point, rank: Rank) -> np.ndarray:
    return rank.curves(point)[:, min(DEEP, point.depth) - 1]
