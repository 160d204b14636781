"""Draw pairs of ternary vectors and count those that are linearly dependent."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import random_bases
from rankscope.studies.randlora.collinear.parameters import Parameters


def simulate(p: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Return the shares of parallel and of dependent pairs."""
    shares = np.array([_count(p, np.random.default_rng(stream)) for stream in streams])
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


def _count(p: Parameters, generator: np.random.Generator) -> tuple[float, float]:
    shape = (p.draws, p.columns)
    x, y = (random_bases.draw(generator, shape, "ternary", p.sparsity) for _ in range(2))
    parallel = (x == y).all(axis=1) | (x == -y).all(axis=1)
    zero = ~x.any(axis=1) | ~y.any(axis=1)
    return float(parallel.mean()), float((parallel | zero).mean())
