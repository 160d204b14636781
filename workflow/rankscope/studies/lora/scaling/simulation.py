"""The first step's progress by rank, and the best learning rate after training."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import adapters, low_rank, targets
from rankscope.numerics import low_rank_training as training
from rankscope.studies.lora.scaling.parameters import Parameters

FACTORS = 2.0 ** np.arange(-4, 4.25, 0.5)
"""Multiples of ``learning_rate`` that are tried."""
THRESHOLDS = np.array([0.1, 0.01, 0.0001])
"""Errors, relative to no update, that training shall reach; descending."""
ROUNDING = 1e-12
"""Errors below this are rounding."""


def simulate(p: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Measure the first step's progress, and which learning rate is the first at an error.

    Steps to a threshold tell learning rates apart at any stage of training; errors after a
    given number of steps do not once the best of them are rounding.
    """
    generators = [np.random.default_rng(stream) for stream in streams]
    truths = [_truth(p, g) for g in generators]
    starts = [training.initial_factors(g, p.rows, p.columns, p.rank) for g in generators]
    scale = adapters.lora_scaling(p.alpha, p.rank, rank_stabilised=p.scaling == "root-rank")
    runs = [_steps(p, t, s, scale) for t, s in zip(truths, starts, strict=True)]
    return xr.Dataset(
        {
            "first_step": variable(
                "replicate",
                [_first_steps(p, g, scale) for g in generators],
                "share of the true update that the first step covers, mean of draws",
            ),
            "least_steps": variable(
                ("replicate", "threshold"),
                [run.min(axis=1) for run in runs],
                "steps until the fastest learning rate reaches the error; inf if none does",
            ),
            "best_learning_rate": variable(
                ("replicate", "threshold"),
                [[p.learning_rate * _minimiser(steps) for steps in run] for run in runs],
                "learning rate that reaches the error first",
            ),
        },
        coords={
            "threshold": variable("threshold", THRESHOLDS, "squared error / of no update"),
        },
    )


def _truth(p: Parameters, generator: np.random.Generator) -> low_rank.LowRankSvd:
    return targets.draw(generator, (p.rows, p.columns), "flat", p.teacher_rank, 0.0)


def _first_steps(p: Parameters, generator: np.random.Generator, scale: float) -> float:
    """Return the mean over fresh targets and starts."""
    draws = [
        _first_step(
            p,
            _truth(p, generator),
            training.initial_factors(generator, p.rows, p.columns, p.rank),
            scale,
        )
        for _ in range(p.draws)
    ]
    return float(np.mean(draws))


def _first_step(
    p: Parameters, truth: low_rank.LowRankSvd, factors: training.Factors, scale: float
) -> float:
    goal = training.Teacher(truth.left * truth.singular_values, truth.right)
    slope = training.expected_gradients(factors, goal, scale)
    training.OPTIMISERS[p.optimiser]().update(factors, slope, p.learning_rate)
    covered = (factors.lora_B.T @ goal.outputs) * (factors.lora_A @ goal.inputs)
    return float(scale * covered.sum() / np.sum(truth.singular_values**2))


def _steps(
    p: Parameters, truth: low_rank.LowRankSvd, start: training.Factors, scale: float
) -> np.ndarray:
    """Count the steps to each threshold at each learning rate; ``inf`` where it is not met.

    All rates train at the same time, until the first has met the last threshold. Between two
    steps the logarithm of the error is interpolated.

    Returns:
        Shape ``(threshold, factor)``.
    """
    goal = training.Teacher(truth.left * truth.singular_values, truth.right)
    factors = training.Factors(
        np.repeat(start.lora_B[None], len(FACTORS), axis=0),
        np.repeat(start.lora_A[None], len(FACTORS), axis=0),
    )
    rates = p.learning_rate * FACTORS[:, None, None]
    optimiser = training.OPTIMISERS[p.optimiser]()
    levels = np.log(THRESHOLDS)[:, None]
    steps = np.full((len(THRESHOLDS), len(FACTORS)), np.inf)
    before = np.zeros(len(FACTORS))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for step in range(p.steps):
            slope = training.expected_gradients(factors, goal, scale)
            optimiser.update(factors, slope, rates)
            errors = training.squared_error(factors, goal, scale)
            after = np.log(np.maximum(errors / np.sum(truth.singular_values**2), ROUNDING))
            met = np.isinf(steps) & (after <= levels)
            steps = np.where(met, step + (before - levels) / (before - after), steps)
            if np.isfinite(steps[-1]).any():
                break
            before = after
    return steps


def _minimiser(steps: np.ndarray) -> float:
    """Return the factor with the fewest steps; ``nan`` if none, or one at an end of the range."""
    best = int(np.argmin(steps))
    return FACTORS[best] if 0 < best < len(steps) - 1 else np.nan
