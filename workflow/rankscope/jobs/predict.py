"""Evaluate the theory at a point: all that decides the numbers of a predicted file."""

from types import ModuleType
from typing import Any

import xarray as xr


def prediction(module: ModuleType, parameters: Any) -> xr.Dataset:  # noqa: ANN401
    """Return what the study's ``theory`` says of a point."""
    found: xr.Dataset = module.predict(parameters)
    return found
