"""What theorem 4.1's bound cannot fall below for random bases."""

import math

import xarray as xr

from rankscope.datasets import variable
from rankscope.studies.randlora.bound.parameters import Parameters


def predict(p: Parameters) -> xr.Dataset:
    """Return the blocks' error and the least ``n eps``, over the norm of the target.

    A block's fit lies in the span of ``B_j``, a random ``r``-dimensional subspace, and
    misses ``1 - r / D`` of the block's energy in expectation. The largest of ``n`` block
    errors is at least their root mean square, so that ``n eps >= sqrt(n (1 - r / D)) |W|``.
    """
    missed = math.sqrt(1 - p.rank / p.rows)
    floor = math.sqrt(p.bases()) * missed
    return xr.Dataset(
        {
            "block_error": variable((), missed, "error of blocks in random subspaces"),
            "bound_floor": variable((), floor, "least n eps / norm of the target"),
        }
    )
