"""The angle of a pair in ReLU networks: infinite width, and what every layer adds at random.

In ``x = -ln sin theta`` a layer adds what it adds at infinite width, and beyond that a normal
number of mean ``a / (2n)`` and variance ``v / (4n)``, with ``-a`` and ``v`` those of `layers`:

    dx = [n (x_next - x) + a / 2] dt + sqrt(v / 4) dB.

As n grows ``exp(x)`` has the law of ``n / (3 pi)`` times ``A_t``, the integral to t of
``exp(u + sqrt(2) B_u)``, so that that of ``l^2 (1 - rho)`` tends to that of
``(9 pi^2 / 2) t^2 / A_t^2``. Derived in docs.

Source: that there is such a limit, from the abstract of Li and Nica, arXiv 2310.12079.
"""

import numpy as np

from rankscope.studies.proportional_depth.theory import diffusion, layers

STEP = 0.1
NODES = STEP * np.arange(300)
"""Of x, from a right angle on."""
QUIET, SMALL = 20, 5e-3
"""Noise is neglected in the first n / 20 layers, or until ``1 - rho`` is small, if that is earlier:
what it adds to an angle that is still falling by itself is lost as that falls."""


def laws(width: int, correlation: float, times: np.ndarray) -> np.ndarray:
    """Return the law of x at `NODES`, shape ``(times, nodes)``; times are multiples of 1/8."""
    mean, variance = layers.small_angle(1.0, width)
    first = layers.distances(correlation, 1.0, width // QUIET)
    layer = int(np.argmax(first < SMALL)) or len(first) - 1 if first[0] >= SMALL else 0
    gained = _minus_log_sine(layers.next_distance(_distance(NODES), 1.0)) - NODES
    return diffusion.laws(
        NODES,
        width * gained - mean / 2,
        variance / 4,
        float(_minus_log_sine(first[layer])),
        times - layer / width,
    )


def participation_ratio() -> np.ndarray:
    """Return that of a pair of unit vectors, ``2 / (2 - sin^2)``, at `NODES`."""
    return 2 / (2 - np.exp(-2 * NODES))


def half_layer(correlation: float) -> float:
    """Return the layer at which the participation ratio less 1 is half of what it was.

    At infinite width, between layers if need be; ``inf`` if it takes more than a hundred.
    """
    found = layers.distances(correlation, 1.0, 100)
    left = 2 / (1 + (1 - found) ** 2) - 1
    return float(np.interp(-left[0] / 2, -left, np.arange(len(left)), right=np.inf))


def _minus_log_sine(distance: np.ndarray) -> np.ndarray:
    return -0.5 * np.log(distance * (2 - distance))


def _distance(x: np.ndarray) -> np.ndarray:
    """Return ``1 - cos`` of the angle, at most a right one, whose ``-ln sin`` is x."""
    return np.asarray(2 * np.sin(np.arcsin(np.exp(-x)) / 2) ** 2)
