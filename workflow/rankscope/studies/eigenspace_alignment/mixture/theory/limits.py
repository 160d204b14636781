"""Closed forms: fixed point without noise, thresholds at the start, law at large ``lambda``.

All are derived here, for orthonormal means and equal classes.
"""

import dataclasses
import math

import numpy as np
from scipy import optimize

from rankscope.studies.eigenspace_alignment.effective_spectrum import edge_position


@dataclasses.dataclass(frozen=True)
class FixedPoint:
    """``x^a = m (mu_a - sum_{b != a} mu_b / (k - 1))``, the ridge-regularised optimum.

    Attributes:
        classes: ``k``.
        ridge: ``beta``.
        scale: ``m``.
        right: ``pi``, the probability of the true class.
        wrong: ``q = (1 - pi) / (k - 1)``, that of each other class.
    """

    classes: int
    ridge: float
    scale: float
    right: float
    wrong: float

    @property
    def squared_length(self) -> float:
        """``|x^a|^2 = m^2 k / (k - 1)``."""
        return self.scale**2 * self.classes / (self.classes - 1)

    @property
    def eigenvalues(self) -> np.ndarray:
        """Outlier and ``k - 1``-fold mini-bulk, rows: of the blocks of the Hessian and of G."""
        pi, q, k = self.right, self.wrong, self.classes
        return np.array([[pi * (1 - pi), q * (1 - q)], [(1 - pi) ** 2, q**2]]) / k

    @property
    def alignment_first(self) -> float:
        """``rho(x^a, E_1) = sqrt((k - 1) / k)``: the top eigenvector is ``mu_a``."""
        return math.sqrt((self.classes - 1) / self.classes)


def fixed_point(classes: int, ridge: float) -> FixedPoint:
    """Solve ``m = (1 - pi) / (k beta)``, ``pi = 1 / (1 + (k-1) exp(-m k / (k-1)))``.

    Raises:
        ValueError: if the ridge is not positive: the optimum is then at infinity.
    """
    if ridge <= 0:
        raise ValueError(f"ridge must be positive, got {ridge!r}")
    k = classes

    def right(m: float) -> float:
        return 1 / (1 + (k - 1) * math.exp(-m * k / (k - 1)))

    # 1 - pi is below 1, and below (k - 1) exp(-m k / (k - 1)), so that m is below both of these
    most = min(1 / (k * ridge), max(1.0, (k - 1) / k * math.log((k - 1) / (k * ridge))))
    m = optimize.brentq(lambda m: m - (1 - right(m)) / (k * ridge), 0.0, most)
    return FixedPoint(k, ridge, m, right(m), (1 - right(m)) / (k - 1))


def misalignment_law(
    point: FixedPoint,
    snr: float,
    samples_per_dimension: float,
    corrector: float,
    times: np.ndarray,
    outside_start: float,
) -> np.ndarray:
    """Return ``1 - rho(x^a, E_k)`` to first order in ``1 / lambda``.

    ``(1/lambda) [k / (2 phi) + c Q / (4 beta |x|^2)] + exp(-2 beta t) |x_perp(0)|^2 / (2 |x|^2)``
    with ``Q = (1 - pi)^2 k / (k (k - 1))``.
    """
    k, pi, length = point.classes, point.right, point.squared_length
    q = (1 - pi) ** 2 * (1 + 1 / (k - 1)) / k
    steady = k / (2 * samples_per_dimension) + corrector * q / (4 * point.ridge * length)
    transient = np.exp(-2 * point.ridge * np.asarray(times)) * outside_start / (2 * length)
    return steady / snr + transient


def start_thresholds(classes: int, samples_per_dimension: float) -> np.ndarray:
    """Return the ``lambda`` above which outliers appear at ``x = 0``.

    Rows: blocks of the Hessian and of G; columns: the direction of the block's own class,
    and those of the others. For the Hessian both are ``k / sqrt(phi)``.
    """
    k, phi = classes, samples_per_dimension
    own, other = (1 - 1 / k) ** 2, 1 / k**2
    rows = []
    for weights in (np.full(k, (k - 1) / k**2), np.array([own] + [other] * (k - 1))):
        ratio = weights / weights.max()
        u = edge_position(ratio, phi)
        rows.append([k * (1 - u * r) / (phi * u * r) for r in (ratio[0], ratio[-1])])
    return np.array(rows)
