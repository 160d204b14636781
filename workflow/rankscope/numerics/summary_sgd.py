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
from collections.abc import Sequence

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

    def split(self, parts: int) -> "list[Networks]":
        """Return groups of equally many networks, as views."""
        arrays = (np.split(each, parts, -1) for each in (self.second, self.first, self.outside))
        return [
            dataclasses.replace(self, second=second, first=first, outside=outside)
            for second, first, outside in zip(*arrays, strict=True)
        ]

    def descend(
        self, generators: Sequence[np.random.Generator], steps: int, step: float, ridge: float
    ) -> None:
        """Take steps of one-pass SGD, by one generator per group of equally many networks."""
        width, spanned, count = self.first.shape
        freedom, kind = self.dimension - spanned - width, self.first.dtype
        rates, scale = step * self.free, self.mixture.snr**-0.5
        shrink = 1 - ridge * rates
        decay = shrink[:, None] * shrink
        centres = self.mixture.centres.astype(kind)
        for begin in range(0, steps, DRAWS):
            shape = (min(DRAWS, steps - begin), count // len(generators))
            drawn = [
                (
                    each.integers(len(centres), size=shape),
                    each.standard_normal((shape[0], spanned + width, shape[1]), kind),
                    each.standard_gamma(freedom / 2, shape, kind),
                )
                for each in generators
            ]
            components, samples, half = (
                np.concatenate(each, -1) for each in zip(*drawn, strict=True)
            )
            # half of the squared length outside
            half += np.einsum("tin,tin->tn", samples[:, spanned:], samples[:, spanned:]) / 2
            half *= scale**2
            samples *= scale
            for axis in range(spanned):
                samples[:, axis] += centres[components, axis]
            for index, component in enumerate(components):
                x, p = samples[index, :spanned], correlated(self.outside, samples[index, spanned:])
                hidden = p + np.einsum("isn,sn->in", self.first, x)
                slopes = self.network.slopes(hidden.T, component, self.second.T)
                push, turn = (rates * slope.T for slope in slopes)
                self.second *= shrink
                self.second -= turn
                self.first *= shrink[..., None]
                self.first -= push[:, None] * x
                pull = push[:, None] * (half[index] * push - shrink * p)
                self.outside *= decay
                self.outside += pull
                self.outside += np.swapaxes(pull, 0, 1)

    def flow(
        self,
        generators: Sequence[np.random.Generator],
        steps: int,
        step: float,
        ridge: float,
        pairs: int,
    ) -> None:
        """Follow the gradient of the population's loss: SGD as ``c`` goes to 0.

        Each Euler step averages over fresh noise, ``pairs`` antithetic pairs beside every
        centre, in the span of centres and rows alone; with ``L`` for ``R``, which loses rank.
        """
        width, spanned, count = self.first.shape
        centres, kind = self.mixture.centres.astype(self.first.dtype), self.first.dtype
        components = np.arange(len(centres))
        free = self.free[..., None]
        shrink, share = 1 - step * ridge * free, step / (2 * pairs * len(centres))
        root = correlated(self.outside, np.eye(width, dtype=kind)[..., None])
        rows = np.concatenate([self.first, root], axis=1)
        shape = (spanned + width, pairs, count // len(generators))
        for _ in range(steps):
            noise = np.concatenate([each.standard_normal(shape, kind) for each in generators], -1)
            noise *= self.mixture.snr**-0.5
            along = np.einsum("isn,spn->ipn", rows, noise)
            centred = np.einsum("isn,cs->icn", rows[:, :spanned], centres)
            # over neurons, pairs, signs, centres and networks
            hidden = np.stack([along, -along], axis=2)[:, :, :, None] + centred[:, None, None]
            slopes = self.network.slopes(
                hidden.T, components[:, None, None], self.second[:, None, None, None].T
            )
            push, turn = (slope.T for slope in slopes)
            self.second *= shrink[..., 0]
            self.second -= share * self.free * turn.sum(axis=(1, 2, 3))
            rows *= shrink
            odd = push[:, :, 0].sum(axis=2) - push[:, :, 1].sum(axis=2)
            rows -= share * free * np.einsum("ipn,spn->isn", odd, noise)
            even = np.einsum("icn,cs->isn", push.sum(axis=(1, 2)), centres)
            rows[:, :spanned] -= share * free * even
        self.first, root = rows[:, :spanned], rows[:, spanned:]
        self.outside = np.einsum("ikn,jkn->ijn", root, root)


def correlated(gram: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Give independent normals a covariance: ``L normals`` with ``L L^T = gram`` (Cholesky).

    Args:
        gram: shape ``(K, K, networks)``.
        normals: shape ``(K, ..., networks)``.
    """
    columns, least = np.zeros_like(gram), FLOOR * np.einsum("iin->in", gram) + TINY
    for index, row in enumerate(gram):
        before, column = columns[:index, index:], columns[index, index:]
        column[:] = row[index:]
        column -= np.einsum("jin,jn->in", before, before[:, 0])
        column /= np.sqrt(np.maximum(column[0], least[index]))
    return np.einsum("jin,j...n->i...n", columns, normals)
