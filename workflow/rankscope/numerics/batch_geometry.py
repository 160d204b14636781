"""Angles and centred participation ratios of a batch, from its Gram matrix.

All functions take stacks of Gram matrices ``G = H H^T``, shape ``(..., m, m)``. An input
whose features all vanish has no direction: it is left out of every average.
"""

import numpy as np


def cosines(gram: np.ndarray) -> np.ndarray:
    """Return the cosine between every pair of inputs; rows of zero vectors are 0.

    Args:
        gram: shape ``(..., m, m)``.

    Returns:
        Shape ``(..., m, m)``, with 1 on the diagonal where the vector is not zero.
    """
    norms = np.sqrt(np.diagonal(gram, axis1=-2, axis2=-1))
    inverse = np.divide(1.0, norms, out=np.zeros_like(norms), where=norms > 0)
    result = gram * inverse[..., :, None]
    result *= inverse[..., None, :]
    np.einsum("...ii->...i", result)[...] = norms > 0
    return result


def mean_cosine(cosine: np.ndarray) -> np.ndarray:
    """Return the mean cosine over pairs of different inputs, shape ``(...)``."""
    count = np.trace(cosine, axis1=-2, axis2=-1)
    return _ratio(cosine.sum(axis=(-2, -1)) - count, count * (count - 1))


def mean_log_squared_sine(cosine: np.ndarray) -> np.ndarray:
    """Return the mean of ``ln sin^2`` of the angle over pairs, shape ``(...)``.

    A squared sine below the rounding error of ``1 - cos^2`` counts as that, ``eps``.
    """
    first, second = np.triu_indices(cosine.shape[-1], 1)
    terms = cosine[..., first, second]
    # in place: a stack's temporaries cost more than its sums
    np.subtract(1.0, np.square(terms, out=terms), out=terms)
    np.log(np.maximum(terms, np.finfo(float).eps, out=terms), out=terms)
    # where an input is left out, ln(1 - 0) adds nothing
    count = np.trace(cosine, axis1=-2, axis2=-1)
    return _ratio(terms.sum(axis=-1), count * (count - 1) / 2)


def centred(matrix: np.ndarray) -> np.ndarray:
    """Return ``P M P`` with ``P`` the projector that removes the batch mean.

    Inputs with a zero on the diagonal are not part of the batch.
    """
    present = np.diagonal(matrix, axis1=-2, axis2=-1) > 0
    count = np.maximum(present.sum(axis=-1), 1)[..., None]
    result = matrix - (matrix.sum(axis=-2) / count)[..., None, :]
    result -= (result.sum(axis=-1) / count)[..., :, None]
    if not present.all():
        result *= present[..., :, None] & present[..., None, :]
    return np.asarray(result)


def participation_ratio(matrix: np.ndarray) -> np.ndarray:
    """Return ``(tr M)^2 / tr M^2`` of symmetric matrices, without their eigenvalues."""
    trace = np.trace(matrix, axis1=-2, axis2=-1)
    return _ratio(trace**2, np.einsum("...ij,...ij->...", matrix, matrix))


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    missing = np.full(np.shape(numerator), np.nan)
    return np.divide(numerator, denominator, out=missing, where=denominator > 0)
