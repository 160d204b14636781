"""The null of the similarities between trained adapters: random directions."""

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.studies.lora import random_frames
from rankscope.studies.lora.probe.parameters import Parameters


def predict(parameters: Parameters) -> xr.Dataset:
    """Return mean and standard deviation of ``phi`` between random frames of both ranks."""
    i, j = np.arange(1, parameters.rank + 1), np.arange(1, parameters.other_rank + 1)
    data = {}
    for name, dim, first in (("phi_null", "i", i), ("phi_seeds_null", "i_large", j)):
        mean, sd = random_frames.similarity(parameters.columns, first[:, None], j)
        data[name] = variable((dim, "j"), mean, "phi(i, j) of random directions")
        data[f"{name}_sd"] = variable((dim, "j"), sd, "its standard deviation")
    return xr.Dataset(
        data,
        coords={
            "i": variable("i", i, "leading directions, smaller rank"),
            "i_large": variable("i_large", j, "leading directions"),
            "j": variable("j", j, "leading directions, larger rank"),
        },
    )
