"""Claims on the risk of full and of low rank on finite samples."""

from collections.abc import Iterator

import numpy as np

from rankscope.evidence.claims import DERIVED, HERE, claim
from rankscope.evidence.region import at_least, at_most, percent
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample

LOW_RANK = 8
"""The asymptotic risk supposes a true rank well below the width: this many times."""


def ranks(point: Point, *shares: float) -> list[int]:
    """Return multiples of the true rank that are ranks below the full one."""
    wanted = {round(share * point.teacher_rank) for share in shares}
    return sorted(rank for rank in wanted if 1 <= rank < min(point.rows, point.columns))


@claim(
    "B: risk of full least squares",
    "Full fine-tuning by least squares has excess risk sigma^2 D d / (n - d - 1), {accepted}.",
    accepted=percent(5, why="the law is exact: room for the mean over a few tens of replicates"),
    estimate="measured over predicted risk",
    scope="whitened Gaussian inputs, n above d + 1",
    source=HERE,
    basis=DERIVED,
    figure="risk",
)
def full_risk(results: Results) -> Iterator[Sample]:
    """Risk of least squares over ``sigma^2 D d / (n - d - 1)``."""
    for point in results:
        yield Sample(point, point.measured.full_risk / point.predicted.full_risk)


@claim(
    "B: asymptotic risk of low rank",
    "Reduced-rank regression has the risk of spiked random matrices, {accepted}, below, at and "
    "above the true rank.",
    accepted=percent(10, why="a law of large widths, at widths of a few tens"),
    estimate="measured over predicted risk",
    scope="true rank of at most an eighth of the columns; ranks of 0.5, 1, 2 and 4 times it",
    source=HERE,
    basis=DERIVED,
    figure="risk",
)
def asymptotic_risk(results: Results) -> Iterator[Sample]:
    """Risk of reduced-rank regression over the asymptotic one, at half to four times k."""
    for point in results.where(lambda p: p.teacher_rank * LOW_RANK <= p.columns):
        ratio = point.measured.risk / point.predicted.risk
        for rank in ranks(point, 0.5, 1, 2, 4):
            yield Sample(point, ratio.sel(fitted_rank=rank), f"rank {rank}")


@claim(
    "B: simple count up to the true rank",
    "Up to the true rank the risk is tail + sigma^2 r (D + d - r) / (n - d - 1), {accepted}.",
    accepted=percent(10, why="a law of large widths, at widths of a few tens"),
    estimate="measured over predicted risk",
    scope="ranks of 0.5 and 1 times the true one",
    source=HERE,
    basis=DERIVED,
    figure="risk",
)
def simple_risk_below(results: Results) -> Iterator[Sample]:
    """Risk over tail plus variance per parameter, up to the true rank."""
    for point in results:
        ratio = point.measured.risk / point.predicted.risk_simple
        for rank in ranks(point, 0.5, 1):
            yield Sample(point, ratio.sel(fitted_rank=rank), f"rank {rank}")


@claim(
    "B: simple count above the true rank",
    "Above the true rank the same count holds, {accepted}.",
    accepted=percent(10, why="as much as up to the true rank"),
    estimate="measured over predicted risk",
    scope="ranks of twice the true one",
    source=HERE,
    basis=DERIVED,
    figure="risk",
)
def simple_risk_above(results: Results) -> Iterator[Sample]:
    """The same at twice the true rank."""
    for point in results:
        ratio = point.measured.risk / point.predicted.risk_simple
        for rank in ranks(point, 2):
            yield Sample(point, ratio.sel(fitted_rank=rank), f"rank {rank}")


@claim(
    "B: low rank wins if its tail is below the variance saved",
    "Comparing tail and saved variance names the better of low-rank and full regression at a "
    "share of ranks of {accepted}.",
    accepted=at_least(0.9, why="nine ranks of ten: beside the crossing both risks are alike"),
    estimate="share of ranks where the sign is right",
    scope="ranks up to the true one",
    source=HERE,
    basis=DERIVED,
    null="naming one at random",
    chance=0.5,
    figure="risk",
)
def who_wins(results: Results) -> Iterator[Sample]:
    """Share of ranks up to the true one where the simple count names the better fit."""
    for point in results:
        up_to_true = {"fitted_rank": slice(1, point.teacher_rank)}
        gain = (point.measured.risk - point.measured.full_risk).sel(up_to_true)
        count = (point.predicted.risk_simple - point.predicted.full_risk).sel(up_to_true)
        right = (np.sign(gain) == np.sign(count)).mean("fitted_rank")
        yield Sample(point, right, resolution=1 / point.teacher_rank)


@claim(
    "B: the true rank beats full fine-tuning",
    "On finite noisy samples the regression of the true rank has {accepted} of the risk of full "
    "least squares.",
    accepted=at_most(1, why="any lower risk is better"),
    estimate="risk at the true rank over full risk",
    scope="flat targets of rank below the width",
    source=HERE,
    basis=DERIVED,
    null="rank saves nothing",
    chance=1.0,
    figure="risk",
)
def low_rank_saves_variance(results: Results) -> Iterator[Sample]:
    """Risk at the true rank over that of full least squares."""
    for point in results:
        at_true_rank = point.measured.risk.sel(fitted_rank=point.teacher_rank)
        yield Sample(point, at_true_rank / point.measured.full_risk)
