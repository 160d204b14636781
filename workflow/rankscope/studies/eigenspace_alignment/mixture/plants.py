"""Data in which the truth is planted: what a point would measure if a claim's number were given."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from rankscope.evidence.claims import Definition
from rankscope.evidence.results import Point
from rankscope.studies.eigenspace_alignment.mixture.claims import spectra
from rankscope.studies.eigenspace_alignment.mixture.selection import (
    EMERGED,
    NEAR_EDGE,
    above_edge,
    emerged,
    sunk,
    without_blocks,
)
from rankscope.studies.eigenspace_alignment.points import clear_of_edge

Planted = Mapping[str, xr.DataArray]
REFERENCE = 4000.0  # phi lambda at which power laws are 1


def _everywhere(point: Point, name: str, values: xr.DataArray) -> Planted:
    """Give a variable the same value at all its places of a replicate."""
    return {name: xr.ones_like(point.measured[name], dtype=float) * values}


def _eigenvalues(point: Point, count: xr.DataArray, level: xr.DataArray) -> Planted:
    """Give blocks a mean number of eigenvalues that clear a level; classes round it in turn."""
    k, number = point.classes, point.measured.sizes["eigenvalue"]
    turn = xr.DataArray((np.arange(k) + 0.5) / k, dims="label")
    index = xr.DataArray(np.arange(number), dims="eigenvalue")
    return {"eigenvalues": level * 2 * (index < np.floor(count + turn))}


def effective_dynamics(point: Point, values: xr.DataArray) -> Planted:
    """Move all overlaps off the ODE by as much."""
    unit = point.step_scale / np.sqrt(point.dimension)
    return {
        "mean_overlap": (point.predicted.mean_overlap + values * unit).expand_dims(run=point.runs)
    }


def fluctuations(point: Point, values: xr.DataArray) -> Planted:
    """Spread the networks evenly, by a power of the dimension."""
    spread = np.arange(point.runs) - (point.runs - 1) / 2
    network = xr.DataArray(spread / spread.std(ddof=1), dims="run")
    return {"mean_overlap": point.predicted.mean_overlap + network * point.dimension**values}


def corrector(point: Point, values: xr.DataArray) -> Planted:
    """Give weights no part in the span of the means."""
    length = values * float(point.predicted.weights_outside.isel(checkpoint=-1).mean())
    return _lengths(point, length * xr.ones_like(point.measured.training_time))


def burn_in(point: Point, values: xr.DataArray) -> Planted:
    """Let weights without a part in any space decay."""
    found = _lengths(point, np.exp(-2 * point.ridge * values * point.measured.training_time))
    if without_blocks(point):
        return found
    return {**found, "alignment": xr.zeros_like(point.measured.alignment)}


def _lengths(point: Point, length: xr.DataArray) -> Planted:
    k = point.classes
    one = xr.DataArray(np.eye(k), dims=("label", "other"))
    return {
        "weight_gram": (length * one).expand_dims(run=point.runs),
        "weights_in_means": xr.zeros_like(point.measured.weights_in_means),
    }


def collapse(point: Point, values: xr.DataArray) -> Planted:
    """Move alignment off the theory by as much at all times."""
    if without_blocks(point):
        return {
            "weights_in_means": (point.predicted.weights_in_means + values).expand_dims(
                run=point.runs
            )
        }
    return {"alignment": point.predicted.alignment + values}


def projected_descent(point: Point, values: xr.DataArray) -> Planted:
    """Let the loss of SGD fall from 1 to 0, linearly in time."""
    end = {"full": 0 * values, "dominant": values, "bulk": 1 - values}[point.update]
    loss = 1 + (end - 1) * point.measured.training_time / point.duration
    return {"loss": loss.expand_dims(run=point.runs)}


def gradient_share(point: Point, values: xr.DataArray) -> Planted:
    """Share as much at all times, in all classes."""
    return _everywhere(point, "gradient_share", values)


def predicted_alignment(point: Point, values: xr.DataArray) -> Planted:
    """Move alignment off the theory."""
    return {"alignment": point.predicted.alignment + values}


def predicted_cosine(point: Point, values: xr.DataArray) -> Planted:
    """Move the cosine off the theory."""
    return {"smallest_cosine": point.predicted.smallest_cosine + values}


def growing_alignment(point: Point, values: xr.DataArray) -> Planted:
    """Let the error be a power of lambda."""
    return _everywhere(point, "alignment", 1 - 0.3 * point.snr**values)


def error_exponent(point: Point, values: xr.DataArray) -> Planted:
    """Let the error be a power of lambda."""
    return _everywhere(point, "alignment", 1 - 0.3 * point.snr**values)


def error_constant(point: Point, values: xr.DataArray, matrix: Definition) -> Planted:
    """Let the error of this matrix be a multiple of its law at the end."""
    law = float(point.predicted.misalignment_law.isel(checkpoint=-1))
    own = (point.measured.matrix == matrix.name).astype(float)
    return _everywhere(point, "alignment", 1 - values * law * own)


def first_eigenvector(point: Point, values: xr.DataArray) -> Planted:
    """Move alignment off the square root of (k - 1) / k."""
    limit = np.sqrt((point.classes - 1) / point.classes)
    return _everywhere(point, "alignment_first", values + limit)


def training_gain(point: Point, values: xr.DataArray) -> Planted:
    """Add as much to all classes and times."""
    return {"training_alignment": point.measured.alignment + values}


def training_exponent(point: Point, values: xr.DataArray) -> Planted:
    """Let the mean over replicates be a power of phi, replicates spread as its slope is."""
    mean, log = float(values.mean()), np.log(point.samples_per_dimension)
    gain = point.samples_per_dimension**mean * (1 + (values - mean) * log)
    none = xr.zeros_like(point.measured.alignment)
    return {"training_alignment": none + gain, "alignment": none}


def cross_term(point: Point, values: xr.DataArray) -> Planted:
    """Let the norm be a power of phi lambda."""
    size = point.samples_per_dimension * point.snr / REFERENCE
    return _everywhere(point, "outside", size**values)


def levels(point: Point, values: xr.DataArray) -> Planted:
    """Give blocks one eigenvalue, and k - 1 others, at a multiple of their limits."""
    limits = point.predicted.limit_eigenvalues
    outlier, others = (limits.sel(kind=kind, drop=True) for kind in ("outlier", "mini-bulk"))
    index = xr.DataArray(np.arange(point.measured.sizes["eigenvalue"]), dims="eigenvalue")
    level = others.where(index > 0, outlier) * values
    return {"eigenvalues": xr.zeros_like(point.measured.eigenvalues) + level}


def bulk_edge(point: Point, values: xr.DataArray) -> Planted:
    """Move the edge off the theory."""
    return {"edge": point.predicted.edge * (1 + values / point.dimension ** (2 / 3))}


def start_thresholds(point: Point, values: xr.DataArray) -> Planted:
    """Give blocks too few outliers, or too many where none are expected."""
    k, thresholds = point.classes, point.predicted.start_threshold
    weights = xr.DataArray([1, k - 1], coords={"direction": ["own", "other"]}, dims="direction")
    expected = ((point.snr > thresholds) * weights).sum("direction")
    count = (expected - values).where(expected > 0, values)
    return _eigenvalues(point, count, clear_of_edge(point.measured.edge, point.dimension))


def outlier_counts(point: Point, values: xr.DataArray) -> Planted:
    """Give blocks too few outliers, or too many where none are expected."""
    theory = point.predicted
    above = theory.eigenvalues > clear_of_edge(theory.edge, point.dimension)
    expected = above.sum("eigenvalue")
    count = (expected - values).where(expected > 0, values)
    return _eigenvalues(point, count, clear_of_edge(point.measured.edge, point.dimension))


def full_counts(point: Point, values: xr.DataArray) -> Planted:
    """Give the full matrices as many outliers more than predicted."""
    theory = point.predicted
    above = theory.full_eigenvalues > clear_of_edge(theory.full_edge, point.dimension)
    count = np.round(above.sum("full_eigenvalue") + values)
    index = xr.DataArray(np.arange(theory.sizes["full_eigenvalue"]), dims="full_eigenvalue")
    level = clear_of_edge(point.measured.full_edge, point.dimension)
    residual = xr.full_like(point.measured.full_residual, spectra.RESIDUAL / 2)
    return {"full_eigenvalues": level * 2 * (index < count), "full_residual": residual}


def full_edge(point: Point, values: xr.DataArray) -> Planted:
    """Move the edge off the theory."""
    return {"full_edge": point.predicted.full_edge * (1 + values / point.dimension ** (2 / 3))}


def weights_in_eigenspaces(point: Point, values: xr.DataArray) -> Planted:
    """Err as much in all classes, at all times."""
    return _everywhere(point, "alignment", 1 - values * _bound(point))


def weights_in_means(point: Point, values: xr.DataArray) -> Planted:
    """Err as much in all classes and networks, at all times."""
    return _everywhere(point, "weights_in_means", 1 - values * _bound(point))


def matrices_in_means(point: Point, values: xr.DataArray) -> Planted:
    """Give all classes the same norm, at all times."""
    return _everywhere(point, "outside", values * _bound(point))


def _bound(point: Point) -> float:
    return float(0.02 + point.classes / point.snr)


def three_levels(point: Point, values: xr.DataArray) -> Planted:
    """Put outlier, mini-bulk and bulk at the powers 2, 1 and 0."""
    number = point.measured.sizes["eigenvalue"]
    power = [2, *[1] * (point.classes - 1), *[0] * (number - point.classes)]
    level = values ** xr.DataArray(power, dims="eigenvalue")
    return {"eigenvalues": xr.zeros_like(point.measured.eigenvalues) + level}


def not_first_alone(point: Point, values: xr.DataArray) -> Planted:
    """Align as much in all classes, at all times."""
    return _everywhere(point, "alignment_first", values)


def sinking(point: Point, values: xr.DataArray) -> Planted:
    """Let the mini-bulk come down as a power of time, through the level at multiples of it."""
    times = point.predicted.training_time
    height = above_edge(point.predicted, point.classes)
    units = [sunk(times.values, one) for one in height.transpose("matrix", "checkpoint").values]
    unit = xr.DataArray(units, dims="matrix", coords={"matrix": height.matrix})
    level = NEAR_EDGE * (times.clip(min=times[1] / 2) / (unit.fillna(1.0) * values)) ** -0.1
    return {
        "edge": xr.ones_like(point.measured.edge),
        "eigenvalues": xr.ones_like(point.measured.eigenvalues) * level,
    }


def emergence(point: Point, values: xr.DataArray) -> Planted:
    """Let the first eigenvalue emerge at multiples of the theory's time."""
    return _rising(point, _emergence(point) * values)


def emergence_slope(point: Point, values: xr.DataArray) -> Planted:
    """Let it emerge at a power of the theory's time, in units of the middle of the times."""
    middle = float(np.sqrt(point.predicted.training_time[1] * point.duration))
    return _rising(point, middle * (_emergence(point) / middle) ** values)


def no_emergence(point: Point, values: xr.DataArray) -> Planted:
    """Give the first eigenvalue the same height at all times."""
    return {
        "first_edge": xr.ones_like(point.measured.first_edge),
        **_everywhere(point, "first_eigenvalue", values),
    }


def _emergence(point: Point) -> float:
    theory = point.predicted
    height = theory.first_eigenvalue / theory.first_edge
    found = emerged(theory.training_time.values, height.values)
    return found if np.isfinite(found) else 1.0


def _rising(point: Point, time: xr.DataArray) -> Planted:
    """Let the first eigenvalue rise as a power of time, through the level at a time."""
    times = point.predicted.training_time
    level = EMERGED * (times.clip(min=times[1] / 2) / time) ** 0.1
    return {
        "first_edge": xr.ones_like(point.measured.first_edge),
        **_everywhere(point, "first_eigenvalue", level),
    }
