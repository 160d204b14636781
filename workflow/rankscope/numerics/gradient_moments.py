"""Second moments of per-sample gradients of a dense network, through their Gram matrix.

The gradient of sample i in a layer's weights is the outer product ``e_i h_i^T`` of its error and
its input features, so that inner products of gradients are products of inner products and the
spectrum of ``(1/M) sum_i g_i g_i^T``, in as many dimensions as there are weights, is that of an
``M x M`` matrix: exact, nothing is iterated.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy import linalg

from rankscope.numerics import eigenpairs

EDGE_TOLERANCE = 1e-4
"""Residual of the edge's eigenvector, relative; the edge itself is then good to 1e-8."""

Layers = list[np.ndarray]


@dataclasses.dataclass(frozen=True)
class Gradients:
    """Gradients of M samples in the weights of all layers, each an outer product.

    Attributes:
        errors: derivatives in the pre-activations, per layer ``(M, out)``.
        features: inputs of the layers, per layer ``(M, in)``.
    """

    errors: Layers
    features: Layers

    def grams(self) -> np.ndarray:
        """Return ``g_i . g_j / M`` by layer, shape ``(layers, M, M)``; their sum is the whole's."""
        grams = [(e @ e.T) * (f @ f.T) for e, f in zip(self.errors, self.features, strict=True)]
        return np.stack(grams).astype(float) / len(self.errors[0])

    def gram(self) -> np.ndarray:
        """Return the whole's ``g_i . g_j / M``, shape ``(M, M)``, one layer after the other."""
        size = len(self.errors[0])
        total = np.zeros((size, size))
        for e, f in zip(self.errors, self.features, strict=True):
            product = e @ e.T
            product *= f @ f.T
            total += product
        return total / size

    def inner(self, directions: Layers) -> np.ndarray:
        """Return ``g_i . u`` by layer for a direction in weight space, shape ``(layers, M)``."""
        return np.stack(
            [
                ((e @ u) * f).sum(axis=1)
                for e, f, u in zip(self.errors, self.features, directions, strict=True)
            ]
        ).astype(float)


def curvature_errors(probabilities: np.ndarray) -> np.ndarray:
    """Return errors in the logits whose second moment is the Gauss-Newton matrix.

    For the cross entropy ``diag(p) - p p^T = sum_c p_c (e_c - p)(e_c - p)^T``: sample i stands
    for ``k`` virtual ones, ``sqrt(p_c) (p - e_c)``.

    Args:
        probabilities: shape ``(M, k)``.

    Returns:
        Shape ``(M, k, k)``; the second axis is c.
    """
    p = probabilities
    return np.sqrt(p)[:, :, None] * (p[:, None, :] - np.eye(p.shape[1]))


@dataclasses.dataclass(frozen=True)
class Spectrum:
    """Leading eigenpairs of a Gram matrix.

    Attributes:
        values: descending, shape ``(count,)``.
        vectors: as columns, shape ``(M, count)``.
    """

    values: np.ndarray
    vectors: np.ndarray


def spectrum(gram: np.ndarray, count: int) -> Spectrum:
    """Return the ``count`` leading eigenpairs of a Gram matrix."""
    size = len(gram)
    values, vectors = linalg.eigh(gram, subset_by_index=[max(size - count, 0), size - 1])
    return Spectrum(np.maximum(values[::-1], 0.0), vectors[:, ::-1])


def share_inside(pairs: Spectrum, inner: np.ndarray, square: float, count: int) -> float:
    """Return the share of a direction's squared length in the leading eigenspace.

    With ``v`` an eigenvector of the Gram matrix, ``sum_i v_i g_i / sqrt(M value)`` is one of the
    second moment.

    Args:
        pairs: of the Gram matrix.
        inner: ``g_i . u``, shape ``(M,)``.
        square: ``|u|^2``.
        count: dimension of the eigenspace; directions of eigenvalue 0 are left out.
    """
    kept = pairs.values[:count] > np.finfo(float).eps * pairs.values[0]
    along = (inner @ pairs.vectors[:, :count])[kept] ** 2 / pairs.values[:count][kept]
    return float(along.sum() / (len(inner) * square)) if square > 0 else float("nan")


def leading_directions(gradients: Gradients, count: int) -> Layers:
    """Return the leading eigenvectors of the whole's second moment, written out.

    Returns:
        Per layer ``(count, out, in)``; over all layers together they are orthonormal.
    """
    pairs = spectrum(gradients.gram(), count)
    scale = 1 / np.sqrt(np.maximum(pairs.values, np.finfo(float).tiny) * len(pairs.vectors))
    weights = (pairs.vectors * scale).T[:, :, None]
    return [
        (weights * e).swapaxes(1, 2) @ f.astype(float)
        for e, f in zip(gradients.errors, gradients.features, strict=True)
    ]


def random_directions(
    generator: np.random.Generator, shapes: Sequence[tuple[int, ...]], count: int
) -> Layers:
    """Return a basis of a random subspace of weight space, all being equally likely.

    Few Gaussian directions of many are nearly orthogonal, so that a Cholesky factor of their
    Gram matrix makes them orthonormal to rounding.

    Returns:
        Per layer ``(count, out, in)``, in single precision; together they are orthonormal.
    """
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    rows = generator.standard_normal((count, ends[-1]), dtype=np.float32)
    factor = linalg.cholesky(rows @ rows.T, lower=True)
    parts = np.split(linalg.solve_triangular(factor, rows, lower=True), ends[:-1], axis=1)
    return [part.reshape(count, *shape) for part, shape in zip(parts, shapes, strict=True)]


def inside(directions: Layers, basis: Layers) -> Layers:
    """Return the part of a direction in weight space that lies in the span of a basis."""
    along = sum(np.einsum("kij,ij->k", b, u) for b, u in zip(basis, directions, strict=True))
    return [np.einsum("k,kij->ij", along, b) for b in basis]


def outliers_by_gap(values: np.ndarray, largest: int) -> int:
    """Count the eigenvalues before the largest ratio of neighbours, among the first ``largest``.

    Of a matrix of zeros none is an outlier.
    """
    if not values[0] > 0:
        return 0
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = values[:largest] / values[1 : largest + 1]
    return int(np.nanargmax(ratios)) + 1


@dataclasses.dataclass(frozen=True)
class ClassParts:
    """The Gauss-Newton matrix as a sum over classes, pairs of classes, and what is within them.

    Attributes:
        shares: of the trace, between classes, across outputs of a class, and within.
        values: the k largest eigenvalues of the part between classes, descending.
    """

    shares: np.ndarray
    values: np.ndarray


def class_parts(gram: np.ndarray, probabilities: np.ndarray, labels: np.ndarray) -> ClassParts:
    """Split the Gauss-Newton matrix by the mean gradients of classes and outputs.

    With ``a_ic = J_i^T (p_i - e_c)`` of weight ``p_ic / M``, the matrix is the sum of
    ``W_yc m_yc m_yc^T``, ``m_yc`` the weighted mean over the images of class y and ``W_yc``
    their weight, and of what varies within. The mean over outputs ``c != y`` is that of a class,
    parallel to ``m_yy``; both make the part between classes, and the rest of the means that
    across outputs. Derived in docs, after Papyan, arXiv 2008.11865.

    Args:
        gram: of the virtual gradients ``sqrt(p_ic) a_ic``, output by output of every image.
        probabilities: ``p``, shape ``(M, k)``.
        labels: y of the images.
    """
    images, k = probabilities.shape
    p = probabilities.astype(float)
    member = (labels[:, None] == np.arange(k)).astype(float)
    masses = member.T @ p
    # column (y, c): square roots of the weights of its gradients, of unit length
    columns = member[:, None, :, None] * np.eye(k)[:, None, :] * np.sqrt(p)[:, :, None, None]
    columns = columns.reshape(images * k, k * k)
    columns *= _inverse(np.sqrt(masses)).ravel()
    means = columns.T @ gram @ columns
    other = np.sqrt(masses) * (1 - np.eye(k))
    other *= _inverse(np.linalg.norm(other, axis=1))[:, None]
    rows = np.eye(k)[:, :, None] * np.stack([np.eye(k), other])[:, :, None, :]
    rows = rows.reshape(2 * k, k * k)
    between = rows @ means @ rows.T
    parts = np.diff([0.0, np.trace(between), np.trace(means), np.trace(gram)])
    shares = parts * _inverse(parts.sum())
    return ClassParts(shares, np.linalg.eigvalsh(between)[: -k - 1 : -1])


def _inverse(values: np.ndarray) -> np.ndarray:
    """Return inverses, and 0 of 0."""
    return np.divide(1.0, values, out=np.zeros_like(values), where=values > 0)


def within_edge(gram: np.ndarray, groups: np.ndarray) -> float:
    """Return the largest eigenvalue of the second moment within groups: the measured bulk edge.

    Args:
        gram: Gram matrix of the gradients, shape ``(M, M)``.
        groups: of each gradient, shape ``(M,)``; its group's mean is taken away.
    """
    member = (groups[:, None] == np.unique(groups)).astype(float)
    means = member / member.sum(axis=0)
    centred = gram - member @ (means.T @ gram)
    centred -= (centred @ means) @ member.T
    start = np.random.default_rng(0).standard_normal((1, len(gram)))
    pairs = eigenpairs.lanczos(lambda rows: rows @ centred, start, 1, EDGE_TOLERANCE)
    return float(pairs.values[0, 0])
