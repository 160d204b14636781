"""Notions of rank, all taken from one vector of singular values.

Every function works along the last axis, so a stack of spectra is one call. Singular
values must be non-negative; they need not be sorted. An all-zero spectrum has rank 0 by
`numerical_rank` and no defined soft rank: those return ``nan``.
"""

import numpy as np


def numerical_rank(singular_values: np.ndarray, tolerance: float) -> np.ndarray:
    """Count the singular values above ``tolerance`` times the largest.

    Args:
        singular_values: shape ``(..., k)``.
        tolerance: relative to the largest singular value.

    Returns:
        Integer counts, shape ``(...)``.
    """
    largest = singular_values.max(axis=-1, keepdims=True)
    return np.count_nonzero(singular_values > tolerance * largest, axis=-1)


def exact_tolerance(rows: int, columns: int) -> float:
    """Return the relative tolerance of exact rank in float64, ``max(rows, columns) eps``.

    This is the default of ``numpy.linalg.matrix_rank``.
    """
    return max(rows, columns) * np.finfo(np.float64).eps


def stable_rank(singular_values: np.ndarray) -> np.ndarray:
    """Return ``sum s^2 / max s^2``, the squared Frobenius over the squared spectral norm."""
    energy = singular_values**2
    return _ratio(energy.sum(axis=-1), energy.max(axis=-1))


def participation_ratio(singular_values: np.ndarray) -> np.ndarray:
    """Return ``(sum s^2)^2 / sum s^4``, the participation ratio of the eigenvalues ``s^2``."""
    energy = singular_values**2
    return _ratio(energy.sum(axis=-1) ** 2, (energy**2).sum(axis=-1))


def effective_rank(singular_values: np.ndarray) -> np.ndarray:
    """Return ``exp H(p)`` with ``p = s / sum s`` and ``H`` the Shannon entropy.

    This is the effective rank *of singular values* (Roy and Vetterli, EUSIPCO 2007).
    """
    return _exp_entropy(singular_values)


def effective_rank_of_eigenvalues(singular_values: np.ndarray) -> np.ndarray:
    """Return ``exp H(p)`` with ``p = s^2 / sum s^2``: effective rank *of eigenvalues*."""
    return _exp_entropy(singular_values**2)


def energy_rank(singular_values: np.ndarray, share: float) -> np.ndarray:
    """Return the least number of leading directions that hold ``share`` of ``sum s^2``."""
    energy = np.sort(singular_values**2, axis=-1)[..., ::-1]
    held = np.cumsum(energy, axis=-1)
    # the last partial sum is the total, so that rounding cannot leave it short of itself
    short = held < share * held[..., -1:]
    return np.where(held[..., -1] > 0, np.count_nonzero(short, axis=-1) + 1, 0)


def top_share(singular_values: np.ndarray) -> np.ndarray:
    """Return ``max s^2 / sum s^2``, the share of the largest eigenvalue in the trace."""
    energy = singular_values**2
    return _ratio(energy.max(axis=-1), energy.sum(axis=-1))


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return numerator / np.where(denominator > 0, denominator, np.nan)


def _exp_entropy(weights: np.ndarray) -> np.ndarray:
    share = _ratio(weights, weights.sum(axis=-1, keepdims=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(share > 0, share * np.log(share), share)
    return np.exp(-terms.sum(axis=-1))
