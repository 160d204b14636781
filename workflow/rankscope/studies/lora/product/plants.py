"""Where the error of a product is what the audit says."""

import xarray as xr

from rankscope.evidence.results import Point


def product_optimum(point: Point, values: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return errors of planted gaps: singular values of 2, and one of 1 beyond rank ``L R``."""
    direction, reached = point.measured.gap, point.depth * point.rank
    gap = xr.where(direction <= reached, 2.0, 0.0) + xr.where(direction == reached + 1, 1.0, 0.0)
    return {
        "gap_spectrum": gap.expand_dims(replicate=values.size),
        "product_error": 1.0 + values,
    }
