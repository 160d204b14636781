"""The paper's counts of trained numbers."""

import xarray as xr

from rankscope.datasets import variable
from rankscope.studies.randlora.accounting.parameters import Parameters


def predict(p: Parameters) -> xr.Dataset:
    """Return the paper's counts, ``d^2 / r + d`` and LoRA's ``r' (D + d)``."""
    trained = p.columns**2 / p.rank + p.columns
    lora = p.other_rank * (p.rows + p.columns)
    return xr.Dataset(
        {
            "trained_parameters": variable((), trained, "d^2 / r + d"),
            "lora_parameters": variable((), float(lora), "r' (D + d)"),
        }
    )
