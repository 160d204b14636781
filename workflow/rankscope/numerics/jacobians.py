"""Jacobians of random networks of any depth, with every singular value that can be told from 0.

A layer maps features ``h`` (n units) to ``phi(W h)`` and the Jacobian ``J`` to ``D W J``, with
``D`` the slopes. The product is kept as ``J = Q P``, with orthonormal columns ``Q`` that are found
again after every few layers, ``D W ... D W Q = Q' R``, so that ``P' = R P``. R is triangular: a row
of P is of the order of a singular value, and never takes the rounding errors of a larger one.
One-sided Jacobi rotations then give all of them to a relative accuracy that does not depend on
their ratio (Drmac and Veselic, SIAM J. Matrix Anal. Appl. 29, 2008).
"""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.linalg import lapack

from rankscope.numerics import activations, relu_networks

PERIOD = 4
"""Layers after which Q is found again: a product of so few loses few digits."""
FLOOR = 1e-60
"""Directions this much below the largest are given up: they do not come back."""
HALF = 1e-8
"""Ratio of singular values up to which the usual algorithm leaves half of the digits."""
_LINEAR = activations.Activation(lambda h: h, np.ones_like, np.zeros_like)
ACTIVATIONS = {**activations.ACTIVATIONS, "linear": _LINEAR}
GAINS = {"linear": 1.0, "relu": 2.0, "tanh": 1.0}
"""n times the mean square of a weight."""


@dataclasses.dataclass(frozen=True)
class Jacobian:
    """The Jacobian of one layer's features, ``exp(log_scale) Q P`` with ``Q^T Q = 1``.

    Attributes:
        factor: P, shape ``(k, n)``, whose largest entry is 1 in size.
        log_scale: logarithm of the scale.
        rank: exact rank with probability 1, the fewest units with a slope in any layer so far.
    """

    factor: np.ndarray
    log_scale: float
    rank: int

    def log_singular_values(self) -> np.ndarray:
        """Return natural logarithms, descending, shape ``(n,)``; ``-inf`` for those given up."""
        kept, size = self.factor.shape
        found = np.full(size, -np.inf)
        if kept:
            values = np.linalg.svd(self.factor, compute_uv=False)
            if values[-1] < HALF * values[0]:
                values = _jacobi(self.factor)
            with np.errstate(divide="ignore"):
                found[:kept] = np.log(values) + self.log_scale
        return found

    def log_norm(self, direction: np.ndarray) -> float:
        """Return the natural logarithm of the length of ``J u``; ``-inf`` if it is 0."""
        with np.errstate(divide="ignore"):
            return float(np.log(np.linalg.norm(self.factor @ direction)) + self.log_scale)


def jacobians(
    features: np.ndarray,
    activation: str,
    layers: Sequence[int],
    generator: np.random.Generator,
    *,
    orthogonal: bool = False,
) -> Iterator[Jacobian]:
    """Draw a network of equal layers and yield its Jacobian at one input.

    Args:
        features: the input, shape ``(n,)``.
        activation: a key of `ACTIVATIONS`.
        layers: after which layers, ascending from 1; the last is the depth.
        generator: the source of all randomness.
        orthogonal: whether weights are Haar orthogonal matrices rather than iid Gaussian.
    """
    law, size = ACTIVATIONS[activation], len(features)
    active, product, factor = np.ones(size, dtype=bool), np.eye(size), np.eye(size)
    log_scale, rank = 0.0, size
    for layer in range(1, layers[-1] + 1):
        weights = _weights(size, GAINS[activation], generator, orthogonal=orthogonal)
        values = weights @ features
        slopes, features = law.slope(values), law.value(values)
        product = slopes[:, None] * (weights[:, active] @ product)
        active = slopes != 0
        product = product[active]
        rank = min(rank, len(product))
        if layer % PERIOD and layer not in layers:
            continue
        product, triangle = np.linalg.qr(product)
        # what is below the rank is rounding
        factor = triangle[:rank] @ factor
        sizes = np.abs(factor).max(axis=1)
        largest = sizes.max(initial=0.0)
        if largest > 0:
            kept = 1 + int(np.flatnonzero(sizes > FLOOR * largest)[-1])
            product, factor = product[:, :kept], factor[:kept] / largest
            log_scale += float(np.log(largest))
        if layer in layers:
            yield Jacobian(factor, log_scale, rank)


def _weights(
    size: int, gain: float, generator: np.random.Generator, *, orthogonal: bool
) -> np.ndarray:
    """Draw weights of mean square ``gain / size``."""
    if orthogonal:
        return np.sqrt(gain) * relu_networks.orthonormal_frame(size, size, generator)
    return np.sqrt(gain / size) * generator.standard_normal((size, size))


def _jacobi(factor: np.ndarray) -> np.ndarray:
    """Return singular values, descending, of a matrix whose rows are of very different sizes."""
    # none of the columns is taken for noise; no vectors; scaled by the first two numbers of work
    values, _, _, work, _, failed = lapack.dgejsv(factor.T, joba=0, jobr=0, jobp=0, jobu=3, jobv=3)
    if failed:
        raise np.linalg.LinAlgError(f"dgejsv did not converge: {failed}")
    return values * (work[0] / work[1])
