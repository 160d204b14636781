"""The angle of a pair of inputs through random layers, in many networks at once.

The activation is ``phi(z) = z + k |z|``: slopes ``1 + k`` and ``1 - k``, so that ``k = 0`` is
linear and ``k = 1`` is twice a ReLU. It is homogeneous and weights are Gaussian, so that a layer's
angle depends on the angle before it alone: weights are not drawn, only the pre-activations of the
pair, ``x`` and ``y = rho x + s e`` with ``s`` the sine and ``x``, ``e`` standard normal.
"""

import numpy as np


def next_layer(
    cosine: np.ndarray, sine: np.ndarray, kink: float, width: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a layer for each network, and return cosine and sine of the features' angle.

    The features of the second input are ``rho phi(x) + d`` with
    ``d = (1 + k sign y) s e + rho x k (sign y - sign x)``. No term is a difference of larger
    ones, so that a small angle keeps its digits; its sine is the length of what of ``d`` is
    orthogonal to ``phi(x)``, over that of the features.

    Args:
        cosine: one per network.
        sine: alike.
        kink: k, from 0 to 1.
        width: units of the layer.
        generator: the source of all randomness.
    """
    x, e = generator.standard_normal((2, len(cosine), width), dtype=np.float32)
    along = cosine.astype(np.float32)[:, None] * x
    across = sine.astype(np.float32)[:, None] * e
    kink_x = np.copysign(np.float32(kink), x)
    kink_y = np.copysign(np.float32(kink), along + across)
    features = x + kink_x * x
    difference = across + kink_y * across + along * (kink_y - kink_x)
    square, product, rest = (
        np.einsum("ij,ij->i", one, other).astype(float)
        for one, other in (
            (features, features),
            (features, difference),
            (difference, difference),
        )
    )
    length = cosine**2 * square + 2 * cosine * product + rest
    orthogonal = rest - product**2 / square
    return (cosine * square + product) / np.sqrt(square * length), np.sqrt(orthogonal / length)
