"""Where errors of adapters are what the audit says."""

import xarray as xr

from rankscope.evidence.results import Point

Planted = dict[str, xr.DataArray]


def reaches_optimum(point: Point, values: xr.DataArray) -> Planted:
    """Return adapters that miss their best error."""
    return {"trained_error": point.measured.best_error + values}


def known_optimum(point: Point, values: xr.DataArray) -> Planted:
    """Return adapters that miss the teacher's tail."""
    return {"trained_error": point.predicted.best_error + values}


def weighs_inputs(point: Point, values: xr.DataArray) -> Planted:
    """Return adapters on the way from the truncated decomposition to the optimum."""
    start, end = point.measured.weight_optimum_error, point.measured.best_error
    return {"trained_error": (1 - values) * start + values * end}


def truncation(point: Point, values: xr.DataArray) -> Planted:
    """Return updates whose errors are off at the last cut, and half as much before."""
    kept = point.measured.kept
    weight = xr.where(kept == point.rank, 1.0, 0.5)
    return {"truncation_error": point.predicted.truncation_error + weight * values}
