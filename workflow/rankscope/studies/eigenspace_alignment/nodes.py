"""Integration nodes of the theory: antithetic Sobol points mapped to normals."""

import functools

import numpy as np
from scipy import special
from scipy.stats import qmc


@functools.cache
def normal_nodes(dimension: int, log2_half: int) -> np.ndarray:
    """Return ``2 * 2**log2_half`` standard normal nodes, shape ``(nodes, dimension)``.

    The scrambling is fixed, so that a prediction has no randomness.
    """
    uniform = qmc.Sobol(dimension, rng=np.random.default_rng(0)).random_base2(log2_half)
    half = special.ndtri(np.clip(uniform, 1e-12, 1 - 1e-12))
    nodes = np.concatenate([half, -half])
    nodes.setflags(write=False)
    return nodes


def root(matrix: np.ndarray) -> np.ndarray:
    """Return the symmetric square root, with rounding below zero taken as zero."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return (vectors * np.sqrt(np.clip(values, 0.0, None))) @ vectors.T
