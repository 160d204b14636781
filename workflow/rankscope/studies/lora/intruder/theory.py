"""The law of a spike in Gaussian noise, and what simpler views of it would give."""

import math

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.studies.lora.intruder.parameters import Parameters


def predict(parameters: Parameters) -> xr.Dataset:
    """Return what the tuned weight's leading value and directions tend to as it grows."""
    p = parameters
    smaller, larger = sorted((p.rows, p.columns))
    ratio = smaller / larger
    value, small_side, large_side = spiked(np.array(p.spike), ratio)
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


def spiked(spike: np.ndarray, ratio: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return value and squared overlaps of a spike in Gaussian noise.

    The noise has independent entries of variance ``1 / larger side``; ``ratio`` is the
    smaller side over the larger. A spike above ``ratio^{1/4}`` leaves the noise's bulk.

    Args:
        spike: singular values of the rank-one (or low-rank) update.
        ratio: in (0, 1].

    Returns:
        The observed singular value (the bulk's edge below the threshold), and the squared
        overlaps of its vectors on the smaller and on the larger side (0 below it).

    Source:
        Benaych-Georges and Nadakuditi, J. Multivar. Anal. 111 (2012), section 3.1.
    """
    x = np.asarray(spike, dtype=float)
    visible = x > ratio**0.25
    safe = np.where(visible, x, 1.0)
    value = np.sqrt((1 + safe**2) * (ratio + safe**2)) / safe
    smaller = 1 - ratio * (1 + safe**2) / (safe**2 * (safe**2 + ratio))
    larger = 1 - (ratio + safe**2) / (safe**2 * (safe**2 + 1))
    return (
        np.where(visible, value, 1 + np.sqrt(ratio)),
        np.where(visible, smaller, 0.0),
        np.where(visible, larger, 0.0),
    )
