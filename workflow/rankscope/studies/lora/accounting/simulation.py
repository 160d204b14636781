"""Count what an adapter of a published model trains, matrix by matrix."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import model_shapes
from rankscope.studies.lora.accounting.parameters import Parameters

MEMORY = ("weights, moments", "weights, moments, gradients", "mixed precision")
FROZEN_BYTES = np.array([2, 2, 2])
TRAINED_BYTES = np.array([2 + 4, 2 + 4 + 2, 2 + 2 + 4 + 8])
"""Bytes per parameter: half precision throughout without and with gradients, and half
precision weights and gradients with single precision master weights and Adam moments."""


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Enumerate the factors of every adapted matrix; nothing here is random."""
    count, rank = len(streams), parameters.rank
    model = model_shapes.MODELS[parameters.model]
    shapes = model_shapes.adapted(model, parameters.targets)
    trained = sum(rows * rank + rank * columns for rows, columns in shapes)
    full = model.parameters * TRAINED_BYTES
    adapted = model.parameters * FROZEN_BYTES + trained * TRAINED_BYTES
    single = {
        "trained_parameters": (float(trained), "parameters of the adapter", "1"),
        "reduction": (model.parameters / trained, "parameters of model / adapter", "1"),
        "checkpoint": (2 * trained / 1e6, "adapter in half precision", "MB"),
        "model_checkpoint": (2 * model.parameters / 1e6, "model in half precision", "MB"),
    }
    by_memory = {
        "memory_full": (full / 1e9, "training of all weights", "GB"),
        "memory_adapter": (adapted / 1e9, "training of the adapter", "GB"),
        "memory_ratio": (full / adapted, "memory of full / adapter training", "1"),
    }
    return xr.Dataset(
        {
            name: variable("replicate", np.full(count, value), text, units)
            for name, (value, text, units) in single.items()
        }
        | {
            name: variable(("replicate", "memory"), np.tile(values, (count, 1)), text, units)
            for name, (values, text, units) in by_memory.items()
        },
        coords={"memory": variable("memory", list(MEMORY), "what memory holds")},
    )
