"""Predict the study's experiments in closed form, by routes that share no code with them."""

import xarray as xr

from rankscope.studies.lora import theory_counts, theory_nulls, theory_risk, theory_training
from rankscope.studies.lora.parameters import Parameters

EXPERIMENTS = {
    "teacher": theory_training.teacher,
    "scaling": theory_training.scaling,
    "probe": theory_nulls.probe,
    "frames": theory_nulls.frames,
    "intruder": theory_nulls.intruder,
    "risk": theory_risk.risk,
    "product": theory_counts.product,
    "accounting": theory_counts.accounting,
}


def predict(parameters: Parameters) -> xr.Dataset:
    """Return what theory says of the point's experiment; see `EXPERIMENTS`."""
    return EXPERIMENTS[parameters.experiment](parameters)
