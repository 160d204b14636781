"""Effective spectrum of ``(1/M) sum_l h_l y_l y_l^T`` at ``M / d = phi``.

The weight ``h`` of a sample depends on ``v``, its coordinates in a ``q``-dimensional span;
the rest of ``y`` is ``N(0, I / lambda)``. With the Stieltjes transform ``S`` of the bulk,

    z(S) = -1 / S + phi E[h / (lambda phi + S h)],
    F(S) = E[h / (1 + h S / (lambda phi)) v v^T],

the upper edge is the minimum of ``z`` over ``-lambda phi / max h < S < 0``, the outliers
solve ``det(z - F) = 0`` above it, and the part of an outlier's eigenvector in the span is
``r`` with ``(z - F) r = 0`` and ``|r|^2 = 1 / (1 - e^T F'(z) e)``, ``e = r / |r|``. Since
``z - F`` grows with ``z``, the number of outliers is that of the eigenvalues of ``F`` at
the edge that exceed the edge. Source: theorems 1.10 and 1.11 of arXiv 2502.15655, where
``lambda`` is called beta; the parametrisation by ``S`` is derived here.
"""

import dataclasses

import numpy as np
from scipy import optimize

RELATIVE = 1e-6


@dataclasses.dataclass(frozen=True)
class Spectrum:
    """Edge and outliers of one matrix.

    Attributes:
        edge: upper edge of the bulk.
        outliers: eigenvalues above the edge, descending, shape ``(n,)``.
        vectors: parts of their eigenvectors in the span, columns, shape ``(q, n)``.
    """

    edge: float
    outliers: np.ndarray
    vectors: np.ndarray

    def overlap(self, vector: np.ndarray, count: int) -> float:
        """Return ``rho(vector, E_count)``; eigenvectors of the bulk contribute nothing."""
        inside = self.vectors[:, :count].T @ vector
        length = np.linalg.norm(vector)
        return float(np.linalg.norm(inside) / length) if length > 0 else np.nan

    def smallest_cosine(self, span: int, count: int) -> float:
        """Return the smallest cosine between ``E_count`` and the first ``span`` axes."""
        if len(self.outliers) < count:
            return 0.0
        return float(np.linalg.svd(self.vectors[:span, :count], compute_uv=False)[-1])


def spectrum(
    weights: np.ndarray,
    inputs: np.ndarray,
    snr: float,
    samples_per_dimension: float,
    most: int,
) -> Spectrum:
    """Return the effective spectrum; means are over nodes of equal probability.

    Args:
        weights: ``h`` at the nodes, some positive, shape ``(nodes,)``.
        inputs: ``v`` at the nodes, shape ``(nodes, q)``.
        snr: ``lambda``.
        samples_per_dimension: ``phi``.
        most: outliers to solve for at most.
    """
    phi, largest = samples_per_dimension, weights.max()
    ratio = weights / largest

    def level(u: float) -> float:
        """Return ``z`` at ``S = -lambda phi u / max h``."""
        return float(largest / snr * (1 / (phi * u) + np.mean(ratio / (1 - u * ratio))))

    def secular(u: float) -> np.ndarray:
        return (inputs.T * (weights / (1 - u * ratio))) @ inputs / len(inputs)

    at_edge = edge_position(ratio, phi)
    edge = level(at_edge)
    signal = np.linalg.eigvalsh(secular(at_edge))
    count = min(most, int((signal > edge).sum()))
    # there z is twice the largest eigenvalue of F at the edge, which is that of any F above it
    below = min(at_edge * 1e-6, largest / (2 * snr * phi * signal[-1])) if count else 0.0
    outliers, vectors = np.empty(count), np.empty((inputs.shape[1], count))
    for index in range(count):
        u = optimize.brentq(
            lambda u, index=index: level(u) - np.linalg.eigvalsh(secular(u))[-1 - index],
            below,
            at_edge,
            rtol=RELATIVE,
        )
        outliers[index] = level(u)
        vectors[:, index] = _part_in_span(u, index, ratio, weights, inputs, phi, snr)
    return Spectrum(edge, outliers, vectors)


def edge_position(ratio: np.ndarray, samples_per_dimension: float) -> float:
    """Return ``u`` in (0, 1) at the edge: ``phi E[(u h / (1 - u h))^2] = 1``, ``max h = 1``."""

    def excess(u: float) -> float:
        return float(samples_per_dimension * np.mean((u * ratio / (1 - u * ratio)) ** 2) - 1)

    return optimize.brentq(excess, 0.0, 1 - 1e-12, rtol=RELATIVE)


def _part_in_span(
    u: float,
    index: int,
    ratio: np.ndarray,
    weights: np.ndarray,
    inputs: np.ndarray,
    phi: float,
    snr: float,
) -> np.ndarray:
    """Return the part in the span of the eigenvector of one outlier, at its ``u``."""
    secular = (inputs.T * (weights / (1 - u * ratio))) @ inputs / len(inputs)
    unit = np.linalg.eigh(secular)[1][:, -1 - index]
    along = (inputs @ unit) ** 2
    # both derivatives are in u; their quotient is F'(z)
    secular_slope = np.mean(weights * ratio / (1 - u * ratio) ** 2 * along)
    level_slope = (
        weights.max() / snr * (-1 / (phi * u**2) + np.mean((ratio / (1 - u * ratio)) ** 2))
    )
    return unit / np.sqrt(1 - secular_slope / level_slope)
