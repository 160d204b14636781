"""The mean of a walk."""

import numpy as np
import xarray as xr
from rankscope.studies.paced.parameters import Parameters

from rankscope import datasets


def predict(parameters: Parameters) -> xr.Dataset:
    """Return the expectation of the end of a walk, which is zero."""
    return xr.Dataset(
        {"end": datasets.variable("item", np.zeros(parameters.size), "end of a walk")},
        coords={"item": datasets.variable("item", np.arange(1, parameters.size + 1), "item")},
    )
