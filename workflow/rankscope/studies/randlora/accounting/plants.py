"""Counts whose ratios are what the audit says."""

from collections.abc import Mapping

import xarray as xr

from rankscope.evidence.results import Point

Planted = Mapping[str, xr.DataArray]


def equal_budget_per_block(point: Point, values: xr.DataArray) -> Planted:
    """Return a multiple of a quarter of the 393,216 numbers of LoRA-32 on a ViT-B block."""
    return {"trained_parameters": values * 98304}


def budget_per_matrix(point: Point, values: xr.DataArray) -> Planted:
    """Return a multiple of the 49,152 numbers of LoRA-32 on a square matrix."""
    return {
        "trained_parameters": values * 49152,
        "lora_parameters": xr.full_like(values, 49152.0),
    }
