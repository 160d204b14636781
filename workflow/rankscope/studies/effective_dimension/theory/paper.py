"""What the paper's abstract states, as formulas. Nothing here is derived or endorsed."""

import numpy as np

RATIO = 1.0 - 2.0 / np.pi
"""The abstract's ratio of geometric decay, 0.3634."""

REVIVALS = 4
"""How many of the abstract's revival depths are listed."""


def expected_rank(batch_size: int, layers: np.ndarray) -> np.ndarray:
    """Return ``m [1 - (1 - 2/pi)^l]``, the abstract's expected effective dimension.

    Its correction ``O(e^{-cm})`` is left out: the abstract gives no constant.

    Source: abstract of arXiv 2507.07675.
    """
    return batch_size * (1.0 - RATIO**layers)


def revival_depths(count: int = REVIVALS) -> np.ndarray:
    """Return ``(k + 1/2) pi / ln(1/rho)``, the abstract's depths of local maxima of rank.

    The abstract does not define rho; it is read as ``1 - 2/pi``, its only ratio.

    Source: abstract of arXiv 2507.07675.
    """
    return (np.arange(count) + 0.5) * np.pi / np.log(1.0 / RATIO)


def revival_height(batch_size: int) -> float:
    """Return ``(1 - e^{-pi/2}) m``, about 0.79 m: the abstract's height of a local maximum.

    It equals `expected_rank` at the first revival depth, for any ratio.

    Source: abstract of arXiv 2507.07675.
    """
    return batch_size * (1.0 - np.exp(-np.pi / 2))


def constant_null(batch_size: int, width: int, layers: np.ndarray) -> np.ndarray:
    """Return ``min(m, n)`` at every layer: the null, "the features have full rank"."""
    return np.full(len(layers), float(min(batch_size, width)))
