"""The subspace similarity of uniformly random frames: the null of two experiments."""

import numpy as np


def similarity(dimension: int, i: np.ndarray, j: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of ``phi(i, j)`` between random subspaces.

    ``|U^T V|_F^2`` is the trace of a product of two random projections, with mean ``i j / d``
    and variance ``2 i j (d - i)(d - j) / (d^2 (d - 1)(d + 2))``. Derived in the documentation.
    """
    d = dimension
    variance = 2.0 * i * j * (d - i) * (d - j) / (d**2 * (d - 1.0) * (d + 2.0))
    return np.maximum(i, j) / d, np.sqrt(variance) / np.minimum(i, j)
