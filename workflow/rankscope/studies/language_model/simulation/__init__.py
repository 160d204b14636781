"""Train all runs of a point on real texts and measure them; needs the extra ``language``."""

import importlib.util
from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.errors import InputError
from rankscope.studies.language_model.parameters import Parameters


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Choose learning rates, then train and measure every run once per replicate.

    Args:
        parameters: the point.
        streams: a stream per replicate: training texts, their order, heads, adapters.

    Returns:
        A dataset with dimensions ``replicate``, ``run``, ``text``, ``matrix`` and others.

    Raises:
        InputError: if a package is not installed, or the texts or the model cannot be used.
    """
    require_packages()
    from rankscope.studies.language_model.simulation import replicate

    return replicate.simulate(parameters, streams)


def require_packages() -> None:
    """Raise ``InputError`` if a package that runs the model is not installed."""
    for package in ("torch", "transformers"):
        if importlib.util.find_spec(package) is None:
            raise InputError(f"{package} is not installed: pip install 'rankscope[language]'")
