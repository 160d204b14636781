"""Effective spectrum of a class block whose other classes are exchangeable.

Permutations of the other classes leave the law of a sample and of its weight as they are. So
``F`` of `effective_spectrum` splits: into a 4 x 4 matrix on what they leave fixed (the own
class, and the mean of the others, among the means and among the weights), and a 2 x 2 matrix on
each of the ``k - 2`` contrasts of the others, the same for all. The average over permutations
is thus taken exactly, where nodes leave the ``2 k`` eigenvalues spread. Derived here.
"""

import numpy as np
from scipy import linalg

from rankscope.studies.eigenspace_alignment.effective_spectrum import Spectrum
from rankscope.studies.eigenspace_alignment.effective_spectrum import spectrum as of_nodes

CONTRASTS = 8
"""Of all that are alike, over which the nodes are averaged."""


def symmetric(matrix: np.ndarray) -> np.ndarray:
    """Average the trailing ``k x k`` matrices over permutations of rows and columns alike."""
    k = matrix.shape[-1]
    total, trace = matrix.sum(axis=(-2, -1)), np.trace(matrix, axis1=-2, axis2=-1)
    off = (total - trace) / (k * (k - 1))
    found: np.ndarray = (trace / k - off)[..., None, None] * np.eye(k) + off[..., None, None]
    return found


def fixed(classes: int) -> np.ndarray:
    """Return the basis of what permutations of classes other than the first leave fixed.

    Shape ``(2 k, 4)``: coordinates along the means, then along the weights.
    """
    own, others = np.eye(classes)[0], (np.arange(classes) > 0) / np.sqrt(classes - 1)
    basis: np.ndarray = np.kron(np.eye(2), np.stack([own, others], axis=1))
    return basis


def contrasts(classes: int) -> np.ndarray:
    """Return an orthonormal basis of the contrasts of the others, shape ``(k, k - 2)``."""
    basis: np.ndarray = linalg.helmert(classes - 1).T
    return np.pad(basis, ((1, 0), (0, 0)))


def spectrum(
    weights: np.ndarray,
    inputs: np.ndarray,
    snr: float,
    samples_per_dimension: float,
    most: int,
) -> Spectrum:
    """Return the effective spectrum of the block of the first class.

    Args:
        weights: ``h`` at nodes of equal probability, shape ``(nodes,)``.
        inputs: ``v`` at the nodes, shape ``(nodes, 2 k)``: ``k`` coordinates that classes
            permute, then ``k`` others.
        snr: ``lambda``.
        samples_per_dimension: ``phi``.
        most: outliers to return at most.
    """
    k = inputs.shape[1] // 2
    basis = fixed(k)
    alone = of_nodes(weights, inputs @ basis, snr, samples_per_dimension, most)
    values, vectors = [alone.outliers], [basis @ alone.vectors]
    if k > 2:
        bases = contrasts(k)
        halves = inputs.reshape(-1, 2, k) @ bases[:, :CONTRASTS]
        count = halves.shape[2]
        along = np.moveaxis(halves, 2, 0).reshape(-1, 2)
        each = of_nodes(np.tile(weights, count), along, snr, samples_per_dimension, 2)
        for value, vector in zip(each.outliers, each.vectors.T, strict=True):
            values.append(np.full(k - 2, value))
            vectors.append(np.kron(vector[:, None], bases))
    joined = np.concatenate(values)
    order = np.argsort(-joined, kind="stable")[:most]
    return Spectrum(alone.edge, joined[order], np.concatenate(vectors, axis=1)[:, order])
