"""The second moment of per-text gradients of a matrix, from activations and output gradients.

A text's gradient by a matrix is ``g_i = sum_t delta_t a_t^T`` over its tokens: ``a_t`` is the
input, ``delta_t`` the gradient of the text's loss by the output. Neither ``g_i``, of ``out in``
entries, nor ``G`` is ever formed: ``<g_i, g_j> = sum_st (delta_s . delta_t) (a_s . a_t)``.
"""

import dataclasses
import functools

import numpy as np


@dataclasses.dataclass(frozen=True)
class Gradients:
    """Gradients of texts by one matrix.

    Attributes:
        inputs: activations ``a``, shape ``(row, in)``; a row is a token of a text.
        outputs: gradients ``delta`` by the outputs, shape ``(row, out)``.
        text: the text of each row, from 0, ascending.
    """

    inputs: np.ndarray
    outputs: np.ndarray
    text: np.ndarray

    @property
    def count(self) -> int:
        """The number of texts."""
        return int(self.text[-1]) + 1

    @functools.cached_property
    def products(self) -> tuple[np.ndarray, np.ndarray]:
        """Inner products of rows, of inputs and of output gradients, shape ``(row, row)``."""
        return self.inputs @ self.inputs.T, self.outputs @ self.outputs.T

    @functools.cached_property
    def spectrum(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues of G, descending, and eigenvectors of its Gram matrix as columns.

        The eigenvector of ``G`` is ``sum_i c_i g_i``, but for its length.
        """
        starts = np.searchsorted(self.text, np.arange(self.count))
        both = np.multiply(*self.products)
        gram = np.add.reduceat(np.add.reduceat(both, starts, axis=0), starts, axis=1)
        values, vectors = np.linalg.eigh(gram.astype(float) / self.count)
        return np.maximum(values[::-1], 0), vectors[:, ::-1]

    @functools.cached_property
    def mean(self) -> np.ndarray:
        """The mean gradient, shape ``(out, in)``."""
        found: np.ndarray = self.outputs.T.astype(float) @ self.inputs / self.count
        return found

    def leading(self, count: int) -> dict[str, np.ndarray]:
        """Return the ``count`` leading directions of outputs and inputs in G's eigenvectors.

        With ``V_1 ... V_count`` the leading eigenvectors as matrices, of length the root of their
        eigenvalues, these are eigenvectors of ``sum_j V_j V_j^T`` (left) and ``sum_j V_j^T V_j``
        (right).
        """
        vectors = self.spectrum[1][:, :count]
        weight = (vectors @ vectors.T)[np.ix_(self.text, self.text)].astype(self.inputs.dtype)
        of_inputs, of_outputs = self.products
        return {
            "left": _leading(self.outputs, weight * of_inputs, count),
            "right": _leading(self.inputs, weight * of_outputs, count),
        }

    def at_random(self, generator: np.random.Generator) -> "Gradients":
        """Return the task null: output gradients at random, each as long as it was."""
        drawn = generator.standard_normal(self.outputs.shape, dtype=self.outputs.dtype)
        length = np.linalg.norm(self.outputs, axis=1) / np.linalg.norm(drawn, axis=1)
        return dataclasses.replace(self, outputs=drawn * length[:, None])


def _leading(rows: np.ndarray, weight: np.ndarray, count: int) -> np.ndarray:
    """Return leading eigenvectors of ``rows^T weight rows`` as columns."""
    basis, upper = np.linalg.qr(rows.T)
    _, vectors = np.linalg.eigh((upper @ weight @ upper.T).astype(float))
    found: np.ndarray = basis @ vectors[:, ::-1][:, :count]
    return found


def share(directions: np.ndarray, basis: np.ndarray) -> float:
    """Return the mean squared length of orthonormal columns inside a subspace."""
    return float(np.sum((basis.T @ directions) ** 2) / directions.shape[1])
