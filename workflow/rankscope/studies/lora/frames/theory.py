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
        }
    )
