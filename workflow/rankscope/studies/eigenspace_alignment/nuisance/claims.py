"""Claims about eigenspaces that a direction of large variance takes away from the means."""

import dataclasses
import math
from collections.abc import Callable, Iterator

import numpy as np
import xarray as xr

from rankscope.evidence.claims import Definition, claim
from rankscope.evidence.region import at_least, at_most, percent, within
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample, jackknife
from rankscope.studies.eigenspace_alignment.points import certain

MATRICES = ("hessian", "g")
SETTLED = 4.0
"""In units of 1 / beta: the transient is then exp(-8)."""

AROUND = 1.2
"""A crossing is looked for where the grid has points beyond this factor on both sides of it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Leading(Definition):
    """A leading eigenspace, its share of the nuisance direction, and where it is predicted to go.

    Attributes:
        share: variable of the share ``rho(e, .)``.
        crossing: variable of the predicted ratio of variances.
    """

    share: str
    crossing: str


SPACES = (
    Leading(name="E_k", share="nuisance_in_leading", crossing="crossing_leading"),
    Leading(name="E_1", share="nuisance_in_first", crossing="crossing_first"),
)
SCOPE = "orthonormal means, t of 4 / beta or more; classes and both matrices"


@claim(
    "where eigenspaces leave the means",
    "The leading eigenspace takes in the nuisance direction at the variance at which the two "
    "eigenvalues of the population matrix cross, {accepted}.",
    accepted=percent(
        10,
        why="eigenvalues from M samples scatter by sqrt(2/M) = 2.6 %, those of a mean, with a "
        "share of 1/k of them, by twice as much; the grid is spaced by 11 %",
    ),
    estimate="ratio of variances at which the share of the direction is 1/2, squared / predicted",
    scope=f"{SCOPE}; grids with points 20 % below and above the prediction",
    figure="crossings",
    null="the covariance of the inputs, in which every sample weighs the same: at tau^2 = 1/k",
    definitions=SPACES,
    headline=True,
)
def crossing(results: Results, space: Leading) -> Iterator[Sample]:
    """Interpolate the mean squared share linearly in the logarithm of the ratio."""
    for family in results.where(settled).families("nuisance_ratio"):
        sizes, some = family.sizes, family[0]
        for matrix in MATRICES:
            predicted = float(some.predicted[space.crossing].sel(matrix=matrix))
            if sizes[0] * AROUND <= predicted <= sizes[-1] / AROUND:
                shares = np.stack(
                    [(certain(point, space.share) ** 2).sel(matrix=matrix).mean("label")
                     for point in family], axis=1,
                )  # fmt: skip
                found = jackknife(_position(np.log(sizes / predicted)), shares)
                chance = (some.snr / some.classes + 1) / predicted
                yield Sample(family, found, matrix, chance=chance)


@claim(
    "harmless below",
    "At half of the variance of the crossing or less, E_k is near the span of the means: the "
    "smallest cosine is {accepted}.",
    accepted=at_least(0.9, why="a principal angle of 26 degrees at most"),
    estimate="smallest cosine between E_k and the span of the means",
    scope=SCOPE,
    figure="alignments",
    null="a direction of E_k outside the means",
    chance=0.0,
)
def below(results: Results) -> Iterator[Sample]:
    """Average over classes."""
    for one in _each(results, "smallest_cosine", "crossing_leading", lambda ratio: ratio <= 0.5):
        yield Sample(*one)


@claim(
    "alignment with the means fails",
    "At twice the variance of the crossing or more, E_k is not near the span of the means: the "
    "smallest cosine is {accepted}.",
    accepted=at_most(0.3, why="a principal angle of 73 degrees at least"),
    estimate="smallest cosine between E_k and the span of the means",
    scope=SCOPE,
    figure="alignments",
    null="the paper's law, whose noise has no such direction",
    chance=1.0,
    headline=True,
)
def beyond(results: Results) -> Iterator[Sample]:
    """Average over classes."""
    for one in _each(results, "smallest_cosine", "crossing_leading", lambda ratio: ratio >= 2):
        yield Sample(*one)


@claim(
    "weights leave the first eigenvector",
    "At twice the variance at which E_1 leaves the means, the first eigenvector has nothing of the "
    "weights: rho(x^a, E_1) is {accepted}.",
    accepted=at_most(0.1, why="one percent of the squared length"),
    estimate="rho(x^a, E_1)",
    scope=SCOPE,
    figure="alignments",
    null="no nuisance direction: sqrt((k - 1) / k)",
)
def first_lost(results: Results) -> Iterator[Sample]:
    """Average over classes."""
    for one in _each(results, "weights_in_first", "crossing_first", lambda ratio: ratio >= 2):
        yield Sample(*one, chance=math.sqrt(1 - 1 / one[0].classes))


@claim(
    "weights lose a direction of the mini-bulk",
    "Beyond twice the variance of the crossing, E_k has lost one of the k - 1 directions of the "
    "mini-bulk, which hold 1/k of the weights: rho(x^a, E_k) is {accepted} of "
    "sqrt(1 - 1 / (k (k - 1))).",
    accepted=within(0.03, why="less than the distance of that value from 1 at k = 4, 0.043"),
    estimate="rho(x^a, E_k) minus sqrt(1 - 1 / (k (k - 1)))",
    scope=f"{SCOPE}; which of the equal eigenvalues is the least is taken to be chance",
    figure="alignments",
    null="no nuisance direction",
)
def mini_bulk(results: Results) -> Iterator[Sample]:
    """Average over classes."""
    chosen = _each(results, "weights_in_leading", "crossing_leading", lambda ratio: ratio >= 2)
    for point, share, matrix in chosen:
        value = math.sqrt(1 - 1 / (point.classes * (point.classes - 1)))
        yield Sample(point, share - value, matrix, chance=1 - value)


@claim(
    "weights stay in the means",
    "The weights live in the span of the means at any variance of the nuisance direction: their "
    "share is {accepted}.",
    accepted=at_least(0.95, why="what the transient and the noise of SGD leave is below 0.01"),
    estimate="share of x^a in the span of the means",
    scope=SCOPE,
    figure="alignments",
    null="a random direction",
)
def weights_stay(results: Results) -> Iterator[Sample]:
    """Average over classes."""
    for point in results.where(settled):
        chance = math.sqrt(point.classes / point.dimension)
        yield Sample(point, point.measured.weights_in_means.mean("label"), chance=chance)


def settled(point: Point) -> bool:
    """Whether a point trains until its transient is over."""
    return bool(point.duration * point.ridge >= SETTLED)


def _each(
    results: Results, name: str, crossing: str, where: Callable[[float], bool]
) -> Iterator[tuple[Point, xr.DataArray, str]]:
    """Yield point, a variable's mean over classes and matrix where the ratio is right.

    A replicate with an eigenpair that did not converge has no value.
    """
    for point in results.where(settled):
        for matrix in MATRICES:
            predicted = float(point.predicted[crossing].sel(matrix=matrix))
            if where(point.nuisance_ratio / predicted):
                values = certain(point, name).sel(matrix=matrix, drop=True)
                yield point, values.mean("label"), matrix


def _position(places: np.ndarray) -> Callable[[np.ndarray], float]:
    """Return a function of shares ``(replicate, places)``: where their mean first is 1/2."""

    def found(shares: np.ndarray) -> float:
        mean = shares.mean(axis=0)
        at = int(np.argmax(mean >= 0.5))
        if at == 0:
            return math.nan
        around = slice(at - 1, at + 1)
        return math.exp(float(np.interp(0.5, mean[around], places[around])))

    return found
