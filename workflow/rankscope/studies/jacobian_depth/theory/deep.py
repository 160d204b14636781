"""Depth beyond the width: Lyapunov exponents, and when one direction is left.

The exponent of ``log sigma_k^2`` is the mean gain of ``log R_kk^2`` (Newman, Commun. Math. Phys.
103, 1986). The first k columns of J span ``prod_(j<=k) R_jj^2``, of which the k leading directions
hold all but an exponentially small part, times the squared minor of a Haar matrix. Hence

    E log sigma_k^2 = l lambda_k + psi((n - k + 1) / 2) - psi(k / 2).

Two leading directions alone are a Brownian motion in the hyperbolic plane: their gap
``log (sigma_1^2 / sigma_2^2)`` drifts by ``kappa/n coth(gap / 2)`` and has the variance
``4 kappa/n`` per layer. Half of it is the distance from the origin at the time ``kappa l / n``.
Derived in docs.
"""

import numpy as np
from scipy import integrate, special

from rankscope.studies.jacobian_depth.theory import exact


def exponents(width: int, gate: int, leading: int, *, orthogonal: bool) -> np.ndarray:
    """Return the gain per layer of the leading ``log sigma_k^2``."""
    return np.array(
        [exact.growth(width, gate, k, orthogonal=orthogonal).mean for k in range(1, leading + 1)]
    )


def intercepts(width: int, leading: int) -> np.ndarray:
    """Return the constants beside them."""
    k = np.arange(1, leading + 1)
    return np.asarray(special.digamma((width - k + 1) / 2) - special.digamma(k / 2))


def within(distance: float, time: float) -> float:
    """Return how likely a Brownian motion in the hyperbolic plane is within a distance.

    The heat kernel of half the Laplacian is an integral over ``s`` beyond the distance (McKean,
    J. Differ. Geom. 4, 1970); the area is integrated first, in closed form.
    """

    def density(s: float) -> float:
        inside = np.sqrt(np.cosh(s) - 1)
        outside = np.sqrt(max(np.cosh(s) - np.cosh(distance), 0.0))
        return float(s * np.exp(-(s**2) / (2 * time) - time / 8) * (inside - outside))

    end = distance + time / 2 + 12 * np.sqrt(time)
    below, _ = integrate.quad(density, 0, distance)
    beyond, _ = integrate.quad(density, distance, end, limit=200)
    return float(4 * np.pi * np.sqrt(2) * (2 * np.pi * time) ** -1.5 * (below + beyond))


def one_direction(time: float, stable_rank: float) -> float:
    """Return how likely the stable rank of two directions is at most a bound."""
    return 1 - within(-np.log(stable_rank - 1) / 2, time)
