"""What is claimed of ranks that are said before training.

A matrix is judged where its own update gains something, the ranks' allotment where more
parameters do: both are shown by models that the claim does not compare.
"""

from collections.abc import Iterator

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike
from scipy import stats

from rankscope.evidence.claims import DERIVED, HERE, Definition, claim
from rankscope.evidence.region import Region, at_least
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Estimate, Sample, crossed, jackknife, mean
from rankscope.studies.rank_budget.parameters import (
    ALLOTTED,
    CLASSES,
    PREDICTORS,
    REVERSED,
    SIDES,
    SOURCES,
    needed_rank,
)

CONFIDENCE = 0.95
WITHIN_TWO = Region(
    -1.0,
    1.0,
    "within a factor 2",
    why="the ranks that people try are powers of two: a factor 2 is the next one",
)
IN_SPAN = at_least(
    0.05, why="a twentieth of all directions: what language_model takes for sharing directions"
)
LEARNT = at_least(
    0.02, why="two points: what language_model takes for learning what the head cannot"
)
BETTER = at_least(
    0.005,
    why="about half a point of accuracy, language_model's least difference: a text that turns from "
    "wrong to right saves about a nat",
)
MODELS = {
    "source": HERE,
    "basis": DERIVED,
    "figure": "allotments",
    "null": "no difference",
    "chance": 0.0,
}
SCOPE = (
    "one small pretrained encoder, its topmost layers, text classification from the first token; "
    "rates are chosen once; errors cover draws of training texts, heads and orders"
)


class Said(Definition):
    """A predictor of ranks."""


class Directions(Definition):
    """What at the start has directions, and those of a matrix's outputs or inputs.

    Its name is the two, with a comma.
    """

    @property
    def place(self) -> dict[str, str]:
        """Where its shares stand."""
        source, side = self.name.rsplit(", ", 1)
        return {"source": source, "side": side}


def clearly(estimate: Estimate, more_than: float = 0.0) -> bool:
    """Tell whether an estimate exceeds a bound at 95 % confidence, with nothing missing."""
    half = float(stats.t.isf(1 - CONFIDENCE, estimate.freedom)) * estimate.error
    return estimate.missing == 0 and bool(estimate.value - half > more_than)


def gaining(point: Point) -> list[str]:
    """Return the matrices whose update's gain is clear: the loss without it, less the whole's."""
    losses = point.measured.cut_loss
    gains = losses.sel(kept="0") - losses.sel(kept="all")
    return [name for name in gains.matrix.values.tolist() if clearly(mean(gains.sel(matrix=name)))]


def over_needed(point: Point, name: str, said: ArrayLike = 0.0) -> Estimate:
    """Estimate the binary logarithm of what is said over the rank that a matrix needs.

    What is needed keeps 90 % of the mean gain of the matrix's update over the replicates, some of
    which may gain nothing: the mean curve of losses says it, and its error is the jackknife's.

    Args:
        point: a point at which the matrix's gain is clear.
        name: of the matrix.
        said: binary logarithms of ranks, shape ``(replicate,)``; without it the estimate is of 1
            over the rank needed.
    """
    losses = point.measured.cut_loss.sel(matrix=name).transpose("replicate", "kept")
    kept = _kept(point, name)

    def octaves(said: np.ndarray, losses: np.ndarray) -> float:
        return float(said.mean() - np.log2(needed_rank(kept, losses.mean(axis=0).tolist())))

    # replicates may all say one rank, or need rank 1: ranks step by an octave
    return jackknife(octaves, np.broadcast_to(said, len(losses)), losses, resolution=1.0)


def rank_needed(point: Point, name: str) -> float:
    """Return the rank that a matrix needs, by the mean curve of losses."""
    losses = point.measured.cut_loss.sel(matrix=name).mean("replicate")
    return needed_rank(_kept(point, name), losses.values.tolist())


def rank_row(point: Point, name: str, *, clear: bool) -> dict[str, object]:
    """Return a table's row: a matrix's gain, what it needs if that is clear, and what is said."""
    own = point.measured[["cut_loss", "said_rank"]].sel(matrix=name).mean("replicate")
    row: dict[str, object] = {}
    row["gain / nat"] = float(own.cut_loss.sel(kept="0") - own.cut_loss.sel(kept="all"))
    row["rank needed"] = "not measured"
    if clear:
        value, low, high = rank_interval(point, name)
        row["rank needed"] = f"{value:.1f} [{low:.1f}, {high:.1f}]"
    for said in own.predictor.values.tolist()[:-1]:
        row[said] = round(float(own.said_rank.sel(predictor=said)), 1)
    return row


def _kept(point: Point, name: str) -> list[int]:
    """Return the ranks that a matrix's update is cut to, the whole's last."""
    whole = int(point.predicted.largest_rank.sel(matrix=name))
    return [*map(int, point.measured.kept.values[:-1]), whole]


def rank_interval(point: Point, name: str) -> tuple[float, float, float]:
    """Return the rank that a matrix needs, and the ends of its 95 % interval."""
    found = over_needed(point, name)
    half = float(np.nan_to_num(found.half_width))
    value, low, high = (2.0 ** -(found.value + off) for off in (0.0, half, -half))
    return value, low, high


def difference(point: Point, worse: str, better: str) -> xr.DataArray:
    """Return by how much the second arm's loss is less, text by text."""
    losses = point.measured.text_loss.transpose("replicate", "text", "arm")
    return losses.sel(arm=worse) - losses.sel(arm=better)


def has_room(point: Point) -> bool:
    """Tell whether the even spread is clearly better than the head, and more rank than both."""
    head, _, even, more = point.runs.split("+")
    return all(clearly(crossed(difference(point, *pair))) for pair in ((head, even), (even, more)))


@claim(
    "Control 1: the matrices learn what the head alone cannot",
    "The accuracy of full fine-tuning minus that of the head alone is {accepted}.",
    accepted=LEARNT,
    estimate="difference of accuracies on the same test texts",
    scope=f"{SCOPE}, and test texts",
    **MODELS,
)
def full_over_head(results: Results) -> Iterator[Sample]:
    """Compare full fine-tuning with the head alone."""
    for point in results:
        correct = point.measured.correct.transpose("replicate", "text", "arm")
        yield Sample(point, crossed(correct.sel(arm="full") - correct.sel(arm="head")))


@claim(
    "Control 2: more rank everywhere helps",
    "The test loss of the even spread minus that of LoRA with more rank in every matrix is "
    "{accepted} nat.",
    accepted=BETTER,
    estimate="difference of test losses / nat",
    scope=f"{SCOPE}, and test texts",
    **MODELS,
)
def more_over_even(results: Results) -> Iterator[Sample]:
    """Compare the two runs of LoRA."""
    for point in results:
        _, _, even, more = point.runs.split("+")
        yield Sample(point, crossed(difference(point, even, more)))


@claim(
    "Rank: said before training",
    "What is known at the start says the rank that keeps 90 % of the mean gain of a matrix's "
    "update, {accepted}.",
    accepted=WITHIN_TWO,
    estimate="binary logarithm of the rank said over the rank needed",
    scope=f"{SCOPE}; matrices whose update clearly gains something, the others left whole",
    null="the largest rank, where the most of it is needed",
    figure="said_and_needed",
    over="task",
    definitions=tuple(Said(name=name) for name in (*PREDICTORS, CLASSES)),
    headline=True,
)
def rank_said(results: Results, said: Said) -> Iterator[Sample]:
    """Divide what is said by what is needed, matrix by matrix."""
    for point in results:
        octaves = xr.ufuncs.log2(point.measured.said_rank.sel(predictor=said.name))
        names = gaining(point)
        # the null is a number of the point: that of the matrix which needs most of its directions
        largest = [float(point.predicted.largest_rank.sel(matrix=name)) for name in names]
        needed = [rank_needed(point, name) for name in names]
        chance = float(np.log2(np.divide(largest, needed)).min(initial=np.inf))
        for name in names:
            estimate = over_needed(point, name, octaves.sel(matrix=name))
            yield Sample(point, estimate, name, chance=chance)


@claim(
    "Directions: known before training",
    "Of the squared length of an update's leading directions the span of as many of the start's "
    "holds {accepted} more than that of random output gradients on the same activations.",
    accepted=IN_SPAN,
    estimate="share in the span, less the task null's",
    scope=f"{SCOPE}; as many directions as there are outliers; matrices whose update clearly gains "
    "something",
    null="the task null",
    chance=0.0,
    figure="directions",
    over="task",
    definitions=tuple(Directions(name=f"{one}, {side}") for one in SOURCES for side in SIDES),
    headline=True,
)
def directions_known(results: Results, directions: Directions) -> Iterator[Sample]:
    """Compare shares with those of the task null."""
    for point in results:
        more = point.measured.share - point.measured.null_share
        for name in gaining(point):
            yield Sample(point, more.sel(matrix=name, **directions.place), name)


@claim(
    "Budget: better than an even spread",
    "Of as many parameters LoRA whose ranks are allotted by what is said reaches a test loss that "
    "is {accepted} nat less than with the same rank everywhere.",
    accepted=BETTER,
    estimate="difference of test losses / nat",
    scope=f"{SCOPE}, and test texts; at the rates that are best for the even spread; tested where "
    "the even spread is clearly better than the head alone, and more rank in every matrix than it",
    over="task",
    definitions=tuple(Said(name=name) for name in ALLOTTED),
    headline=True,
    **MODELS,
)
def beats_even(results: Results, said: Said) -> Iterator[Sample]:
    """Compare an allotment with the even spread."""
    for point in results.where(has_room):
        even = point.runs.split("+")[2]
        yield Sample(point, crossed(difference(point, even, said.name)))


@claim(
    "Budget: better than the reverse",
    "Ranks allotted by the outliers of G reach a test loss that is {accepted} nat less than the "
    "same in reverse order.",
    accepted=BETTER,
    estimate="difference of test losses / nat",
    scope=f"{SCOPE}, and test texts; as above",
    over="task",
    **MODELS,
)
def beats_reverse(results: Results) -> Iterator[Sample]:
    """Compare an allotment with its reverse."""
    for point in results.where(has_room):
        yield Sample(point, crossed(difference(point, REVERSED, SOURCES[0])))
