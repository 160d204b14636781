"""Fits whose errors are what the audit says."""

from collections.abc import Mapping

import xarray as xr

from rankscope.evidence.results import Point

Planted = Mapping[str, xr.DataArray]


def blocks_fitted(point: Point, values: xr.DataArray) -> Planted:
    """Return blocks that err by so much."""
    return {"block_error": values}


def bound_is_vacuous(point: Point, values: xr.DataArray) -> Planted:
    """Return a bound of so many norms of the target."""
    return {"bound": values}


def joint_fit_below_one(point: Point, values: xr.DataArray) -> Planted:
    """Return a joint fit that errs by so much."""
    return {"joint_error": values}
