"""Singular values that theory knows: of targets, of Gaussian noise, and of spikes in it."""

import numpy as np

NODES = 40_000
"""Of the midpoint rule over the Marchenko-Pastur law."""


def power_law(rank: int, decay: float) -> np.ndarray:
    """Return the squared singular values ``i^(-2 decay)`` of unit sum; flat for ``decay`` 0."""
    weights = np.arange(1.0, rank + 1) ** (-2 * decay)
    return weights / weights.sum()


def noise(shape: tuple[int, int]) -> np.ndarray:
    """Return the squared singular values of a Gaussian matrix of unit variance, descending.

    Each is the mean of the Marchenko-Pastur law between two neighbouring quantiles
    ``(i - 1) / m`` and ``i / m``, with ``m`` the smaller side; exact as the shape grows. With
    ``x = centre - radius cos t`` the law's density has no root at either edge.
    """
    smaller, larger = sorted(shape)
    ratio = smaller / larger
    t = (np.arange(NODES) + 0.5) * np.pi / NODES
    mass = np.cumsum(np.sin(t) ** 2 / (1 + ratio - 2 * np.sqrt(ratio) * np.cos(t)))
    energy = np.cumsum(np.sin(t) ** 2)
    quantiles = np.linspace(0, 1, smaller + 1)
    held = np.interp(quantiles, mass / mass[-1], energy / energy[-1])
    return smaller * larger * np.diff(held)[::-1]


def tails(energies: np.ndarray, largest: int) -> np.ndarray:
    """Return the share of energy beyond the leading 0, 1, ... ``largest`` directions."""
    held = np.concatenate([[0.0], np.cumsum(energies)])
    index = np.minimum(np.arange(largest + 1), len(energies))
    return np.maximum(1 - held[index] / held[-1], 0.0)


def spiked(spike: np.ndarray, ratio: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return value and squared overlaps of a spike in Gaussian noise.

    The noise has independent entries of variance ``1 / larger side``; ``ratio`` is the
    smaller side over the larger. A spike above ``ratio^{1/4}`` leaves the noise's bulk.

    Args:
        spike: singular values of the rank-one (or low-rank) update.
        ratio: in (0, 1].

    Returns:
        The observed singular value (the bulk's edge below the threshold), and the squared
        overlaps of its vectors on the smaller and on the larger side (0 below it).

    Source:
        Benaych-Georges and Nadakuditi, J. Multivar. Anal. 111 (2012), section 3.1.
    """
    x = np.asarray(spike, dtype=float)
    visible = x > ratio**0.25
    safe = np.where(visible, x, 1.0)
    weakness = 1 / safe**2
    value = safe * np.sqrt((1 + weakness) * (1 + ratio * weakness))
    smaller = 1 - ratio * weakness * (1 + weakness) / (1 + ratio * weakness)
    larger = 1 - weakness * (1 + ratio * weakness) / (1 + weakness)
    return (
        np.where(visible, value, 1 + np.sqrt(ratio)),
        np.where(visible, smaller, 0.0),
        np.where(visible, larger, 0.0),
    )
