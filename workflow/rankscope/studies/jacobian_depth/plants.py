"""Jacobians whose ranks are what the audit says."""

import xarray as xr

from rankscope.evidence.results import Point
from rankscope.studies.jacobian_depth.claims import ONE_DIRECTION, Rank, is_reference

Planted = dict[str, xr.DataArray]


def free_ratio(point: Point, values: xr.DataArray) -> Planted:
    """Return ranks that the prediction exceeds by the values."""
    return _planted(participation_ratio=point.predicted.participation_ratio / values)


def free_spectrum(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return the density's rank times the values."""
    return _planted(**{rank.variable: point.predicted[rank.variable] * values})


def annealed_ratio(point: Point, values: xr.DataArray) -> Planted:
    """Return squared traces of the exact ratio times the values, beside 1 for the squares'."""
    square = point.predicted.annealed_ratio * values
    return _planted(squared_trace=square, trace_square=xr.ones_like(square))


def one_curve(point: Point, values: xr.DataArray) -> Planted:
    """Return a function of kappa l / n, times the values unless it is the reference."""
    share = point.predicted.excess / point.width
    inverse = share / (1 + share) * (xr.ones_like(values) if is_reference(point) else values)
    return _planted(participation_ratio=1 / inverse)


def orthogonal_tanh(point: Point, values: xr.DataArray) -> Planted:
    """Return ranks that are full up to layer n, and the values beyond."""
    kept = xr.where(point.measured.layer > point.width, values, 1.0)
    return _planted(participation_ratio=point.width * kept)


def lyapunov(point: Point, values: xr.DataArray) -> Planted:
    """Return the predicted logarithms times the values."""
    return _planted(log_singular_value=point.predicted.log_singular_value * values)


def one_direction(point: Point, values: xr.DataArray) -> Planted:
    """Return one direction where a value is 1, and two where it is 0."""
    few = (1 + ONE_DIRECTION) / 2
    return _planted(stable_rank=2 - (2 - few) * values * xr.ones_like(point.predicted.excess))


def _planted(**variables: xr.DataArray) -> Planted:
    return {name: value.transpose("replicate", "layer", ...) for name, value in variables.items()}
