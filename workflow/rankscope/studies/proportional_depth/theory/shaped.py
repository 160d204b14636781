"""The cosine of a pair in shaped networks: an equation that width does not appear in.

With slopes ``1 + c / (2 sqrt(n))`` and ``1 - c / (2 sqrt(n))``, ``t = l / n`` and n to infinity

    d rho = [nu - rho (1 - rho^2) / 2] dt + (1 - rho^2) dB,
    nu = c^2 / (2 pi) [sqrt(1 - rho^2) - rho arccos rho],

that is ``dy = [nu / (1 - rho^2) + rho / 2] dt + dB`` for ``y = artanh rho``. Corrections are of
order ``(1 + c^2) / n``. Derived in docs.

Source: Li, Nica and Roy, The Neural Covariance SDE, arXiv 2206.02768, recalled, not quoted.
"""

import numpy as np
from scipy import interpolate

from rankscope.studies.proportional_depth.theory import diffusion

STEP = 0.1
NODES = -10 + STEP * (np.arange(320) + 0.5)
"""Of y; bins of half a unit end between two of them."""
LONGEST = 4.0
"""Time to which the loss of half of the second direction is looked for."""


def drift(y: np.ndarray, shape: float) -> np.ndarray:
    """Return ``nu / (1 - rho^2) + rho / 2`` at ``rho = tanh y``."""
    angle = 2 * np.arctan(np.exp(-y))
    kernel = (np.sin(angle) - angle * np.cos(angle)) / np.sin(angle) ** 2
    return shape**2 / (2 * np.pi) * kernel + np.tanh(y) / 2


def laws(shape: float, correlation: float, times: np.ndarray) -> np.ndarray:
    """Return the law of y at `NODES`, shape ``(times, nodes)``."""
    start = float(np.arctanh(correlation))
    return diffusion.laws(NODES, drift(NODES, shape), 1.0, start, times)


def participation_ratio() -> np.ndarray:
    """Return that of a pair of unit vectors, ``2 / (1 + rho^2)``, at `NODES`."""
    return 2 / (1 + np.tanh(NODES) ** 2)


def log_squared_sine() -> np.ndarray:
    """Return ``ln sin^2 = -2 ln cosh y`` at `NODES`."""
    return 2 * (np.log(2) - np.logaddexp(NODES, -NODES))


def half_time(shape: float, correlation: float) -> float:
    """Return when the mean participation ratio less 1 is half of what it was.

    ``inf`` if that is later than `LONGEST`: the mean of a small angle's grows at first, for a few
    networks hold it.
    """
    times = np.arange(1, 8 * LONGEST + 1) / 8
    means = laws(shape, correlation, times) @ participation_ratio() - 1
    start = 2 / (1 + correlation**2) - 1
    curve = interpolate.PchipInterpolator([0, *times], [1, *(means / start)])
    reached = curve.solve(0.5, extrapolate=False)
    return float(reached[0]) if len(reached) else float("inf")
