"""Closed forms: fixed points without noise, the law of occupied cells, laws at large ``lambda``.

All are derived here.
"""

import math

import numpy as np

CELLS = 4


def squared_length(ridge: float) -> float:
    """Return ``C = log((1 - 4 beta) / (4 beta))``, the sum of ``v_i^2`` over a cell."""
    return math.log((1 - 4 * ridge) / (4 * ridge))


def last_eigenvalues(ridge: float) -> np.ndarray:
    """Return the outliers of the last-layer Hessian and G: ``beta (1 - 4 beta) C, 4 beta^2 C``."""
    c = squared_length(ridge)
    return np.array([ridge * (1 - 4 * ridge) * c, 4 * ridge**2 * c])


def occupancy(width: int) -> np.ndarray:
    """Return ``P(r)``, ``r = 0 .. 4``: the law of the number of cells that neurons occupy.

    Each neuron picks one of four cells uniformly and independently:
    ``P(r) = C(4, r) sum_j (-1)^j C(r, j) (r - j)^K / 4^K``.
    """
    return np.array(
        [
            math.comb(CELLS, r)
            * sum((-1) ** j * math.comb(r, j) * (r - j) ** width for j in range(r + 1))
            / CELLS**width
            for r in range(CELLS + 1)
        ]
    )


def misalignment_law(
    ridge: float,
    snr: float,
    samples_per_dimension: float,
    corrector: float,
    times: np.ndarray,
    per_cell: float,
) -> np.ndarray:
    """Return ``1 - rho(W_i, E_2)`` at the optimal classifier, to first order in ``1 / lambda``.

    ``(2 / phi + 2 beta c) / lambda + exp(-2 beta t) / (2 |W_i|^2)``, ``|W_i|^2 = C`` over the
    number of neurons per cell. Corrections are of relative order ``lambda^(-1/2)``.
    """
    steady = (2 / samples_per_dimension + 2 * ridge * corrector) / snr
    length = squared_length(ridge) / per_cell
    return steady + np.exp(-2 * ridge * np.asarray(times)) / (2 * length)


def kink_term(ridge: float, snr: float) -> float:
    """Return what the almost-everywhere Hessian misses: ``2 beta sqrt(lambda / (2 pi))``.

    It is the curvature of the population risk in ``W_i`` of a neuron along ``mu``, in the
    direction ``nu`` (and the reverse), where pre-activations of the other class straddle 0.
    """
    return 2 * ridge * math.sqrt(snr / (2 * math.pi))
