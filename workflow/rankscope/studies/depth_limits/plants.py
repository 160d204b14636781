"""Networks whose ranks are what the audit says."""

import xarray as xr

from rankscope.evidence.results import Point

Planted = dict[str, xr.DataArray]
NAME = "centred_participation_ratio"


def centred_rank(point: Point, values: xr.DataArray) -> Planted:
    """Return ranks that the prediction exceeds by the values."""
    return {NAME: (point.predicted[NAME] / values).transpose("replicate", "layer")}


def half_depth(point: Point, values: xr.DataArray) -> Planted:
    """Return ranks whose inverse grows evenly and has doubled at the predicted depth's multiple."""
    grown = point.measured.layer / (values * point.predicted.half_depth)
    return {NAME: (point.batch_size - 1) / (1 + grown).transpose("replicate", "layer")}


def normalisation_keeps_rank(point: Point, values: xr.DataArray) -> Planted:
    """Return ranks that fall evenly from half of the depth, and are full before."""
    start = point.depth // 2
    fallen = ((point.measured.layer - start) / (point.depth - start)).clip(min=0)
    left = 1 - (1 - values) * fallen
    return {NAME: (point.batch_size - 1) * left.transpose("replicate", "layer")}


def unstable_lengths(point: Point, values: xr.DataArray) -> Planted:
    """Return the prediction times the values."""
    return {NAME: (point.predicted[NAME] * values).transpose("replicate", "layer")}
