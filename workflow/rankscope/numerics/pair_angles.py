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

    With slopes ``p`` and ``q`` at x and y, the features of the second input are
    ``rho phi(x) + d``, ``d = q s e + rho x (q - p)``. No term is a difference of larger ones, so
    that angles down to 1e-15 keep their digits; the sine is the length of what of ``d`` is
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
    least, more = np.float32(1 - kink), np.float32(2 * kink)
    slope = least + more * (x > 0)
    other = least + more * (along + across > 0)
    features = slope * x
    difference = other * across + along * (other - slope)
    square, product, rest = (
        np.vecdot(*two).astype(float)
        for two in (
            (features, features),
            (features, difference),
            (difference, difference),
        )
    )
    length = cosine**2 * square + 2 * cosine * product + rest
    orthogonal = rest - product**2 / square
    return (cosine * square + product) / np.sqrt(square * length), np.sqrt(orthogonal / length)


def next_linear_layer(
    cosine: np.ndarray, sine: np.ndarray, width: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw what `next_layer` does without a kink, by three numbers for a network.

    ``y = rho x + s e``: x has the length of a chi variable of n, and e a normal component along x
    and the length of a chi variable of ``n - 1`` across it.

    Args:
        cosine: one per network.
        sine: alike.
        width: units of the layer.
        generator: the source of all randomness.
    """
    length = np.sqrt(generator.chisquare(width, cosine.shape))
    along = cosine * length + sine * generator.standard_normal(cosine.shape)
    across = sine * np.sqrt(generator.chisquare(width - 1, cosine.shape))
    whole = np.hypot(along, across)
    return along / whole, across / whole
