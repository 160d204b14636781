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


def simulate(p: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Measure the first step's progress and the best learning rate after training."""
    generators = [np.random.default_rng(stream) for stream in streams]
    truths = [_truth(p, g) for g in generators]
    starts = [training.initial_factors(g, p.rows, p.columns, p.rank) for g in generators]
    scale = adapters.lora_scaling(p.alpha, p.rank, rank_stabilised=p.scaling == "root-rank")
    runs = [_train(p, t, s, scale) for t, s in zip(truths, starts, strict=True)]
    return xr.Dataset(
        {
            "first_step": variable(
                "replicate",
                [_first_steps(p, g, scale) for g in generators],
                "share of the true update that the first step covers, mean of draws",
            ),
            "final_error": variable(
                ("replicate", "factor"),
                np.stack(runs),
                "squared error after training / of no update",
            ),
            "best_learning_rate": variable(
                "replicate",
                [p.learning_rate * _minimiser(run) for run in runs],
                "learning rate with the least error after training",
            ),
        },
        coords={"factor": variable("factor", FACTORS, "multiple of the learning rate")},
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


def _train(
    p: Parameters, truth: low_rank.LowRankSvd, start: training.Factors, scale: float
) -> np.ndarray:
    """Train once per learning rate, all at the same time; diverged runs get ``inf``."""
    goal = training.Teacher(truth.left * truth.singular_values, truth.right)
    factors = training.Factors(
        np.repeat(start.lora_B[None], len(FACTORS), axis=0),
        np.repeat(start.lora_A[None], len(FACTORS), axis=0),
    )
    rates = p.learning_rate * FACTORS[:, None, None]
    optimiser = training.OPTIMISERS[p.optimiser]()
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(p.steps):
            slope = training.expected_gradients(factors, goal, scale)
            optimiser.update(factors, slope, rates)
        errors = training.squared_error(factors, goal, scale) / np.sum(truth.singular_values**2)
    return np.where(np.isfinite(errors), errors, np.inf)


def _minimiser(errors: np.ndarray) -> float:
    """Return the factor with the least error; ``nan`` at an end of the tried range."""
    best = int(np.argmin(errors))
    return FACTORS[best] if 0 < best < len(errors) - 1 else np.nan
