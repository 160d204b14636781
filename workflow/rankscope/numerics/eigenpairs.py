"""Leading eigenpairs of many symmetric operators at once, without forming a matrix.

Single-vector Lanczos with full reorthogonalisation runs on all operators in lockstep, so
that one pass over the data serves every operator. A residual comes with every eigenvalue.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from scipy.linalg import lapack

CHECK_EVERY = 8


@dataclasses.dataclass(frozen=True)
class Eigenpairs:
    """Leading eigenpairs of ``b`` operators, by descending absolute value.

    Attributes:
        values: eigenvalues, shape ``(b, count)``.
        vectors: orthonormal columns, shape ``(b, size, count)``.
        residual: ``|A v - value v|`` over the largest absolute eigenvalue, recomputed from
            the returned pairs, shape ``(b, count)``.
        converged: whether ``residual`` is within the tolerance, shape ``(b, count)``.
        products: how often each operator was applied.
    """

    values: np.ndarray
    vectors: np.ndarray
    residual: np.ndarray
    converged: np.ndarray
    products: int


def lanczos(
    apply: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    count: int,
    tolerance: float = 1e-6,
    max_steps: int = 300,
    finish: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Eigenpairs:
    """Find the ``count`` eigenpairs of largest absolute eigenvalue of each operator.

    An exact multiple eigenvalue is seen once: a Krylov space holds one vector of its
    eigenspace.

    Args:
        apply: maps row vectors, shape ``(b, size)``, row ``i`` by operator ``i``.
        start: starting rows, shape ``(b, size)``; its dtype is that of the iteration.
        count: eigenpairs per operator, at most ``size``.
        tolerance: stop when all residuals, relative to the largest eigenvalue, are below.
        max_steps: at most this many applications; less than ``size`` may not converge.
        finish: ``apply`` in double precision, to all found vectors of each operator at once,
            shape ``(b, count, size)``; else `apply` takes them one after the other. The
            iteration ends with a Rayleigh-Ritz step, which in double precision makes
            eigenvalues of a single-precision iteration exact to second order in its residual.

    Returns:
        The eigenpairs; those that did not converge are returned as they are.

    Raises:
        ValueError: if ``count`` is not between 1 and ``size``.

    Source:
        Parlett, The Symmetric Eigenvalue Problem, chapter 13.
    """
    blocks, size = start.shape
    if not 1 <= count <= size:
        raise ValueError(f"count must be between 1 and {size}, got {count}")
    limit = max(count, min(max_steps, size))
    basis = np.zeros((blocks, limit + 1, size), dtype=start.dtype)
    diagonal, off = np.zeros((blocks, limit)), np.zeros((blocks, limit))
    basis[:, 0] = start / np.linalg.norm(start, axis=1, keepdims=True)
    slow = 0
    for step in range(limit):
        image = apply(basis[:, step])
        diagonal[:, step] = np.einsum("bn,bn->b", basis[:, step], image)
        # the recurrence first: what it leaves is rounding, and goes with one more pass
        image = image - diagonal[:, step, None].astype(image.dtype) * basis[:, step]
        if step:
            image -= off[:, step - 1, None].astype(image.dtype) * basis[:, step - 1]
        image = _orthogonal_to(basis[:, : step + 1], image)
        off[:, step] = np.linalg.norm(image, axis=1)
        done = step + 1
        image, off[:, step] = _restart(basis[:, :done], image, off[:, step], diagonal[:, :done])
        basis[:, done] = image / np.linalg.norm(image, axis=1, keepdims=True)
        if done == limit or (done >= count and done % CHECK_EVERY == 0):
            # until the operator that was not done last time is, the others need not be asked
            small, mixing = _ritz(diagonal[[slow], :done], off[[slow], :done], count, tolerance)
            if done == limit or small[0]:
                small, mixing = _ritz(diagonal[:, :done], off[:, :done], count, tolerance)
                slow = int(np.argmin(small))
                if done == limit or small.all():
                    break
    vectors = np.swapaxes(basis[:, :done], 1, 2) @ mixing.astype(start.dtype)
    finish = finish or (lambda rows: np.stack([apply(r) for r in np.swapaxes(rows, 0, 1)], axis=1))
    return rayleigh_ritz(finish, vectors.astype(float), tolerance, done)


def rayleigh_ritz(
    apply: Callable[[np.ndarray], np.ndarray],
    vectors: np.ndarray,
    tolerance: float,
    products: int,
) -> Eigenpairs:
    """Return the eigenpairs of the operators on the span of vectors, with their residuals.

    Args:
        apply: maps rows in double precision, shape ``(b, count, size)``.
        vectors: columns, shape ``(b, size, count)``.
        tolerance: of the residual, relative to the largest eigenvalue, of what converged.
        products: how often each operator was applied before.
    """
    vectors = np.linalg.qr(vectors)[0]
    images = np.swapaxes(apply(np.ascontiguousarray(np.swapaxes(vectors, 1, 2))), 1, 2)
    small = np.swapaxes(vectors, 1, 2) @ images
    values, mixing = dense((small + np.swapaxes(small, 1, 2)) / 2, vectors.shape[2])
    vectors, images = vectors @ mixing, images @ mixing
    gap = np.linalg.norm(images - vectors * values[:, None, :], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        residual = np.where(values[:, :1] != 0, gap / np.abs(values[:, :1]), gap)
    return Eigenpairs(values, vectors, residual, residual <= tolerance, products + vectors.shape[2])


def dense(matrices: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the eigenpairs of largest absolute eigenvalue of small dense matrices.

    Args:
        matrices: symmetric, shape ``(..., n, n)``.
        count: eigenpairs per matrix.

    Returns:
        Eigenvalues ``(..., count)``, by descending absolute value, and their eigenvectors
        as columns, ``(..., n, count)``.
    """
    values, vectors = np.linalg.eigh(matrices)
    order = np.argsort(-np.abs(values), axis=-1, kind="stable")[..., :count]
    return (
        np.take_along_axis(values, order, axis=-1),
        np.take_along_axis(vectors, order[..., None, :], axis=-1),
    )


def _orthogonal_to(basis: np.ndarray, rows: np.ndarray) -> np.ndarray:
    inner = basis @ rows[:, :, None]
    return rows - (np.swapaxes(inner, 1, 2) @ basis)[:, 0]


def _restart(
    basis: np.ndarray, rows: np.ndarray, norms: np.ndarray, diagonal: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Replace rows that vanished, because the Krylov space is invariant, by new directions."""
    floor = 10 * np.finfo(rows.dtype).eps * np.abs(diagonal).max(axis=1)
    for index in np.flatnonzero(norms <= floor):
        # the unit vector that is farthest from the space found so far
        row = np.zeros((1, rows.shape[1]), dtype=rows.dtype)
        row[0, np.argmin((basis[index] ** 2).sum(axis=0))] = 1
        for _ in range(2):  # once leaves what cancellation brought back
            row = _orthogonal_to(basis[index : index + 1], row)
        row = row[0]
        length = np.linalg.norm(row)
        rows[index] = row if length > 0 else np.eye(1, len(row), dtype=rows.dtype)[0]
        norms[index] = 0.0
    return rows, norms


def _ritz(
    diagonal: np.ndarray, off: np.ndarray, count: int, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return whether the leading Ritz pairs have small residuals, and their vectors."""
    values = np.empty((len(diagonal), count))
    vectors = np.empty((len(diagonal), diagonal.shape[1], count))
    for index, (main, beside) in enumerate(zip(diagonal, off[:, :-1], strict=True)):
        values[index], vectors[index] = _tridiagonal(main, beside, count)
    bound = np.abs(off[:, -1:] * vectors[:, -1])
    small = np.all(bound <= tolerance * np.abs(values[:, :1]), axis=1)
    # a Krylov space that has just closed says nothing about what lies outside it
    return small & (off[:, -1] > 0), vectors


def _tridiagonal(main: np.ndarray, beside: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    # LAPACK itself: the checks of the SciPy wrapper take longer than the solution
    size = len(main)
    every, _ = lapack.dsterf(main, beside)
    first = size - count + 1
    if np.abs(every[0]) > every[-count]:  # the other end of the spectrum has a part in the choice
        first = 1
    found, values, vectors, _ = lapack.dstemr(
        main, np.append(beside, 0.0), 2, 0.0, 0.0, first, size, lwork=18 * size, liwork=10 * size
    )
    order = np.argsort(-np.abs(values[:found]), kind="stable")[:count]
    return values[order], vectors[:, order]
