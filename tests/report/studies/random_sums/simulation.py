"""Draw sums of matrices of rank one."""

import numpy as np
import xarray as xr


def simulate(parameters, streams):
    shape = (2, parameters.size, parameters.terms)
    draws = np.stack([np.random.default_rng(stream).normal(size=shape) for stream in streams])
    values = np.linalg.svd(draws[:, 0] @ draws[:, 1].swapaxes(1, 2), compute_uv=False)
    return xr.Dataset({"singular_value": (("replicate", "index"), values)})
