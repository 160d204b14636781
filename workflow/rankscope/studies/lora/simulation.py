"""Measure adapters on problems where the truth is known."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.studies.lora import (
    simulation_counts,
    simulation_directions,
    simulation_regression,
    simulation_training,
)
from rankscope.studies.lora.parameters import Parameters

EXPERIMENTS = {
    "teacher": simulation_training.teacher,
    "scaling": simulation_training.scaling,
    "probe": simulation_directions.probe,
    "frames": simulation_directions.frames,
    "intruder": simulation_directions.intruder,
    "risk": simulation_regression.risk,
    "product": simulation_regression.product,
    "accounting": simulation_counts.accounting,
}


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Run the point's experiment, one stream per replicate; see `EXPERIMENTS`."""
    return EXPERIMENTS[parameters.experiment](parameters, streams)
