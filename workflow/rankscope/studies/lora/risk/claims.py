"""Claims on the risk of full and of low rank on finite samples."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import xarray as xr

from rankscope.evidence.claims import Definition, claim
from rankscope.evidence.region import at_least, at_most, percent
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample


def is_low_rank(point: Point) -> bool:
    """Tell whether the true rank is as far below the width as the asymptotic risk supposes."""
    return point.teacher_rank * 8 <= point.columns


@dataclasses.dataclass(frozen=True, kw_only=True)
class FittedRank(Definition):
    """The rank that is fitted, in multiples of the true one."""

    multiple: float


HALF = FittedRank(name="at half the true rank", multiple=0.5)
TRUE = FittedRank(name="at the true rank", multiple=1)
TWICE = FittedRank(name="at twice the true rank", multiple=2)
FOUR_TIMES = FittedRank(name="at four times the true rank", multiple=4)


def fitted(results: Results, fit: FittedRank) -> Iterator[tuple[Point, int]]:
    """Yield points with the rank that is fitted, where it is below the full one."""
    for point in results:
        rank = round(fit.multiple * point.teacher_rank)
        if 1 <= rank < min(point.rows, point.columns):
            yield point, rank


def naive(point: Point) -> float:
    """Return ``sigma^2 D d / n``, variance without the price of finite samples, over the law."""
    return float((point.samples - point.columns - 1) / point.samples)


def one_rank(point: Point) -> float:
    """Return the share of the ranks up to the true one that a single rank is."""
    return 1 / point.teacher_rank


def full_over(theory: xr.DataArray, point: Point) -> float:
    """Return the risk of full least squares over that of a theory of low rank."""
    return float(point.predicted.full_risk / theory)


@claim(
    "B: risk of full least squares",
    "Full fine-tuning by least squares has excess risk sigma^2 D d / (n - d - 1), {accepted}.",
    accepted=percent(5, why="the law is exact: room for the mean over a few tens of replicates"),
    estimate="measured over predicted risk",
    scope="whitened Gaussian inputs, n above d + 1",
    null="sigma^2 D d / n",
    figure="risk",
)
def full_risk(results: Results) -> Iterator[Sample]:
    """Risk of least squares over ``sigma^2 D d / (n - d - 1)``."""
    for point in results:
        yield Sample(
            point, point.measured.full_risk / point.predicted.full_risk, chance=naive(point)
        )


@claim(
    "B: asymptotic risk of low rank",
    "Reduced-rank regression has the risk of spiked random matrices, {accepted}, below, at and "
    "above the true rank.",
    accepted=percent(10, why="a law of large widths, at widths of a few tens"),
    estimate="measured over predicted risk",
    scope="true rank of at most an eighth of the columns; ranks of 0.5, 1, 2 and 4 times it",
    null="full least squares",
    figure="risk",
    definitions=(HALF, TRUE, TWICE, FOUR_TIMES),
)
def asymptotic_risk(results: Results, fit: FittedRank) -> Iterator[Sample]:
    """Risk of reduced-rank regression over the asymptotic one, at half to four times k."""
    for point, rank in fitted(results.where(is_low_rank), fit):
        theory = point.predicted.risk.sel(fitted_rank=rank)
        ratio = point.measured.risk.sel(fitted_rank=rank) / theory
        yield Sample(point, ratio, chance=full_over(theory, point))


@claim(
    "B: simple count up to the true rank",
    "Up to the true rank the risk is tail + sigma^2 r (D + d - r) / (n - d - 1), {accepted}.",
    accepted=percent(10, why="a law of large widths, at widths of a few tens"),
    estimate="measured over predicted risk",
    scope="ranks of 0.5 and 1 times the true one",
    null="full least squares",
    figure="risk",
    definitions=(HALF, TRUE),
)
def simple_risk_below(results: Results, fit: FittedRank) -> Iterator[Sample]:
    """Risk over tail plus variance per parameter, up to the true rank."""
    for point, rank in fitted(results, fit):
        theory = point.predicted.risk_simple.sel(fitted_rank=rank)
        ratio = point.measured.risk.sel(fitted_rank=rank) / theory
        yield Sample(point, ratio, chance=full_over(theory, point))


@claim(
    "B: simple count above the true rank",
    "Above the true rank the same count holds, {accepted}.",
    accepted=percent(10, why="as much as up to the true rank"),
    estimate="measured over predicted risk",
    scope="ranks of twice the true one",
    null="full least squares",
    figure="risk",
    definitions=(TWICE,),
)
def simple_risk_above(results: Results, fit: FittedRank) -> Iterator[Sample]:
    """The same at twice the true rank."""
    for point, rank in fitted(results, fit):
        theory = point.predicted.risk_simple.sel(fitted_rank=rank)
        ratio = point.measured.risk.sel(fitted_rank=rank) / theory
        yield Sample(point, ratio, chance=full_over(theory, point))


@claim(
    "B: low rank wins if its tail is below the variance saved",
    "Comparing tail and saved variance names the better of low-rank and full regression at a "
    "share of ranks of {accepted}.",
    accepted=at_least(0.9, why="nine ranks of ten: beside the crossing both risks are alike"),
    estimate="share of ranks where the sign is right",
    scope="ranks up to the true one, some of which the count gives to full regression",
    null="low rank is always better",
    figure="risk",
    targets={"holds": 1.0, "fails": 0.5},
)
def who_wins(results: Results) -> Iterator[Sample]:
    """Share of ranks up to the true one where the simple count names the better fit."""
    for point in results:
        up_to_true = {"fitted_rank": slice(1, point.teacher_rank)}
        gain = (point.measured.risk - point.measured.full_risk).sel(up_to_true)
        count = (point.predicted.risk_simple - point.predicted.full_risk).sel(up_to_true)
        if (count > 0).any():
            right = (np.sign(gain) == np.sign(count)).mean("fitted_rank")
            always = float((count < 0).mean())
            yield Sample(point, right, chance=always, resolution=one_rank(point))


@claim(
    "B: the true rank beats full fine-tuning",
    "On finite noisy samples the regression of the true rank has {accepted} of the risk of full "
    "least squares.",
    accepted=at_most(0.9, why="a tenth of the risk saved, below which a method is not changed"),
    estimate="risk at the true rank over full risk",
    scope="targets of at most half the full rank",
    null="rank saves nothing",
    chance=1.0,
    figure="risk",
    targets={"holds": 0.5, "fails": 1.1},
)
def low_rank_saves_variance(results: Results) -> Iterator[Sample]:
    """Risk at the true rank over that of full least squares."""
    for point in results.where(lambda p: 2 * p.teacher_rank <= min(p.rows, p.columns)):
        at_true_rank = point.measured.risk.sel(fitted_rank=point.teacher_rank)
        yield Sample(point, at_true_rank / point.measured.full_risk)
