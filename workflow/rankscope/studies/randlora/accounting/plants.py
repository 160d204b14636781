"""Counts whose ratios are what the audit says."""

from collections.abc import Mapping

import xarray as xr

from rankscope.evidence.results import Point

Planted = Mapping[str, xr.DataArray]


def equal_budget_per_block(point: Point, values: xr.DataArray) -> Planted:
    """Return a multiple of a quarter of the 393,216 numbers of LoRA-32 on a ViT-B block."""
    return _all(point, trained_parameters=float(values[0]) * 98304)


def budget_per_matrix(point: Point, values: xr.DataArray) -> Planted:
    """Return a multiple of the 49,152 numbers of LoRA-32 on a square matrix."""
    return _all(point, trained_parameters=float(values[0]) * 49152, lora_parameters=49152.0)


def _all(point: Point, **counts: float) -> Planted:
    """Return counts that are the same in every replicate: nothing is random."""
    return {
        name: xr.full_like(point.measured[name], value, dtype=float)
        for name, value in counts.items()
    }
