"""Networks whose ranks are what the audit says."""

import xarray as xr

from rankscope.evidence.results import Point
from rankscope.studies.depth_limits.claims import Normalisation

Planted = dict[str, xr.DataArray]
NAME = "centred_participation_ratio"


def centred_rank(point: Point, values: xr.DataArray) -> Planted:
    """Return ranks that the prediction exceeds by the values."""
    return {NAME: (point.predicted[NAME] / values).transpose("replicate", "layer")}


def half_depth(point: Point, values: xr.DataArray) -> Planted:
    """Return ranks whose mean inverse has doubled at the multiple of the predicted depth.

    The inverse of each network is off by what moves that depth by its own value.
    """
    mean = float(values.mean())
    grown = point.measured.layer / (mean * point.predicted.half_depth) - (values - mean) / mean
    return {NAME: (point.batch_size - 1) / (1 + grown).transpose("replicate", "layer")}


def normalisation_keeps_rank(point: Point, values: xr.DataArray, _norm: Normalisation) -> Planted:
    """Return ranks that fall evenly from half of the depth, and are full before."""
    start = point.depth // 2
    fallen = ((point.measured.layer - start) / (point.depth - start)).clip(min=0)
    left = 1 - (1 - values) * fallen
    return {NAME: (point.batch_size - 1) * left.transpose("replicate", "layer")}


def unstable_lengths(point: Point, values: xr.DataArray) -> Planted:
    """Return the prediction times the values."""
    return {NAME: (point.predicted[NAME] * values).transpose("replicate", "layer")}
