"""Claims about the cells that networks fill at finite ``lambda``, and about why."""

import dataclasses
import functools
import math
from collections.abc import Callable, Iterator

import numpy as np
import xarray as xr

from rankscope.evidence.claims import DERIVED, Definition, claim
from rankscope.evidence.region import at_least, at_most, between, within
from rankscope.evidence.results import Family, Point, Results
from rankscope.evidence.samples import Estimate, Sample, jackknife, ratio_of_means, total_variation

SETTLED = 3.0
"""In units of 1 / beta: neurons have found their cells, or died."""

ALL = 4


@dataclasses.dataclass(frozen=True, kw_only=True)
class Count(Definition):
    """What makes a cell filled, and the variable that counts them."""

    variable: str


COUNTS = (
    Count(name="a living neuron in it", variable="living"),
    Count(name="output at its centre beyond half of the limit", variable="classified"),
)
SCOPE = (
    "Gaussian start, beta of 0.05 or less, K of 4 or more; neurons live that have 0.1 of the "
    "largest part in the span of the centres, or more; at t = 3 / beta"
)

FLOW = (
    "gradient flow in Euler steps of 0.1, each a mean over 1 antithetic pair of noise at every "
    "centre"
)


@claim(
    "occupancy at little noise",
    "The law of the number of filled cells is that of independent uniform choice, at a distance in "
    "total variation of {accepted}.",
    accepted=at_most(
        0.03, why="three networks in a hundred; sampling 10,000 networks gives 0.01 by itself"
    ),
    estimate="total variation between the shares of networks and the law",
    scope=f"{SCOPE}; SGD, or {FLOW}; lambda of 3,000 or more, d of 60 or more",
    source="derived here; for K = 4, P(4) = 3/32 is that of BGJ, section 5",
    basis=DERIVED,
    figure="four_cells",
    null="four cells in every network",
    definitions=COUNTS,
    # a distance of shares of networks is never 0
    targets={"holds": 0.015},
    headline=True,
)
def little_noise(results: Results, count: Count) -> Iterator[Sample]:
    """Compare the shares over all networks; sampling noise adds to the distance."""
    chosen = results.where(settled, lambda point: point.snr >= 3000 and point.dimension >= 60)
    for point in chosen.where(drive=("sgd", "flow")):
        yield _distance(point, count, point.predicted.law)


@claim(
    "interaction makes the correction",
    "Without interaction between neurons the number of filled cells has the law of independent "
    "choice by those that live, at any lambda, at a distance in total variation of {accepted}.",
    accepted=at_most(
        0.03, why="three networks in a hundred; sampling 10,000 networks gives 0.01 by itself"
    ),
    estimate="total variation between the shares of networks and the law at the measured share of "
    "dead neurons",
    scope=f"{SCOPE}; each neuron trained as a network of its own; all lambda",
    figure="four_cells",
    null="four cells in every network",
    targets={"holds": 0.015},
)
def no_interaction(results: Results) -> Iterator[Sample]:
    """Mix the laws of each number of living neurons, binomially."""
    for point in results.where(settled, drive="independent"):
        dead = float(point.measured.dead.isel(checkpoint=settling(point)).mean())
        living = np.arange(point.width + 1)
        share = [
            math.comb(point.width, n) * (1 - dead) ** n * dead ** (point.width - n) for n in living
        ]
        law = (point.predicted.law_of_living * xr.DataArray(share, dims="neurons")).sum("neurons")
        yield _distance(point, COUNTS[0], law)


@claim(
    "fluctuations do not make the correction",
    "Without the fluctuations of SGD, too, four cells are filled more often than by independent "
    "choice: the excess of P(4) is {accepted} of that with them.",
    accepted=at_least(0.5, why="more than half of the correction is then there without them"),
    estimate="excess of P(4) over the law of the gradient flow / that of SGD",
    scope=f"{SCOPE}; {FLOW}; lambda of 100 or less",
    figure="four_cells",
    null="fluctuations alone fill cells",
    chance=0.0,
    definitions=COUNTS,
    headline=True,
)
def no_fluctuations(results: Results, count: Count) -> Iterator[Sample]:
    """Divide mean excesses; the replicates of both are independent."""
    chosen = results.where(settled, lambda point: point.snr <= 100)
    for sgd, flow in chosen.pairs("drive", "sgd", "flow", ignoring=("duration", "runs")):
        ratio = ratio_of_means(*(excess(one, count) for one in (flow, sgd)))
        yield Sample(Family("drive", (flow, sgd)), ratio)


@claim(
    "power of the correction",
    "The excess of P(4) over the law falls as lambda to a power {accepted}, nearer to -1/2 than to "
    "0 or to -1.",
    accepted=between(
        -0.75,
        -0.25,
        why="-1/2 is that of the share of neurons that have not decided when others have, to first "
        "order; that the power is -1/2 at these lambda is not claimed",
    ),
    estimate="slope of log excess in log lambda",
    scope=f"{SCOPE}; lambda between 100 and 1,000",
    figure="excess",
    null="a correction of order 1 / lambda",
    chance=-1.0,
    definitions=COUNTS,
    headline=True,
)
def power(results: Results, count: Count) -> Iterator[Sample]:
    """Fit the mean excesses, where there are three of them or more."""
    chosen = results.where(settled, lambda point: 100 <= point.snr <= 1000, drive="sgd")
    for family in chosen.families("snr", ignoring=("duration", "runs")):
        if len(family) > 2:

            def fitted(*values: np.ndarray, sizes: np.ndarray = family.sizes) -> float:
                means = np.array([each.mean() for each in values])
                if (means <= 0).any():
                    return math.nan
                return float(np.polyfit(np.log(sizes), np.log(means), 1)[0])

            yield Sample(family, jackknife(fitted, *(excess(point, count) for point in family)))


@claim(
    "what the dimension leaves",
    "Where noise is negligible, an excess of P(4) is left by neurons that start with |v| below "
    "|m|, whose sign others can turn, and falls with d: that of the largest d is {accepted} of "
    "that of the smallest.",
    accepted=at_most(0.5, why="a power -1/2 gives 1/4 or less; half way to no dependence, nearly"),
    estimate="excess of P(4) over the law at the largest d / at the smallest",
    scope=f"{SCOPE}; {FLOW}; lambda of 5 d^2 or more, dimensions 16 times apart or more",
    source="found here",
    basis=DERIVED,
    figure="four_cells",
    null="an excess that does not depend on d",
    chance=1.0,
    targets={"holds": 0.25, "fails": 1.0},
)
def dimension_left(results: Results) -> Iterator[Sample]:
    """Divide mean excesses; the replicates of both are independent."""
    chosen = results.where(settled, lambda point: point.snr >= 5 * point.dimension**2, drive="flow")
    for family in chosen.families("dimension"):
        if family.sizes[-1] >= 16 * family.sizes[0]:
            ratio = ratio_of_means(*(excess(family[index], COUNTS[0]) for index in (-1, 0)))
            yield Sample(family, ratio)


@claim(
    "the horizon does not make the correction",
    "From 3 / beta to 6 / beta, the share of networks with four cells moves by {accepted}.",
    accepted=within(0.03, why="three networks in a hundred, as the distance to the law"),
    estimate="P(4) at 6 / beta minus that at 3 / beta",
    scope=f"{SCOPE} and 6 / beta; lambda of 100",
    figure="over_time",
    null="all networks fill all cells",
    definitions=COUNTS,
)
def horizon(results: Results, count: Count) -> Iterator[Sample]:
    """Subtract within replicates."""
    chosen = results.where(
        settled,
        lambda point: point.duration * point.ridge >= 2 * SETTLED,
        drive="sgd",
        snr=100.0,
    )
    for point in chosen:
        late, early = (
            four(point, count, settling(point, times)) for times in (2 * SETTLED, SETTLED)
        )
        chance = float(1 - early.mean())
        yield Sample(point, late - early, chance=chance, resolution=1 / point.runs)


@claim(
    "choice beside a filled cell",
    "Beside a neuron that stays in one cell, another one of its class chooses the empty cell with "
    "probability Phi(a* sqrt(d / lambda)), Phi(a*) = 1 / (1 + 8 beta), {accepted}.",
    accepted=within(
        0.03,
        why="noise of SGD adds about c |v| / 16 times 10 / sqrt(lambda) to a variance of 1, which "
        "moves the probability by up to 0.02",
    ),
    estimate="share of neurons with v > 0 that chose the empty cell, minus the formula",
    scope="a frozen neuron beside a free one from a Gaussian start; c of 1 or less",
    figure="choice",
    null="either cell with probability 1/2",
    headline=True,
)
def choice(results: Results) -> Iterator[Sample]:
    """Compare the share of each replicate, where the formula is not 1/2 within the tolerance."""
    for point in results.where(lambda point: point.step_scale <= 1, drive="frozen"):
        formula = float(point.predicted.chosen)
        if formula > 0.56:
            share = point.measured.chosen.isel(checkpoint=-1)
            yield Sample(point, share - formula, chance=0.5 - formula, resolution=2 / point.runs)


def settled(point: Point) -> bool:
    """Whether networks of four neurons or more have found their cells at the end."""
    return bool(
        point.duration * point.ridge >= SETTLED and point.ridge <= 0.05 and point.width >= ALL
    )


def settling(point: Point, times: float = SETTLED) -> int:
    """Return the index of the first measured time from a multiple of 1 / beta on."""
    return int(np.argmax(point.measured.checkpoint.values * point.ridge >= times - 1e-9))


def four(point: Point, count: Count, at: int | None = None) -> xr.DataArray:
    """Return the share of networks with four cells, per replicate; when settled by default."""
    place = settling(point) if at is None else at
    return point.measured[count.variable].isel(checkpoint=place, cells=ALL, drop=True)


def excess(point: Point, count: Count) -> xr.DataArray:
    """Return by how much the share with four cells grew from that of the same networks' starts.

    The starts have the law of independent choice, and so has the difference the mean of the
    share over the law, with less noise.
    """
    return four(point, count) - point.measured.drawn.isel(checkpoint=0)


def _distance(point: Point, count: Count, law: xr.DataArray) -> Sample:
    distance: Callable[[np.ndarray], float] = functools.partial(total_variation, law=law.values)
    shares = point.measured[count.variable].isel(checkpoint=settling(point))
    found: Estimate = jackknife(distance, shares)
    return Sample(point, found, chance=float(1 - law[ALL]))
