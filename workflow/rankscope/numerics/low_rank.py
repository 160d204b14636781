"""Singular values and vectors of a product ``scaling * B @ A`` without forming it.

With ``B = Q_B R_B`` and ``A^T = Q_A R_A`` the product is ``Q_B (R_B R_A^T) Q_A^T``, so its
singular values are those of an ``r x r`` core and its vectors are rotations of the two
orthonormal bases. The cost is ``O((D + d) r^2)`` in place of ``O(D d min(D, d))``, and the
accuracy that of the QR (backward stable), whatever the conditioning of the factors.
"""

import dataclasses

import numpy as np
from scipy.linalg import lapack

BLOCK = 64
"""Columns that LAPACK's QR treats at once; its workspace is this times the columns."""


@dataclasses.dataclass(frozen=True)
class LowRankSvd:
    """The thin singular value decomposition ``left @ diag(singular_values) @ right^T``.

    Attributes:
        left: orthonormal columns, shape ``(..., out, k)``.
        singular_values: descending, shape ``(..., k)``.
        right: orthonormal columns, shape ``(..., in, k)``.
    """

    left: np.ndarray
    singular_values: np.ndarray
    right: np.ndarray

    @property
    def frobenius_norm(self) -> np.ndarray:
        """The Frobenius norm, shape ``(...)``."""
        return np.linalg.norm(self.singular_values, axis=-1)

    def dense(self) -> np.ndarray:
        """Form the matrix, shape ``(..., out, in)``."""
        return (self.left * self.singular_values[..., None, :]) @ np.swapaxes(self.right, -1, -2)

    def truncated(self, rank: int) -> "LowRankSvd":
        """Keep the ``rank`` leading directions: the best approximation of that rank."""
        return LowRankSvd(
            self.left[..., :rank], self.singular_values[..., :rank], self.right[..., :rank]
        )


def singular_values(lora_B: np.ndarray, lora_A: np.ndarray, scaling: float = 1.0) -> np.ndarray:  # noqa: N803
    """Return the singular values of ``scaling * lora_B @ lora_A``, descending.

    Args:
        lora_B: shape ``(..., out, r)``.
        lora_A: shape ``(..., r, in)``.
        scaling: what the product is multiplied with, ``alpha / r`` for LoRA.

    Returns:
        ``min(out, r, in)`` values, shape ``(..., min(out, r, in))``.
    """
    upper_b = _upper(np.asarray(lora_B, dtype=float))
    upper_a = _upper(np.swapaxes(np.asarray(lora_A, dtype=float), -1, -2))
    core = upper_b @ np.swapaxes(upper_a, -1, -2)
    return abs(scaling) * np.linalg.svd(core, compute_uv=False)


def _upper(matrix: np.ndarray) -> np.ndarray:
    """Return ``R`` of ``matrix = Q R``; one matrix goes to LAPACK directly, twice as fast."""
    if matrix.ndim > 2:
        # numpy's types know the pair of mode "reduced" only
        return np.asarray(np.linalg.qr(matrix, mode="r"))
    rows, columns = matrix.shape
    packed = lapack.dgeqrf(matrix, lwork=BLOCK * columns)[0]
    return np.triu(packed[: min(rows, columns)])


def svd(lora_B: np.ndarray, lora_A: np.ndarray, scaling: float = 1.0) -> LowRankSvd:  # noqa: N803
    """Return the singular value decomposition of ``scaling * lora_B @ lora_A``.

    Args:
        lora_B: shape ``(..., out, r)``.
        lora_A: shape ``(..., r, in)``.
        scaling: what the product is multiplied with; its sign goes into ``left``.

    Returns:
        The decomposition with ``min(out, r, in)`` directions. Where singular values are
        zero, their vectors are orthonormal but arbitrary.
    """
    basis_b, upper_b = np.linalg.qr(np.asarray(lora_B, dtype=float))
    basis_a, upper_a = np.linalg.qr(np.swapaxes(np.asarray(lora_A, dtype=float), -1, -2))
    left, values, right_t = np.linalg.svd(
        scaling * (upper_b @ np.swapaxes(upper_a, -1, -2)), full_matrices=False
    )
    return LowRankSvd(basis_b @ left, values, basis_a @ np.swapaxes(right_t, -1, -2))


def with_random_directions(update: LowRankSvd, generator: np.random.Generator) -> LowRankSvd:
    """Return an update with the same singular values and independent random directions.

    This is the norm-matched control of a probe: it keeps rank, spectrum and norm, and
    forgets what was learned. The new bases are uniform on the orthonormal frames.
    """
    return LowRankSvd(
        random_frame(generator, update.left.shape),
        update.singular_values,
        random_frame(generator, update.right.shape),
    )


def random_frame(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Draw orthonormal columns uniformly (Haar measure), shape ``(..., d, k)``, ``k <= d``.

    QR of a Gaussian matrix; the signs of ``R``'s diagonal are made positive, without which
    the law of ``Q`` would depend on the algorithm (Mezzadri, Notices AMS 54, 2007).
    """
    basis, upper = np.linalg.qr(generator.standard_normal(shape))
    return basis * np.sign(np.diagonal(upper, axis1=-2, axis2=-1))[..., None, :]
