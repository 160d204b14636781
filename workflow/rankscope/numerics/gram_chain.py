"""SGD on a Gaussian mixture, exact in law, at a cost that does not depend on the dimension.

A network whose sample gradient is ``slopes(W y) y^T`` moves its rows inside the span of the
centres, of the rows it started from, and of the noise it has seen. Given the past, the
noise of a new sample is independent of that span: its coordinates there are independent
normals, and what is left is a chi-distributed length along one new direction. Keeping the
rows of ``W`` in coordinates of a growing orthonormal basis is therefore the same process as
SGD in ``R^d``. After every `BUFFER` steps the part outside the centres, which has ``K``
rows, is rotated back into ``K`` coordinates.
"""

import dataclasses

import numpy as np

from rankscope.numerics import sgd
from rankscope.numerics.mixtures import Mixture

BUFFER = 16
"""New directions kept before the basis is compressed."""

DRAWS = 4
"""Buffers of samples drawn at a time."""

GROUP = 256
"""Networks that take their steps together: what they read and write stays in a cache."""


@dataclasses.dataclass
class Chain:
    """First layers in coordinates: ``s`` along the centres, ``K`` outside, and a buffer.

    Attributes:
        mixture: the law of the inputs.
        dimension: the ``d`` of the law; at least `smallest_dimension`.
        first: shape ``(networks, K, s + K + BUFFER)``.
        second: shape ``(networks, K)``.
        generators: one per group of ``networks / len(generators)`` networks.
    """

    mixture: Mixture
    dimension: int
    first: np.ndarray
    second: np.ndarray
    generators: list[np.random.Generator]

    @property
    def weights(self) -> np.ndarray:
        """First layers in ``s + K`` coordinates, shape ``(networks, K, s + K)``."""
        return self.first[:, :, :-BUFFER]

    def run(self, slopes: sgd.Slopes, steps: int, step: float, ridge: float) -> None:
        """Take ``steps`` steps of one-pass SGD in every network."""
        groups = [slice(at, at + GROUP) for at in range(0, len(self.first), GROUP)]
        for first in range(0, steps, BUFFER * DRAWS):
            inputs, components = self._draw()
            for start in range(0, min(BUFFER * DRAWS, steps - first), BUFFER):
                part = slice(start, min(start + BUFFER, steps - first))
                for networks in groups:
                    sgd.descend(
                        slopes,
                        self.first[networks],
                        self.second[networks],
                        inputs[networks, part],
                        components[networks, part],
                        step,
                        ridge,
                    )
                self._compress()

    def _draw(self) -> tuple[np.ndarray, np.ndarray]:
        """Draw samples in coordinates; sample ``j`` of a buffer opens direction ``j``."""
        fixed = self.weights.shape[2]
        spanned, width = self.mixture.centres.shape[1], fixed + BUFFER
        count = len(self.first) // len(self.generators)
        shape = (count, DRAWS * BUFFER)
        freedom = self.dimension - fixed - np.tile(np.arange(BUFFER), DRAWS)
        index, scale = np.arange(shape[1]), self.mixture.snr**-0.5
        kept = scale * np.tile(np.tri(BUFFER, width, fixed - 1), (DRAWS, 1))
        inputs = np.empty((len(self.first), shape[1], width))
        components = np.empty(inputs.shape[:2], int)
        for group, generator in enumerate(self.generators):
            part = slice(group * count, (group + 1) * count)
            components[part] = generator.integers(len(self.mixture.centres), size=shape)
            noise = generator.standard_normal(out=inputs[part])
            noise *= kept
            new = np.sqrt(generator.chisquare(freedom, shape))
            noise[:, index, fixed + index % BUFFER] = scale * new
            noise[:, :, :spanned] += self.mixture.centres[components[part]]
        return inputs, components

    def _compress(self) -> None:
        spanned = self.mixture.centres.shape[1]
        outside = np.swapaxes(self.first[:, :, spanned:], 1, 2)
        triangle = np.linalg.qr(outside, mode="r")
        self.first[:, :, self.weights.shape[2] :] = 0.0
        self.first[:, :, spanned : self.weights.shape[2]] = np.swapaxes(triangle, 1, 2)


def smallest_dimension(spanned: int, width: int) -> int:
    """Return the least dimension in which the chain is exact: every new direction is new."""
    return spanned + width + BUFFER


def start(
    mixture: Mixture,
    dimension: int,
    centred: np.ndarray,
    scale: float,
    second: np.ndarray,
    generators: list[np.random.Generator],
) -> Chain:
    """Start networks at ``W = centred + scale N(0, I / d)``.

    Args:
        mixture: the law of the inputs.
        dimension: the dimension ``d``.
        centred: mean of the first layers in the span of the centres, ``(networks, K, s)``.
        scale: 1 for the initialisation of the paper, 0 for none.
        second: second layers, shape ``(networks, K)``.
        generators: one per group of equally many networks.

    Raises:
        ValueError: if the dimension is too small for the chain to be exact.
    """
    networks, width, spanned = centred.shape
    if dimension < smallest_dimension(spanned, width):
        raise ValueError(
            f"dimension must be at least {smallest_dimension(spanned, width)} "
            f"for {width} rows, got {dimension}"
        )
    first = np.zeros((networks, width, spanned + width + BUFFER))
    count = networks // len(generators)
    for index, generator in enumerate(generators):
        part = slice(index * count, (index + 1) * count)
        first[part, :, :spanned] = generator.standard_normal((count, width, spanned))
        first[part, :, spanned : spanned + width] = _triangles(
            generator, count, width, dimension - spanned
        )
    first *= scale / np.sqrt(dimension)
    first[:, :, :spanned] += centred
    return Chain(mixture, dimension, first, second.copy(), generators)


def _triangles(
    generator: np.random.Generator, count: int, width: int, dimension: int
) -> np.ndarray:
    """Draw lower-triangular factors of Gaussian ``width x dimension`` matrices (Bartlett)."""
    lower = np.tril(generator.standard_normal((count, width, width)), -1)
    diagonal = np.sqrt(generator.chisquare(dimension - np.arange(width), (count, width)))
    index = np.arange(width)
    lower[:, index, index] = diagonal
    return lower
