"""Errors of adapters that differ by what the audit says."""

from collections.abc import Mapping

import xarray as xr

from rankscope.evidence.results import Point

Planted = Mapping[str, xr.DataArray]


def randlora_beats_lora(point: Point, values: xr.DataArray) -> Planted:
    """Return RandLoRA's error so much above LoRA's."""
    return _above(point, values, RandLoRA="LoRA")


def randlora_beats_lora_on_outputs(point: Point, values: xr.DataArray) -> Planted:
    """Return RandLoRA's output error so much above LoRA's."""
    return _above(point, values, RandLoRA="LoRA")


def crossover(point: Point, values: xr.DataArray) -> Planted:
    """Return the error of the adapter that should lose so much above the other's."""
    if point.predicted.lora_error > point.predicted.dimension_count:
        return _above(point, values, LoRA="RandLoRA")
    return _above(point, values, RandLoRA="LoRA")


def every_parameter_counts(point: Point, values: xr.DataArray) -> Planted:
    """Return a RandLoRA that holds a multiple of its ``n (d + r)`` parameters' share."""
    terms = -(-point.columns // point.rank)
    share = terms * (point.columns + point.rank) / (point.rows * point.columns)
    error = point.measured.error
    return {"error": error.where(error.adapter != "RandLoRA", 1 - share * values)}


def half_rank_loses(point: Point, values: xr.DataArray) -> Planted:
    """Return RandLoRA-b's error so much above RandLoRA's."""
    return _above(point, values, **{"RandLoRA-b": "RandLoRA"})


def low_rank_loses(point: Point, values: xr.DataArray) -> Planted:
    """Return RandLoRA-a's error so much above RandLoRA's."""
    return _above(point, values, **{"RandLoRA-a": "RandLoRA"})


def beats_other_random_bases(point: Point, values: xr.DataArray) -> Planted:
    """Return RandLoRA's error so much above VeRA's, and NoLA's above both."""
    error = _above(point, values, RandLoRA="VeRA")["error"]
    return {"error": error.where(error.adapter != "NoLA", 2.0)}


def _above(point: Point, values: xr.DataArray, **other: str) -> Planted:
    """Return errors in which one adapter's is another's plus the values."""
    ((adapter, base),) = other.items()
    error = point.measured.error
    planted = error.sel(adapter=base, drop=True) + values
    return {"error": error.where(error.adapter != adapter, planted)}
