"""Where the first step and the best learning rates are what the audit says."""

import xarray as xr

from rankscope.evidence.results import Point
from rankscope.studies.lora.scaling.claims import Threshold

Planted = dict[str, xr.DataArray]


def first_step_exponent(point: Point, values: xr.DataArray) -> Planted:
    """Return first steps that are powers of the rank."""
    return {"first_step": point.rank ** (point.predicted.first_step_exponent + values)}


def first_step_size(point: Point, values: xr.DataArray) -> Planted:
    """Return first steps in proportion to their law."""
    return {"first_step": point.predicted.first_step * values}


def _rates(point: Point, exponent: xr.DataArray, threshold: Threshold) -> Planted:
    """Best rates that are a power of the rank at one threshold and 1 at the others."""
    thresholds = point.measured.threshold
    return {
        "best_learning_rate": xr.where(thresholds == threshold.error, point.rank**exponent, 1.0)
    }


def best_rate_exponent(point: Point, values: xr.DataArray, threshold: Threshold) -> Planted:
    """Return rates of the exponent that undoes the first step's, and more."""
    return _rates(point, point.predicted.learning_rate_exponent + values, threshold)


def sharpness_sets_rate(point: Point, values: xr.DataArray, threshold: Threshold) -> Planted:
    """Return rates of the exponent of one over the scaling, and more."""
    return _rates(point, point.predicted.sharpness_exponent + values, threshold)


root_rank_is_stable_for_sgd = root_rank_is_stable_for_adam = rank_is_stable_for_adam = _rates
