"""Spectral densities of symmetric operators, without forming a matrix.

Stochastic Lanczos quadrature: the m nodes and weights that Lanczos finds from a random vector
integrate polynomials of degree up to ``2 m - 1`` over the vector's spectral measure exactly, and
the mean of that measure over random vectors is the density of eigenvalues.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from scipy import linalg

VANISHED = 1e-10
"""Length of a new direction, over the largest before, below which the Krylov space is invariant."""


@dataclasses.dataclass(frozen=True)
class Quadrature:
    """The spectral measures of some vectors.

    Attributes:
        nodes: shape ``(vectors, m)``.
        weights: of one vector they add up to 1, shape ``(vectors, m)``.
    """

    nodes: np.ndarray
    weights: np.ndarray


def quadrature(
    apply: Callable[[np.ndarray], np.ndarray], starts: np.ndarray, steps: int
) -> Quadrature:
    """Return Gauss quadratures of the spectral measures of vectors, by Lanczos from each.

    Every new direction is made orthogonal to all before, twice. Where none is left the further
    nodes have no weight.

    Args:
        apply: maps a vector, shape ``(size,)``.
        starts: shape ``(vectors, size)``; Gaussian or of random signs for a density.
        steps: m.

    Source:
        Golub and Meurant, Matrices, Moments and Quadrature (2010), chapter 6; Ghorbani, Krishnan
        and Xiao, arXiv 1901.10159, for Hessians.
    """
    pairs = [_measure(apply, start, steps) for start in starts]
    return Quadrature(*(np.stack(both) for both in zip(*pairs, strict=True)))


def _measure(
    apply: Callable[[np.ndarray], np.ndarray], start: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    basis = np.zeros((steps + 1, len(start)))
    diagonal, beside = np.zeros(steps), np.zeros(steps)
    basis[0] = start / np.linalg.norm(start)
    for step in range(steps):
        image = np.asarray(apply(basis[step]), dtype=float)
        diagonal[step] = basis[step] @ image
        done = basis[: step + 1]
        for _ in range(2):
            image = image - done.T @ (done @ image)
        beside[step] = np.linalg.norm(image)
        if beside[step] <= VANISHED * np.abs([diagonal[: step + 1], beside[: step + 1]]).max():
            beside[step] = 0.0
            break
        basis[step + 1] = image / beside[step]
    nodes, vectors = linalg.eigh_tridiagonal(diagonal, beside[:-1])
    return nodes, vectors[0] ** 2


def smoothed(found: Quadrature, points: np.ndarray, width: float) -> np.ndarray:
    """Return the mean density of some vectors, every node a Gaussian of a standard deviation.

    Args:
        found: the quadratures.
        points: where, shape ``(n,)``.
        width: the standard deviation.
    """
    away = (points[:, None, None] - found.nodes) / width
    bumps = np.exp(-(away**2) / 2) / (np.sqrt(2 * np.pi) * width)
    return np.asarray((found.weights * bumps).sum(axis=2).mean(axis=1))
