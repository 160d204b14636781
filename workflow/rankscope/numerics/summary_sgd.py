"""SGD of two-layer networks on a Gaussian mixture by their summary statistics, exact in law.

A sample reaches a network through its pre-activations alone. With ``m`` the first layer along
the centres, ``R`` the Gram matrix of its rows outside, ``x`` a sample along the centres,
``p = W_perp x_perp`` and ``s`` the slopes in the pre-activations ``h = m x + p``, a step is::

    v' = a v - delta u g(h),    m' = a m - delta s x^T,    a = 1 - delta beta,
    R' = a^2 R - a delta (s p^T + p s^T) + delta^2 |x_perp|^2 s s^T.

Given the past, ``p`` is ``N(0, R / lambda)``: with ``p = L g / sqrt(lambda)`` and ``L L^T = R``,
``|x_perp|^2`` is ``(|g|^2 + chi^2_(d - s - K)) / lambda``. So ``(v, m, R)`` is a Markov chain,
whose step costs ``K^3`` in any dimension; `gram_chain` keeps vectors instead. Networks are along
the last axis, so that one operation serves thousands of them, in the precision of their arrays.
"""

import dataclasses

import numpy as np

from rankscope.numerics.classifiers import TwoLayer
from rankscope.numerics.mixtures import Mixture

DRAWS = 64
"""Steps whose samples are drawn at a time."""

FLOOR = 1e-6
"""Of a pivot of ``R``, relative to its diagonal: rounding may take it below zero."""

TINY = 1e-30
"""Makes 0 of the row of a neuron without a part outside."""


@dataclasses.dataclass
class Networks:
    """Networks of one law.

    Attributes:
        mixture: the law of the inputs.
        network: the model.
        dimension: the ``d`` of the law, at least ``s + K + 1``.
        second: ``v``, shape ``(K, networks)``.
        first: ``m``, shape ``(K, s, networks)``.
        outside: ``R``, shape ``(K, K, networks)``.
        free: 1 for neurons that are trained and 0 for frozen ones, shape ``(K, 1)``.
    """

    mixture: Mixture
    network: TwoLayer
    dimension: int
    second: np.ndarray
    first: np.ndarray
    outside: np.ndarray
    free: np.ndarray

    def descend(
        self, generator: np.random.Generator, steps: int, step: float, ridge: float
    ) -> None:
        """Take steps of one-pass SGD."""
        width, spanned, count = self.first.shape
        freedom, kind = self.dimension - spanned - width, self.first.dtype
        shrink, scale = 1 - step * ridge * self.free, self.mixture.snr**-0.5
        for begin in range(0, steps, DRAWS):
            shape = (min(DRAWS, steps - begin), 1, count)
            components = generator.integers(len(self.mixture.centres), size=shape)
            normals = generator.standard_normal((shape[0], spanned + width, 1, count), kind)
            rest = 2 * generator.standard_gamma(freedom / 2, shape, kind)
            rest += (normals[:, spanned:] ** 2).sum(axis=1)
            rest *= (step * scale) ** 2 / 2
            normals *= scale
            for index in range(shape[0]):
                p = correlated(self.outside, normals[index, spanned:])
                push = self._move(components[index], normals[index, :spanned], p, step, ridge)
                half = rest[index] * push - step * shrink[..., None] * p
                pull = push[:, None, 0] * half[:, 0]
                pull += np.swapaxes(pull, 0, 1)
                self.outside *= shrink[..., None] * shrink
                self.outside += pull

    def flow(
        self, generator: np.random.Generator, steps: int, step: float, ridge: float, pairs: int
    ) -> None:
        """Follow the gradient of the population's loss: SGD as ``c`` goes to 0.

        Each Euler step averages over fresh noise, ``pairs`` antithetic pairs beside every
        centre, in the span of centres and rows alone; with ``L`` for ``R``, which loses rank.
        """
        width, spanned, count = self.first.shape
        centres, kind = len(self.mixture.centres), self.first.dtype
        components = np.repeat(np.arange(centres), 2 * pairs)[:, None]
        root = correlated(self.outside, np.eye(width, dtype=kind)[..., None])
        for _ in range(steps):
            half = generator.standard_normal((spanned + width, pairs, count), kind)
            half *= self.mixture.snr**-0.5
            noise = np.tile(np.concatenate([half, -half], axis=1), (1, centres, 1))
            along, outside = noise[:spanned], noise[spanned:]
            p = sum(root[:, i, None] * outside[i] for i in range(width))
            push = self._move(components, along, p, step, ridge)
            root *= 1 - step * ridge * self.free[..., None]
            for i in range(width):
                root[:, i] -= step * (push * outside[i]).mean(axis=1)
        self.outside = np.einsum("ikn,jkn->ijn", root, root)

    def _move(
        self,
        components: np.ndarray,
        along: np.ndarray,
        p: np.ndarray,
        step: float,
        ridge: float,
    ) -> np.ndarray:
        """Move ``v`` and ``m`` along the mean gradient of samples.

        Args:
            components: of the samples, shape ``(samples, networks)``, or 1 for networks.
            along: noise along the centres, shape ``(s, samples, networks)``.
            p: pre-activations of the noise outside, shape ``(K, samples, networks)``.
            step: the step size.
            ridge: coefficient of half the squared length.

        Returns:
            Slopes in the pre-activations, 0 for frozen neurons, ``(K, samples, networks)``.
        """
        x = np.take(self.mixture.centres.T.astype(p.dtype), components, axis=1) + along
        hidden = p.copy()
        for axis in range(len(x)):
            hidden += self.first[:, axis, None] * x[axis]
        slopes = self.network.slopes(np.moveaxis(hidden, 0, 2), components, self.second.T)
        push, turn = (np.moveaxis(slope, 2, 0) * self.free[..., None] for slope in slopes)
        shrink = 1 - step * ridge * self.free
        self.second *= shrink
        self.second -= step * _mean(turn)
        self.first *= shrink[..., None]
        self.first -= step * _mean(push[:, None] * x)
        return push


def _mean(values: np.ndarray) -> np.ndarray:
    """Return the mean over samples, the axis before the last."""
    return values[..., 0, :] if values.shape[-2] == 1 else values.mean(axis=-2)


def correlated(gram: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Give independent normals a covariance: ``L normals`` with ``L L^T = gram`` (Cholesky).

    Args:
        gram: shape ``(K, K, networks)``.
        normals: shape ``(K, samples, networks)``.
    """
    rest = gram.copy()
    total = np.zeros((*normals.shape[:2], gram.shape[2]), normals.dtype)
    for index in range(len(gram)):
        pivot = np.maximum(rest[index, index], FLOOR * gram[index, index] + TINY)
        column = rest[index:, index] / np.sqrt(pivot)
        total[index:] += column[:, None] * normals[index]
        for other in range(1, len(column)):
            rest[index + other :, index + other] -= column[other:] * column[other]
    return total
