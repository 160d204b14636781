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


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Train and probe once per stream."""
    p = parameters
    runs = [_run(p, np.random.default_rng(stream)) for stream in streams]
    shared, unshared, seeds, factor, alignment = (
        np.stack(part) for part in zip(*runs, strict=True)
    )
    across, within = ("replicate", "i", "j"), ("replicate", "i_large", "j")
    by_adapter = ("replicate", "adapter")
    return xr.Dataset(
        {
            "phi_shared": variable(across, shared, "phi(i, j), two ranks, one seed"),
            "phi_unshared": variable(across, unshared, "phi(i, j), two ranks, two seeds"),
            "phi_seeds": variable(within, seeds, "phi(i, j), larger rank, two seeds"),
            "amplification": variable(by_adapter, factor, "amplification factor |dW| / |U^T W V|"),
            "alignment": variable(
                by_adapter, alignment, "amplification of random directions / of these"
            ),
        },
        coords={
            "i": variable("i", np.arange(1, p.rank + 1), "leading directions, smaller rank"),
            "i_large": variable("i_large", np.arange(1, p.other_rank + 1), "leading directions"),
            "j": variable("j", np.arange(1, p.other_rank + 1), "leading directions, larger rank"),
            "adapter": variable("adapter", list(ADAPTERS), "which adapter is probed"),
        },
    )


def _run(p: Parameters, generator: np.random.Generator) -> tuple[np.ndarray, ...]:
    shape = (p.rows, p.columns)
    base = targets.draw(generator, shape, "power", min(shape), BASE_DECAY)
    truth = _true_update(p, generator, base)
    x = generator.standard_normal((p.samples, p.columns))
    y = (x @ truth.right) * truth.singular_values @ truth.left.T
    y += p.noise * generator.standard_normal(y.shape)
    first, second = generator.integers(2**62, size=2)
    small, large, other = (
        _train(p, rank, x, y, np.random.default_rng(seed))
        for rank, seed in ((p.rank, first), (p.other_rank, first), (p.other_rank, second))
    )
    weight = BASE_NORM * base.dense()
    probes = [
        adapter_probes.amplification(weight, u.left, u.right, u.frobenius_norm)
        for u in (small, large, large.truncated(p.rank))
    ]
    return (
        subspaces.subspace_similarity(small.right, large.right),
        subspaces.subspace_similarity(small.right, other.right),
        subspaces.subspace_similarity(large.right, other.right),
        np.array([q.factor for q in probes]),
        np.array([q.alignment for q in probes]),
    )


def _true_update(
    p: Parameters, generator: np.random.Generator, base: low_rank.LowRankSvd
) -> low_rank.LowRankSvd:
    free = targets.draw(generator, (p.rows, p.columns), "power", p.teacher_rank, p.decay)
    if p.base == "independent":
        return free
    chosen = slice(p.teacher_rank) if p.base == "leading" else slice(-p.teacher_rank, None)
    return low_rank.LowRankSvd(base.left[:, chosen], free.singular_values, base.right[:, chosen])


def _train(
    p: Parameters, rank: int, x: np.ndarray, y: np.ndarray, generator: np.random.Generator
) -> low_rank.LowRankSvd:
    """Train on the samples; the generator gives the order of the batches, then the start."""
    batches = generator.integers(p.samples, size=(p.steps, p.batch_size))
    factors = training.initial_factors(generator, p.rows, p.columns, rank)
    optimiser = training.OPTIMISERS[p.optimiser]()
    for step, batch in enumerate(batches):
        slope = training.gradients_from_outputs(factors, x[batch], y[batch], 1.0)
        rate = p.learning_rate * training.cosine_schedule(step, p.steps)
        optimiser.update(factors, slope, rate)
    return low_rank.svd(factors.lora_B, factors.lora_A)
