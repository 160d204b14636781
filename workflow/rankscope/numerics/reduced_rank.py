"""Least squares and reduced-rank regression, the finite-sample optimum of a LoRA update."""

import numpy as np
from scipy import linalg


def least_squares(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit ``y = x M^T`` by least squares.

    Args:
        x: inputs as rows, shape ``(n, d)`` with ``n >= d``.
        y: outputs as rows, shape ``(n, D)``.

    Returns:
        ``M`` of shape ``(D, d)`` and the upper triangular ``R`` of ``x = Q R``.
    """
    basis, upper = np.linalg.qr(x)
    return linalg.solve_triangular(upper, basis.T @ y).T, upper


def path(coefficients: np.ndarray, upper: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the squared error of reduced-rank regression at every rank.

    The fit of rank ``r`` that minimises the squared residuals is ``M`` projected on the
    leading ``r`` left singular vectors of the fitted values ``M R^T`` (Izenman 1975).

    Args:
        coefficients: ``M`` of `least_squares`, shape ``(D, d)``.
        upper: ``R`` of `least_squares`, shape ``(d, d)``.
        target: the true ``M``, shape ``(D, d)``.

    Returns:
        ``|M_r - target|_F^2`` for ``r = 0 ... min(D, d)``.
    """
    left = np.linalg.svd(coefficients @ upper.T, full_matrices=False)[0]
    fitted, true = left.T @ coefficients, left.T @ target
    # each direction that is added replaces the truth missing in it by the error of the fit
    change = ((fitted - true) ** 2).sum(axis=1) - (true**2).sum(axis=1)
    return np.concatenate([[0.0], np.cumsum(change)]) + (target**2).sum()
