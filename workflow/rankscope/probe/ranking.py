"""The smallest rank that holds a share of an update, for each module, as PEFT's patterns."""

import dataclasses
import re
from collections.abc import Iterable, Mapping

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
    """

    ranks: Mapping[str, int]
    stored: Mapping[str, int]
    share: Mapping[str, float]
    refused: Mapping[str, str]

    def config(self) -> dict[str, object]:
        """Return what a ``LoraConfig`` takes, with scaling 1 everywhere."""
        return config(self.ranks)


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
    source: adapter.Adapter, share: float, modules: Iterable[str] | None = None
) -> Recommendation:
    """Return the smallest ranks that hold a share of each update's energy, at least 1.

    Args:
        source: a LoRA adapter.
        share: of the squared Frobenius norm, in (0, 1].
        modules: which; all without.

    Raises:
        ProbeError: if there is no update that says its size without a base.
    """
    ranks, stored, held, refused = {}, {}, {}, {}
    for module in modules or source.modules:
        try:
            svd = decompose(source, module)
        except ProbeError as error:
            refused[module] = str(error)
            continue
        ranks[module] = smallest(svd, share)
        stored[module] = len(svd.singular_values)
        squares = svd.singular_values**2
        total = squares.sum()
        held[module] = float(squares[: ranks[module]].sum() / total) if total else 1.0
    if not ranks:
        raise ProbeError(f"{source.folder}: no update to take the rank of ({_first(refused)})")
    return Recommendation(ranks, stored, held, refused)


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


def _first(refused: Mapping[str, str]) -> str:
    return next((f"{module}: {why}" for module, why in refused.items()), "it is empty")
