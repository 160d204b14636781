"""Spectra of targets, and the laws of random matrices that bound them."""

import numpy as np
from scipy import integrate


def energies(kind: str, shape: tuple[int, int], rank: int, decay: float) -> np.ndarray:
    """Return the expected squared singular values of a target of unit norm, descending.

    Flat and power-law targets have them exactly. For Gaussian entries they are the
    quantile means of the Marchenko-Pastur law, exact as the shape grows.
    """
    if kind == "flat":
        return np.full(rank, 1 / rank)
    if kind == "power":
        weights = np.arange(1.0, rank + 1) ** (-2 * decay)
        return weights / weights.sum()
    return noise_energies(shape) / (shape[0] * shape[1])


def noise_energies(shape: tuple[int, int]) -> np.ndarray:
    """Return the squared singular values of a Gaussian matrix of unit variance, descending.

    Each is the mean of the Marchenko-Pastur law between two neighbouring quantiles
    ``(i - 1) / m`` and ``i / m``, with ``m`` the smaller side.
    """
    smaller, larger = min(shape), max(shape)
    ratio = smaller / larger
    low, high = (1 - np.sqrt(ratio)) ** 2, (1 + np.sqrt(ratio)) ** 2
    # the substitution x = centre - radius cos(t) removes the square roots at both edges
    centre, radius = (low + high) / 2, (high - low) / 2
    angle = np.linspace(0, np.pi, 40001)
    value = centre - radius * np.cos(angle)
    density = np.zeros_like(angle)
    inside = value > 0
    density[inside] = (radius * np.sin(angle[inside])) ** 2 / (2 * np.pi * ratio * value[inside])
    if not inside.all():
        density[~inside] = density[inside][0]
    mass = integrate.cumulative_trapezoid(density, angle, initial=0)
    first = integrate.cumulative_trapezoid(density * value, angle, initial=0)
    cuts = np.linspace(0, 1, smaller + 1) * mass[-1]
    means = np.diff(np.interp(cuts, mass, first)) * smaller / mass[-1]
    return larger * means[::-1]


def tails(energy: np.ndarray, largest: int) -> np.ndarray:
    """Return the share of energy beyond the leading 0, 1, ... ``largest`` directions."""
    held = np.concatenate([[0.0], np.cumsum(energy)])
    index = np.minimum(np.arange(largest + 1), len(energy))
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
    value = np.sqrt((1 + safe**2) * (ratio + safe**2)) / safe
    smaller = 1 - ratio * (1 + safe**2) / (safe**2 * (safe**2 + ratio))
    larger = 1 - (ratio + safe**2) / (safe**2 * (safe**2 + 1))
    return (
        np.where(visible, value, 1 + np.sqrt(ratio)),
        np.where(visible, smaller, 0.0),
        np.where(visible, larger, 0.0),
    )
