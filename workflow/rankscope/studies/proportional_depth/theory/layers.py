"""What one layer does to the angle of a pair: at infinite width, and to a small angle at any width.

``phi(z) = z + k |z|``, and ``D = 1 - cos`` of the angle theta.
"""

import numpy as np
from scipy import special, stats


def next_distance(distance: np.ndarray, kink: float) -> np.ndarray:
    """Return ``D' = D - 2 k^2 / (pi (1 + k^2)) [sin theta - theta cos theta]``, infinite width.

    The correlation map of Cho and Saul with slopes ``1 + k`` and ``1 - k``; derived in docs.
    """
    angle = 2 * np.arcsin(np.sqrt(distance / 2))
    mixing = 2 * kink**2 / (np.pi * (1 + kink**2))
    return distance - mixing * (np.sin(angle) - angle * np.cos(angle))


def distances(correlation: float, kink: float, depth: int) -> np.ndarray:
    """Return D at layers 0 to ``depth`` of an infinitely wide network."""
    found = [np.array(1 - correlation)]
    for _ in range(depth):
        found.append(next_distance(found[-1], kink))
    return np.array(found)


def concentration(kink: float) -> float:
    """Return ``kappa = E phi'^4 / (E phi'^2)^2``: 1 without a kink, 2 for ReLU."""
    return (1 + 6 * kink**2 + kink**4) / (1 + kink**2) ** 2


def small_angle(kink: float, width: int) -> tuple[float, float]:
    """Return n times mean and variance of what a layer adds to ``ln sin^2`` of a small angle.

    Without a kink ``sin^2`` is multiplied by ``chi^2_{n-1} / chi^2_n``, two independent factors,
    and in a ReLU network by the same with the number N of active units, Bin(n, 1/2), for n:
    ``-1`` and 4, ``-2`` and 8 to leading order. Between the two it is ``-kappa`` and
    ``4 kappa`` to leading order, which is taken times what is exact without a kink. Derived
    in docs.
    """
    if kink == 1:
        active = np.arange(2, width + 1)
        weight = stats.binom.pmf(active, width, 0.5)
        weight, factor = weight / weight.sum(), 1.0
    else:
        active, weight, factor = np.array([width]), np.ones(1), concentration(kink)
    means = special.digamma((active - 1) / 2) - special.digamma(active / 2)
    variances = special.polygamma(1, (active - 1) / 2) + special.polygamma(1, active / 2)
    mean = weight @ means
    variance = weight @ (variances + means**2) - mean**2
    return float(width * factor * mean), float(width * factor * variance)
