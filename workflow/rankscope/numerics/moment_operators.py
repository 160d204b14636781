"""Weighted second-moment matrices ``A_b = (1/M) sum_l w_bl y_l y_l^T``, never formed.

The blocks of the empirical Hessian and of the gradient second-moment matrix of both models
are of this form: all blocks share the samples and differ in the weights alone.
"""

import dataclasses
from collections.abc import Iterator
from typing import TypeVar

import numpy as np

SMALL_PRODUCT, SMALL_RESULT = 1_000_000, 1_200
"""Multiplications and entries up to which OpenBLAS multiplies without copying its operands."""
CACHED = 100_000
"""Entries of a slab of samples that stay in the cache for both products."""
FEWEST, MANY = 48, 400
"""Samples per pass below which copying is cheaper, and how many are then taken."""

Operator = TypeVar(
    "Operator", bound="WeightedMoments | MultinomialHessian | MultinomialSecondMoment"
)


def _parts(samples: np.ndarray, vectors: int) -> Iterator[slice]:
    """Cut the samples into slabs, for two fast products with this many vectors each."""
    size, dimension = samples.shape
    products = min(SMALL_PRODUCT // dimension, SMALL_RESULT) // vectors
    rows = min(products, CACHED // dimension)
    if rows < FEWEST:
        rows = MANY
    return (slice(first, min(first + rows, size)) for first in range(0, size, rows))


@dataclasses.dataclass(frozen=True)
class WeightedMoments:
    """The operators ``A_b`` for all ``b`` in lockstep.

    Attributes:
        samples: shape ``(M, d)``.
        weights: of any sign, shape ``(b, M)``.
    """

    samples: np.ndarray
    weights: np.ndarray

    def apply(self, rows: np.ndarray) -> np.ndarray:
        """Return ``A_b rows_b``, for rows ``(b, d)`` or ``(b, n, d)``, in one pass over samples."""
        flat = rows.reshape(-1, rows.shape[-1])
        total = np.zeros_like(flat)
        for part in _parts(self.samples, len(flat)):
            slab = self.samples[part]
            inner = (flat @ slab.T).reshape(len(rows), -1, len(slab))
            inner *= self.weights[:, None, part]
            total += inner.reshape(len(flat), -1) @ slab
        total /= len(self.samples)
        return total.reshape(rows.shape)

    def apply_outside(self, rows: np.ndarray, inside: int) -> np.ndarray:
        """Return ``(A - P A P) rows`` with ``P`` the first ``inside`` coordinates."""
        image = self.apply(rows)
        projected = np.zeros_like(rows)
        projected[:, :inside] = rows[:, :inside]
        image[:, :inside] -= self.apply(projected)[:, :inside]
        return image

    def matrix(self) -> np.ndarray:
        """Return the matrices themselves, shape ``(b, d, d)``: for small ``d`` and tests."""
        return np.stack([(self.samples.T * w) @ self.samples for w in self.weights]) / len(
            self.samples
        )


@dataclasses.dataclass(frozen=True)
class DualMoments:
    """The same operators through the Gram matrix of the samples, for fewer samples than ``d``.

    ``A_b`` and ``D_b^(1/2) K D_b^(1/2) / M``, with ``K`` the Gram matrix and ``D_b`` the
    weights, have the same non-zero eigenvalues.

    Attributes:
        gram: ``Y Y^T``, shape ``(M, M)``; it does not change while the samples stay.
        roots: square roots of the weights, which must not be negative, shape ``(b, M)``.
    """

    gram: np.ndarray
    roots: np.ndarray

    def apply(self, rows: np.ndarray) -> np.ndarray:
        """Return the dual operators applied to rows of shape ``(b, M)`` or ``(b, n, M)``."""
        roots = self.roots if rows.ndim == 2 else self.roots[:, None]
        return roots * ((roots * rows) @ self.gram) / len(self.gram)

    def primal(self, vectors: np.ndarray, samples: np.ndarray) -> np.ndarray:
        """Return the eigenvectors of ``A_b`` from those of the dual, shape ``(b, d, count)``."""
        columns = samples.T @ (self.roots[:, :, None] * vectors)
        return columns / np.linalg.norm(columns, axis=1, keepdims=True)


@dataclasses.dataclass(frozen=True)
class MultinomialHessian:
    """Full Hessian of the multinomial loss, ``(1/M) sum_l (diag(p_l) - p_l p_l^T) x y_l y_l^T``.

    Attributes:
        samples: shape ``(M, d)``.
        probabilities: shape ``(M, k)``.
    """

    samples: np.ndarray
    probabilities: np.ndarray

    def apply(self, rows: np.ndarray) -> np.ndarray:
        """Apply it to rows of shape ``(..., k d)``, class by class."""
        classes = self.probabilities.shape[1]
        blocks = rows.reshape(-1, self.samples.shape[1])
        total = np.zeros_like(blocks)
        by_class = np.ascontiguousarray(self.probabilities.T)
        for part in _parts(self.samples, len(blocks)):
            slab, p = self.samples[part], by_class[:, part]
            inner = (blocks @ slab.T).reshape(-1, classes, len(slab))
            inner -= np.einsum("cl,ncl->nl", p, inner)[:, None]
            inner *= p
            total += inner.reshape(len(blocks), -1) @ slab
        return total.reshape(rows.shape) / len(self.samples)


@dataclasses.dataclass(frozen=True)
class MultinomialSecondMoment:
    """Full matrix ``G = (1/M) sum_l (u_l u_l^T) x (y_l y_l^T)`` of the multinomial loss.

    Attributes:
        samples: shape ``(M, d)``.
        slopes: derivatives in the logits, ``u = p - onehot``, shape ``(M, k)``.
    """

    samples: np.ndarray
    slopes: np.ndarray

    def apply(self, rows: np.ndarray) -> np.ndarray:
        """Apply it to rows of shape ``(..., k d)``, class by class."""
        classes = self.slopes.shape[1]
        blocks = rows.reshape(-1, self.samples.shape[1])
        total = np.zeros_like(blocks)
        by_class = np.ascontiguousarray(self.slopes.T)
        for part in _parts(self.samples, len(blocks)):
            slab, u = self.samples[part], by_class[:, part]
            inner = (blocks @ slab.T).reshape(-1, classes, len(slab))
            mixed = u * np.einsum("cl,ncl->nl", u, inner)[:, None]
            total += mixed.reshape(len(blocks), -1) @ slab
        return total.reshape(rows.shape) / len(self.samples)

    def dual(self, gram: np.ndarray) -> np.ndarray:
        """Return the ``(M, M)`` matrix with the same non-zero eigenvalues, ``(U U^T) o K / M``.

        Args:
            gram: ``K = Y Y^T``, which does not change while the samples stay.
        """
        small = self.slopes @ (self.slopes.T / len(gram))
        small *= gram
        return small

    def primal(self, vectors: np.ndarray) -> np.ndarray:
        """Return eigenvectors ``(k d, count)`` from those of `dual`, ``(M, count)``."""
        (size, classes), count = self.slopes.shape, vectors.shape[1]
        # all classes in one product
        columns = (self.slopes[:, :, None] * vectors[:, None]).reshape(size, -1)
        by_coordinate = (self.samples.T @ columns).reshape(-1, classes, count)
        full = np.swapaxes(by_coordinate, 0, 1).reshape(-1, count)
        return full / np.linalg.norm(full, axis=0)


def single(operator: Operator) -> Operator:
    """Return one of the operators that apply to samples, in single precision."""
    narrow = {
        field.name: getattr(operator, field.name).astype(np.float32, copy=False)
        for field in dataclasses.fields(operator)
    }
    return dataclasses.replace(operator, **narrow)
