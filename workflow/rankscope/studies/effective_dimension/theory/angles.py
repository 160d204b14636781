"""Finite width: the angle between two inputs, and the length of one (ReLU, Gaussian weights)."""

import numpy as np
from scipy.special import digamma

from rankscope.studies.effective_dimension.theory.fluctuations import squares_moment


def log_squared_sine(depth: int, width: int, start: float = np.pi / 2) -> np.ndarray:
    """Return the expected ``ln sin^2`` of the angle of a pair of inputs at layers 1 to L.

    Iterates ``mu(theta, n)`` of Jakub and Nica to order ``1/n``, from the angle ``start``.

    Source: Jakub and Nica, Depth degeneracy in neural networks, arXiv 2302.09712, with
    ``J11``, ``J22``, ``J31`` the moments ``E relu(x)^a relu(y)^b``.
    """
    angle, result = start, []
    for _ in range(depth):
        value = _step(angle, width)
        angle = np.arcsin(min(1.0, np.exp(value / 2)))
        result.append(value)
    return np.array(result)


def _step(angle: float, n: int) -> float:
    c, s = np.cos(angle), np.sin(angle)
    j11 = (s + (np.pi - angle) * c) / (2 * np.pi)
    j22 = float(squares_moment(np.asarray(angle)))
    j31 = cubic_moment(angle)
    sine = 1 - 4 * j11**2
    return float(
        np.log((n - 1) * sine / (4 * j22 - 1 + n))
        + 4 * (j22 + 1) / (n * ((4 * j22 - 1) / n + 1) ** 2)
        - 4
        * (8 * j11**2 * j22 - 8 * j11**4 + 4 * j11**2 - 8 * j11 * j31 + j22 + 1)
        / (n * (1 - 1 / n) * sine**2)
    )


def cubic_moment(angle: float) -> float:
    """Return ``J31 = E relu(x)^3 relu(y) = [sin t (2 + cos^2 t) + 3 (pi - t) cos t] / (2 pi)``."""
    c, s = np.cos(angle), np.sin(angle)
    return float((s * (2 + c**2) + 3 * (np.pi - angle) * c) / (2 * np.pi))


def log_norm_variance(layers: np.ndarray, width: int, negative_slope: float) -> np.ndarray:
    """Return ``beta = l v / n``: ``ln`` of the mean squared feature is ``N(-beta/2, beta)``.

    ``v = 6 (1 + a^4) / (1 + a^2)^2 - 1`` is the relative variance of one squared feature, 5
    for ReLU. Without biases.

    Source: Hanin and Nica, Commun. Math. Phys. 376 (2020), recalled, not quoted.
    """
    a = negative_slope
    return layers * (6 * (1 + a**4) / (1 + a**2) ** 2 - 1) / width


def linear_participation_ratio(batch_size: int, width: int, layers: np.ndarray) -> np.ndarray:
    """Return ``1 / (1/m + l/n)``: a linear Gaussian net on orthonormal inputs."""
    return 1.0 / (1.0 / batch_size + layers / width)


def lyapunov_exponents(count: int, width: int) -> np.ndarray:
    """Return growth rates per layer of the ``count`` largest singular values, linear net.

    ``mu_k = (1/2) [ln(2/n) + psi((n - k + 1)/2)]`` for weights of variance ``1/n``.

    Source: Newman, Commun. Math. Phys. 103 (1986), recalled, not quoted.
    """
    k = np.arange(1, count + 1)
    return 0.5 * (np.log(2.0 / width) + digamma((width - k + 1) / 2))
