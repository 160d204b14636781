"""Gaussian mixtures in coordinates whose first axes span the centres.

Every law in this study is invariant under rotation, so centres are given by coordinates in
an orthonormal basis of their span, and the remaining axes carry noise alone.
"""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Mixture:
    """A balanced mixture of ``N(centre, I / snr)``.

    Attributes:
        centres: shape ``(components, s)``, coordinates in the span of all centres.
        labels: class of each component, shape ``(components,)``.
        snr: inverse noise variance, the ``lambda`` of the paper.
    """

    centres: np.ndarray
    labels: np.ndarray
    snr: float

    def sample(
        self, generator: np.random.Generator, size: int, dimension: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw components ``(size,)`` and inputs ``(size, dimension)``, ``dimension >= s``."""
        components = generator.integers(len(self.centres), size=size)
        inputs = generator.standard_normal((size, dimension))
        inputs /= np.sqrt(self.snr)
        inputs[:, : self.centres.shape[1]] += self.centres[components]
        return components, inputs


def class_mixture(gram: np.ndarray, snr: float) -> Mixture:
    """Return the ``k``-class mixture whose centres have this Gram matrix ``(k, k)``.

    Raises:
        numpy.linalg.LinAlgError: if the centres are not linearly independent.
    """
    centres = np.linalg.cholesky(np.asarray(gram, dtype=float))
    return Mixture(centres, np.arange(len(centres)), snr)


def xor_mixture(snr: float) -> Mixture:
    """Return the XOR mixture: class 1 at ``+-mu``, class 0 at ``+-nu``, ``mu`` and ``nu`` unit."""
    centres = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    return Mixture(centres, np.array([1, 1, 0, 0]), snr)
