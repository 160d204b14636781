"""Fit the same target by adapters of equal parameters."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import bilinear_fit as fits
from rankscope.numerics import low_rank, random_bases, targets
from rankscope.studies.randlora.fit.parameters import Parameters

TOLERANCE = 1e-4
"""A sweep that lowers the relative squared error by less ends the fit."""


@dataclasses.dataclass(frozen=True)
class Run:
    """One replicate.

    Attributes:
        adapters: by name the error, the squared norm and whether the fit converged.
        gamma_error: RandLoRA's error when only the ``Gamma_j`` are fitted.
        path: RandLoRA's error after each sweep; the last is held once the fit has ended.
    """

    adapters: Mapping[str, tuple[float, float, bool]]
    gamma_error: float
    path: np.ndarray


def simulate(p: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Fit the same target by each adapter, with RandLoRA's number of trained parameters."""
    runs = [_run(p, np.random.default_rng(stream)) for stream in streams]
    names = list(runs[0].adapters)
    table = np.array([[run.adapters[name] for name in names] for run in runs])
    errors, norms, converged = np.moveaxis(table, -1, 0)
    by_adapter = ("replicate", "adapter")
    return xr.Dataset(
        {
            "error": variable(by_adapter, errors, "squared output error of the fit / of no update"),
            "squared_norm": variable(
                by_adapter, norms, "squared output norm of the fit / of the target"
            ),
            "converged": variable(
                by_adapter, converged.astype(bool), "whether the last sweep was below 1e-4"
            ),
            "gamma_error": variable(
                "replicate",
                [run.gamma_error for run in runs],
                "RandLoRA's error when only the Gamma_j are fitted",
            ),
            "error_path": variable(
                ("replicate", "sweep"),
                np.stack([run.path for run in runs]),
                "RandLoRA's error after each sweep",
            ),
        },
        coords={
            "adapter": variable("adapter", names, "adapter"),
            "sweep": variable("sweep", np.arange(1, p.sweeps + 1), "sweep of least squares"),
        },
    )


def _run(p: Parameters, generator: np.random.Generator) -> Run:
    goal = _goal(p, generator)
    randlora = fits.RandLora(
        random_bases.draw(generator, (p.bases(), p.rows, p.rank), p.distribution, p.sparsity),
        random_bases.draw(generator, (p.rank, p.columns), p.distribution, p.sparsity),
        generator.standard_normal((p.bases(), p.rank)),
    )
    terms = (randlora.left_bases * randlora.lambdas[:, None, :]) @ randlora.right_base
    gammas = fits.solve_columns(terms, goal)
    full = fits.fit(randlora, goal, sweeps=p.sweeps, tolerance=TOLERANCE)
    lora = fits.interpolate_rank(
        fits.best_low_rank_errors(goal), p.trained_parameters() / (p.rows + p.columns)
    )
    adapters = {"LoRA": (lora, 1 - lora, True), "RandLoRA": _row(full, goal)}
    if p.methods == "all":
        adapters["RandLoRA-b"] = _half_rank(p, goal, generator)
        for name, family in _other_families(p, generator).items():
            result = fits.fit(family, goal, sweeps=p.sweeps, tolerance=TOLERANCE)
            adapters[name] = _row(result, goal)
        entries = fits.fit_entries(goal, _mask(p, generator))
        adapters["entries"] = goal.relative_error(entries), _norm(entries, goal), True
    path = np.full(p.sweeps, full.error)
    path[: len(full.errors)] = full.errors
    gamma_error = goal.relative_error((terms * gammas[:, None, :]).sum(axis=0))
    return Run(adapters, gamma_error, path)


def _row(result: fits.Fit, goal: fits.Goal) -> tuple[float, float, bool]:
    return result.error, _norm(result.update, goal), result.converged


def _norm(update: np.ndarray, goal: fits.Goal) -> float:
    return goal.square(update) / goal.square(goal.target)


def _goal(p: Parameters, generator: np.random.Generator) -> fits.Goal:
    target = targets.draw(generator, (p.rows, p.columns), p.target, p.target_rank, p.decay).dense()
    if p.input_decay == 0:
        return fits.Goal(target)
    directions = low_rank.random_frame(generator, (p.columns, p.columns))
    variances = np.arange(1, p.columns + 1) ** -p.input_decay
    return fits.Goal(target, (directions * (variances / variances.mean())) @ directions.T)


def _half_rank(
    p: Parameters, goal: fits.Goal, generator: np.random.Generator
) -> tuple[float, float, bool]:
    """Fit RandLoRA-b, of bases of half the rank, with RandLoRA's parameters.

    No whole number of terms has them, so that errors and norms of ``n`` and of ``n + 1`` terms
    are interpolated, as LoRA's are between whole ranks.
    """
    count, half, normal = p.bases(), p.rank // 2, generator.standard_normal
    left, right = normal((count + 1, p.rows, half)), normal((half, p.columns))
    starts = normal((count + 1, half))
    few, more = (
        _row(
            fits.fit(
                fits.RandLora(left[:terms], right, starts[:terms]),
                goal,
                sweeps=p.sweeps,
                tolerance=TOLERANCE,
            ),
            goal,
        )
        for terms in (count, count + 1)
    )
    weight = p.trained_parameters() / (p.columns + half) - count
    error, norm = ((1 - weight) * few[i] + weight * more[i] for i in (0, 1))
    return error, norm, few[2] and more[2]


def _other_families(p: Parameters, generator: np.random.Generator) -> dict[str, fits.Family]:
    """Make the other adapters with random bases, each with RandLoRA's parameters."""
    count, budget, normal = p.bases(), p.trained_parameters(), generator.standard_normal
    inner = budget - p.rows
    # twice LoRA's rank, so that NoLA's bases do not span every matrix of its rank
    mixed = max(1, round(2 * budget / (p.rows + p.columns)))
    left, right = budget // 2, budget - budget // 2
    return {
        "RandLoRA-a": fits.RandLoraA(
            normal((count, p.rows, p.rank)),
            normal((count, p.rank, p.columns)),
            normal((count, p.rank)),
        ),
        "VeRA": fits.Vera(normal((p.rows, inner)), normal((inner, p.columns)), normal(inner)),
        "NoLA": fits.Nola(
            normal((left, p.rows, mixed)), normal((right, mixed, p.columns)), normal(left)
        ),
    }


def _mask(p: Parameters, generator: np.random.Generator) -> np.ndarray:
    mask = np.zeros(p.rows * p.columns, dtype=bool)
    mask[generator.permutation(mask.size)[: p.trained_parameters()]] = True
    return mask.reshape(p.rows, p.columns)
