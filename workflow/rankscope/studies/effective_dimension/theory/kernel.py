"""Infinite width: the correlation map, its asymptotics, and the spectrum it implies.

Notation: a is the negative slope, ``Delta = (1 - a)^2 / (1 + a^2)``, c the cosine between
two inputs' features after the activation, theta its angle, q the mean squared feature.
"""

import dataclasses

import numpy as np


def nonlinearity(negative_slope: float) -> float:
    """Return ``Delta = (1 - a)^2 / (1 + a^2)``: 1 for ReLU, 0 for a linear net, 2 for |x|."""
    return (1.0 - negative_slope) ** 2 / (1.0 + negative_slope**2)


def correlation_map(cosine: np.ndarray, negative_slope: float) -> np.ndarray:
    """Return ``f(c) = c + (Delta / pi) [sqrt(1 - c^2) - c arccos c]``.

    Source: Cho and Saul, NeurIPS 2009 (degree 1); leaky form derived in docs.
    """
    c = np.clip(cosine, -1.0, 1.0)
    bend = np.sqrt(1.0 - c**2) - c * np.arccos(c)
    return c + nonlinearity(negative_slope) / np.pi * bend


def correlation_slope(cosine: np.ndarray, negative_slope: float) -> np.ndarray:
    """Return the derivative ``f'(c) = 1 - (Delta / pi) arccos c``."""
    return 1.0 - nonlinearity(negative_slope) / np.pi * np.arccos(np.clip(cosine, -1.0, 1.0))


@dataclasses.dataclass(frozen=True)
class Cosines:
    """Cosines at every layer; pair axes, if any, come after the layer.

    Attributes:
        before: of the pre-activations of layers 1 to L (these include the biases).
        after: of the features of layers 1 to L.
        mean_square: q of the features of layers 1 to L.
    """

    before: np.ndarray
    after: np.ndarray
    mean_square: np.ndarray


def recursion(
    start: float | np.ndarray, depth: int, negative_slope: float, bias_variance: float
) -> Cosines:
    """Iterate the correlation map from the inputs' cosine, entry by entry.

    With biases of variance ``s`` and ``b = s (1 + a^2) / 2``: the pre-activations have the
    cosine ``(q c + b) / (q + b)``, the features ``f`` of that, and q grows by b. Inputs
    have q = 1.

    Args:
        start: a cosine, or the matrix of all.
        depth: number of layers L.
        negative_slope: slope a.
        bias_variance: variance s.
    """
    step = bias_variance * (1.0 + negative_slope**2) / 2.0
    cosine, square = np.asarray(start, dtype=float), 1.0
    before, after, squares = [], [], []
    for _ in range(depth):
        mixed = (square * cosine + step) / (square + step)
        cosine, square = correlation_map(mixed, negative_slope), square + step
        before.append(mixed)
        after.append(cosine)
        squares.append(square)
    return Cosines(np.stack(before), np.stack(after), np.array(squares))


def cosine_asymptote(layers: np.ndarray, negative_slope: float, bias_variance: float) -> np.ndarray:
    """Return ``1 - 9 pi^2 / (2 Delta^2 l^2)``, or ``1 - 9 pi^2 / (8 l^2)`` with biases.

    The leading order: at l = 50 it overstates ``1 - c`` by almost a half, for corrections are
    logarithmic. The form with biases is for ReLU; linear nets have none (``nan``).

    Source: Hayou, Doucet and Rousseau, ICML 2019 (ReLU, recalled, not quoted); leaky and
    biased forms derived in docs.
    """
    delta = nonlinearity(negative_slope)
    if delta == 0:
        return np.full(len(layers), np.nan)
    factor = 8.0 if bias_variance > 0 else 2.0
    return 1.0 - 9.0 * np.pi**2 / (factor * delta**2 * np.asarray(layers, dtype=float) ** 2)


def cosine_refined_asymptote(layers: np.ndarray) -> np.ndarray:
    """Return ``cos[3 pi / (l + (3/2) ln l + 4.4)]``, for ReLU from orthogonal inputs.

    From ``theta' = theta - theta^2 / (3 pi) - theta^3 / (18 pi^2)``; the constant 4.4 is
    fitted to the recursion at large l. Derived in docs.
    """
    depth = np.asarray(layers, dtype=float)
    return np.cos(3.0 * np.pi / (depth + 1.5 * np.log(depth) + 4.4))


def equicorrelated_eigenvalues(batch_size: int, cosine: np.ndarray) -> np.ndarray:
    """Return ``1 + (m - 1) c`` once and ``1 - c`` ``m - 1`` times, descending.

    Args:
        batch_size: m.
        cosine: shape ``(L,)``, non-negative.

    Returns:
        Shape ``(L, m)``, in units of q.
    """
    bulk = np.repeat((1.0 - cosine)[:, None], batch_size - 1, axis=1)
    return np.concatenate([(1.0 + (batch_size - 1) * cosine)[:, None], bulk], axis=1)


def centred_participation_ratio(kernel: np.ndarray) -> np.ndarray:
    """Return ``(tr K)^2 / tr K^2`` of the batch-centred kernels, shape ``(L, m, m)``."""
    m = kernel.shape[-1]
    projector = np.eye(m) - 1.0 / m
    matrix = projector @ kernel @ projector
    return np.trace(matrix, axis1=-2, axis2=-1) ** 2 / (matrix**2).sum(axis=(-2, -1))


def soft_ranks(eigenvalues: np.ndarray) -> dict[str, np.ndarray]:
    """Return the soft ranks of spectra of ``H H^T``, by the names of the measured ones.

    Stable rank ``sum l / l_1``, participation ratio ``(sum l)^2 / sum l^2``, top share
    ``l_1 / sum l``, and ``exp`` of the entropy of ``sqrt(l) / sum sqrt(l)`` and of
    ``l / sum l`` (Roy and Vetterli, EUSIPCO 2007).

    Args:
        eigenvalues: shape ``(..., m)``.
    """
    values = np.maximum(eigenvalues, 0.0)
    total, largest = values.sum(axis=-1), values.max(axis=-1)
    return {
        "stable_rank": total / largest,
        "participation_ratio": total**2 / (values**2).sum(axis=-1),
        "top_share": largest / total,
        "effective_rank": _perplexity(np.sqrt(values)),
        "effective_rank_of_eigenvalues": _perplexity(values),
    }


def numerical_ranks(eigenvalues: np.ndarray, tolerances: tuple[float, ...]) -> np.ndarray:
    """Count eigenvalues above ``tolerance^2`` times the largest, shape ``(..., tolerance)``."""
    largest = eigenvalues.max(axis=-1)[..., None]
    counts = [(eigenvalues > t**2 * largest).sum(axis=-1) for t in tolerances]
    return np.stack(counts, axis=-1).astype(float)


def _perplexity(weights: np.ndarray) -> np.ndarray:
    share = weights / weights.sum(axis=-1, keepdims=True)
    logarithm = np.log(share, out=np.zeros_like(share), where=share > 0)
    return np.exp(-(share * logarithm).sum(axis=-1))
