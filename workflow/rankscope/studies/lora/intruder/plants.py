"""Tuned weights that give what the audit plants."""

import xarray as xr

from rankscope.evidence.results import Point


def spike_value(point: Point, values: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return leading singular values that are so many times the law."""
    return {"spike_value": values * point.predicted.spike_value}


def spike_overlap(point: Point, values: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return overlaps that differ from the law by the values, on both sides."""
    return {side: values + point.predicted[side] for side in ("left_overlap", "right_overlap")}


def new_directions_intrude(point: Point, values: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return as many intruders for every direction of the update, and others for the controls."""
    others = 1.0 + 2.0 * (point.measured.control != "few new directions")
    return {"intruders": values * point.rank * others}


def norm_decides(point: Point, values: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return one intruder per direction of the update, and so many more if it is spread."""
    spread = 1.0 * (point.measured.control == "many new directions")
    return {"intruders": point.rank + values * spread}
