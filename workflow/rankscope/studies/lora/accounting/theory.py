"""Counts that need no enumeration: parameters and bytes."""

import xarray as xr

from rankscope.datasets import variable
from rankscope.studies.lora.accounting.parameters import Parameters

BLOCKS_AND_WIDTH = {
    "gpt3-175b": (96, 12288),
    "roberta-base": (12, 768),
    "roberta-large": (24, 1024),
    "deberta-xxl": (48, 1536),
    "gpt2-medium": (24, 1024),
    "gpt2-large": (36, 1280),
    "vit-b": (12, 768),
    "vit-l": (24, 1024),
    "vit-h": (32, 1280),
    "llama3-8b": (32, 4096),
}
SIDES = {"query": 2.0, "query-value": 4.0, "attention": 8.0, "all": 18.0}
"""Sum of both sides of the adapted matrices of a block, in units of its width: 2 for a
square matrix, 5 for one of the two matrices of an MLP that is four times wider."""
LLAMA_SIDES = {"query": 2.0, "query-value": 3.25, "attention": 6.5, "all": 20.0}
"""The same for Llama 3: keys and values are a quarter as wide (1.25 each), and the three
matrices of its MLP are 3.5 times wider (4.5 each)."""


def predict(parameters: Parameters) -> xr.Dataset:
    """Return ``sides * blocks * width * r``, the paper's ``2 L d r`` for square matrices."""
    blocks, width = BLOCKS_AND_WIDTH[parameters.model]
    sides = LLAMA_SIDES if parameters.model.startswith("llama") else SIDES
    trained = sides[parameters.targets] * blocks * width * parameters.rank
    return xr.Dataset(
        {
            "trained_parameters": variable((), trained, "parameters of the adapter"),
            "checkpoint": variable((), 2 * trained / 1e6, "adapter in half precision", "MB"),
        }
    )
