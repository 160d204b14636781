"""Weighted second-moment matrices ``A_b = (1/M) sum_l w_bl y_l y_l^T``, never formed.

The blocks of the empirical Hessian and of the gradient second-moment matrix of both models
are of this form: all blocks share the samples and differ in the weights alone.
"""

import dataclasses

import numpy as np

ROWS = 48
"""Samples per pass: one slab of this many rows stays in the cache for both products."""


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
        """Return ``A_b rows_b`` for rows of shape ``(b, d)``, in one pass over the samples."""
        total = np.zeros_like(rows)
        for first in range(0, len(self.samples), ROWS):
            slab = self.samples[first : first + ROWS]
            inner = rows @ slab.T
            inner *= self.weights[:, first : first + ROWS]
            total += inner @ slab
        total /= len(self.samples)
        return total

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
        """Return the dual operators applied to rows of shape ``(b, M)``."""
        return self.roots * ((self.roots * rows) @ self.gram) / len(self.gram)

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
        """Apply it to rows of shape ``(b, k d)``, class by class, for any ``b``."""
        classes = self.probabilities.shape[1]
        blocks = rows.reshape(len(rows) * classes, -1)
        total = np.zeros_like(blocks)
        for first in range(0, len(self.samples), ROWS):
            slab = self.samples[first : first + ROWS]
            p = self.probabilities[first : first + ROWS].T
            inner = (blocks @ slab.T).reshape(len(rows), classes, -1)
            mixed = p * (inner - (p * inner).sum(axis=1, keepdims=True))
            total += mixed.reshape(len(blocks), -1) @ slab
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
        """Apply it to rows of shape ``(b, k d)``, class by class, for any ``b``."""
        classes = self.slopes.shape[1]
        blocks = rows.reshape(len(rows) * classes, -1)
        total = np.zeros_like(blocks)
        for first in range(0, len(self.samples), ROWS):
            slab = self.samples[first : first + ROWS]
            u = self.slopes[first : first + ROWS].T
            inner = (blocks @ slab.T).reshape(len(rows), classes, -1)
            mixed = u * (u * inner).sum(axis=1, keepdims=True)
            total += mixed.reshape(len(blocks), -1) @ slab
        return total.reshape(rows.shape) / len(self.samples)

    def dual_gram(self, gram: np.ndarray) -> np.ndarray:
        """Return the ``(M, M)`` matrix with the same non-zero eigenvalues, ``(U U^T) o K / M``."""
        small = self.slopes @ (self.slopes.T / len(gram))
        small *= gram
        return small

    def primal(self, vectors: np.ndarray) -> np.ndarray:
        """Return eigenvectors ``(k d, count)`` from those of `dual_gram`, ``(M, count)``."""
        columns = np.einsum("mc,mj->cmj", self.slopes, vectors)
        full = (self.samples.T @ columns).reshape(-1, vectors.shape[1])
        return full / np.linalg.norm(full, axis=0)
