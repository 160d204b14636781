"""Activations and output gradients of every adapted matrix, text by text, at the start."""

import dataclasses

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from rankscope.studies.language_model.simulation import network
from rankscope.studies.language_model.simulation.network import Network, Updates
from rankscope.studies.language_model.simulation.training import Data
from rankscope.studies.rank_budget.simulation.gradients import Gradients

Head = tuple[torch.Tensor, torch.Tensor]


@dataclasses.dataclass(frozen=True)
class Recording(Network):
    """A network that notes what goes into each matrix and what comes out.

    Keys and values are formed for all tokens in the last layer too, where `Network` needs none.

    Attributes:
        seen: inputs and outputs by a matrix's name, of the last pass.
    """

    seen: dict[str, tuple[torch.Tensor, torch.Tensor]] = dataclasses.field(default_factory=dict)

    def first_state(
        self, updates: Updates, states: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """Return the first token's last state, shape ``(run, text, hidden)``."""
        bias = network.attention_bias(mask)
        states = states[None]
        for number in self.layers:
            states = self._all_tokens(number, updates, states, bias)
        return states[:, :, 0]

    def _linear(self, name: str, updates: Updates, states: torch.Tensor) -> torch.Tensor:
        found = super()._linear(name, updates, states).requires_grad_()
        self.seen[name] = states.detach(), found
        return found


def gradients(data: Data, head: Head, texts: np.ndarray) -> dict[str, Gradients]:
    """Return the gradients of texts' losses by the pretrained matrices, with a given head.

    Args:
        data: the encoded texts and the upper layers.
        head: weight and bias of the classifier.
        texts: which texts.
    """
    parts = {field.name: getattr(data.network, field.name) for field in dataclasses.fields(Network)}
    recording = Recording(**parts)
    states, mask, labels = data.texts.batch(texts)
    first = recording.first_state({}, states, mask)[0]
    loss = cross_entropy(first @ head[0].T + head[1], labels, reduction="sum")
    outputs = [output for _, output in recording.seen.values()]
    taken = torch.autograd.grad(loss, outputs)
    return {
        name: _rows(inputs, gradient)
        for (name, (inputs, _)), gradient in zip(recording.seen.items(), taken, strict=True)
    }


def _rows(inputs: torch.Tensor, outputs: torch.Tensor) -> Gradients:
    """Keep the tokens that the loss depends on, shapes ``(1, text, token, side)``."""
    used = (outputs[0] != 0).any(dim=-1)
    # a text of which nothing is used still has a row
    used[:, 0] = True
    text = torch.nonzero(used)[:, 0]
    rows, taken = (side[0][used].cpu().numpy() for side in (inputs, outputs))
    return Gradients(rows, taken, text.cpu().numpy())
