"""A batch of inputs through random layers, in many networks at once.

The activation is ``phi(z) = z + k |z|``, as in `pair_angles`. Weights are Gaussian and are not
drawn: with ``C C^T`` the Gram matrix of m inputs, pre-activations are ``C G`` with G standard
normal, m x n (see `relu_networks` for the proof).
"""

import numpy as np

JITTER = 1e-12
"""Share of the diagonal that is added to it: the factor then exists where inputs are parallel."""


def next_layer(
    factor: np.ndarray, kink: float, width: int, generator: np.random.Generator
) -> np.ndarray:
    """Draw a layer for each network, and return a factor of the features' cosines.

    Lengths of the inputs are left out, for the activation is homogeneous: rows of the factor have
    length 1.

    Args:
        factor: C, one per network, shape ``(networks, m, m)``.
        kink: k, from 0 to 1.
        width: units of the layer.
        generator: the source of all randomness.
    """
    shape = (*factor.shape[:2], width)
    values = factor.astype(np.float32) @ generator.standard_normal(shape, dtype=np.float32)
    if kink:
        values += np.float32(kink) * np.abs(values)
    features = values.astype(float)
    gram = features @ np.swapaxes(features, 1, 2)
    squares = np.diagonal(gram, axis1=1, axis2=2)
    # a unit that is dead for an input is not dead for all: k = 1 leaves every square positive
    lengths = np.sqrt(squares * (1 + JITTER))
    np.einsum("nii->ni", gram)[...] *= 1 + JITTER
    return np.linalg.cholesky(gram / (lengths[:, :, None] * lengths[:, None, :]))
