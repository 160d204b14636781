"""What chance gives: similarities of random directions, and random pairs of the base weight."""

import math

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.studies.lora import random_frames
from rankscope.studies.lora.probe.parameters import Parameters


def predict(parameters: Parameters) -> xr.Dataset:
    """Return ``phi`` between random frames, and the alignment of random singular pairs.

    ``r`` of the base weight's own pairs, chosen at random, hold ``|W| sqrt(r / min(D, d))`` of
    it, ``sqrt(max(D, d) / r)`` times as much as random directions; ``r`` is the larger rank.
    """
    p = parameters
    i, j = np.arange(1, p.rank + 1), np.arange(1, p.other_rank + 1)
    data = {}
    for name, dim, first in (("phi_null", "i", i), ("phi_seeds_null", "i_large", j)):
        mean, sd = random_frames.similarity(p.columns, first[:, None], j)
        data[name] = variable((dim, "j"), mean, "phi(i, j) of random directions")
        data[f"{name}_sd"] = variable((dim, "j"), sd, "its standard deviation")
    pairs = math.sqrt(max(p.rows, p.columns) / p.other_rank)
    data["pairs_alignment"] = variable((), pairs, "alignment of the base weight's own pairs")
    return xr.Dataset(
        data,
        coords={
            "i": variable("i", i, "leading directions, smaller rank"),
            "i_large": variable("i_large", j, "leading directions"),
            "j": variable("j", j, "leading directions, larger rank"),
        },
    )
