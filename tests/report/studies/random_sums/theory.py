"""The rank of a sum of matrices of rank one."""

import xarray as xr


def predict(parameters):
    return xr.Dataset({"largest_rank": ((), float(min(parameters.size, parameters.terms)))})
