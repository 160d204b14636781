"""The participation ratio of a product of Gaussian matrices."""

import xarray as xr


def predict(parameters):
    ratio = parameters.size / (parameters.depth + 1)
    return xr.Dataset({"participation_ratio": ((), ratio)})
