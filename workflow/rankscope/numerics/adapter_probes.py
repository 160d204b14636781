"""Probes of what an update learned, each with what chance alone would give.

The probes of LoRA's section 7 (amplification, subspace similarity) and the intruder
dimensions of Shuttleworth et al. compare directions. Random directions agree a little too,
and how much depends on widths and ranks, so every probe here comes with its null: uniformly
random orthonormal frames, independent of the base weight.
"""

import dataclasses
import functools
import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import integrate, special


@dataclasses.dataclass(frozen=True)
class Amplification:
    """The amplification factor of an update and what random directions would give.

    Attributes:
        rank: number of directions ``r`` of the update that are probed.
        update_norm: ``|dW|_F``.
        captured: ``|U^T W V|_F``, what the update's directions hold of the base weight.
        captured_null: its root mean square for random directions, ``r |W|_F / sqrt(D d)``.
    """

    rank: int
    update_norm: float
    captured: float
    captured_null: float

    @property
    def factor(self) -> float:
        """LoRA's amplification factor, ``|dW|_F / |U^T W V|_F``."""
        return self.update_norm / self.captured

    @property
    def alignment(self) -> float:
        """``captured / captured_null``: above 1, the update's directions carry base weight."""
        return self.captured / self.captured_null


def amplification(
    base: np.ndarray, left: np.ndarray, right: np.ndarray, update_norm: float
) -> Amplification:
    """Measure how much an update amplifies directions that the base weight holds.

    Args:
        base: the base weight ``W``, shape ``(D, d)``.
        left: the update's left singular vectors ``U``, shape ``(D, r)``.
        right: its right singular vectors ``V``, shape ``(d, r)``.
        update_norm: its Frobenius norm.

    Source:
        Hu et al., arXiv 2106.09685, section 7.3 and appendix H.4; the null is derived in
        the documentation.
    """
    rank, (rows, columns) = left.shape[-1], base.shape
    return Amplification(
        rank=rank,
        update_norm=float(update_norm),
        captured=float(np.linalg.norm(left.T @ base @ right)),
        captured_null=captured_null(rows, columns, rank, float(np.linalg.norm(base))),
    )


def captured_null(rows: int, columns: int, rank: int, base_norm: float) -> float:
    """Return ``sqrt(E |U^T W V|_F^2) = r |W|_F / sqrt(D d)`` for random ``U`` and ``V``."""
    return rank * base_norm / math.sqrt(rows * columns)


def similarity_null(dimension: int, first: ArrayLike, second: ArrayLike) -> np.ndarray:
    """Return the mean of ``phi(i, j)`` between random subspaces, ``max(i, j) / d``.

    Args:
        dimension: ``d``.
        first: numbers of directions ``i``; broadcast against ``second``.
        second: numbers of directions ``j``.
    """
    return np.maximum(first, second) / dimension


def similarity_null_sd(dimension: int, first: ArrayLike, second: ArrayLike) -> np.ndarray:
    """Return the standard deviation of ``phi(i, j)`` between random subspaces.

    ``Var |U^T V|_F^2 = 2 i j (d - i)(d - j) / (d^2 (d - 1)(d + 2))`` for independent uniform
    frames of ``i`` and ``j`` columns; ``phi`` divides by ``min(i, j)``. Derived in the
    documentation.
    """
    i, j, d = np.asarray(first, dtype=float), np.asarray(second, dtype=float), float(dimension)
    variance = 2 * i * j * (d - i) * (d - j) / (d**2 * (d - 1) * (d + 2))
    return np.sqrt(variance) / np.minimum(i, j)


def best_match(vectors: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Return the largest ``|cos|`` of each vector with any column of an orthonormal basis.

    Args:
        vectors: unit columns, shape ``(d, k)``.
        basis: orthonormal columns, shape ``(d, p)``.

    Returns:
        Values in [0, 1], shape ``(k,)``.
    """
    return np.abs(basis.T @ vectors).max(axis=0)


def count_intruders(tuned_left: np.ndarray, base_left: np.ndarray, threshold: float = 0.5) -> int:
    """Count the tuned weight's leading directions that match none of the base weight's.

    A left singular vector of the tuned weight is an intruder if its cosine with every left
    singular vector of the base weight is below ``threshold`` in absolute value. A random
    direction is one at any width of interest (`random_match`): the count of an update must
    be compared with that of a random update of the same singular values.

    Args:
        tuned_left: leading left singular vectors of the tuned weight, shape ``(D, k)``.
        base_left: all left singular vectors of the base weight, shape ``(D, p)``.
        threshold: the cosine below which a direction is new.

    Source:
        Shuttleworth et al., arXiv 2410.21228, definition of intruder dimensions.
    """
    return int(np.count_nonzero(best_match(tuned_left, base_left) < threshold))


@functools.lru_cache(maxsize=64)
def random_match(dimension: int, directions: int) -> tuple[float, float]:
    """Return mean and standard deviation of `best_match` for a uniformly random direction.

    With ``g`` standard normal in ``d`` dimensions, ``max |g_i| / |g|`` is independent of
    ``|g|``, so its moments are exact ratios: ``E max |g_i| / E |g|`` and
    ``E max g_i^2 / d`` over ``p`` coordinates.

    Args:
        dimension: ``d``.
        directions: ``p``, the number of basis directions it is compared with.
    """

    def survival(t: float) -> float:
        return -math.expm1(directions * math.log(special.erf(t / math.sqrt(2)))) if t > 0 else 1.0

    end = 10.0 + math.sqrt(2 * math.log(directions + 1))
    first = integrate.quad(survival, 0, end, limit=200)[0]
    second = integrate.quad(lambda t: 2 * t * survival(t), 0, end, limit=200)[0]
    length = math.sqrt(2) * math.exp(
        special.gammaln((dimension + 1) / 2) - special.gammaln(dimension / 2)
    )
    mean = first / length
    return mean, math.sqrt(max(second / dimension - mean**2, 0.0))
