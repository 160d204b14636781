"""Draw products of orthogonal matrices: their factors are those of a QR decomposition."""

import numpy as np
import xarray as xr


def simulate(parameters, streams):
    shape = (parameters.depth, parameters.size, parameters.size)
    values = []
    for stream in streams:
        factors = np.linalg.qr(np.random.default_rng(stream).normal(size=shape)).Q
        product = np.linalg.multi_dot([*factors, np.eye(parameters.size)])
        values.append(np.linalg.svd(product, compute_uv=False))
    return xr.Dataset({"singular_value": (("replicate", "index"), np.stack(values))})
