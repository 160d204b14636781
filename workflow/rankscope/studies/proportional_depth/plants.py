"""Pairs and batches whose angles and ranks are what the audit says."""

import numpy as np
import xarray as xr

from rankscope.evidence.results import Point
from rankscope.studies.proportional_depth.claims import Average

Planted = dict[str, xr.DataArray]
RATIO, LOGARITHM = "participation_ratio", "log_squared_sine"
SMALL = 64
"""The smallest width that is compared with others."""


def law_of_cosine(point: Point, values: xr.DataArray) -> Planted:
    """Move networks of all cosines to the lowest, as many as the distance says."""
    law = point.predicted.law
    lowest = xr.zeros_like(law)
    lowest[{"bin": 0}] = 1.0
    # bins are merged by two before laws are compared
    moved = values / (1 - law.isel(bin=slice(0, 2)).sum("bin"))
    return {"law": (law + moved * (lowest - law)).transpose("replicate", "time", "bin")}


def mean_rank(point: Point, values: xr.DataArray) -> Planted:
    """Add the values to the prediction."""
    return {RATIO: (point.predicted[RATIO] + values).transpose("replicate", "time")}


def half_depth(point: Point, values: xr.DataArray) -> Planted:
    """Let the ratio fall evenly, to half at the multiple of the predicted depth."""
    return _falling(point, values, float(point.predicted.half_depth) / point.width)


def no_shape_keeps(point: Point, values: xr.DataArray) -> Planted:
    """Let the ratio fall evenly, to half at the multiple of the width."""
    return _falling(point, values, 1.0)


def only_depth_over_width(point: Point, values: xr.DataArray) -> Planted:
    """Let larger widths have more rank than the smallest."""
    more = values * (point.width > SMALL)
    return {RATIO: (1.5 + more + 0 * point.measured.time).transpose("replicate", "time")}


def relu_mean(point: Point, values: xr.DataArray) -> Planted:
    """Return the prediction times the values."""
    return {LOGARITHM: (point.predicted[LOGARITHM] * values).transpose("replicate", "time")}


def relu_variance(point: Point, values: xr.DataArray) -> Planted:
    """Return the prediction times the values."""
    name = f"{LOGARITHM}_variance"
    return {name: (point.predicted[name] * values).transpose("replicate", "time")}


def small_angles(point: Point, values: xr.DataArray) -> Planted:
    """Let the logarithm fall evenly from the input on."""
    start = np.log1p(-(point.correlation**2))
    fall = values * float(point.predicted.deep_rate) * point.measured.time
    return {LOGARITHM: (start + fall).transpose("replicate", "time")}


def few_networks(point: Point, values: xr.DataArray) -> Planted:
    """Let all networks have a sine of 0.01, and the mean ratio the multiple of theirs."""
    square = 1e-4
    flat = values + 0 * point.measured.time
    ratio = 1 + flat * square / (2 - square)
    return {
        RATIO: ratio.transpose("replicate", "time"),
        LOGARITHM: xr.full_like(point.measured[LOGARITHM], np.log(square)),
    }


def rank_of_batch(point: Point, values: xr.DataArray, average: Average) -> Planted:
    """Return the prediction times the values."""
    name = average.variable
    return {name: (point.predicted[name] * values).transpose("replicate", "time")}


def _falling(point: Point, values: xr.DataArray, unit: float) -> Planted:
    """Let what is beyond 1 fall in proportion to depth, and be half at the mean of the values.

    Each replicate is off by what moves that depth by its own value.
    """
    mean = float(values.mean())
    start = 2 / (1 + point.correlation**2) - 1
    left = 1 - (point.measured.time / (mean * unit) - (values - mean) / mean) / 2
    return {RATIO: (1 + start * left).transpose("replicate", "time")}
