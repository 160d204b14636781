"""Draw RandLoRA updates and measure their singular values."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import adapters, random_bases, ranks
from rankscope.studies.randlora.update.parameters import Parameters

MEASURES = {
    "numerical_rank": "singular values above max(D, d) eps of the largest",
    "stable_rank": "sum s^2 / max s^2",
    "effective_rank": "exp entropy of s / sum s",
    "energy_rank_90": "directions with 90 % of sum s^2",
    "energy_rank_99": "directions with 99 % of sum s^2",
    "second_moment": "sum s^2",
    "fourth_moment": "sum s^4",
}


def simulate(p: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Draw bases and diagonals, and measure the updates' singular values, mean of draws."""
    generators = [np.random.default_rng(stream) for stream in streams]
    runs = [[_measure(p, generator) for _ in range(p.draws)] for generator in generators]
    data = {
        name: variable("replicate", [np.mean([one[name] for one in run]) for run in runs], label)
        for name, label in MEASURES.items()
    }
    data["spectrum"] = variable(
        ("replicate", "direction"),
        np.stack([np.mean([one["spectrum"] for one in run], axis=0) for run in runs]),
        "singular values / Frobenius norm",
    )
    direction = variable("direction", np.arange(1, p.columns + 1), "singular direction")
    return xr.Dataset(data, coords={"direction": direction})


def _measure(p: Parameters, generator: np.random.Generator) -> dict[str, Any]:
    count = p.bases()
    bases = random_bases.draw(generator, (count, p.rows, p.rank), p.distribution, p.sparsity)
    base = random_bases.draw(generator, (p.rank, p.columns), p.distribution, p.sparsity)
    lambdas = generator.standard_normal((count, p.rank))
    gammas = 1 + p.gamma_spread * generator.standard_normal((count, p.columns))
    left, right = adapters.randlora_factors(bases, lambdas, base, gammas)
    values = np.linalg.svd(left @ right, compute_uv=False)
    return {
        "numerical_rank": ranks.numerical_rank(values, ranks.exact_tolerance(p.rows, p.columns)),
        "stable_rank": ranks.stable_rank(values),
        "effective_rank": ranks.effective_rank(values),
        "energy_rank_90": ranks.energy_rank(values, 0.9),
        "energy_rank_99": ranks.energy_rank(values, 0.99),
        "second_moment": np.sum(values**2),
        "fourth_moment": np.sum(values**4),
        # sparse bases may leave no entry at all
        "spectrum": values / (np.linalg.norm(values) or np.nan),
    }
