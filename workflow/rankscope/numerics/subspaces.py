"""Angles and overlaps between subspaces, given by orthonormal bases as columns."""

import numpy as np


def cosines(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the cosines of the principal angles, descending.

    Args:
        first: orthonormal columns, shape ``(..., d, p)``.
        second: orthonormal columns, shape ``(..., d, q)``.

    Returns:
        ``min(p, q)`` values in [0, 1], shape ``(..., min(p, q))``.

    Source:
        Bjorck and Golub, Math. Comp. 27 (1973).
    """
    inner = np.swapaxes(first, -1, -2) @ second
    return np.clip(np.linalg.svd(inner, compute_uv=False), 0.0, 1.0)


def overlap(vectors: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Return ``|P v| / |v|``, the share of each vector's length that lies in a subspace.

    Args:
        vectors: shape ``(..., d)``.
        basis: orthonormal columns of the subspace, shape ``(..., d, p)``.

    Returns:
        Values in [0, 1], shape ``(...)``; ``nan`` for a zero vector.
    """
    inside = np.linalg.norm(np.einsum("...dp,...d->...p", basis, vectors), axis=-1)
    length = np.linalg.norm(vectors, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return inside / np.where(length > 0, length, np.nan)


def subspace_similarity(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return LoRA's ``phi(i, j)`` for all leading ``i`` and ``j`` columns at once.

    ``phi(i, j) = |first[:, :i]^T second[:, :j]|_F^2 / min(i, j)``, by cumulative sums of
    the squared cosines.

    Args:
        first: orthonormal columns in order, shape ``(d, p)``.
        second: orthonormal columns in order, shape ``(d, q)``.

    Returns:
        Values in [0, 1], shape ``(p, q)``; entry ``[i - 1, j - 1]`` is ``phi(i, j)``.

    Source:
        Hu et al., arXiv 2106.09685, equation 4.
    """
    squares = (first.T @ second) ** 2
    sums = squares.cumsum(axis=0).cumsum(axis=1)
    rows, columns = np.indices(sums.shape)
    return sums / (np.minimum(rows, columns) + 1)
