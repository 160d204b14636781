"""The adapted upper layers of several runs at once, up to the first token's last state.

All runs read the same texts, each with updates of its own. What the pretrained weights make of a
state that runs share is made once for all; an update is added as the two thin products that it is
made of. In the last layer only the first token asks. What an update adds to its scores is
``(B_h^T q) . (A x_t)`` for head ``h``, and to its output ``B_h sum_t p_t A x_t``: no keys or values
of a run are formed. A shift of all scores (the bias of the keys) changes no probability. Gradients
of frozen weights are never taken.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.nn import functional

from rankscope.studies.language_model.parameters import TARGETS


@dataclasses.dataclass(frozen=True)
class Update:
    """The update of a matrix, ``left right`` or ``left`` alone.

    Attributes:
        left: shape ``(out, k)``.
        right: shape ``(k, in)``; without it ``k`` is ``in``.
    """

    left: torch.Tensor
    right: torch.Tensor | None = None

    def dense(self) -> torch.Tensor:
        """Form the matrix, shape ``(out, in)``."""
        return self.left if self.right is None else self.left @ self.right

    def scaled(self, factor: float) -> "Update":
        """Return a multiple of the update."""
        return Update(factor * self.left, self.right)

    def of_states(self, states: torch.Tensor) -> torch.Tensor:
        """Apply it to states, ``(..., in)`` to ``(..., out)``."""
        inner = states if self.right is None else states @ self.right.T
        return inner @ self.left.T

    def of_queries(self, queries: torch.Tensor, inner: torch.Tensor) -> torch.Tensor:
        """Return what it adds to scores if it is of keys, shape ``(text, head, token)``.

        Args:
            queries: shape ``(text, head, size)``.
            inner: what ``right`` makes of the states, shape ``(text, token, k)``.
        """
        turned = torch.einsum("bhs,hsk->bhk", queries, self._by_head(queries.shape[1]))
        return turned @ inner.mT

    def of_shares(self, shares: torch.Tensor, inner: torch.Tensor) -> torch.Tensor:
        """Return what it adds to heads' outputs if it is of values, ``(text, head, size)``.

        Args:
            shares: of attention, shape ``(text, head, token)``.
            inner: what ``right`` makes of the states, shape ``(text, token, k)``.
        """
        return torch.einsum("bhk,hsk->bhs", shares @ inner, self._by_head(shares.shape[1]))

    def _by_head(self, heads: int) -> torch.Tensor:
        return self.left.unflatten(0, (heads, -1))


Updates = Mapping[str, Sequence[Update | None]]
"""By a matrix's name the update of each run, or ``None`` where it has none."""


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
        self, updates: Updates, states: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """Return the first token's last state, shape ``(run, text, hidden)``.

        ``run`` is 1 where no run has an update.

        Args:
            updates: of the pretrained weights.
            states: at the input of the layers, ``(text, token, hidden)``.
            mask: which tokens are there, ``(text, token)``.
        """
        bias = attention_bias(mask)
        states = states[None]
        for number in self.layers[:-1]:
            states = self._all_tokens(number, updates, states, bias)
        return self._first_token(self.layers[-1], updates, states, bias)

    def _first_token(
        self, number: int, updates: Updates, states: torch.Tensor, bias: torch.Tensor
    ) -> torch.Tensor:
        first = states[:, :, 0]
        query = self._linear(f"{number}.q", updates, first).unflatten(-1, (self.heads, -1))
        keys, values = (
            functional.linear(states, self.base[f"{number}.{letter}"]).unflatten(
                -1, (self.heads, -1)
            )
            for letter in "kv"
        )
        scores = torch.einsum("rbhk,rbthk->rbht", query, keys)
        of_keys, of_values = (updates.get(f"{number}.{letter}", ()) for letter in "kv")
        scores = _updated(scores, of_keys, Update.of_queries, query, _inner(of_keys, states))
        shares = torch.softmax(scores / math.sqrt(query.shape[-1]) + bias[:, None, :], dim=-1)
        heads = torch.einsum("rbht,rbthk->rbhk", shares, values)
        heads = _updated(heads, of_values, Update.of_shares, shares, _inner(of_values, states))
        heads = heads.flatten(-2) + self.biases[f"{number}.v"]
        return self._feed_forward(number, updates, first, heads)

    def _all_tokens(
        self, number: int, updates: Updates, states: torch.Tensor, bias: torch.Tensor
    ) -> torch.Tensor:
        query, key, value = torch.broadcast_tensors(
            *(
                self._linear(f"{number}.{letter}", updates, states)
                .unflatten(-1, (self.heads, -1))
                .transpose(-2, -3)
                for letter in "qkv"
            )
        )
        heads = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=bias[None, :, None, None, :]
        )
        return self._feed_forward(number, updates, states, heads.transpose(-2, -3).flatten(-2))

    def _feed_forward(
        self, number: int, updates: Updates, states: torch.Tensor, heads: torch.Tensor
    ) -> torch.Tensor:
        one, shift, other, other_shift = self.norms[number]
        mixed = self._linear(f"{number}.o", updates, heads)
        attended = functional.layer_norm(mixed + states, one.shape, one, shift, self.epsilon)
        inner = self.activation(self._linear(f"{number}.u", updates, attended))
        mixed = self._linear(f"{number}.d", updates, inner) + attended
        return functional.layer_norm(mixed, one.shape, other, other_shift, self.epsilon)

    def _linear(self, name: str, updates: Updates, states: torch.Tensor) -> torch.Tensor:
        """Apply a matrix with the runs' updates to states with runs in front."""
        found = functional.linear(states, self.base[name], self.biases[name])
        return _updated(found, updates.get(name, ()), Update.of_states, states)


def _updated(
    found: torch.Tensor,
    updates: Sequence[Update | None],
    apply: Callable[..., torch.Tensor],
    *inputs: torch.Tensor | Sequence[torch.Tensor],
) -> torch.Tensor:
    """Add to what the pretrained weight makes of inputs what each run's update makes of them.

    Tensors have runs in front, or 1 where runs do not differ yet.
    """
    if not updates:
        return found
    runs = [
        part.expand(len(updates), *part.shape[1:]) if isinstance(part, torch.Tensor) else part
        for part in (found, *inputs)
    ]
    return torch.stack(
        [
            of_base if update is None else of_base + apply(update, *own)
            for update, of_base, *own in zip(updates, *runs, strict=True)
        ]
    )


def _inner(updates: Sequence[Update | None], states: torch.Tensor) -> list[torch.Tensor]:
    """Return what each update's right factor makes of states, if it has one.

    Of states that runs share by one product: many thin ones would each read all states.
    """
    if not updates:
        return []
    rights = [None if update is None else update.right for update in updates]
    thin = [right for right in rights if right is not None]
    if len(states) > 1 or not thin:
        own = states.expand(len(updates), *states.shape[1:])
        return [s if right is None else s @ right.T for s, right in zip(own, rights, strict=True)]
    together = states[0] @ torch.cat(thin).T
    parts = iter(together.split([len(right) for right in thin], dim=-1))
    return [states[0] if right is None else next(parts) for right in rights]


def attention_bias(mask: torch.Tensor) -> torch.Tensor:
    """Return what is added to scores: nothing, or minus infinity where there is no token."""
    return torch.zeros(mask.shape, device=mask.device).masked_fill(~mask, -math.inf)
