"""Fit a target by adapters of equal parameters, and test theorem 4.1's bound."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import bilinear_fit as fits
from rankscope.numerics import low_rank, random_bases, targets
from rankscope.studies.randlora.parameters import Parameters

TOLERANCE = 1e-4
"""A sweep that lowers the relative squared error by less ends the fit."""
METHODS = ("LoRA", "RandLoRA", "RandLoRA-a", "RandLoRA-b", "VeRA", "NoLA", "entries")
"""``entries`` trains a random subset of the full weight's entries: the full update at equal
parameters."""


def fit(p: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Fit the same target by each method, with RandLoRA's number of trained parameters."""
    runs = [_fit_one(p, np.random.default_rng(stream)) for stream in streams]
    errors, norms, converged, first, path = (np.stack(part) for part in zip(*runs, strict=True))
    by_method = ("replicate", "adapter")
    return xr.Dataset(
        {
            "error": variable(by_method, errors, "squared output error of the fit / of no update"),
            "squared_norm": variable(
                by_method, norms, "squared output norm of the fit / of the target"
            ),
            "converged": variable(by_method, converged, "whether the last sweep was below 1e-4"),
            "gamma_error": variable(
                "replicate", first, "RandLoRA's error when only the Gamma_j are fitted"
            ),
            "error_path": variable(
                ("replicate", "sweep"), path, "RandLoRA's error after each sweep"
            ),
        },
        coords={
            "adapter": variable("adapter", list(METHODS), "adapter"),
            "sweep": variable("sweep", np.arange(1, p.sweeps + 1), "sweep of least squares"),
        },
    )


def _goal(p: Parameters, generator: np.random.Generator) -> fits.Goal:
    target = targets.draw(generator, (p.rows, p.columns), p.target, p.target_rank, p.decay).dense()
    if p.input_decay == 0:
        return fits.Goal(target)
    directions = low_rank.random_frame(generator, (p.columns, p.columns))
    variances = np.arange(1, p.columns + 1) ** -p.input_decay
    return fits.Goal(target, (directions * (variances / variances.mean())) @ directions.T)


def _fit_one(p: Parameters, generator: np.random.Generator) -> tuple[np.ndarray, ...]:
    goal = _goal(p, generator)
    normal = generator.standard_normal
    randlora = fits.RandLora(
        random_bases.draw(generator, (p.bases(), p.rows, p.rank), p.distribution, p.sparsity),
        random_bases.draw(generator, (p.rank, p.columns), p.distribution, p.sparsity),
        normal((p.bases(), p.rank)),
    )
    terms = (randlora.left_bases * randlora.lambdas[:, None, :]) @ randlora.right_base
    gammas = fits.solve_columns(terms, goal)
    gamma_error = goal.relative_error((terms * gammas[:, None, :]).sum(axis=0))
    found = {"RandLoRA": fits.fit(randlora, goal, sweeps=p.sweeps, tolerance=TOLERANCE)}
    best = fits.best_low_rank_errors(goal)
    lora = fits.interpolate_rank(best, p.parameters_of_randlora() / (p.rows + p.columns))
    table = np.full((3, len(METHODS)), np.nan)
    table[:, 0] = lora, 1 - lora, True
    if p.methods == "all":
        found |= {
            name: fits.fit(family, goal, sweeps=p.sweeps, tolerance=TOLERANCE)
            for name, family in _other_families(p, generator).items()
        }
        update = fits.fit_entries(goal, _mask(p, generator))
        whole = goal.square(goal.target)
        table[:, -1] = goal.relative_error(update), goal.square(update) / whole, True
    for name, result in found.items():
        norm = goal.square(result.update) / goal.square(goal.target)
        table[:, METHODS.index(name)] = result.error, norm, result.converged
    path = np.full(p.sweeps, np.nan)
    path[: len(found["RandLoRA"].errors)] = found["RandLoRA"].errors
    return table[0], table[1], table[2], np.array(gamma_error), path


def _other_families(p: Parameters, generator: np.random.Generator) -> dict[str, fits.Family]:
    """Make the other adapters with random bases, each with RandLoRA's parameters."""
    count, budget, normal = p.bases(), p.parameters_of_randlora(), generator.standard_normal
    half = p.rank // 2
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
        "RandLoRA-b": fits.RandLora(
            normal((count, p.rows, half)), normal((half, p.columns)), normal((count, half))
        ),
        "VeRA": fits.Vera(normal((p.rows, inner)), normal((inner, p.columns)), normal(inner)),
        "NoLA": fits.Nola(
            normal((left, p.rows, mixed)), normal((right, mixed, p.columns)), normal(left)
        ),
    }


def _mask(p: Parameters, generator: np.random.Generator) -> np.ndarray:
    mask = np.zeros(p.rows * p.columns, dtype=bool)
    mask[generator.permutation(mask.size)[: p.parameters_of_randlora()]] = True
    return mask.reshape(p.rows, p.columns)


def bound(p: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Compare theorem 4.1's ``n eps`` with the error of a joint fit of the same bases."""
    values = np.array([_bound_one(p, np.random.default_rng(stream)) for stream in streams])
    labels = {
        "bound": "n times the largest block error / norm of the target",
        "block_sum_error": "norm of the sum of the blocks' fits minus target / norm of the target",
        "joint_error": "norm of the joint fit minus target / norm of the target",
    }
    return xr.Dataset(
        {
            name: variable("replicate", values[:, index], label)
            for index, (name, label) in enumerate(labels.items())
        }
    )


def _bound_one(p: Parameters, generator: np.random.Generator) -> tuple[float, float, float]:
    truth = targets.draw(generator, (p.rows, p.columns), p.target, p.target_rank, p.decay)
    count, size = p.bases(), len(truth.singular_values)
    bases = random_bases.draw(generator, (count, p.rows, p.rank), p.distribution, p.sparsity)
    base = random_bases.draw(generator, (p.rank, p.columns), p.distribution, p.sparsity)
    starts = generator.standard_normal((count, p.rank))
    worst, total = 0.0, np.zeros((p.rows, p.columns))
    for index, (matrix, start) in enumerate(zip(bases, starts, strict=True)):
        chosen = slice(index * p.rank, min((index + 1) * p.rank, size))
        block = low_rank.LowRankSvd(
            truth.left[:, chosen], truth.singular_values[chosen], truth.right[:, chosen]
        ).dense()
        if not block.any():
            continue
        family = fits.RandLora(matrix[None], base, start[None])
        result = fits.fit(family, fits.Goal(block), sweeps=p.sweeps, tolerance=TOLERANCE)
        worst = max(worst, np.linalg.norm(result.update - block))
        total += result.update
    goal = fits.Goal(truth.dense())
    joint = fits.fit(fits.RandLora(bases, base, starts), goal, sweeps=p.sweeps, tolerance=TOLERANCE)
    norm = float(truth.frobenius_norm)
    return (
        count * worst / norm,
        float(np.linalg.norm(total - goal.target)) / norm,
        float(np.sqrt(joint.error)),
    )
