"""Probe a saved adapter; the replicates are the random controls of its intruders."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from rankscope.probe import measure, probing
from rankscope.probe.adapter import read
from rankscope.probe.base import BaseModel
from rankscope.studies.adapter_probe.parameters import Parameters


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Probe the adapter, with one random control per stream.

    Raises:
        ProbeError: if the adapter cannot be probed.
    """
    adapter, *other = (read(folder) for folder in parameters.adapters())
    found = probing.probe(
        adapter,
        BaseModel(Path(parameters.base)),
        *other,
        settings=measure.Settings(intruders=parameters.intruders, directions=parameters.directions),
        seeds=streams,
    )
    # the number of intruders has the name of a parameter
    found = found.rename(control="replicate", intruders="intruder_count")
    found = found.rename(intruders_control="intruder_count_control")
    found["intruder_count_control"] = found.intruder_count_control.transpose("replicate", "matrix")
    return found.drop_attrs(deep=False)
