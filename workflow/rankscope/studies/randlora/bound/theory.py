"""What theorem 4.1's bound cannot fall below for random bases."""

import math

import xarray as xr

from rankscope.datasets import variable
from rankscope.studies.randlora.bound.parameters import Parameters


def predict(p: Parameters) -> xr.Dataset:
    """Return the least ``n eps`` over the norm of the target.

    A block's fit lies in the span of ``B_j``, a random ``r``-dimensional subspace, and
    misses ``1 - r / D`` of the block's energy in expectation. The largest of ``n`` block
    errors is at least their root mean square, so that ``n eps >= sqrt(n (1 - r / D)) |W|``.
    """
    floor = math.sqrt(p.bases() * (1 - p.rank / p.rows))
    return xr.Dataset({"bound_floor": variable((), floor, "least n eps / norm of the target")})
