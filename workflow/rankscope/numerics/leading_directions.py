"""The leading singular directions of a dense matrix, without its whole decomposition."""

import numpy as np
from scipy import linalg


def leading_left(matrix: np.ndarray, count: int) -> np.ndarray:
    """Return the ``count`` leading left singular vectors as columns.

    They are eigenvectors of the Gram matrix of the smaller side. Squaring the singular values
    costs accuracy at the small end of the spectrum and none that matters at the large one:
    the error of a direction is about ``eps s_1^2 / (s_k^2 - s_(k+1)^2)``.

    Args:
        matrix: shape ``(out, in)``.
        count: at most ``min(out, in)``.

    Returns:
        Orthonormal columns, descending in singular value, shape ``(out, count)``.
    """
    rows, columns = matrix.shape
    smaller = min(rows, columns)
    gram = matrix @ matrix.T if rows <= columns else matrix.T @ matrix
    _, vectors = linalg.eigh(
        gram, subset_by_index=[smaller - count, smaller - 1], overwrite_a=True, check_finite=False
    )
    vectors = vectors[:, ::-1]
    if rows <= columns:
        return vectors
    # QR rather than division by the singular values, which may be zero
    basis, upper = np.linalg.qr(matrix @ vectors)
    return basis * np.where(np.diagonal(upper) < 0, -1.0, 1.0)
