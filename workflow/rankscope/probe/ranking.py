"""The rank that each module needs, as PEFT's patterns.

That is the smallest that holds a share of the update or, given adapters of a task without
structure, the number of directions that exceed chance.
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence

import numpy as np

from rankscope.numerics import low_rank
from rankscope.probe import ProbeError, adapter, measure


@dataclasses.dataclass(frozen=True)
class Recommendation:
    """Ranks for the modules of an adapter.

    Attributes:
        ranks: the rank of each module.
        stored: the rank that the adapter has there.
        share: the share of each update's energy that these ranks hold.
        refused: modules that have none, and why.
        excluded: modules of which nothing exceeds chance.
    """

    ranks: Mapping[str, int]
    stored: Mapping[str, int]
    share: Mapping[str, float]
    refused: Mapping[str, str]
    excluded: Sequence[str]

    def config(self) -> dict[str, object]:
        """Return what a ``LoraConfig`` takes, with scaling 1 everywhere."""
        without = "|".join(map(re.escape, self.excluded))
        return config(self.ranks) | ({"exclude_modules": without} if without else {})


def config(ranks: Mapping[str, int]) -> dict[str, object]:
    """Return ``r``, ``lora_alpha`` and their patterns with ``alpha / r = 1`` in every module.

    PEFT takes the first pattern that ends a module's name, so that longer names come first.
    """
    default = max(ranks.values())
    pattern = {
        re.escape(module): ranks[module]
        for module in sorted(ranks, key=lambda name: (-len(name), name))
        if ranks[module] != default
    }
    # a module of the default rank must not be caught by a shorter one's pattern
    caught = {
        re.escape(module): default
        for module in sorted(ranks, key=lambda name: (-len(name), name))
        if ranks[module] == default
        and any(re.match(rf"(.*\.)?({one})$", module) for one in pattern)
    }
    pattern = dict(sorted({**pattern, **caught}.items(), key=lambda item: -len(item[0])))
    return {
        "r": default,
        "lora_alpha": default,
        "use_rslora": False,
        "rank_pattern": pattern,
        "alpha_pattern": dict(pattern),
    }


def recommend(
    source: adapter.Adapter, share: float, nulls: Sequence[adapter.Adapter] = ()
) -> Recommendation:
    """Return the smallest ranks that hold a share of each update's energy, at least 1.

    With nulls the rank is the number of singular values that exceed all of theirs in that
    module. If training on the task does no more than on theirs, the largest of ``n + 1``
    adapters is this one's with probability ``1 / (n + 1)``: so often is anything kept.

    Args:
        source: a LoRA adapter.
        share: of the squared Frobenius norm, in (0, 1].
        nulls: adapters that were trained alike, on a task without structure.

    Raises:
        ProbeError: if there is no update that says its size without a base, or none exceeds
            chance.
    """
    ranks, stored, held, refused, excluded = {}, {}, {}, {}, []
    for module in source.modules:
        try:
            svd = decompose(source, module)
            rank = _exceeding(svd, module, nulls) if nulls else smallest(svd, share)
        except ProbeError as error:
            refused[module] = str(error)
            continue
        if not rank:
            excluded.append(module)
            continue
        ranks[module] = rank
        stored[module] = len(svd.singular_values)
        squares = svd.singular_values**2
        total = squares.sum()
        held[module] = float(squares[: ranks[module]].sum() / total) if total else 1.0
    if not ranks and excluded:
        raise ProbeError(f"{source.folder}: in no module does anything exceed the null")
    if not ranks:
        why = next((f"{module}: {why}" for module, why in refused.items()), "it is empty")
        raise ProbeError(f"{source.folder}: no update to take the rank of ({why})")
    return Recommendation(ranks, stored, held, refused, excluded)


def decompose(source: adapter.Adapter, module: str) -> low_rank.LowRankSvd:
    """Return the decomposition of an update that needs no base.

    Raises:
        ProbeError: if it needs one, or is not finite.
    """
    change = source.change(module, None)
    assert not isinstance(change, np.ndarray), "a whole weight was refused without a base"
    svd = measure.decompose(*change)
    if not np.isfinite(svd.frobenius_norm):
        raise ProbeError("its update is not finite")
    return svd


def smallest(svd: low_rank.LowRankSvd, share: float) -> int:
    """Return the smallest rank that holds a share of the energy, at least 1."""
    squares = svd.singular_values**2
    if not squares.sum():
        return 1
    # equal to the share but for rounding is enough
    held = np.cumsum(squares) / squares.sum()
    return min(len(squares), int(np.searchsorted(held, share - 1e-12)) + 1)


def _exceeding(svd: low_rank.LowRankSvd, module: str, nulls: Sequence[adapter.Adapter]) -> int:
    """Return how many singular values exceed the largest of all nulls."""
    largest = 0.0
    for null in nulls:
        if module not in null.modules:
            raise ProbeError(f"{null.folder} has no update of it to compare with")
        largest = max(largest, float(decompose(null, module).singular_values[0]))
    return int(np.count_nonzero(svd.singular_values > largest))
