"""Measured variables in which each claim's number is what the audit says."""

import numpy as np
import xarray as xr

from rankscope.evidence.results import Point
from rankscope.studies.trained_networks.claims.features import Measure
from rankscope.studies.trained_networks.claims.gradients import Spectral

Planted = dict[str, xr.DataArray]


def initial_ratio(point: Point, values: xr.DataArray) -> Planted:
    """Return a multiple of the predicted inverse."""
    predicted = point.predicted.initial_centred_participation_ratio
    return _like(point, "initial_inverse_ratio", values / predicted)


def collapse_survives(point: Point, values: xr.DataArray, rank: Measure) -> Planted:
    """Return ranks of 4, and in the last layer the run's share of it, times the value later."""
    like = point.measured[rank.variable].isel(step=0)
    start = float((like.isel(layer=-1) / like.isel(layer=0)).mean())
    layer, step = point.measured.layer, point.measured.step
    last = 4 * start * xr.where(step == 0, 1.0, values)
    ranks = xr.where(layer < point.depth, 4.0, last)
    return _like(point, rank.variable, ranks)


def final_ratio(point: Point, values: xr.DataArray) -> Planted:
    """Return a multiple of k - 1."""
    return _like(point, "centred_participation_ratio", values * (point.classes - 1))


def wrong_labels(point: Point, values: xr.DataArray) -> Planted:
    """Return a ratio of 6 with the correct labels."""
    ratio = values if point.labels == "shuffled" else xr.ones_like(values)
    return _like(point, "centred_participation_ratio", 6 * ratio)


def within_classes(point: Point, values: xr.DataArray) -> Planted:
    """Return 5 at the start."""
    return _from(point, "within_over_between", 5.0, values)


def simplex(point: Point, values: xr.DataArray, distance: Measure) -> Planted:
    """Return 0.4 at the start."""
    return _from(point, distance.variable, 0.4, values)


def nearest_mean(point: Point, values: xr.DataArray) -> Planted:
    """Return that share."""
    return _like(point, "disagreement", values)


def outliers(point: Point, values: xr.DataArray, outlier: Spectral) -> Planted:
    """Return that many of one matrix and rule, and none of the others."""
    return _spectral(point, values, outlier)


def tiny_subspace(point: Point, values: xr.DataArray, gradient: Spectral) -> Planted:
    """Return that share of one gradient in one matrix, and nothing of the others."""
    return _spectral(point, values, gradient)


def hessian_outliers(point: Point, values: xr.DataArray) -> Planted:
    """Return that share at all steps."""
    return _like(point, "hessian_in_gauss_newton", values)


def class_means(point: Point, values: xr.DataArray) -> Planted:
    """Return that ratio with the classes, and the run's mean with mixed images."""
    like = point.measured.class_ratio.mean("replicate")
    mixed = like.sel(grouping="mixed images", drop=True)
    return _like(point, "class_ratio", xr.where(like.grouping == "classes", values, mixed))


def layer_updates(point: Point, values: xr.DataArray) -> Planted:
    """Return that share of the update, and nothing of the gradients."""
    chosen = point.measured.direction == "update"
    return _like(point, "block_share", xr.where(chosen, values, 0.0))


def noise_law(point: Point, values: xr.DataArray) -> Planted:
    """Return a power of the run's mean lambda, from a hundredth at lambda of 100."""
    ratio = float(point.measured.signal_to_noise.mean()) / 100
    return _like(point, "unit_misalignment", 0.01 * ratio**values)


def layer_weights(point: Point, values: xr.DataArray) -> Planted:
    """Return that share of the weights after training, and nothing of those before."""
    chosen = point.measured.direction == "weights"
    return _like(point, "block_share", xr.where(chosen, values, 0.0))


def weights_gain(point: Point, values: xr.DataArray) -> Planted:
    """Return a share of 0.01 before training."""
    chosen = point.measured.direction == "weights"
    return _like(point, "block_share", 0.01 * xr.where(chosen, values, 1.0))


def lazy_starts(point: Point, values: xr.DataArray) -> Planted:
    """Return relative updates of 3 from a small start."""
    ratio = values if point.initial_scale > 1 else xr.ones_like(values)
    return _like(point, "relative_update", 3 * ratio)


def dominant_only(point: Point, values: xr.DataArray) -> Planted:
    """Return losses that fall from 1 after the switch: freely by a factor e^2."""
    ratio = values if point.steps_in != "all" else xr.ones_like(values)
    later = point.measured.step > point.switch_step
    return _like(point, "training_loss", xr.where(later, np.exp(-2 * ratio), 1.0))


def bulk_only(point: Point, values: xr.DataArray) -> Planted:
    """Return such losses."""
    return dominant_only(point, values)


def random_only(point: Point, values: xr.DataArray) -> Planted:
    """Return such losses."""
    return dominant_only(point, values)


def _spectral(point: Point, values: xr.DataArray, what: Spectral) -> Planted:
    planted = values
    for dimension, label in what.at.items():
        planted = xr.where(point.measured[dimension] == label, planted, 0.0)
    return _like(point, what.variable, planted)


def _from(point: Point, name: str, start: float, values: xr.DataArray) -> Planted:
    later = point.measured.step > 0
    return _like(point, name, xr.where(later, start * values, start))


def _like(point: Point, name: str, values: xr.DataArray) -> Planted:
    """Return values of the shape of a measured variable."""
    like = point.measured[name]
    bare = like.drop_vars(list(like.coords))
    return {name: values.drop_vars(list(values.coords)).broadcast_like(bare).transpose(*like.dims)}
