"""Shares and cosines in which the number of a claim is known."""

import math

import numpy as np
import xarray as xr

from rankscope.evidence.results import Point
from rankscope.studies.eigenspace_alignment.nuisance.claims import Leading

Planted = dict[str, xr.DataArray]


def _everywhere(point: Point, name: str, values: xr.DataArray) -> Planted:
    return {name: xr.zeros_like(point.measured[name]) + values}


def crossing(point: Point, values: xr.DataArray, space: Leading) -> Planted:
    """Let the squared share grow from 0 to 1 around a multiple of the predicted crossing."""
    distance = np.log(point.nuisance_ratio / (values * point.predicted[space.crossing]))
    return _everywhere(point, space.share, (0.5 + 2 * distance).clip(0, 1) ** 0.5)


def below(point: Point, values: xr.DataArray) -> Planted:
    """Give all classes the same cosine."""
    return _everywhere(point, "smallest_cosine", values)


beyond = below


def first_lost(point: Point, values: xr.DataArray) -> Planted:
    """Give all classes the same share."""
    return _everywhere(point, "weights_in_first", values)


def mini_bulk(point: Point, values: xr.DataArray) -> Planted:
    """Add to the share that is left without one of the mini-bulk's directions."""
    k = point.classes
    left = math.sqrt((k - 1) / k + (k - 2) / (k - 1) / k)
    return _everywhere(point, "weights_in_leading", left + values)


def weights_stay(point: Point, values: xr.DataArray) -> Planted:
    """Give all classes the same share."""
    return _everywhere(point, "weights_in_means", values)
