"""Evidence from trained adapters and from regression."""

import numpy as np
import xarray as xr

from rankscope.studies.lora.claims_tools import (
    chosen,
    gather,
    label,
    number,
    sample,
    slope,
    value,
)
from rankscope.evidence.verdicts import Evidence

NEAR_OPTIMUM = 0.01
"""A hundredth of the target's energy: below what any probe of an adapter resolves."""
EXPONENT = 0.1
"""Half a step between the exponents -1/2, 0 and 1/2 would be 0.25; this is well inside."""
BEST_RATE_EXPONENT = 0.15
"""The same, with room for the grid of learning rates, which steps by a factor sqrt(2)."""
TEN_PERCENT = 0.9, 1.1
SMALL_SHARE = 8
"""The asymptotic risk supposes a teacher of low rank: at most this share of the columns."""

_TEACHER = ("teacher", "optimiser", "rank", "input_decay", "learning_rate")
_RISK = ("teacher_rank", "samples", "noise")


def reaches_optimum(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Trained error minus the least error of any update of that rank."""
    del predicted
    return gather(
        [
            (
                label(simulated, i, *_TEACHER),
                sample(simulated, "trained_error", i) - sample(simulated, "best_error", i),
            )
            for i in chosen(simulated, "teacher")
        ],
        -NEAR_OPTIMUM,
        NEAR_OPTIMUM,
    )


def known_optimum(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Trained error minus Eckart and Young's, from the spectrum alone."""
    return gather(
        [
            (
                label(simulated, i, *_TEACHER),
                sample(simulated, "trained_error", i) - number(predicted, "trained_error", i),
            )
            for i in chosen(simulated, "teacher", input_decay=0.0)
        ],
        -NEAR_OPTIMUM,
        NEAR_OPTIMUM,
    )


def weighs_inputs(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Error of the truncated SVD in weight space minus the trained error."""
    del predicted
    return gather(
        [
            (
                label(simulated, i, *_TEACHER),
                sample(simulated, "weight_optimum_error", i)
                - sample(simulated, "trained_error", i),
            )
            for i in chosen(simulated, "teacher")
            if value(simulated, "input_decay", i) > 0
            and value(simulated, "rank", i) < value(simulated, "teacher_rank", i)
        ],
        0.0,
        np.inf,
        null=0.0,
    )


def truncation(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Largest difference over kept directions of the cut update's error and the optimum."""
    found = []
    for i in chosen(simulated, "teacher", input_decay=0.0):
        gap = simulated.truncation_error.isel(point=i) - predicted.truncation_error.isel(point=i)
        found.append((label(simulated, i, *_TEACHER), np.abs(gap).max("kept").values))
    return gather(found, -np.inf, 2 * NEAR_OPTIMUM)


def full_risk(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Risk of least squares over ``sigma^2 D d / (n - d - 1)``."""
    return gather(
        [
            (
                label(simulated, i, *_RISK),
                sample(simulated, "full_risk", i) / number(predicted, "full_risk", i),
            )
            for i in chosen(simulated, "risk")
        ],
        0.95,
        1.05,
    )


def _risk_ratios(
    simulated: xr.Dataset, predicted: xr.Dataset, name: str, shares: tuple[float, ...]
) -> list[tuple[str, np.ndarray]]:
    """Return measured over predicted risk at multiples of the teacher's rank."""
    found = []
    for i in chosen(simulated, "risk"):
        true_rank, columns = value(simulated, "teacher_rank", i), value(simulated, "columns", i)
        if name == "risk" and true_rank * SMALL_SHARE > columns:
            continue
        for rank in sorted({round(share * true_rank) for share in shares}):
            if 1 <= rank < min(columns, value(simulated, "rows", i)):
                theory = number(predicted, name, i, fitted_rank=rank)
                ratio = sample(simulated, "risk", i, fitted_rank=rank) / theory
                found.append((f"{label(simulated, i, *_RISK)}, fitted rank {rank}", ratio))
    return found


def asymptotic_risk(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Risk of reduced-rank regression over the asymptotic one, at half to four times k."""
    return gather(_risk_ratios(simulated, predicted, "risk", (0.5, 1.0, 2.0, 4.0)), *TEN_PERCENT)


def simple_risk_below(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Risk over tail plus variance per parameter, up to the true rank."""
    return gather(_risk_ratios(simulated, predicted, "risk_simple", (0.5, 1.0)), *TEN_PERCENT)


def simple_risk_above(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """The same at twice the true rank."""
    return gather(_risk_ratios(simulated, predicted, "risk_simple", (2.0,)), *TEN_PERCENT)


def who_wins(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Share of ranks up to the true one where the simple count names the better fit."""
    found = []
    for i in chosen(simulated, "risk"):
        ranks = slice(1, int(value(simulated, "teacher_rank", i)))
        gain = (simulated.risk - simulated.full_risk).isel(point=i).sel(fitted_rank=ranks)
        count = (predicted.risk_simple - predicted.full_risk).isel(point=i).sel(fitted_rank=ranks)
        agree = (np.sign(gain) == np.sign(count)).mean("fitted_rank")
        found.append((label(simulated, i, *_RISK), agree.values))
    return gather(found, 0.9, np.inf)


def low_rank_saves_variance(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Risk at the true rank over that of full least squares."""
    del predicted
    found = []
    for i in chosen(simulated, "risk"):
        rank = value(simulated, "teacher_rank", i)
        at_rank = sample(simulated, "risk", i, fitted_rank=rank)
        found.append((label(simulated, i, *_RISK), at_rank / sample(simulated, "full_risk", i)))
    return gather(found, 0.0, 1.0)


def _groups(simulated: xr.Dataset) -> dict[tuple, list[int]]:
    """Group the points of ``scaling`` that differ in rank alone, three ranks or more."""
    names = ("optimiser", "scaling", "rows", "columns", "teacher_rank", "alpha", "steps")
    names = (*names, "learning_rate")
    groups: dict[tuple, list[int]] = {}
    for i in chosen(simulated, "scaling"):
        groups.setdefault(tuple(value(simulated, name, i) for name in names), []).append(i)
    return {key: points for key, points in groups.items() if len(points) >= 2}


def _slopes(
    simulated: xr.Dataset, name: str, optimiser: str | None = None, scaling: str | None = None
) -> list[tuple[str, np.ndarray, int]]:
    found = []
    for points in _groups(simulated).values():
        first = points[0]
        if optimiser not in (None, value(simulated, "optimiser", first)):
            continue
        if scaling not in (None, value(simulated, "scaling", first)):
            continue
        ranks = np.array([float(value(simulated, "rank", i)) for i in points])
        values = np.stack([sample(simulated, name, i) for i in points])
        found.append((label(simulated, first, "optimiser", "scaling"), slope(ranks, values), first))
    return found


def first_step_exponent(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Slope of the first step's progress in the rank, minus the predicted one."""
    return gather(
        [
            (name, values - number(predicted, "first_step_exponent", first))
            for name, values, first in _slopes(simulated, "first_step")
        ],
        -EXPONENT,
        EXPONENT,
    )


def first_step_size(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Progress of the first step over the expected one."""
    return gather(
        [
            (
                label(simulated, i, "optimiser", "scaling", "rank"),
                sample(simulated, "first_step", i) / number(predicted, "first_step", i),
            )
            for i in chosen(simulated, "scaling")
        ],
        0.8,
        1.2,
    )


def best_rate_exponent(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Slope of the best learning rate in the rank, minus the predicted one."""
    return gather(
        [
            (name, values - number(predicted, "learning_rate_exponent", first))
            for name, values, first in _slopes(simulated, "best_learning_rate")
        ],
        -BEST_RATE_EXPONENT,
        BEST_RATE_EXPONENT,
    )


def sharpness_sets_rate(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Slope of SGD's best learning rate in the rank, minus that of one over the scaling."""
    return gather(
        [
            (name, values - number(predicted, "sharpness_exponent", first))
            for name, values, first in _slopes(simulated, "best_learning_rate", optimiser="sgd")
        ],
        -BEST_RATE_EXPONENT,
        BEST_RATE_EXPONENT,
    )


def root_rank_is_stable(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Slope of the best learning rate in the rank under ``alpha / sqrt(r)``."""
    del predicted
    return gather(
        [
            (name, values)
            for name, values, _ in _slopes(simulated, "best_learning_rate", scaling="root-rank")
        ],
        -BEST_RATE_EXPONENT,
        BEST_RATE_EXPONENT,
    )


def rank_is_stable_for_adam(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Slope of the best learning rate in the rank under ``alpha / r`` with Adam."""
    del predicted
    return gather(
        [
            (name, values)
            for name, values, _ in _slopes(
                simulated, "best_learning_rate", optimiser="adam", scaling="rank"
            )
        ],
        -BEST_RATE_EXPONENT,
        BEST_RATE_EXPONENT,
    )


def product_optimum(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Least error found over the tail of the gap's spectrum beyond ``L R``, minus one."""
    found = []
    for i in chosen(simulated, "product"):
        rank = int(number(predicted, "product_rank", i))
        tail = simulated.gap_spectrum.isel(point=i).sel(gap=slice(rank + 1, None))
        least = np.sqrt((tail**2).sum("gap"))
        error = simulated.product_error.isel(point=i)
        found.append((label(simulated, i, "depth", "rank"), (error / least - 1).values))
    return gather(found, -1e-3, 1e-3)
