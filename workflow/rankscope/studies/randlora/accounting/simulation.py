"""Count trained and frozen numbers from the arrays that are allocated."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import adapters
from rankscope.studies.randlora.accounting.parameters import Parameters


def simulate(p: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Return the counts; nothing here is random."""
    count = adapters.randlora_number_of_bases(p.rows, p.columns, p.rank)
    trained = np.empty((count, p.rank)).size + np.empty((count, p.columns)).size
    lora = np.empty((p.rows, p.other_rank)).size + np.empty((p.other_rank, p.columns)).size
    frozen = np.empty((count, p.rows, p.rank)).size + np.empty((p.rank, p.columns)).size
    counts = {
        "trained_parameters": (trained, "trained numbers of RandLoRA"),
        "frozen_parameters": (frozen, "entries of its frozen bases"),
        "lora_parameters": (lora, "trained numbers of LoRA"),
        "parameter_ratio": (trained / lora, "trained numbers of RandLoRA / LoRA"),
    }
    return xr.Dataset(
        {
            name: variable("replicate", np.full(len(streams), float(value)), text)
            for name, (value, text) in counts.items()
        }
    )
