"""Follow a pair or a batch through many networks, and measure it at every eighth of the width."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import pair_angles
from rankscope.studies.proportional_depth.parameters import (
    BIN_WIDTH,
    BINS,
    CHECKPOINTS_PER_WIDTH,
    LOWEST,
    Parameters,
)
from rankscope.studies.proportional_depth.simulation import batches

_LABELS = {
    "cosine": "mean cosine of the pair over networks",
    "cosine_variance": "variance of the cosine over networks",
    "participation_ratio": "mean participation ratio of the pair's unit-length features",
    "log_squared_sine": "mean ln sin^2 of the angle over networks",
    "log_squared_sine_variance": "variance of ln sin^2 of the angle over networks",
}


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Draw ``runs`` networks per stream."""
    generators = [np.random.Generator(np.random.SFC64(stream)) for stream in streams]
    if parameters.batch_size > 2:
        return batches.simulate(parameters, generators)
    measured = [_replicate(parameters, generator) for generator in generators]
    dims = ("replicate", "time")
    variables = {
        name: variable(dims, np.stack([one[name] for one in measured]), text)
        for name, text in _LABELS.items()
    }
    laws = np.stack([one["law"] for one in measured])
    variables["law"] = variable((*dims, "bin"), laws, "share of networks by artanh of the cosine")
    times = np.arange(1, parameters.checkpoints + 1) / CHECKPOINTS_PER_WIDTH
    middles = LOWEST + BIN_WIDTH * (np.arange(BINS) + 0.5)
    return xr.Dataset(
        variables,
        {
            "time": variable("time", times, "layer over width"),
            "bin": variable("bin", middles, "middle of a bin of artanh of the cosine"),
        },
    )


def _replicate(p: Parameters, generator: np.random.Generator) -> dict[str, np.ndarray]:
    cosine = np.full(p.runs, p.correlation)
    sine = np.sqrt((1 - cosine) * (1 + cosine))
    found = []
    for _ in range(p.checkpoints):
        for _ in range(p.width // CHECKPOINTS_PER_WIDTH):
            if p.kink:
                cosine, sine = pair_angles.next_layer(cosine, sine, p.kink, p.width, generator)
            else:
                cosine, sine = pair_angles.next_linear_layer(cosine, sine, p.width, generator)
        found.append(_measure(cosine, sine))
    return {name: np.stack([one[name] for one in found]) for name in found[0]}


def _measure(cosine: np.ndarray, sine: np.ndarray) -> dict[str, np.ndarray]:
    logarithm = 2 * np.log(sine)
    return {
        "cosine": cosine.mean(),
        "cosine_variance": cosine.var(ddof=1),
        "participation_ratio": (2 / (2 - sine**2)).mean(),
        "log_squared_sine": logarithm.mean(),
        "log_squared_sine_variance": logarithm.var(ddof=1),
        "law": _shares(cosine, sine),
    }


def _shares(cosine: np.ndarray, sine: np.ndarray) -> np.ndarray:
    """Return the shares of networks in bins of ``artanh rho = sign(rho) ln((1 + |rho|) / s)``."""
    place = np.copysign(np.log((1 + np.abs(cosine)) / sine), cosine)
    bins = np.clip(np.floor((place - LOWEST) / BIN_WIDTH), 0, BINS - 1).astype(int)
    return np.bincount(bins, minlength=BINS) / len(bins)
