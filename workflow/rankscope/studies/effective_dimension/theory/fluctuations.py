"""Finite width: how fluctuations of the centred kernel lower its participation ratio.

With unit-length features ``u_i`` and ``K_c = P U U^T P``, ``P = I - 11^T / m``,
``PR = (tr K_c)^2 / tr K_c^2`` obeys

    1 / PR_l = 1 / PR_inf,l + V_l,     V_{l+1} = r(c_l)^2 V_l + kappa(c_l) / n,   V_0 = 0,

where ``PR_inf`` is that of the infinite-width kernel (``m - 1`` for orthonormal inputs).
``r`` is how much one layer damps an existing fluctuation of the relative distances, and
``kappa / n`` the fluctuation that n random units add. To first order in 1/n and leading order
in 1/m; all derived in docs.
"""

import numpy as np
from scipy.special import ndtr

from rankscope.studies.effective_dimension.theory.kernel import (
    correlation_map,
    correlation_slope,
)

_GRID = np.linspace(-9.0, 9.0, 3601)
_WEIGHT = np.exp(-(_GRID**2) / 2) / np.exp(-(_GRID**2) / 2).sum()


def damping(cosine: np.ndarray, negative_slope: float) -> np.ndarray:
    """Return ``r(c) = f'(c) (1 - c) / (1 - f(c))``.

    0.7335 at c = 0 for ReLU, ``1 - theta / (3 pi)`` as c -> 1.
    """
    distance = 1.0 - correlation_map(cosine, negative_slope)
    return correlation_slope(cosine, negative_slope) * (1.0 - cosine) / distance


def injection(cosine: np.ndarray, negative_slope: float, *, orthogonal: bool) -> np.ndarray:
    """Return ``kappa(c)``, the fluctuation that a layer of unit width adds.

    Write a pre-activation of an equicorrelated batch as ``sqrt(c) g + sqrt(1 - c) e_i``.
    With ``s^2(g) = Var_e phi`` and ``b(g) = sqrt(1 - c) E_e phi'``,

        kappa = E s^4 / (E s^2)^2,     kappa_orthogonal = kappa - (E b^2 / E s^2)^2.

    For ReLU kappa is 1 at c = 0 and tends to 2; kappa_orthogonal is 0.462 and tends to 1.
    The averages over e are closed, those over g sums on a uniform grid, which converge
    faster than any power.

    Args:
        cosine: of the pre-activations, shape ``(L,)``, in [0, 1).
        negative_slope: slope a.
        orthogonal: whether the weights are orthogonal.
    """
    c = np.asarray(cosine, dtype=float)[:, None]
    mean, spread = np.sqrt(c) * _GRID, np.sqrt(1.0 - c)
    ratio = mean / spread
    below = ndtr(ratio)
    density = np.exp(-(ratio**2) / 2) / np.sqrt(2 * np.pi)
    first = mean * below + spread * density
    second = (mean**2 + spread**2) * below + mean * spread * density
    a = negative_slope
    activation_mean = a * mean + (1 - a) * first
    activation_square = a**2 * (mean**2 + spread**2) + (1 - a**2) * second
    variance = activation_square - activation_mean**2
    total = variance @ _WEIGHT
    kappa = (variance**2 @ _WEIGHT) / total**2
    if orthogonal:
        slope = spread * (a + (1 - a) * below)
        kappa = kappa - ((slope**2 @ _WEIGHT) / total) ** 2
    return kappa


def fluctuation(
    before: np.ndarray, width: int, negative_slope: float, *, orthogonal: bool
) -> np.ndarray:
    """Return ``V_1 .. V_L``.

    Args:
        before: cosines of the pre-activations of layers 1 to L.
        width: n.
        negative_slope: slope a.
        orthogonal: whether the weights are orthogonal.
    """
    squared = damping(before, negative_slope) ** 2
    added = injection(before, negative_slope, orthogonal=orthogonal) / width
    values, current = [], 0.0
    for keep, gain in zip(squared, added, strict=True):
        current = keep * current + gain
        values.append(current)
    return np.array(values)


def hump_depth(inverse: np.ndarray, flat: float = 0.05) -> float:
    """Return the layer at which ``1/PR = 1/PR_inf + V`` is least, between layers if need be.

    The vertex of a parabola in ln l through the layers within ``flat`` of the least value, as
    the measured depth is found; the layer of the least value where there are too few layers
    or the vertex is not among them. 1 means that there is no hump. Asymptotically
    ``(3 n A)^(1/3)`` with ``A = lim l^2 [1/PR_inf - 1/(m - 1)]``. Derived in docs.
    """
    layers = np.arange(1, len(inverse) + 1)
    chosen = layers[inverse <= (1 + flat) * inverse.min()]
    least = float(layers[inverse.argmin()])
    if least == 1 or len(chosen) < 3:
        return least
    fit = np.polynomial.Polynomial.fit(np.log(chosen), inverse[chosen - 1], 2).convert()
    _, slope, bend = (float(number) for number in fit.coef)
    if bend <= 0:
        return least
    vertex = float(np.exp(-slope / (2 * bend)))
    return vertex if chosen[0] <= vertex <= chosen[-1] else least


def norm_spread(before: np.ndarray, width: int, *, orthogonal: bool) -> np.ndarray:
    """Return ``S_l = (1/n) sum_{k < l} (6 - 4 J22(theta_k))``, for ReLU.

    It is the variance over the batch of the inputs' log squared lengths; with orthogonal
    weights ``6`` becomes ``4 + 2 c^2``. ``J22`` is that of `squares_moment`. Derived in
    docs.
    """
    constant = 4.0 + 2.0 * before**2 if orthogonal else 6.0
    return np.cumsum(constant - 4.0 * squares_moment(np.arccos(before))) / width


def squares_moment(angle: np.ndarray) -> np.ndarray:
    """Return ``J22 = E relu(x)^2 relu(y)^2`` for unit normals at this angle.

    ``[(pi - t)(2 cos^2 t + 1) + 3 sin t cos t] / (2 pi)``. Source: Jakub and Nica, 2023.
    """
    cosine = np.cos(angle)
    return ((np.pi - angle) * (2 * cosine**2 + 1) + 3 * np.sin(angle) * cosine) / (2 * np.pi)


def raw_centred_participation_ratio(
    batch_size: int,
    after: np.ndarray,
    infinite: np.ndarray,
    variance: np.ndarray,
    spread: np.ndarray,
) -> np.ndarray:
    """Return the participation ratio of centred features that keep their lengths.

    Lengths are preserved by homogeneity while angles shrink, so their spread ends as a
    rank-one spike. With ``alpha = c S / 4``, ``D = 1 - c``,

        PR = (m D + m alpha)^2 / [m^2 D^2 (1/PR_inf + V) + (m alpha)^2 (1 + 2/m) + 2 D m alpha].

    Args:
        batch_size: m.
        after: cosines c of the features, shape ``(L,)``.
        infinite: ``PR_inf``.
        variance: V.
        spread: S.
    """
    m, distance, alpha = batch_size, 1.0 - after, after * spread / 4.0
    square = (
        (m * distance) ** 2 * (1.0 / infinite + variance)
        + (m * alpha) ** 2 * (1.0 + 2.0 / m)
        + 2.0 * distance * m * alpha
    )
    return (m * distance + m * alpha) ** 2 / square
