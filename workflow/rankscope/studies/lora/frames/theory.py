"""What random directions give: similarity and captured energy, in closed form."""

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.studies.lora import random_frames
from rankscope.studies.lora.frames.parameters import Parameters


def predict(parameters: Parameters) -> xr.Dataset:
    """Return the null of the similarity and of what random directions capture."""
    p = parameters
    mean, sd = random_frames.similarity(p.columns, np.array(p.rank), np.array(p.other_rank))
    captured_square = (p.rank * p.base_norm) ** 2 / (p.rows * p.columns)
    return xr.Dataset(
        {
            "similarity": variable((), float(mean), "max(i, j) / d"),
            "similarity_variance": variable((), float(sd) ** 2, "variance of phi"),
            # phi - (1 - d^2) / p where phi = 1 - d^2 / p
            "printed_identity_error": variable(
                (), 1 - 1 / min(p.rank, p.other_rank), "what is wrong with the printed identity"
            ),
            "captured_square": variable((), captured_square, "r^2 |W|^2 / (D d)"),
            "captured_square_variance": variable((), _variance(p), "variance of |U^T W V|^2"),
            "independent_variance": variable(
                (),
                2 * captured_square**2 / p.rank**2,
                "the same if the r^2 entries were independent",
            ),
        }
    )


def _variance(p: Parameters) -> float:
    """Return the variance of ``|U^T W V|^2`` for random frames, exact at any size.

    Two moments of a random projection ``P`` of rank ``r`` in ``n`` dimensions are needed:
    ``E (tr P A)^2 = x (tr A)^2 + y tr A^2`` for symmetric ``A``. Derived in the documentation.
    """
    weights = np.arange(1.0, min(p.rows, p.columns) + 1) ** (-2 * p.base_decay)
    square = float(np.sum(weights**2) / np.sum(weights) ** 2)
    (x, y), (of_squares, of_square) = (_moments(n, p.rank) for n in (p.rows, p.columns))
    inner = (of_squares + of_square / 2) * square + of_square / 2
    second = x * (of_squares + of_square * square) + y * inner
    mean = p.rank**2 / (p.rows * p.columns)
    return p.base_norm**4 * (second - mean**2)


def _moments(n: int, r: int) -> tuple[float, float]:
    scale = n * (n - 1.0) * (n + 2.0)
    return r * (r * (n + 1) - 2) / scale, 2 * r * (n - r) / scale
