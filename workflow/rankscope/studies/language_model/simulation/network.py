"""The adapted upper layers of several runs at once, up to the first token's last state.

All runs read the same texts, each with weights of its own. In the last layer only the first
token's state is needed, so its keys and values are never formed: with one query ``q`` a head's
scores are ``(W_k^T q) . x_t``, and its output is ``W_v sum_t p_t x_t``. A shift of all scores
(the bias of the keys) changes no probability. That is 12 d^2 products a text in place of
12 d^2 a token, and gradients of frozen weights are never taken.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.nn import functional

from rankscope.studies.language_model.parameters import TARGETS

Weights = Mapping[str, torch.Tensor]
"""Weights of the runs by a matrix's name, shape ``(run, out, in)``, or ``(out, in)`` for all."""


@dataclasses.dataclass(frozen=True)
class Network:
    """The upper layers: frozen tensors by name, and what does not vary between runs.

    Attributes:
        base: pretrained weights, by names such as ``5.q``.
        biases: of these matrices.
        norms: weight and bias of the layer norms after attention and feed-forward, by layer.
        layers: numbers of the layers, from the lowest.
        heads: attention heads.
        epsilon: of the layer norms.
        activation: of the feed-forward block.
    """

    base: dict[str, torch.Tensor]
    biases: dict[str, torch.Tensor]
    norms: dict[int, tuple[torch.Tensor, ...]]
    layers: tuple[int, ...]
    heads: int
    epsilon: float
    activation: Callable[[torch.Tensor], torch.Tensor]

    @classmethod
    def of(cls, model: Any, layers: int) -> "Network":  # noqa: ANN401 - a model of transformers
        """Take the topmost layers of a model of BERT's kind."""
        depth = model.config.num_hidden_layers
        numbers = tuple(range(depth - layers, depth))
        base, biases, norms = {}, {}, {}
        for number in numbers:
            layer = model.encoder.layer[number]
            for letter, path in TARGETS.items():
                module = layer.get_submodule(path)
                base[f"{number}.{letter}"], biases[f"{number}.{letter}"] = (
                    module.weight,
                    module.bias,
                )
            after = layer.attention.output.LayerNorm, layer.output.LayerNorm
            norms[number] = tuple(t for norm in after for t in (norm.weight, norm.bias))
        return cls(
            base=base,
            biases=biases,
            norms=norms,
            layers=numbers,
            heads=model.config.num_attention_heads,
            epsilon=model.config.layer_norm_eps,
            activation=model.encoder.layer[-1].intermediate.intermediate_act_fn,
        )

    def first_state(
        self, weights: Weights, states: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """Return the first token's last state, shape ``(run, text, hidden)``.

        ``run`` is 1 where no weight differs between runs.

        Args:
            weights: those that differ from the pretrained ones.
            states: at the input of the layers, ``(text, token, hidden)``.
            mask: which tokens are there, ``(text, token)``.
        """
        weights = self.base | dict(weights)
        bias = attention_bias(mask)
        states = states[None]
        for number in self.layers[:-1]:
            states = self._all_tokens(number, weights, states, bias)
        return self._first_token(self.layers[-1], weights, states, bias)

    def _first_token(
        self, number: int, weights: Weights, states: torch.Tensor, bias: torch.Tensor
    ) -> torch.Tensor:
        first = states[:, :, 0]
        query = self._linear(f"{number}.q", weights, first).unflatten(-1, (self.heads, -1))
        key, value = (
            _runs(weights[f"{number}.{letter}"]).unflatten(1, (self.heads, -1)) for letter in "kv"
        )
        turned = torch.einsum("rbhk,rhkd->rbhd", query, key)
        scores = torch.einsum("rbhd,rbtd->rbht", turned, states) / math.sqrt(query.shape[-1])
        shares = torch.softmax(scores + bias[:, None, :], dim=-1)
        mixed = torch.einsum("rbht,rbtd->rbhd", shares, states)
        heads = torch.einsum("rbhd,rhkd->rbhk", mixed, value).flatten(-2)
        return self._feed_forward(number, weights, first, heads + self.biases[f"{number}.v"])

    def _all_tokens(
        self, number: int, weights: Weights, states: torch.Tensor, bias: torch.Tensor
    ) -> torch.Tensor:
        query, key, value = torch.broadcast_tensors(
            *(
                self._linear(f"{number}.{letter}", weights, states)
                .unflatten(-1, (self.heads, -1))
                .transpose(-2, -3)
                for letter in "qkv"
            )
        )
        heads = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=bias[None, :, None, None, :]
        )
        return self._feed_forward(number, weights, states, heads.transpose(-2, -3).flatten(-2))

    def _feed_forward(
        self, number: int, weights: Weights, states: torch.Tensor, heads: torch.Tensor
    ) -> torch.Tensor:
        one, shift, other, other_shift = self.norms[number]
        mixed = self._linear(f"{number}.o", weights, heads)
        attended = functional.layer_norm(mixed + states, one.shape, one, shift, self.epsilon)
        inner = self.activation(self._linear(f"{number}.u", weights, attended))
        mixed = self._linear(f"{number}.d", weights, inner) + attended
        return functional.layer_norm(mixed, one.shape, other, other_shift, self.epsilon)

    def _linear(self, name: str, weights: Weights, states: torch.Tensor) -> torch.Tensor:
        """Apply a matrix, one for all runs or one each, to states with runs in front."""
        weight, bias = weights[name], self.biases[name]
        if weight.dim() == 2:
            return functional.linear(states, weight, bias)
        found = states.flatten(1, -2) @ weight.mT + bias
        return found.unflatten(1, states.shape[1:-1])


def attention_bias(mask: torch.Tensor) -> torch.Tensor:
    """Return what is added to scores: nothing, or minus infinity where there is no token."""
    return torch.zeros(mask.shape, device=mask.device).masked_fill(~mask, -math.inf)


def _runs(weight: torch.Tensor) -> torch.Tensor:
    """Return a weight with runs in front."""
    return weight if weight.dim() == 3 else weight[None]
