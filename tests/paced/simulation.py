"""Walks that sleep, with a checkpoint after every step."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr
from rankscope.studies.paced.parameters import Parameters

from rankscope import datasets

CHUNK = 2


def simulate(
    parameters: Parameters, streams: Sequence[np.random.SeedSequence], checkpoints: Path
) -> xr.Dataset:
    """Return the end of one walk per stream."""
    if parameters.fails and not Path("mended").exists():
        raise ValueError("asked to fail")
    ballast = np.ones(parameters.ballast_mb * 2**17)
    ends = [_walk(parameters, stream, checkpoints) for stream in streams]
    del ballast
    return xr.Dataset(
        {"end": datasets.variable(("replicate", "item"), np.stack(ends), "end of a walk")},
        coords={"item": datasets.variable("item", np.arange(1, parameters.size + 1), "item")},
    )


def _walk(parameters: Parameters, stream: np.random.SeedSequence, folder: Path) -> np.ndarray:
    replicate = stream.spawn_key[-1]
    file = folder / f"{replicate}.npy"
    states = np.load(file) if file.exists() else np.zeros((1, parameters.size))
    for step in range(len(states), parameters.steps + 1):
        time.sleep(parameters.pause * float(os.environ.get("PACED_PAUSE", "1")))
        key = (*stream.spawn_key, step)
        draws = np.random.SeedSequence(stream.entropy, spawn_key=key)
        state = 0.5 * states[-1] + np.random.default_rng(draws).normal(size=parameters.size)
        states = np.vstack([states, state])
        if parameters.steps > 1:
            with datasets.atomic(file) as temporary, temporary.open("wb") as out:
                np.save(out, states)
        _note(parameters, replicate, step)
    return states[-1]


def _note(parameters: Parameters, replicate: int, step: int) -> None:
    """Write down what was computed, so that a test can tell what was computed twice."""
    if log := os.environ.get("PACED_LOG"):
        with Path(log).open("a", encoding="utf-8") as out:
            out.write(f"{parameters} {replicate} {step}\n")
