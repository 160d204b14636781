"""Where the error of a product is what the audit says."""

import numpy as np
import xarray as xr

from rankscope.evidence.results import Point


def product_optimum(point: Point, values: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return the least errors of planted gaps: one singular value of 1 beyond the rank ``L R``."""
    reached = np.arange(point.width) < point.depth * point.rank
    gap = xr.DataArray(np.where(reached, 2.0, 0.0), dims="gap")
    gap[point.depth * point.rank] = 1.0
    return {
        "gap_spectrum": gap.expand_dims(replicate=values.size),
        "product_error": 1.0 + values,
    }
