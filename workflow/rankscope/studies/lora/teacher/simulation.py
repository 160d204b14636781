"""Adapters trained towards a known update: how near they come to the best of their rank."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import low_rank, targets
from rankscope.numerics import low_rank_training as training
from rankscope.studies.lora.teacher.parameters import Parameters

DIVERGED = 1e6
"""A run diverged if a factor has an entry above this, or none; targets have norm 1."""


def simulate(p: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Train on fresh minibatches and compare with the best update of that rank.

    A run that diverges counts as no update, and ``diverged`` says so.
    """
    generators = [np.random.default_rng(stream) for stream in streams]
    truths = [
        targets.draw(g, (p.rows, p.columns), p.teacher, p.teacher_rank, p.decay) for g in generators
    ]
    goal = training.Teacher(
        np.stack([t.left * t.singular_values for t in truths]), np.stack([t.right for t in truths])
    )
    deviations = _input_deviations(p)
    factors = _train(p, generators, goal, deviations)
    diverged = _reset_diverged(factors)
    update = low_rank.svd(factors.lora_B, factors.lora_A * deviations)
    weighed = [low_rank.svd(t.left * t.singular_values, t.right.T * deviations) for t in truths]
    energy = np.array([np.sum(w.singular_values**2) for w in weighed])
    errors = training.squared_error(factors, goal, 1.0, deviations) / energy
    return xr.Dataset(
        {
            "diverged": variable("replicate", diverged.astype(np.int8), "1 if training diverged"),
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


def _input_deviations(p: Parameters) -> np.ndarray:
    """Standard deviations of the inputs, of mean square one."""
    variances = np.arange(1, p.columns + 1) ** -p.input_decay
    return np.sqrt(variances / variances.mean())


def _train(
    p: Parameters,
    generators: Sequence[np.random.Generator],
    goal: training.Teacher,
    deviations: np.ndarray,
) -> training.Factors:
    """Train one adapter per generator, all at the same time."""
    starts = [training.initial_factors(g, p.rows, p.columns, p.rank) for g in generators]
    factors = training.Factors(
        np.stack([start.lora_B for start in starts]), np.stack([start.lora_A for start in starts])
    )
    optimiser = training.OPTIMISERS[p.optimiser]()
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(p.steps):
            x = np.stack([g.standard_normal((p.batch_size, p.columns)) for g in generators])
            slope = training.gradients(factors, goal, x * deviations, 1.0)
            rate = p.learning_rate * training.cosine_schedule(step, p.steps)
            optimiser.update(factors, slope, rate)
    return factors


def _reset_diverged(factors: training.Factors) -> np.ndarray:
    """Set the factors of diverged runs to zero; return which those are, shape ``(replicate,)``."""
    largest = [np.abs(f).max(axis=(-2, -1)) for f in (factors.lora_B, factors.lora_A)]
    diverged = ~(np.maximum(*largest) < DIVERGED)
    factors.lora_B[diverged] = 0.0
    factors.lora_A[diverged] = 0.0
    return diverged


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
