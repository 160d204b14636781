"""Draw products of Gaussian matrices."""

import numpy as np
import xarray as xr


def simulate(parameters, streams):
    draws = [np.random.default_rng(stream) for stream in streams]
    shape = (parameters.depth, parameters.size, parameters.size)
    products = [
        np.linalg.multi_dot([*draw.normal(size=shape) / parameters.size**0.5, np.eye(shape[1])])
        for draw in draws
    ]
    values = np.linalg.svd(np.stack(products), compute_uv=False)
    return xr.Dataset({"singular_value": (("replicate", "index"), values)})
