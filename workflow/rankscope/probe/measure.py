"""Everything that is measured on one adapted matrix."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from rankscope.numerics import adapter_probes, leading_directions, low_rank, ranks, subspaces

SINGLE_PRECISION = float(np.finfo(np.float32).eps)
INTRUDER_COSINE = 0.5
CHANCE = ("alignment_chance_lower", "alignment_chance_upper")


@dataclasses.dataclass(frozen=True)
class Settings:
    """What to measure.

    Attributes:
        ranks: numbers of directions at which amplification is taken.
        directions: leading directions of the similarity with another adapter.
        intruders: leading directions of the tuned weight that are tested for being intruders;
            0 leaves the intruders out, and with them the one dense decomposition.
    """

    ranks: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)
    directions: int = 8
    intruders: int = 10


def decompose(lora_B: np.ndarray, lora_A: np.ndarray, scaling: float) -> low_rank.LowRankSvd:  # noqa: N803
    """Return the singular value decomposition of an update, the cheaper of two ways."""
    if lora_A.shape[0] < min(lora_B.shape[0], lora_A.shape[1]):
        return low_rank.svd(lora_B, lora_A, scaling)
    left, values, right_t = np.linalg.svd(scaling * (lora_B @ lora_A), full_matrices=False)
    return low_rank.LowRankSvd(left, values, right_t.T)


def update(base: np.ndarray, svd: low_rank.LowRankSvd, settings: Settings) -> dict[str, Any]:
    """Measure an update's spectrum, ranks, relative norm and amplification.

    Args:
        base: the base weight, shape ``(out, in)``.
        svd: the decomposition of its update.
        settings: what to measure.

    Returns:
        Values by the names of the variables they become.
    """
    values = svd.singular_values
    base_norm = float(np.linalg.norm(base))
    rank = numerical_rank(svd)
    return {
        "rows": base.shape[0],
        "columns": base.shape[1],
        "base_norm": base_norm,
        "update_norm": float(svd.frobenius_norm),
        "relative_norm": float(svd.frobenius_norm) / base_norm,
        "numerical_rank": rank,
        "stable_rank": float(ranks.stable_rank(values)),
        "effective_rank": float(ranks.effective_rank(values)),
        "rank_90": int(ranks.energy_rank(values, 0.90)),
        "rank_99": int(ranks.energy_rank(values, 0.99)),
        **_amplification(base, svd, [r if r <= rank else 0 for r in settings.ranks]),
    }


def numerical_rank(svd: low_rank.LowRankSvd) -> int:
    """Return an update's rank at the accuracy of float32, which adapters are trained in."""
    values = svd.singular_values
    tolerance = max(svd.left.shape[0], svd.right.shape[0]) * SINGLE_PRECISION
    return int(ranks.numerical_rank(values, tolerance)) if values[0] > 0 else 0


def _amplification(
    base: np.ndarray, svd: low_rank.LowRankSvd, probed: list[int]
) -> dict[str, np.ndarray]:
    found = {
        name: np.full(len(probed), np.nan)
        for name in ("amplification", "amplification_null", "alignment", *CHANCE)
    }
    for place, rank in enumerate(probed):
        if rank:
            one = adapter_probes.amplification(
                base, svd.left[:, :rank], svd.right[:, :rank], float(svd.frobenius_norm)
            )
            found["amplification"][place] = one.factor
            found["amplification_null"][place] = one.factor_null
            found["alignment"][place] = one.alignment
            for name, quantile in zip(CHANCE, alignment_chance(rank), strict=True):
                found[name][place] = quantile
    return found


def alignment_chance(rank: int) -> tuple[float, float]:
    """Return the 95 % interval of the alignment of ``rank`` random directions.

    The ``rank^2`` entries of ``U^T W V`` are nearly independent normals for random ``U`` and
    ``V``, unless a few singular values dominate ``W``; the alignment is their norm over its
    root mean square.
    """
    count = rank**2
    low, high = np.sqrt(stats.chi2.ppf([0.025, 0.975], count) / count)
    return float(low), float(high)


def left_basis(base: np.ndarray) -> np.ndarray:
    """Return all left singular vectors of a base weight, which intruders are matched with."""
    return np.linalg.svd(base, full_matrices=False)[0]


def intruders(
    base: np.ndarray,
    base_left: np.ndarray,
    svd: low_rank.LowRankSvd,
    settings: Settings,
    generators: Sequence[np.random.Generator],
) -> dict[str, Any]:
    """Match the tuned weight's leading directions with the base weight's, and count intruders.

    The control is an update of the same singular values, hence the same norm, in random
    directions. A single random direction's best match is ``random_match``.

    Args:
        base: the base weight, shape ``(out, in)``.
        base_left: its left singular vectors, from `left_basis`.
        svd: the decomposition of its update.
        settings: what to measure.
        generators: one per control.

    Returns:
        Values by the names of the variables they become.
    """
    count = min(settings.intruders, min(base.shape))
    match = _match(base + svd.dense(), base_left, count)
    controls = [
        _match(base + low_rank.with_random_directions(svd, generator).dense(), base_left, count)
        for generator in generators
    ]
    short = settings.intruders - count
    return {
        "best_match": np.pad(match, (0, short), constant_values=np.nan),
        "intruders": int(np.count_nonzero(match < INTRUDER_COSINE)),
        "intruders_control": np.array([np.count_nonzero(c < INTRUDER_COSINE) for c in controls]),
        "random_match": adapter_probes.random_match(base.shape[0], base_left.shape[1])[0],
    }


def _match(tuned: np.ndarray, base_left: np.ndarray, count: int) -> np.ndarray:
    return adapter_probes.best_match(leading_directions.leading_left(tuned, count), base_left)


def similarity(
    first: low_rank.LowRankSvd, second: low_rank.LowRankSvd, directions: int
) -> np.ndarray:
    """Return ``phi(i, j)`` of two updates on both sides, shape ``(2, directions, directions)``.

    Index 0 is the right side, which LoRA's paper shows (that of ``A``), index 1 the left;
    beyond the numerical rank of an update the values are ``nan``.
    """
    first, second = (svd.truncated(numerical_rank(svd)) for svd in (first, second))
    result = np.full((2, directions, directions), np.nan)
    for side, (one, other) in enumerate(((first.right, second.right), (first.left, second.left))):
        phi = subspaces.subspace_similarity(one[:, :directions], other[:, :directions])
        result[side, : phi.shape[0], : phi.shape[1]] = phi
    return result
