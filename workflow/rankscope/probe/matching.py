"""Intruder dimensions of a large matrix, without its decomposition.

The leading left vectors ``u`` of the base weight ``W``, the tuned weight and its controls come
from Lanczos in lockstep. How well ``u`` matches the base is known exactly if one of the base's
leading vectors, which are computed, carries more of it than all the others together. Else it
is bounded from above: with ``B`` the computed base vectors, the cosine with any other is at
most the smallest of

- ``|u - B B^T u|``;
- ``|(1 - B B^T)(W W^T - s^2) u| / (s^2 - b^2)``, where ``s`` is the direction's singular value
  and ``b < s`` the least of the base's computed ones: both are eigenvectors, so that
  ``(b_i^2 - s^2) <u_i, u> = <u_i, (W W^T - s^2) u>``;
- the root of the largest atom that the spectral measure of ``u - B B^T u`` can have, given its
  first moments (`rankscope.numerics.lanczos.largest_atom`).
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy import fft

from rankscope.numerics import lanczos, low_rank

BESIDE = 6
"""Base directions that are computed beyond as many as are tested."""
ATOM_STEPS = 32


@dataclasses.dataclass(frozen=True)
class Match:
    """How well leading directions match the base's.

    Attributes:
        lower: the best cosine that was found.
        upper: what no cosine exceeds.
        residual: the largest relative residual of these directions.
        left: the directions.
    """

    lower: np.ndarray
    upper: np.ndarray
    residual: float
    left: np.ndarray


def matches(
    base: np.ndarray,
    updates: Sequence[low_rank.LowRankSvd],
    count: int,
    threshold: float,
    generator: np.random.Generator,
    device: str | None = None,
) -> list[Match]:
    """Match the ``count`` leading directions of ``base`` plus each update with the base's.

    Args:
        base: the base weight, shape ``(out, in)``, float32 or float64.
        updates: its update, and the controls.
        count: directions that are matched.
        threshold: the cosine that is to be decided; directions of the first update whose bounds
            leave it open cost ``ATOM_STEPS`` further products. Controls are not bounded.
        generator: of the start vectors.
        device: torch's name of the one that makes the products; numpy makes them without.
    """
    factors = [(one.left * one.singular_values, one.right) for one in updates]
    beyond = min(count + BESIDE, min(base.shape))
    own, *tuned = lanczos.leading_left(
        base, [None, *factors], [beyond, *[count] * len(updates)], generator, device=device
    )
    return _matched(base, own, tuned, threshold)


def matches_of_dense(
    base: np.ndarray,
    update: np.ndarray,
    count: int,
    threshold: float,
    generators: Sequence[np.random.Generator],
    device: str | None = None,
) -> list[Match]:
    """Match those of ``base`` plus a dense update, and of a control for each generator.

    A control is the update `rotated`; one of them is in memory at a time. Else as `matches`.
    """

    def leading(matrix: np.ndarray, count: int) -> lanczos.Leading:
        generator = np.random.default_rng(0)
        return lanczos.leading_left(matrix, [None], [count], generator, device=device)[0]

    update = update.astype(base.dtype, copy=False)
    own = leading(base, min(count + BESIDE, min(base.shape)))
    tuned = [leading(base + update, count)]
    tuned += [leading(base + rotated(update, one), count) for one in generators]
    return _matched(base, own, tuned, threshold)


def rotated(update: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return a matrix of the same singular values in random directions, in time ``n log n``.

    Both sides are multiplied by random signs and a cosine transform, which is orthogonal and
    spreads each direction over all coordinates.
    """
    for axis, size in enumerate(update.shape):
        signs = generator.choice(np.array([-1, 1], dtype=update.dtype), size)
        update = update * (signs[:, None] if axis == 0 else signs)
        update = fft.dct(update, axis=axis, norm="ortho", overwrite_x=True)
    return update


def _matched(
    base: np.ndarray, own: lanczos.Leading, tuned: Sequence[lanczos.Leading], threshold: float
) -> list[Match]:
    count = len(tuned[0].values)
    residual = own.residuals[:count].max(initial=0.0)
    found = [np.abs(own.left.T @ one.left).max(axis=0) for one in tuned]
    lower, upper = found[0], _bound(base, own, tuned[0])
    open_ = np.flatnonzero((lower < threshold) & (upper >= threshold))
    if open_.size:
        rest = tuned[0].left[:, open_]
        rest = rest - own.left @ (own.left.T @ rest)
        sizes = np.linalg.norm(rest, axis=0)
        least = sizes * np.sqrt(lanczos.largest_atom(base, rest / sizes, ATOM_STEPS))
        upper[open_] = np.maximum(lower[open_], np.minimum(upper[open_], least))
    bounds = [upper, *[np.ones(one.shape) for one in found[1:]]]
    return [
        Match(lower, upper, max(float(one.residuals.max(initial=0.0)), float(residual)), one.left)
        for lower, upper, one in zip(found, bounds, tuned, strict=True)
    ]


def _bound(base: np.ndarray, own: lanczos.Leading, tuned: lanczos.Leading) -> np.ndarray:
    """Return what no cosine of a tuned direction with a base direction exceeds."""
    cosines = own.left.T @ tuned.left
    lower = np.abs(cosines).max(axis=0)
    rest = np.sqrt(np.maximum(1 - (cosines**2).sum(axis=0), 0))
    left = tuned.left.astype(base.dtype)
    images = np.asarray(base @ (base.T @ left), dtype=np.float64) - tuned.left * tuned.values**2
    outside = np.linalg.norm(images - own.left @ (own.left.T @ images), axis=0)
    gap = tuned.values**2 - own.values[-1] ** 2
    far = np.where(gap > 0, outside / np.maximum(gap, np.finfo(float).tiny), 1.0)
    return np.maximum(lower, np.minimum(rest, far))
