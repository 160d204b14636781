"""How alike the updates of several adapters are, each value beside that of chance."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rankscope.numerics import adapter_probes, low_rank
from rankscope.probe import measure


def compare(updates: Sequence[low_rank.LowRankSvd | None], directions: int) -> dict[str, Any]:
    """Compare the updates of one matrix, the first adapter's first.

    Args:
        updates: one per adapter; ``None`` where an adapter has none for this matrix.
        directions: leading directions that are compared.

    Returns:
        Values by the names of the variables they become: for two adapters ``phi`` of all pairs
        of numbers of directions, for any number of them matrices of similarities.
    """
    first = updates[0]
    assert first is not None, "the first adapter is the one that is probed"
    count = len(updates)
    kept = [None if one is None else one.truncated(_rank(one)) for one in updates]
    similarity, chance, deviation, shared = np.full((4, 2, count, count), np.nan)
    cosine = np.full((count, count), np.nan)
    for i, one in enumerate(kept):
        for j, other in enumerate(kept):
            if one is None or other is None or not _rank(one) or not _rank(other):
                continue
            cosine[i, j] = _cosine(one, other)
            for side, (left, right) in enumerate(_sides(one, other, directions)):
                found = _similar(left, right)
                similarity[side, i, j], chance[side, i, j] = found[:2]
                deviation[side, i, j], shared[side, i, j] = found[2:]
    values: dict[str, Any] = {
        "similarity": similarity,
        "similarity_null": chance,
        "similarity_null_sd": deviation,
        "shared_directions": shared,
        "update_cosine": cosine,
        "update_cosine_null_sd": float((first.left.shape[0] * first.right.shape[0]) ** -0.5),
    }
    if count == 2 and updates[1] is not None:
        values["phi"] = measure.similarity(first, updates[1], directions)
        values |= _phi_null(first, values["phi"])
    return values


def _rank(svd: low_rank.LowRankSvd) -> int:
    return min(measure.numerical_rank(svd), svd.left.shape[1]) if svd.singular_values.size else 0


def _sides(
    one: low_rank.LowRankSvd, other: low_rank.LowRankSvd, directions: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    return [
        (one.right[:, :directions], other.right[:, :directions]),
        (one.left[:, :directions], other.left[:, :directions]),
    ]


def _similar(left: np.ndarray, right: np.ndarray) -> tuple[float, float, float, int]:
    """Return ``phi``, its mean and deviation by chance, and how many directions are shared.

    A direction is shared if its principal cosine exceeds the edge of those of two random
    subspaces of dimensions ``p`` and ``q``, ``(sqrt(p (d - q)) + sqrt(q (d - p))) / d``.
    """
    dimension, p, q = left.shape[0], left.shape[1], right.shape[1]
    cosines = np.linalg.svd(left.T @ right, compute_uv=False)
    edge = (np.sqrt(p * (dimension - q)) + np.sqrt(q * (dimension - p))) / dimension
    return (
        float((cosines**2).sum()) / min(p, q),
        float(adapter_probes.similarity_null(dimension, p, q)),
        float(adapter_probes.similarity_null_sd(dimension, p, q)),
        int(np.count_nonzero(cosines > edge)),
    )


def _cosine(one: low_rank.LowRankSvd, other: low_rank.LowRankSvd) -> float:
    """Return ``<dW, dW'> / (|dW| |dW'|)``, of the directions that are known."""
    p, q = one.left.shape[1], other.left.shape[1]
    left, right = one.left.T @ other.left, one.right.T @ other.right
    weights = np.outer(one.singular_values[:p], other.singular_values[:q])
    return float((left * right * weights).sum() / (one.frobenius_norm * other.frobenius_norm))


def _phi_null(svd: low_rank.LowRankSvd, phi: np.ndarray) -> dict[str, np.ndarray]:
    i, j = np.indices(phi.shape[1:]) + 1
    sizes = (svd.right.shape[0], svd.left.shape[0])
    null = [adapter_probes.similarity_null(d, i, j) for d in sizes]
    # no more directions than there are have a spread
    deviation = [
        adapter_probes.similarity_null_sd(d, np.minimum(i, d), np.minimum(j, d)) for d in sizes
    ]
    return {"phi_null": np.array(null), "phi_null_sd": np.array(deviation)}
