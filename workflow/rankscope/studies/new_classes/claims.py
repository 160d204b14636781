"""What is claimed of ranks that are said before fine-tuning to new classes.

Statements and regions are `rank_budget`'s. Nothing is said where fine-tuning gains no more than the
readout alone; a layer is judged where its own update gains something, the ranks' allotment where
more parameters do.
"""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import xarray as xr

from rankscope.evidence.claims import Claim, Definition, Evidence
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample, mean
from rankscope.studies.new_classes.parameters import FULL, NULLS, OVER_LABELS, READOUT
from rankscope.studies.rank_budget import claims as rank_budget
from rankscope.studies.rank_budget.claims import Directions, Said, clearly, gaining
from rankscope.studies.rank_budget.parameters import CLASSES, PREDICTORS, REVERSED, SOURCES

LEARNT = dataclasses.replace(
    rank_budget.LEARNT, why="two points: what rank_budget takes for learning what the head cannot"
)
BETTER = dataclasses.replace(
    rank_budget.BETTER,
    why="that of rank_budget, about half a point of accuracy: an image that turns from wrong to "
    "right saves about a nat",
)
IN_SPAN = dataclasses.replace(
    rank_budget.IN_SPAN,
    why="a twentieth of all directions, as in rank_budget",
)
SCOPE = (
    "dense ReLU networks without biases, images of digits; the readout is trained alone "
    "first; rates are chosen once; errors cover draws of images, networks, factors and orders"
)
WHERE_LEARNT = f"{SCOPE}; points at which control 1 is clearly met"


def carried(of: Claim, **changes: Any) -> Callable[[Evidence], Claim]:
    """Make `rank_budget`'s claim of these networks, with evidence and scope of their own."""

    def decorate(evidence: Evidence) -> Claim:
        return dataclasses.replace(of, evidence=evidence, **changes)

    return decorate


def loss_saved(point: Point, worse: str, better: str) -> xr.DataArray:
    """Return by how much the second arm's test loss is less, network by network."""
    losses: xr.DataArray = point.measured.test_loss
    return losses.sel(arm=worse) - losses.sel(arm=better)


def learnt(point: Point) -> xr.DataArray:
    """Return by how much full fine-tuning is more accurate than the readout alone."""
    accuracy: xr.DataArray = point.measured.accuracy
    return accuracy.sel(arm=FULL) - accuracy.sel(arm=READOUT)


def learns(point: Point) -> bool:
    """Tell whether control 1 is clearly met."""
    return clearly(mean(learnt(point)), more_than=LEARNT.lower)


def judged(point: Point) -> list[str]:
    """Return the layers whose update's gain is clear, if control 1 is."""
    return gaining(point) if learns(point) else []


def spreads(point: Point) -> tuple[str, str]:
    """Return the arms of the even spread and of more rank everywhere."""
    return f"rank {point.even_rank}", f"rank {point.more_rank}"


def has_room(point: Point) -> bool:
    """Tell whether the even spread is clearly better than the readout, and more rank than both."""
    even, more = spreads(point)
    pairs = ((READOUT, even), (even, more))
    return learns(point) and all(clearly(mean(loss_saved(point, *pair))) for pair in pairs)


@carried(rank_budget.full_over_head, accepted=LEARNT, scope=f"{SCOPE}, and test images")
def full_over_head(results: Results) -> Iterator[Sample]:
    """Compare full fine-tuning with the readout alone."""
    for point in results:
        yield Sample(point, learnt(point))


@carried(rank_budget.more_over_even, accepted=BETTER, scope=WHERE_LEARNT)
def more_over_even(results: Results) -> Iterator[Sample]:
    """Compare two ranks that are the same everywhere."""
    for point in results.where(learns):
        yield Sample(point, loss_saved(point, *spreads(point)))


@carried(
    rank_budget.rank_said,
    scope=f"{WHERE_LEARNT}; layers whose update clearly gains something, the others left whole",
    over="depth",
    definitions=tuple(Said(name=name) for name in (*PREDICTORS, *OVER_LABELS, CLASSES)),
)
def rank_said(results: Results, said: Definition) -> Iterator[Sample]:
    """Divide what is said by what is needed, layer by layer."""
    yield from rank_budget.rank_said.samples(results.where(learns), said)


@carried(
    rank_budget.directions_known,
    statement="Of the squared length of an update's leading directions the span of as many of the "
    "start's holds {accepted} more than that of gradients of shuffled labels, and than that of "
    "random output gradients, on the same activations.",
    accepted=IN_SPAN,
    scope=f"{WHERE_LEARNT}; as many directions as there are outliers over random output gradients; "
    "layers whose update clearly gains something",
    over="depth",
)
def directions_known(results: Results, directions: Directions) -> Iterator[Sample]:
    """Compare shares with those of both nulls."""
    for point in results:
        more = point.measured.share - point.measured.null_share
        for name in judged(point):
            for null in NULLS:
                values = more.sel(matrix=name, null=null, **directions.place)
                yield Sample(point, values, f"{name}, {null}")


@carried(
    rank_budget.beats_even,
    accepted=BETTER,
    scope=f"{SCOPE}, and test images; the rate of factors is the best for the even spread among "
    "those tried; tested where controls 1 and 2 and the even spread over the readout alone are "
    "clear, and the ranks are not the even spread's in all networks",
    over="depth",
)
def beats_even(results: Results, said: Said) -> Iterator[Sample]:
    """Compare an allotment with the even spread."""
    for point in results.where(has_room):
        even, _ = spreads(point)
        if (point.measured.given_rank.sel(allotment=said.name) != point.even_rank).any():
            yield Sample(point, loss_saved(point, even, said.name))


@carried(
    rank_budget.beats_reverse,
    accepted=BETTER,
    scope=f"{SCOPE}, and test images; as above",
    over="depth",
)
def beats_reverse(results: Results) -> Iterator[Sample]:
    """Compare an allotment with its reverse."""
    for point in results.where(has_room):
        yield Sample(point, loss_saved(point, REVERSED, SOURCES[0]))
