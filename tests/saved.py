"""Adapters on disk as PEFT saves them."""

import json

import numpy as np
from safetensors.numpy import save_file

PREFIX = "base_model.model."
"""Of the names of an adapter's tensors."""


def adapter(folder, tensors, **config):
    """Save an adapter, LoRA unless the configuration says otherwise; return its folder.

    Args:
        folder: is made.
        tensors: arrays by their names without the prefix.
        config: of the adapter.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA"} | config))
    named = {PREFIX + name: values for name, values in tensors.items()}
    weights(folder / "adapter_model.safetensors", named)
    return folder


def weights(file, tensors):
    """Save tensors in single precision."""
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file({k: np.array(v, np.float32, order="C") for k, v in tensors.items()}, file)
