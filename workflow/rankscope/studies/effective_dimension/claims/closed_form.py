"""Claim A: the closed form for the expected effective dimension."""

from collections.abc import Callable, Iterator

import numpy as np

from rankscope.evidence.claims import ABSTRACT, claim, unreached
from rankscope.evidence.region import at_most
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Estimate, Sample, jackknife
from rankscope.studies.effective_dimension.claims.definitions import (
    DEFINITIONS,
    EXACT,
    PAPER,
    SOURCE,
    Rank,
    large,
    wide,
)

SCORED = 20
"""Last layer of the score: beyond it the formula is 1 to nine digits."""
SCOPE = "ReLU, Gaussian weights, no bias, n >= m >= 50, layers 1 to 20, of 5 or more"
RMSE = "RMSE over layers of mean rank / m to the formula"
CLOSE = at_most(
    0.02,
    why="the formula differs from the constant 1 by an RMSE of 0.087 over these layers: a "
    "quarter of that tells them apart",
)


@claim(
    "A",
    "The abstract's closed form m [1 - (1 - 2/pi)^l] is the expected effective dimension: RMSE "
    "{accepted}.",
    accepted=CLOSE,
    estimate=RMSE,
    null="what full rank at every layer would give",
    scope=SCOPE,
    source=SOURCE,
    basis=ABSTRACT,
    figure="ranks_by_layer",
    definitions=DEFINITIONS,
    headline=True,
    targets={"holds": 0.01},
)
def closed_form(results: Results, rank: Rank) -> Iterator[Sample]:
    """Score the mean over networks against the formula."""
    for point in results.where(rank.measured, wide, _deep, **PAPER):
        yield Sample(point, _score(distance, point, rank), chance=_full(point))


@claim(
    "A over null",
    "The abstract's closed form describes the effective dimension better than a constant does: "
    "difference {accepted}.",
    accepted=at_most(0, why="a formula that a constant beats describes nothing"),
    estimate="RMSE over layers of the formula less that of the best constant, in units of m",
    null="what full rank at every layer, a constant, would give",
    scope=SCOPE,
    source=SOURCE,
    basis=ABSTRACT,
    figure="verdicts_by_definition",
    definitions=DEFINITIONS,
    targets={"holds": -0.05, "fails": 0.05},
)
def better_than_a_constant(results: Results, rank: Rank) -> Iterator[Sample]:
    """Score the mean over networks against the formula and against its own mean."""
    for point in results.where(rank.measured, wide, _deep, **PAPER):
        yield Sample(point, _score(excess, point, rank), chance=_full(point))


@claim(
    "A narrow",
    "The closed form holds for n < m too: RMSE {accepted}.",
    accepted=CLOSE,
    estimate=RMSE,
    null="what full rank m at every layer would give",
    scope="ReLU, Gaussian weights, no bias, n < m, m >= 50, layers 1 to 20, of 5 or more",
    source=SOURCE,
    basis=ABSTRACT,
    figure="ranks_by_layer",
    definitions=(EXACT,),
    targets={"holds": 0.01},
)
def narrow(results: Results, rank: Rank) -> Iterator[Sample]:
    """Score the mean over networks that are narrower than the batch is large."""
    for point in results.where(large, lambda p: p.width < p.batch_size, _deep, **PAPER):
        yield Sample(point, _score(distance, point, rank), chance=_full(point))


full_text = unreached(
    "full text",
    "The theorems of the full text, with its own assumptions and constants.",
    scope="out of reach: the full text was not available, so that its definition of effective "
    "dimension and of rho, its assumptions on n, m and the inputs, its concentration constants "
    "and its experiments are unknown",
    source="Makwana, arXiv 2507.07675, full text",
    basis=ABSTRACT,
)


def distance(curve: np.ndarray, formula: np.ndarray) -> float:
    """Return the RMSE over layers between a curve and the formula."""
    return float(np.sqrt(np.mean((curve - formula) ** 2)))


def excess(curve: np.ndarray, formula: np.ndarray) -> float:
    """Return the RMSE of the formula less that of the curve's own mean, the best constant."""
    return distance(curve, formula) - float(curve.std())


def _deep(point: Point) -> bool:
    return bool(point.depth >= 5)


def _formula(point: Point) -> np.ndarray:
    return point.predicted.paper_rank.to_numpy()[:SCORED] / point.batch_size


def _full(point: Point) -> float:
    """Return the score of full rank at every layer."""
    formula = _formula(point)
    return distance(np.ones_like(formula), formula)


def _score(score: Callable[[np.ndarray, np.ndarray], float], point: Point, rank: Rank) -> Estimate:
    formula = _formula(point)
    curves = rank.curves(point)[:, :SCORED]
    return jackknife(
        lambda some: score(some.mean(axis=0), formula), curves, resolution=rank.step(point)
    )
