"""Train adapters of two ranks with shared and unshared seeds, and probe their directions."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import adapter_probes, low_rank, subspaces, targets
from rankscope.numerics import low_rank_training as training
from rankscope.studies.lora.probe.parameters import Parameters

BASE_NORM, BASE_DECAY = 10.0, 0.5
"""Of the base weight that a probed update of norm about 1 is compared with."""

ADAPTERS = ("small", "large", "large, cut to the small rank")
NULLS = ("random directions", "random outputs")
DIVERGED = 1e100
"""Entries of an update from which on its training is said to have diverged."""


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Train and probe once per stream."""
    p = parameters
    runs = [_run(p, np.random.default_rng(stream)) for stream in streams]
    shared, unshared, seeds, factor, captured, null = (
        np.stack(part) for part in zip(*runs, strict=True)
    )
    across, by_adapter = ("replicate", "i", "j"), ("replicate", "adapter")
    return xr.Dataset(
        {
            "phi_shared": variable(across, shared, "phi(i, j), two ranks, one seed"),
            "phi_unshared": variable(across, unshared, "phi(i, j), two ranks, two seeds"),
            "phi_seeds": variable(
                ("replicate", "i_large", "j"), seeds, "phi(i, j), larger rank, two seeds"
            ),
            "amplification": variable(by_adapter, factor, "amplification factor |dW| / |U^T W V|"),
            "captured": variable(by_adapter, captured, "|U^T W V| of the update's directions"),
            "captured_null": variable(
                ("replicate", "null", "adapter"), null, "|U^T W V| by chance, at the same rank"
            ),
        },
        coords={
            "i": variable("i", np.arange(1, p.rank + 1), "leading directions, smaller rank"),
            "i_large": variable("i_large", np.arange(1, p.other_rank + 1), "leading directions"),
            "j": variable("j", np.arange(1, p.other_rank + 1), "leading directions, larger rank"),
            "adapter": variable("adapter", list(ADAPTERS), "which adapter is probed"),
            "null": variable("null", list(NULLS), "what chance is"),
        },
    )


def _run(p: Parameters, generator: np.random.Generator) -> tuple[np.ndarray, ...]:
    shape = (p.rows, p.columns)
    base = targets.draw(generator, shape, "power", min(shape), BASE_DECAY)
    truth = _true_update(p, generator, base)
    x = _inputs(p, generator, base.right)
    y = (x @ truth.right) * truth.singular_values @ truth.left.T
    y += p.noise * generator.standard_normal(y.shape)
    first, second = generator.integers(2**62, size=2)
    small, large, cut = _adapters(p, x, y, first)
    other = _train(p, p.other_rank, x, y, second)
    # outputs that have nothing to do with the inputs: what is left is the inputs' geometry
    chance = _adapters(p, x, np.std(y) * generator.standard_normal(y.shape), first)
    weight = BASE_NORM * base.dense()
    probes, by_chance = (
        [
            adapter_probes.amplification(weight, u.left, u.right, float(u.frobenius_norm))
            for u in updates
        ]
        for updates in ((small, large, cut), chance)
    )
    return (
        subspaces.subspace_similarity(small.right, large.right),
        subspaces.subspace_similarity(small.right, other.right),
        subspaces.subspace_similarity(large.right, other.right),
        np.array([probe.factor for probe in probes]),
        np.array([probe.captured for probe in probes]),
        np.array(
            [[probe.captured_null for probe in probes], [probe.captured for probe in by_chance]]
        ),
    )


def _true_update(
    p: Parameters, generator: np.random.Generator, base: low_rank.LowRankSvd
) -> low_rank.LowRankSvd:
    free = targets.draw(generator, (p.rows, p.columns), "power", p.teacher_rank, p.decay)
    if p.base == "independent":
        return free
    chosen = slice(p.teacher_rank) if p.base == "leading" else slice(-p.teacher_rank, None)
    return low_rank.LowRankSvd(base.left[:, chosen], free.singular_values, base.right[:, chosen])


def _inputs(p: Parameters, generator: np.random.Generator, right: np.ndarray) -> np.ndarray:
    """Draw inputs of mean variance 1, whose variances fall along the columns of ``right``.

    Directions beyond them, where the weight has more inputs than outputs, have the least.
    """
    deviations = np.arange(1.0, p.columns + 1) ** (-p.input_decay / 2)
    deviations[right.shape[1] :] = least = deviations[right.shape[1] - 1]
    x = generator.standard_normal((p.samples, p.columns))
    x = least * x + (x @ right) * (deviations[: right.shape[1]] - least) @ right.T
    return x * np.sqrt(p.columns) / np.linalg.norm(deviations)


def _adapters(p: Parameters, x: np.ndarray, y: np.ndarray, seed: int) -> list[low_rank.LowRankSvd]:
    small, large = (_train(p, rank, x, y, seed) for rank in (p.rank, p.other_rank))
    return [small, large, large.truncated(p.rank)]


def _train(
    p: Parameters, rank: int, x: np.ndarray, y: np.ndarray, seed: int
) -> low_rank.LowRankSvd:
    """Train on the samples; the seed gives the order of the batches, then the start.

    The update of a training that diverged is ``nan``.
    """
    generator = np.random.default_rng(seed)
    batches = generator.integers(p.samples, size=(p.steps, p.batch_size))
    factors = training.initial_factors(generator, p.rows, p.columns, rank)
    optimiser = training.OPTIMISERS[p.optimiser]()
    with np.errstate(over="ignore", invalid="ignore"):
        for step, batch in enumerate(batches):
            slope = training.gradients_from_outputs(factors, x[batch], y[batch], 1.0)
            rate = p.learning_rate * training.cosine_schedule(step, p.steps)
            optimiser.update(factors, slope, rate)
        size = np.abs(factors.lora_B).max() * np.abs(factors.lora_A).max()
    if not size < DIVERGED:
        nothing = [np.full(shape, np.nan) for shape in ((p.rows, rank), rank, (p.columns, rank))]
        return low_rank.LowRankSvd(*nothing)
    return low_rank.svd(factors.lora_B, factors.lora_A)
