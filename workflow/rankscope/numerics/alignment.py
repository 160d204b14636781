"""How weight vectors and matrices align with leading eigenspaces and with a known span.

The known span is that of the first coordinates; see `rankscope.numerics.mixtures`.
"""

import dataclasses

import numpy as np
from scipy.linalg import blas

from rankscope.numerics import eigenpairs, subspaces
from rankscope.numerics.moment_operators import (
    DualMoments,
    MultinomialHessian,
    MultinomialSecondMoment,
    WeightedMoments,
    single,
)

TOLERANCE = 1e-5
"""Of eigenpairs, relative to the largest eigenvalue; eigenvalues are then good to 1e-10."""

NORM_TOLERANCE = 1e-3
MAX_STEPS = 600


@dataclasses.dataclass(frozen=True)
class Alignment:
    """Measures of ``b`` weighted moment matrices, with ``E_p`` their leading eigenspaces.

    Attributes:
        values: leading eigenvalues, shape ``(b, count)``.
        residual: of those, relative to the largest, shape ``(b, count)``.
        converged: whether all of a block's residuals are small, shape ``(b,)``.
        weights_in: ``rho(w_b, E_p)``, shape ``(b,)``.
        weights_in_first: ``rho(w_b, E_1)``, shape ``(b,)``.
        gradient_in: ``rho(gradient_b, E_p)``, shape ``(b,)``.
        smallest_cosine: of the principal angles between ``E_p`` and the span, ``(b,)``.
        outside: ``|A - P A P| / |A|`` with ``P`` the projector on the span, ``(b,)``.
        vectors: eigenvectors as columns, shape ``(b, d, count)``.
    """

    values: np.ndarray
    residual: np.ndarray
    converged: np.ndarray
    weights_in: np.ndarray
    weights_in_first: np.ndarray
    gradient_in: np.ndarray
    smallest_cosine: np.ndarray
    outside: np.ndarray
    vectors: np.ndarray


def leading(
    samples: np.ndarray, weights: np.ndarray, count: int, start: np.ndarray
) -> eigenpairs.Eigenpairs:
    """Return leading eigenpairs of ``A_b = (1/M) sum_l w_bl y_l y_l^T`` in lockstep.

    The iteration is in single precision and ends with a Rayleigh-Ritz step in double. With
    fewer samples than dimensions and no negative weight it runs on the Gram matrix of the
    samples instead.

    Args:
        samples: shape ``(M, d)``.
        weights: shape ``(b, M)``.
        count: eigenpairs per matrix.
        start: starting rows, shape ``(b, d)``.
    """
    moments = WeightedMoments(samples, weights)
    if len(samples) < samples.shape[1] and weights.min() >= 0 and count <= len(samples):
        dual = DualMoments(samples @ samples.T, np.sqrt(weights))
        begin = dual.roots * (start @ samples.T)
        pairs = eigenpairs.lanczos(dual.apply, begin, count, TOLERANCE, MAX_STEPS, dual.apply)
        vectors = dual.primal(pairs.vectors, samples)
        images = np.swapaxes(moments.apply(np.swapaxes(vectors, 1, 2)), 1, 2)
        gap = np.linalg.norm(images - vectors * pairs.values[:, None], axis=1)
        residual = gap / pairs.values[:, :1]
        return dataclasses.replace(
            pairs, vectors=vectors, residual=residual, converged=residual <= TOLERANCE
        )
    return _mixed(moments, count, start, TOLERANCE)


def leading_full(
    matrix: MultinomialHessian | MultinomialSecondMoment,
    count: int,
    start: np.ndarray,
    gram: np.ndarray | None = None,
    tolerance: float = TOLERANCE,
) -> eigenpairs.Eigenpairs:
    """Return leading eigenpairs of a full matrix, precise as those of `leading`.

    G is taken through the Gram matrix of the samples' gradients where they are fewer than its
    dimensions.

    Args:
        matrix: in double precision.
        count: eigenpairs.
        start: starting row, shape ``(1, k d)``.
        gram: ``Y Y^T`` in single precision, where it is at hand.
        tolerance: of residuals, relative to the largest eigenvalue.
    """
    size = len(matrix.samples)
    if isinstance(matrix, MultinomialHessian) or not count <= size < start.shape[1]:
        return _mixed(matrix, count, start, tolerance)
    narrow = single(matrix)
    small = narrow.dual(narrow.samples @ narrow.samples.T if gram is None else gram)
    along = matrix.samples @ start.reshape(-1, matrix.samples.shape[1]).T
    pairs = eigenpairs.lanczos(
        # a symmetric product reads half of the matrix; row order is column order of it
        lambda rows: blas.ssymv(1.0, small.T, rows[0])[None],
        (matrix.slopes * along).sum(axis=1)[None].astype(np.float32),
        count,
        tolerance,
        MAX_STEPS,
        finish=lambda rows: rows.astype(np.float32) @ small,
    )
    vectors = narrow.primal(pairs.vectors[0].astype(np.float32))[None].astype(float)
    return eigenpairs.rayleigh_ritz(matrix.apply, vectors, tolerance, pairs.products)


def _mixed(
    operator: WeightedMoments | MultinomialHessian | MultinomialSecondMoment,
    count: int,
    start: np.ndarray,
    tolerance: float,
) -> eigenpairs.Eigenpairs:
    narrow, begin = single(operator), start.astype(np.float32)
    return eigenpairs.lanczos(narrow.apply, begin, count, tolerance, MAX_STEPS, operator.apply)


def measure(
    samples: np.ndarray,
    weights: np.ndarray,
    vectors: np.ndarray,
    gradients: np.ndarray,
    spanned: int,
    dominant: int,
    count: int,
    start: np.ndarray,
) -> Alignment:
    """Measure all blocks that share the samples.

    Args:
        samples: shape ``(M, d)``.
        weights: shape ``(b, M)``.
        vectors: the trained weights that belong to each block, shape ``(b, d)``.
        gradients: the gradients that belong to each block, shape ``(b, d)``.
        spanned: the span is that of the first ``spanned`` coordinates.
        dominant: dimension ``p`` of the leading eigenspaces.
        count: eigenvalues to return, at least ``dominant``.
        start: starting rows, shape ``(b, d)``.
    """
    pairs = leading(samples, weights, count, start)
    top = pairs.vectors[:, :, :dominant]
    span = np.broadcast_to(np.eye(samples.shape[1], spanned), (len(top), len(top[0]), spanned))
    return Alignment(
        values=pairs.values,
        residual=pairs.residual,
        converged=np.asarray(pairs.converged.all(axis=1)),
        weights_in=subspaces.overlap(vectors, top),
        weights_in_first=subspaces.overlap(vectors, top[:, :, :1]),
        gradient_in=subspaces.overlap(gradients, top),
        smallest_cosine=subspaces.cosines(top, span)[:, -1],
        outside=_outside(samples, weights, spanned, start) / np.abs(pairs.values[:, 0]),
        vectors=pairs.vectors,
    )


def _outside(
    samples: np.ndarray, weights: np.ndarray, spanned: int, start: np.ndarray
) -> np.ndarray:
    narrow = single(WeightedMoments(samples, weights))
    pairs = eigenpairs.lanczos(
        lambda rows: narrow.apply_outside(rows, spanned),
        start.astype(np.float32),
        1,
        NORM_TOLERANCE,
    )
    return np.abs(pairs.values[:, 0])


def starting_rows(
    generator: np.random.Generator, blocks: int, dimension: int, signal: int
) -> np.ndarray:
    """Draw Lanczos starting rows that carry as much weight in the first coordinates as outside."""
    rows = generator.standard_normal((blocks, dimension))
    rows[:, :signal] *= np.sqrt(dimension / signal)
    return rows
