"""The law of a spike in Gaussian noise, and what simpler views of it would give."""

import math

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.studies.lora import spectral_laws
from rankscope.studies.lora.intruder.parameters import Parameters


def predict(parameters: Parameters) -> xr.Dataset:
    """Return what the tuned weight's leading value and directions tend to as it grows."""
    p = parameters
    smaller, larger = sorted((p.rows, p.columns))
    ratio = smaller / larger
    value, small_side, large_side = spectral_laws.spiked(np.array(p.spike), ratio)
    left, right = (small_side, large_side) if p.rows <= p.columns else (large_side, small_side)
    found = {
        "spike_value": (value, "singular value of the spiked weight"),
        "left_overlap": (left, "squared overlap of left vectors"),
        "right_overlap": (right, "squared overlap of right vectors"),
        "threshold": (ratio**0.25, "least spike that leaves the bulk"),
        "value_alone": (p.spike / value, "value of the update without a weight, over the law"),
        "overlap_alone": (1 - max(left, right), "overlap of 1, as without a weight, minus the law"),
        "visible_directions": (
            (p.spread if p.spike * math.sqrt(p.rank / p.spread) > ratio**0.25 else 0) - p.rank,
            "directions above the threshold, of the same norm spread out minus of the update",
        ),
    }
    return xr.Dataset(
        {name: variable((), float(value), text) for name, (value, text) in found.items()}
    )
