"""A pair's angle and a batch's rank where depth is comparable to width, and at infinite width."""

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.studies.proportional_depth.parameters import (
    BIN_WIDTH,
    BINS,
    CHECKPOINTS_PER_WIDTH,
    LOWEST,
    Parameters,
)
from rankscope.studies.proportional_depth.theory import batches, layers, shaped, unshaped

TIME = ("time",)
WIDTHS = (1024, 8192)
"""Widths at which the depth of half of the rank is given beside the point's own."""


def predict(parameters: Parameters) -> xr.Dataset:
    """Return laws and moments at every eighth of the width, and the depth of half of the rank."""
    p = parameters
    times = np.arange(1, p.checkpoints + 1) / CHECKPOINTS_PER_WIDTH
    if p.batch_size > 2:
        return _batch(p, times)
    if p.activation == "relu":
        law, x = unshaped.laws(p.width, p.correlation, times), unshaped.NODES
        ratio, logarithm = unshaped.participation_ratio(), -2 * x
        places = x + np.log1p(np.sqrt(-np.expm1(logarithm)))
        half = unshaped.half_layer(p.correlation)
        halves = [half] * len(WIDTHS)
    else:
        law, places = shaped.laws(p.shape, p.correlation, times), shaped.NODES
        ratio, logarithm = shaped.participation_ratio(), shaped.log_squared_sine()
        time = shaped.half_time(p.shape, p.correlation)
        half, halves = time * p.width, [time * width for width in WIDTHS]
    wide = layers.distances(p.correlation, p.kink, round(p.depth_ratio * p.width))
    wide = wide[p.width // CHECKPOINTS_PER_WIDTH :: p.width // CHECKPOINTS_PER_WIDTH]
    mean = law @ logarithm
    found = {
        "participation_ratio": (TIME, law @ ratio, "participation ratio, mean over networks"),
        "log_squared_sine": (TIME, mean, "ln sin^2 of the angle, mean over networks"),
        "log_squared_sine_variance": (
            TIME, law @ logarithm**2 - mean**2, "ln sin^2 of the angle, variance over networks",
        ),
        "law": ((*TIME, "bin"), _binned(law, places), "law of artanh of the cosine"),
        "law_infinite_width": (
            (*TIME, "bin"), _binned(np.eye(len(wide)), np.arctanh(1 - wide)),
            "law of artanh of the cosine, infinite width: one bin",
        ),
        "participation_ratio_infinite_width": (
            TIME, 2 / (1 + (1 - wide) ** 2), "participation ratio, infinite width",
        ),
        "log_squared_sine_infinite_width": (
            TIME, np.log(wide * (2 - wide)), "ln sin^2 of the angle, infinite width",
        ),
        "deep_rate": (
            (), layers.small_angle(p.kink, p.width)[0],
            "change of mean ln sin^2 of a small angle per l/n",
        ),
        "half_depth": ((), half, "layer at which half of the second direction is lost"),
        "half_depth_by_width": (("any_width",), np.array(halves), "that layer, of other widths"),
    }  # fmt: skip
    middles = LOWEST + BIN_WIDTH * (np.arange(BINS) + 0.5)
    return xr.Dataset(
        {name: variable(*value) for name, value in found.items()},
        {
            "time": variable("time", times, "layer over width"),
            "bin": variable("bin", middles, "middle of a bin of artanh of the cosine"),
            "any_width": variable("any_width", np.array(WIDTHS), "width n"),
        },
    )


def _batch(p: Parameters, times: np.ndarray) -> xr.Dataset:
    """Return mean ranks of a batch of more than two."""
    ratio = batches.paths(p.shape, p.batch_size, p.correlation, p.checkpoints)
    full, paths = p.batch_size - 1, ratio.shape[1]
    name = "participation ratio of unit-length, centred features"
    first = 1 / full + batches.first_order(p.shape, p.correlation, times)
    found = {
        "centred_participation_ratio": (TIME, ratio.mean(axis=1), f"{name}, mean"),
        "centred_participation_ratio_error": (
            TIME, ratio.std(axis=1, ddof=1) / paths**0.5, "standard error of that over paths",
        ),
        "inverse_centred_participation_ratio": (
            TIME, (1 / ratio).mean(axis=1), "mean of the inverse of that ratio over networks",
        ),
        "centred_participation_ratio_first_order": (TIME, 1 / first, f"{name}, first order in l/n"),
        "centred_participation_ratio_infinite_width": (
            (), float(full), f"{name}, infinite width: m - 1",
        ),
    }  # fmt: skip
    return xr.Dataset(
        {name: variable(*value) for name, value in found.items()},
        {"time": variable("time", times, "layer over width")},
    )


def _binned(law: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Sum probabilities over bins; shape ``(times, places)`` to ``(times, bins)``."""
    bins = np.clip(np.floor((places - LOWEST) / BIN_WIDTH), 0, BINS - 1).astype(int)
    return law @ np.eye(BINS)[bins]
