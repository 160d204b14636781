"""Say ranks before training, train, and measure what was needed; needs the extra ``language``."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.studies.language_model import simulation as language_model
from rankscope.studies.rank_budget.parameters import Parameters


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Choose learning rates, then say, train and measure once per replicate.

    Args:
        parameters: the point.
        streams: a stream per replicate: training texts, their order, heads, adapters, nulls.

    Returns:
        A dataset with dimensions ``replicate``, ``matrix``, ``kept``, ``arm``, ``text`` and others.

    Raises:
        InputError: if a package is not installed, or the texts or the model cannot be used.
    """
    language_model.require_packages()
    from rankscope.studies.rank_budget.simulation import replicate

    return replicate.simulate(parameters, streams)
