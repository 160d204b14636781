"""What random directions give: similarity, amplification, best match; and spikes in noise."""

import math

import numpy as np
import xarray as xr
from scipy import integrate, special, stats

from rankscope.datasets import variable
from rankscope.studies.lora import theory_spectra
from rankscope.studies.lora.parameters import Parameters


def similarity(dimension: int, i: np.ndarray, j: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of ``phi(i, j)`` between random subspaces.

    ``|U^T V|_F^2`` is the trace of a product of two random projections, with mean ``i j / d``
    and variance ``2 i j (d - i)(d - j) / (d^2 (d - 1)(d + 2))``. Derived in the documentation.
    """
    d = dimension
    variance = 2.0 * i * j * (d - i) * (d - j) / (d**2 * (d - 1.0) * (d + 2.0))
    return np.maximum(i, j) / d, np.sqrt(variance) / np.minimum(i, j)


def probe(p: Parameters) -> xr.Dataset:
    """Return the null of the similarities between trained adapters."""
    i, j = np.arange(1, p.rank + 1), np.arange(1, p.other_rank + 1)
    data = {}
    for name, dim, first in (("phi_null", "i", i), ("phi_seeds_null", "i_large", j)):
        mean, sd = similarity(p.columns, first[:, None], j)
        data[name] = variable((dim, "j"), mean, "phi(i, j) of random directions")
        data[f"{name}_sd"] = variable((dim, "j"), sd, "its standard deviation")
    data["alignment"] = variable((), 1.0, "alignment of random directions")
    return xr.Dataset(
        data,
        coords={
            "i": variable("i", i, "leading directions, smaller rank"),
            "i_large": variable("i_large", j, "leading directions"),
            "j": variable("j", j, "leading directions, larger rank"),
        },
    )


def frames(p: Parameters) -> xr.Dataset:
    """Return the null of the similarity and of what random directions capture."""
    mean, sd = similarity(p.columns, np.array(p.rank), np.array(p.other_rank))
    captured = p.rank * p.base_norm / math.sqrt(p.rows * p.columns)
    return xr.Dataset(
        {
            "similarity": variable((), float(mean), "max(i, j) / d"),
            "similarity_variance": variable((), float(sd) ** 2, "variance of phi"),
            "captured_square": variable((), captured**2, "r^2 |W|^2 / (D d)"),
        }
    )


def intruder(p: Parameters) -> xr.Dataset:
    """Return the laws of a spike in Gaussian noise, and of a random direction's best match."""
    smaller, larger = sorted((p.rows, p.columns))
    ratio = smaller / larger
    value, small_side, large_side = theory_spectra.spiked(np.array(p.spike), ratio)
    left, right = (small_side, large_side) if p.rows <= p.columns else (large_side, small_side)
    return xr.Dataset(
        {
            "spike_value": variable((), float(value), "singular value of the spiked weight"),
            "left_overlap": variable((), float(left), "squared overlap of left vectors"),
            "right_overlap": variable((), float(right), "squared overlap of right vectors"),
            "threshold": variable((), ratio**0.25, "least spike that leaves the bulk"),
            "random_match": variable(
                (), random_match(p.rows, smaller), "mean best match of a random direction"
            ),
        }
    )


def random_match(dimension: int, directions: int) -> float:
    """Return the mean largest ``|cosine|`` of a random direction with ``p`` basis vectors.

    The mean of the largest of ``p`` half-normal variables, from their quantile function,
    over the mean length of a Gaussian vector.
    """

    def quantile(u: float) -> float:
        return math.sqrt(2) * special.erfinv(u ** (1 / directions))

    largest = integrate.quad(quantile, 0, 1, limit=400)[0]
    return float(largest / stats.chi(dimension).mean())
