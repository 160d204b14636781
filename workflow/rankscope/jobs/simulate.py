"""Simulate replicates of a point: all that decides the numbers of a simulated file."""

import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

import xarray as xr

from rankscope import datasets
from rankscope.jobs import streams

CHUNK = 8
"""How many replicates a study simulates per call unless its module says otherwise."""

CHUNK_SECONDS = 60.0
"""A call is estimated to take no more than this, or one replicate: what a kill may lose."""


def chunk(module: ModuleType, seconds: float) -> int:
    """Return how many replicates to simulate per call, where one takes ``seconds``."""
    affordable = CHUNK_SECONDS / max(seconds, 1e-9)
    return max(1, int(min(getattr(module, "CHUNK", CHUNK), affordable)))


def replicates(
    module: ModuleType,
    study: str,
    parameters: Any,  # noqa: ANN401 - any study's Parameters
    seed: int,
    first: int,
    last: int,
    checkpoints: Path,
) -> xr.Dataset:
    """Simulate the replicates ``first`` to ``last - 1`` of a point.

    Args:
        module: the study's ``simulation``.
        study: the study's name.
        parameters: the point's ``Parameters``.
        seed: the seed of the configuration.
        first: index of the first replicate.
        last: index after the last one.
        checkpoints: a folder for a simulation that saves parts of a call.
    """
    draws = streams.streams(seed, study, parameters, first, last)
    if "checkpoints" in inspect.signature(module.simulate).parameters:
        dataset = module.simulate(parameters, draws, checkpoints)
    else:
        dataset = module.simulate(parameters, draws)
    labels = datasets.variable("replicate", range(first, last), "independent repetition")
    found: xr.Dataset = dataset.assign_coords(replicate=labels)
    return found
