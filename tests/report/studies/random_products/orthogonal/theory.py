"""The participation ratio of an orthogonal matrix."""

import xarray as xr


def predict(parameters):
    return xr.Dataset({"participation_ratio": ((), float(parameters.size))})
