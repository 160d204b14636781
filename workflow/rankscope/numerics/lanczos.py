"""Leading directions of ``W + L R^T`` for several low-rank updates of one large matrix ``W``.

Lanczos on the Gram operator of one side, one vector for each update, all of them in
lockstep: a pass over ``W`` costs about as much for six vectors as for one, because reading it
from memory is what takes the time. Every basis is reorthogonalised in full, in float64; the
products are made in the type of ``W``, float32 for large weights, which limits residuals to
about 1e-7 of the largest singular value squared.
"""

import dataclasses
import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import linalg

CHECK_EVERY = 4
SMALL = 10**6
"""Multiplications of a product up to which OpenBLAS does not copy its operands first."""
MOST_ROWS = 64
BLOCKS = 32
"""Blocks of so many rows whose products are added in the type of the matrix."""
WIDE = 8
ROUNDING = 4
"""Residuals of so many units of rounding of the largest value are no further reduced."""

LowRank = tuple[np.ndarray, np.ndarray]
"""``(L, R)`` of shapes ``(D, k)`` and ``(d, k)``: the update ``L @ R.T``."""


@dataclasses.dataclass(frozen=True)
class Leading:
    """Leading left singular directions of a matrix.

    Attributes:
        left: orthonormal columns, shape ``(D, count)``.
        values: singular values, descending.
        residuals: ``|G v - s^2 v| / s^2`` of each, ``G`` the Gram matrix of the right side.
        steps: products with the matrix and its transpose.
    """

    left: np.ndarray
    values: np.ndarray
    residuals: np.ndarray
    steps: int


class Operator:
    """The Gram matrix of ``W + L R^T`` on its right side, for several updates at once.

    The right side is the one along which ``W`` lies in memory, so that one pass over its rows
    makes both products; unless ``W`` is so wide that the vectors would be long. With a
    ``device`` the products are torch's, on a copy of ``W`` there.
    """

    def __init__(
        self, matrix: np.ndarray, updates: Sequence[LowRank | None], device: str | None = None
    ) -> None:
        rows, columns = matrix.shape
        self.flipped = not matrix.flags.c_contiguous or columns > WIDE * rows
        self.matrix = matrix.T if self.flipped else matrix
        none = np.zeros((rows, 0)), np.zeros((columns, 0))
        sides = [none if one is None else one for one in updates]
        left, right = (np.hstack([one[side] for one in sides]) for side in (0, 1))
        self.left, self.right = (right, left) if self.flipped else (left, right)
        self.narrow = self.left.astype(matrix.dtype)
        self.torch: Any = importlib.import_module("torch") if device else None
        self.device = device
        self.copies = [self._there(one) for one in (self.matrix, self.narrow) if device]
        # which columns of the factors belong to which update
        self.own = np.repeat(np.eye(len(sides)), [one[0].shape[1] for one in sides], axis=1)

    def forward(self, vectors: np.ndarray, whose: np.ndarray) -> np.ndarray:
        """Return ``(W + L R^T) v`` for each column, of the update that it belongs to."""
        narrow = vectors.astype(self.matrix.dtype)
        if self.device:
            images = (self.copies[0] @ self._there(narrow)).cpu().numpy()
        else:
            images = self.matrix @ narrow
        result = np.asarray(images, dtype=np.float64)
        return result + self.left @ (self.own[whose].T * (self.right.T @ vectors))

    def gram(self, vectors: np.ndarray, which: Sequence[int]) -> np.ndarray:
        """Return ``(W + L R^T)^T (W + L R^T) v`` for each row, of the updates ``which``."""
        own, kind = self.own[which], self.matrix.dtype
        inner, narrow = (own * (vectors @ self.right)).astype(kind), vectors.astype(kind)
        products = self._on_the_device if self.device else self._by_blocks
        result, outer = products(narrow, inner)
        return result + (own * outer) @ self.right.T

    def _there(self, values: np.ndarray) -> Any:  # noqa: ANN401 - a tensor
        # a copy is asked for where torch would take no view
        return self.torch.from_numpy(np.require(values, requirements="W")).to(self.device)

    def _on_the_device(self, narrow: np.ndarray, inner: np.ndarray) -> tuple[np.ndarray, ...]:
        matrix, left = self.copies
        images = self._there(narrow) @ matrix.T + self._there(inner) @ left.T
        return tuple((images @ one).cpu().numpy().astype(float) for one in (matrix, left))

    def _by_blocks(self, narrow: np.ndarray, inner: np.ndarray) -> tuple[np.ndarray, ...]:
        outer, result = np.zeros(inner.shape), np.zeros(narrow.shape)
        rows, columns = self.matrix.shape
        step = max(1, min(MOST_ROWS, SMALL // (len(narrow) * columns)))
        for start in range(0, rows, step * BLOCKS):
            part_result = np.zeros_like(narrow)
            for first in range(start, min(start + step * BLOCKS, rows), step):
                part, left = (one[first : first + step] for one in (self.matrix, self.narrow))
                images = narrow @ part.T + inner @ left.T
                part_result += images @ part
                outer += images @ left
            result += part_result
        return result, outer


def leading_left(
    matrix: np.ndarray,
    updates: Sequence[LowRank | None],
    counts: Sequence[int],
    generator: np.random.Generator,
    *,
    tolerance: float = 1e-6,
    most_steps: int = 128,
    device: str | None = None,
) -> list[Leading]:
    """Return the leading left singular directions of ``matrix`` plus each of the updates.

    Args:
        matrix: shape ``(D, d)``, float32 or float64.
        updates: low-rank updates; ``None`` for the matrix itself.
        counts: number of directions of each.
        generator: of the start vectors.
        tolerance: relative residual at which a matrix is done, if rounding allows it.
        most_steps: steps after which what is found is returned, with its residuals.
        device: torch's name of the one that makes the products; numpy makes them without.
    """
    operator = Operator(matrix, updates, device)
    size = operator.matrix.shape[1]
    most_steps = min(most_steps, *matrix.shape)
    bases = np.empty((len(updates), most_steps + 1, size))
    bases[:, 0] = generator.standard_normal((len(updates), size))
    bases[:, 0] /= np.linalg.norm(bases[:, 0], axis=1, keepdims=True)
    diagonal, beside = np.zeros((2, len(updates), most_steps))
    found: dict[int, Leading] = {}
    for step in range(most_steps):
        which = [index for index in range(len(updates)) if index not in found]
        images = operator.gram(bases[which, step], which)
        for image, index in zip(images, which, strict=True):
            diagonal[index, step] = bases[index, step] @ image
            rest = _orthogonal(image, bases[index, : step + 1])
            beside[index, step] = np.linalg.norm(rest)
            # an invariant subspace: go on with any direction that is new
            if beside[index, step] < 1e-12 * diagonal[index, : step + 1].max():
                beside[index, step] = 0.0
                rest = _orthogonal(generator.standard_normal((size,)), bases[index, : step + 1])
            bases[index, step + 1] = rest / max(np.linalg.norm(rest), np.finfo(float).tiny)
        last = step + 1 == most_steps
        if last or (step + 1) % CHECK_EVERY == 0:
            for index in which:
                values, vectors, residuals = _ritz(
                    diagonal[index, : step + 1], beside[index, : step + 1], counts[index]
                )
                rounding = ROUNDING * np.finfo(matrix.dtype).eps * values[0]
                wanted = np.maximum(tolerance * values, rounding)
                if last or (len(values) == counts[index] and (residuals <= wanted).all()):
                    right = bases[index, : step + 1].T @ vectors
                    relative = residuals / np.maximum(values, np.finfo(float).tiny)
                    singular = np.sqrt(np.maximum(values, 0))
                    found[index] = Leading(right, singular, relative, step + 1)
        if len(found) == len(updates):
            break
    ordered = [found[index] for index in range(len(updates))]
    return ordered if operator.flipped else _on_the_left(operator, ordered)


def _orthogonal(vector: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Remove the rows of an orthonormal basis; twice is enough (Giraud et al., 2005)."""
    for _ in range(2):
        vector = vector - basis.T @ (basis @ vector)
    return vector


def _ritz(
    diagonal: np.ndarray, beside: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return leading Ritz values, vectors in the Lanczos basis, and residuals."""
    count = min(count, len(diagonal))
    values, vectors = linalg.eigh_tridiagonal(diagonal, beside[:-1])
    values, vectors = values[::-1][:count], vectors[:, ::-1][:, :count]
    return values, vectors, beside[-1] * np.abs(vectors[-1])


def _on_the_left(operator: Operator, found: Sequence[Leading]) -> list[Leading]:
    """Take directions of the right side to the left one."""
    counts = [one.left.shape[1] for one in found]
    whose = np.repeat(np.arange(len(found)), counts)
    images = operator.forward(np.hstack([one.left for one in found]), whose)
    result = []
    for one, own in zip(found, np.split(images, np.cumsum(counts)[:-1], axis=1), strict=True):
        left, upper = np.linalg.qr(own)
        left *= np.where(np.diagonal(upper) < 0, -1.0, 1.0)
        result.append(dataclasses.replace(one, left=left))
    return result


def largest_atom(matrix: np.ndarray, vectors: np.ndarray, steps: int) -> np.ndarray:
    """Bound ``max_i <u, u_i>^2`` over all left singular vectors ``u_i`` of a matrix.

    The squares are the atoms of ``u``'s spectral measure, whose moments Lanczos from ``u``
    gives; no measure with the first ``2 m`` of them has an atom at ``x`` above the Christoffel
    function ``1 / sum_(k < m) p_k(x)^2`` (Akhiezer, The Classical Moment Problem, 2.5). Its
    largest value is taken on a grid between the extreme nodes, outside of which it falls.

    Args:
        matrix: shape ``(D, d)``.
        vectors: unit columns ``u``, shape ``(D, k)``.
        steps: ``m``.

    Returns:
        Upper bounds, shape ``(k,)``; at most 1.
    """
    count, steps = vectors.shape[1], min(steps, vectors.shape[0])
    bases = np.zeros((count, steps + 1, vectors.shape[0]))
    bases[:, 0] = vectors.T
    diagonal, beside = np.zeros((2, count, steps))
    length = np.full(count, steps)
    for step in range(steps):
        images = matrix.T @ bases[:, step].T.astype(matrix.dtype)
        products = np.asarray(matrix @ images, dtype=np.float64)
        for index in range(count):
            diagonal[index, step] = bases[index, step] @ products[:, index]
            rest = _orthogonal(products[:, index], bases[index, : step + 1])
            beside[index, step] = np.linalg.norm(rest)
            if beside[index, step] <= 1e-10 * diagonal[index, : step + 1].max():
                length[index] = min(length[index], step + 1)
            else:
                bases[index, step + 1] = rest / beside[index, step]
    return np.array(
        [
            _christoffel(diagonal[index, : length[index]], beside[index, : length[index] - 1])
            for index in range(count)
        ]
    )


def _christoffel(diagonal: np.ndarray, beside: np.ndarray, per_gap: int = 32) -> float:
    """Return the largest value of the Christoffel function of a Jacobi matrix."""
    nodes, vectors = linalg.eigh_tridiagonal(diagonal, beside)
    at_nodes = float((vectors[0] ** 2).max())
    share = np.arange(per_gap) / per_gap
    grid = (nodes[:-1, None] + share * np.diff(nodes)[:, None]).ravel()
    before, now = np.zeros_like(grid), np.ones_like(grid)
    total = np.ones_like(grid)
    for k in range(len(diagonal) - 1):
        left = beside[k - 1] * before if k else 0.0
        before, now = now, ((grid - diagonal[k]) * now - left) / beside[k]
        total += now**2
    return float(min(1.0, max(at_nodes, (1 / total).max(initial=0.0))))
