"""Counts that give what the audit plants; nothing is random, so one value stands for all."""

import xarray as xr

from rankscope.evidence.claims import Definition
from rankscope.evidence.results import Point
from rankscope.studies.lora.accounting.claims import MILLIONS


def printed(point: Point, values: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return the printed number and so many half units of its last digit more."""
    millions, half_unit = MILLIONS[point.model, point.rank]
    return _all(point, "trained_parameters", 1e6 * (millions + half_unit * float(values[0])))


def ten_thousand(point: Point, values: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return a model that has so many times the parameters of its adapter."""
    return _all(point, "reduction", float(values[0]))


def checkpoint(point: Point, values: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return a checkpoint of so many megabytes."""
    return _all(point, "checkpoint", float(values[0]))


def three_times(point: Point, values: xr.DataArray, memory: Definition) -> dict[str, xr.DataArray]:
    """Return that ratio under one convention, and another under the others."""
    ratio = xr.full_like(point.measured.memory_ratio, 50.0)
    return {"memory_ratio": ratio.where(ratio.memory != memory.name, float(values[0]))}


def _all(point: Point, name: str, value: float) -> dict[str, xr.DataArray]:
    return {name: xr.full_like(point.measured[name], value)}
