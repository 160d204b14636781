"""Measure RandLoRA's updates, fits and bounds where the truth is known."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.studies.randlora import simulation_fit, simulation_update
from rankscope.studies.randlora.parameters import Parameters

EXPERIMENTS = {
    "update": simulation_update.update,
    "collinear": simulation_update.collinear,
    "accounting": simulation_update.accounting,
    "fit": simulation_fit.fit,
    "bound": simulation_fit.bound,
}


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Run the point's experiment, one stream per replicate; see `EXPERIMENTS`."""
    return EXPERIMENTS[parameters.experiment](parameters, streams)
