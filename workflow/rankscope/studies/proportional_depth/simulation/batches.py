"""Follow a batch through many networks, and measure its rank at every eighth of the width."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import batch_geometry, random_batches
from rankscope.studies.proportional_depth.parameters import CHECKPOINTS_PER_WIDTH, Parameters

LABELS = {
    "centred_participation_ratio": "participation ratio of unit-length, centred features, mean",
    "inverse_centred_participation_ratio": "mean of the inverse of that ratio over networks",
    "mean_cosine": "mean cosine over pairs of the batch and over networks",
}


def simulate(parameters: Parameters, generators: Sequence[np.random.Generator]) -> xr.Dataset:
    """Draw ``runs`` networks per generator."""
    measured = [_replicate(parameters, generator) for generator in generators]
    times = np.arange(1, parameters.checkpoints + 1) / CHECKPOINTS_PER_WIDTH
    return xr.Dataset(
        {
            name: variable(("replicate", "time"), np.stack([one[name] for one in measured]), text)
            for name, text in LABELS.items()
        },
        {"time": variable("time", times, "layer over width")},
    )


def _replicate(p: Parameters, generator: np.random.Generator) -> dict[str, np.ndarray]:
    m = p.batch_size
    start = np.linalg.cholesky(p.correlation + (1 - p.correlation) * np.eye(m))
    factor = np.broadcast_to(start, (p.runs, m, m))
    found = []
    for _ in range(p.checkpoints):
        for _ in range(p.width // CHECKPOINTS_PER_WIDTH):
            factor = random_batches.next_layer(factor, p.kink, p.width, generator)
        found.append(_measure(factor))
    return {name: np.stack([one[name] for one in found]) for name in LABELS}


def _measure(factor: np.ndarray) -> dict[str, np.ndarray]:
    cosine = batch_geometry.cosines(factor @ np.swapaxes(factor, 1, 2))
    ratio = batch_geometry.participation_ratio(batch_geometry.centred(cosine))
    return {
        "centred_participation_ratio": ratio.mean(),
        "inverse_centred_participation_ratio": (1 / ratio).mean(),
        "mean_cosine": batch_geometry.mean_cosine(cosine).mean(),
    }
