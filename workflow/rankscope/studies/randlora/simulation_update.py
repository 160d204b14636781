"""Random updates of RandLoRA: their rank in every sense, and their bases' degeneracies."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import adapters, random_bases, ranks
from rankscope.studies.randlora.parameters import Parameters

MEASURES = {
    "numerical_rank": "singular values above max(D, d) eps of the largest",
    "block_rank": "least numerical rank of a block B_j Lambda_j A Gamma_j",
    "stable_rank": "sum s^2 / max s^2",
    "effective_rank": "exp entropy of s / sum s",
    "energy_rank_90": "directions with 90 % of sum s^2",
    "energy_rank_99": "directions with 99 % of sum s^2",
    "second_moment": "sum s^2",
    "fourth_moment": "sum s^4",
}


def update(p: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Draw bases and diagonals, and measure the updates' singular values, mean of draws."""
    generators = [np.random.default_rng(stream) for stream in streams]
    runs = [[_measure(p, g) for _ in range(p.draws)] for g in generators]
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


def _measure(p: Parameters, generator: np.random.Generator) -> dict[str, np.ndarray | float]:
    count = p.bases()
    bases = random_bases.draw(generator, (count, p.rows, p.rank), p.distribution, p.sparsity)
    base = random_bases.draw(generator, (p.rank, p.columns), p.distribution, p.sparsity)
    lambdas = generator.standard_normal((count, p.rank))
    gammas = 1 + p.gamma_spread * generator.standard_normal((count, p.columns))
    left, right = adapters.randlora_factors(bases, lambdas, base, gammas)
    values = np.linalg.svd(left @ right, compute_uv=False)
    return {
        "numerical_rank": ranks.numerical_rank(values, ranks.exact_tolerance(p.rows, p.columns)),
        # a block has the rank of the smaller of its two factors
        "block_rank": min(int(np.linalg.matrix_rank(matrix)) for matrix in (base, *bases)),
        "stable_rank": ranks.stable_rank(values),
        "effective_rank": ranks.effective_rank(values),
        "energy_rank_90": ranks.energy_rank(values, 0.9),
        "energy_rank_99": ranks.energy_rank(values, 0.99),
        "second_moment": np.sum(values**2),
        "fourth_moment": np.sum(values**4),
        "spectrum": values / np.linalg.norm(values),
    }


def collinear(p: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Draw pairs of ternary vectors and count those that are linearly dependent."""
    shares = np.array([_dependent(p, np.random.default_rng(stream)) for stream in streams])
    return xr.Dataset(
        {
            "parallel_share": variable(
                "replicate", shares[:, 0], "share of pairs with x = y or x = -y"
            ),
            "dependent_share": variable(
                "replicate", shares[:, 1], "share of linearly dependent pairs"
            ),
        }
    )


def _dependent(p: Parameters, generator: np.random.Generator) -> tuple[float, float]:
    shape = (p.draws, p.columns)
    x, y = (random_bases.draw(generator, shape, "ternary", p.sparsity) for _ in range(2))
    parallel = (x == y).all(axis=1) | (x == -y).all(axis=1)
    zero = ~x.any(axis=1) | ~y.any(axis=1)
    return float(parallel.mean()), float((parallel | zero).mean())


def accounting(p: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Count trained numbers from the arrays that are allocated; nothing here is random."""
    count = adapters.randlora_number_of_bases(p.rows, p.columns, p.rank)
    trained = np.empty((count, p.rank)).size + np.empty((count, p.columns)).size
    lora = np.empty((p.rows, p.other_rank)).size + np.empty((p.other_rank, p.columns)).size
    frozen = np.empty((count, p.rows, p.rank)).size + np.empty((p.rank, p.columns)).size
    counts = {
        "trained_parameters": (trained, "trained numbers of RandLoRA"),
        "frozen_parameters": (frozen, "entries of its frozen bases"),
        "lora_parameters": (lora, "trained numbers of LoRA"),
        "parameter_ratio": (trained / lora, "trained numbers of RandLoRA / LoRA"),
    }
    return xr.Dataset(
        {
            name: variable("replicate", np.full(len(streams), float(value)), text)
            for name, (value, text) in counts.items()
        }
    )
