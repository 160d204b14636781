"""Adapters trained towards a known update: how near they come, and how rank sets the pace."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import adapters, low_rank, targets
from rankscope.numerics import low_rank_training as training
from rankscope.studies.lora.parameters import Parameters

LEARNING_RATE_FACTORS = 2.0 ** np.arange(-4, 4.25, 0.5)
"""Multiples of ``learning_rate`` that the experiment ``scaling`` tries."""


def teacher(p: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Train on fresh minibatches and compare with the best update of that rank.

    A run that diverges counts as no update, and ``diverged`` says so.
    """
    generators = [np.random.default_rng(stream) for stream in streams]
    truths = [
        targets.draw(g, (p.rows, p.columns), p.teacher, p.teacher_rank, p.decay) for g in generators
    ]
    goal = _stack_teachers(truths)
    deviations = _input_deviations(p)
    factors = _stack_factors(
        [training.initial_factors(g, p.rows, p.columns, p.rank) for g in generators]
    )
    optimiser = training.OPTIMISERS[p.optimiser]()
    for step in range(p.steps):
        x = np.stack([g.standard_normal((p.batch_size, p.columns)) for g in generators])
        slope = training.gradients(factors, goal, x * deviations, 1.0)
        rate = p.learning_rate * training.cosine_schedule(step, p.steps)
        optimiser.update(factors, slope, rate)
    diverged = _reset_diverged(factors)
    update = low_rank.svd(factors.lora_B, factors.lora_A * deviations)
    weighed = [low_rank.svd(t.left * t.singular_values, t.right.T * deviations) for t in truths]
    energy = np.array([np.sum(w.singular_values**2) for w in weighed])
    errors = training.squared_error(factors, goal, 1.0, deviations) / energy
    return xr.Dataset(
        {
            "diverged": variable("replicate", diverged, "1 if training diverged"),
            "trained_error": variable(
                "replicate", errors, "squared output error of the trained adapter / of no update"
            ),
            "best_error": variable(
                "replicate",
                [
                    1 - np.sum(w.singular_values[: p.rank] ** 2) / e
                    for w, e in zip(weighed, energy, strict=True)
                ],
                "least squared output error of any update of that rank / of no update",
            ),
            "weight_optimum_error": variable(
                "replicate",
                [_error_of_weight_optimum(t, deviations, p.rank) for t in truths],
                "squared output error of the truncated SVD of the true update / of no update",
            ),
            "truncation_error": variable(
                ("replicate", "kept"),
                [_truncation(u, w) for u, w in zip(_unstack(update), weighed, strict=True)],
                "squared output error when the leading directions of the trained update are kept",
            ),
            "update_spectrum": variable(
                ("replicate", "direction"),
                update.singular_values,
                "singular values of the trained update, weighed by the inputs",
            ),
        },
        coords={
            "kept": variable("kept", np.arange(p.rank + 1), "number of directions kept"),
            "direction": variable("direction", np.arange(1, p.rank + 1), "singular direction"),
        },
    )


def _reset_diverged(factors: training.Factors) -> np.ndarray:
    """Set the factors of diverged runs to zero; return which those are, shape ``(replicate,)``."""
    finite = [np.isfinite(f).all(axis=(-2, -1)) for f in (factors.lora_B, factors.lora_A)]
    diverged = ~np.logical_and(*finite)
    factors.lora_B[diverged] = 0.0
    factors.lora_A[diverged] = 0.0
    return diverged.astype(np.int8)


def _input_deviations(p: Parameters) -> np.ndarray:
    """Standard deviations of the inputs, of mean square one."""
    variances = np.arange(1, p.columns + 1) ** -p.input_decay
    return np.sqrt(variances / variances.mean())


def _stack_teachers(truths: Sequence[low_rank.LowRankSvd]) -> training.Teacher:
    return training.Teacher(
        np.stack([t.left * t.singular_values for t in truths]), np.stack([t.right for t in truths])
    )


def _stack_factors(factors: Sequence[training.Factors]) -> training.Factors:
    return training.Factors(
        np.stack([f.lora_B for f in factors]), np.stack([f.lora_A for f in factors])
    )


def _unstack(update: low_rank.LowRankSvd) -> list[low_rank.LowRankSvd]:
    parts = zip(update.left, update.singular_values, update.right, strict=True)
    return [low_rank.LowRankSvd(*part) for part in parts]


def _truncation(update: low_rank.LowRankSvd, truth: low_rank.LowRankSvd) -> np.ndarray:
    """Relative squared error of the update cut to 0, 1, ... leading directions."""
    inner = (update.left.T @ truth.left) * (update.right.T @ truth.right)
    gain = update.singular_values * (
        2 * (inner * truth.singular_values).sum(axis=1) - update.singular_values
    )
    energy = np.sum(truth.singular_values**2)
    return 1 - np.concatenate([[0.0], np.cumsum(gain)]) / energy


def _error_of_weight_optimum(
    truth: low_rank.LowRankSvd, deviations: np.ndarray, rank: int
) -> float:
    """Output error of the truncated SVD in weight space, which ignores the inputs."""
    missed = truth.right[:, rank:] * truth.singular_values[rank:]
    whole = truth.right * truth.singular_values
    # outputs are orthonormal, so that errors of different directions add up
    return float(
        np.sum((missed * deviations[:, None]) ** 2) / np.sum((whole * deviations[:, None]) ** 2)
    )


def scaling(p: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Measure the first step's progress and the best learning rate after training."""
    generators = [np.random.default_rng(stream) for stream in streams]
    truths = [
        targets.draw(g, (p.rows, p.columns), p.teacher, p.teacher_rank, p.decay) for g in generators
    ]
    starts = [training.initial_factors(g, p.rows, p.columns, p.rank) for g in generators]
    scale = adapters.lora_scaling(p.alpha, p.rank, rank_stabilised=p.scaling == "root-rank")
    runs = [_learning_rates(p, t, s, scale) for t, s in zip(truths, starts, strict=True)]
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
        coords={
            "factor": variable("factor", LEARNING_RATE_FACTORS, "multiple of the learning rate")
        },
    )


def _first_steps(p: Parameters, generator: np.random.Generator, scale: float) -> float:
    """Return the mean over fresh targets and starts."""
    draws = [
        _first_step(
            p,
            targets.draw(generator, (p.rows, p.columns), p.teacher, p.teacher_rank, p.decay),
            training.initial_factors(generator, p.rows, p.columns, p.rank),
            scale,
        )
        for _ in range(p.draws)
    ]
    return float(np.mean(draws))


def _first_step(
    p: Parameters, truth: low_rank.LowRankSvd, start: training.Factors, scale: float
) -> float:
    goal = training.Teacher(truth.left * truth.singular_values, truth.right)
    factors = training.Factors(start.lora_B.copy(), start.lora_A.copy())
    slope = training.expected_gradients(factors, goal, scale)
    training.OPTIMISERS[p.optimiser]().update(factors, slope, p.learning_rate)
    covered = (factors.lora_B.T @ goal.outputs) * (factors.lora_A @ goal.inputs)
    return float(scale * covered.sum() / np.sum(truth.singular_values**2))


def _learning_rates(
    p: Parameters, truth: low_rank.LowRankSvd, start: training.Factors, scale: float
) -> np.ndarray:
    """Train once per learning rate, all at the same time; diverged runs get ``inf``."""
    count = len(LEARNING_RATE_FACTORS)
    goal = training.Teacher(truth.left * truth.singular_values, truth.right)
    factors = training.Factors(
        np.repeat(start.lora_B[None], count, axis=0), np.repeat(start.lora_A[None], count, axis=0)
    )
    rates = p.learning_rate * LEARNING_RATE_FACTORS[:, None, None]
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
    return LEARNING_RATE_FACTORS[best] if 0 < best < len(errors) - 1 else np.nan
