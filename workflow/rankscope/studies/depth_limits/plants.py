"""Networks whose ranks are what the audit says."""

import xarray as xr

from rankscope.evidence.results import Point
from rankscope.studies.depth_limits.claims import Kept, Normalisation

Planted = dict[str, xr.DataArray]
NAME = "centred_participation_ratio"


def centred_rank(point: Point, values: xr.DataArray) -> Planted:
    """Return ranks that the prediction exceeds by the values."""
    return {NAME: (point.predicted[NAME] / values).transpose("replicate", "layer")}


def lost_depth(point: Point, values: xr.DataArray, kept: Kept) -> Planted:
    """Return ranks whose mean inverse reaches its level at the multiple of the predicted depth.

    The inverse of each network is off by what moves that depth by its own value.
    """
    mean, level = float(values.mean()), 1 / (kept.share * (point.batch_size - 1))
    depth = float(point.predicted.lost_depth.sel(kept=kept.share))
    grown = point.measured.layer / (mean * depth) - (values - mean) / mean
    return {NAME: 1 / (level * grown).transpose("replicate", "layer")}


def normalisation_keeps_rank(point: Point, values: xr.DataArray, _norm: Normalisation) -> Planted:
    """Return ranks that fall evenly from half of the depth, and are full before."""
    start = point.depth // 2
    fallen = ((point.measured.layer - start) / (point.depth - start)).clip(min=0)
    left = 1 - (1 - values) * fallen
    return {NAME: (point.batch_size - 1) * left.transpose("replicate", "layer")}


def unstable_lengths(point: Point, values: xr.DataArray) -> Planted:
    """Return the prediction times the values."""
    return {NAME: (point.predicted[NAME] * values).transpose("replicate", "layer")}
