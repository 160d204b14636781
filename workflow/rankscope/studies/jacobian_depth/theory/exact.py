"""Exact laws of linear and ReLU networks at any width and depth.

By the symmetry of the weights the gates are independent coins, heads for a share ``1/a`` of all
units. Let ``A = J J^T``, ``s = tr A`` and ``t = tr A^2``. A layer multiplies ``E (s^2 - t)`` by one
factor and ``E (s^2 + 2 t)`` by g times as much, so that

    E s^2 / E t = (r + 2) / (r - 1) = (1 + 2 / r) / (1 - 1 / r),    r = (n + 2) / (n - 1) g^l,

with ``g = 1 + 3 a / (n - 1)`` for Gaussian and ``1 + 3 (a - 1) / (n + 2)`` for orthogonal weights.
``|J u|^2`` is a product of independent ``(a/n) chi^2_N``, or ``a`` times Beta variables of
``N/2, (n - N)/2``, with N active units. Derived in docs.
"""

import dataclasses

import numpy as np
from scipy import special, stats


def annealed_ratio(width: int, gate: int, layers: np.ndarray, *, orthogonal: bool) -> np.ndarray:
    """Return ``E (tr A)^2 / E tr A^2`` at layers."""
    n = width
    growth = 3 * (gate - 1) / (n + 2) if orthogonal else 3 * gate / (n - 1)
    inverse = (n - 1) / (n + 2) * np.exp(-layers * np.log1p(growth))
    return (1 + 2 * inverse) / (1 - inverse)


@dataclasses.dataclass(frozen=True)
class Growth:
    """How much ``log R_kk^2`` gains in a layer, for ``J = Q R``; ``k = 1`` is ``log |J u|^2``."""

    mean: float
    variance: float


def growth(width: int, gate: int, k: int, *, orthogonal: bool) -> Growth:
    """Return mean and variance of a layer's gain, given that at least k units are active.

    Given N the gain is that of ``(a/n) chi^2_(N-k+1)``, or of ``a`` times a Beta variable of
    ``(N-k+1)/2`` and ``(n-N)/2``: sums of digammas and trigammas.
    """
    units = np.arange(k, width + 1) if gate > 1 else np.array([width])
    chance = stats.binom.pmf(units, width, 1 / gate)
    chance /= chance.sum()
    of_unit = (units - k + 1) / 2
    mean = np.log(2 * gate / width) + special.digamma(of_unit)
    variance = special.polygamma(1, of_unit)
    if orthogonal:
        whole = (width - k + 1) / 2
        mean += np.log(width / 2) - special.digamma(whole)
        variance = variance - special.polygamma(1, whole)
    total = float(chance @ mean)
    return Growth(total, float(chance @ (variance + (mean - total) ** 2)))
