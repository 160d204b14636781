"""Target updates with a controlled spectrum and uniformly random directions."""

import numpy as np

from rankscope.numerics import low_rank

KINDS = ("flat", "power", "gaussian")


def singular_values(kind: str, rank: int, decay: float) -> np.ndarray:
    """Return the singular values of a target of unit Frobenius norm.

    Args:
        kind: ``"flat"`` (all equal) or ``"power"`` (``s_i`` proportional to ``i^-decay``).
        rank: the number of non-zero singular values.
        decay: the exponent of the power law.

    Raises:
        ValueError: for a kind without prescribed singular values.
    """
    values: np.ndarray
    if kind == "flat":
        values = np.ones(rank)
    elif kind == "power":
        values = np.arange(1, rank + 1) ** -decay
    else:
        raise ValueError(f"kind must be 'flat' or 'power', got {kind!r}")
    return values / np.linalg.norm(values)


def draw(
    generator: np.random.Generator, shape: tuple[int, int], kind: str, rank: int, decay: float
) -> low_rank.LowRankSvd:
    """Draw a target of unit norm (in expectation, for Gaussian entries).

    Args:
        generator: source of randomness.
        shape: ``(out, in)``.
        kind: one of `KINDS`; ``"gaussian"`` has independent entries and ignores the rest.
        rank: the number of non-zero singular values.
        decay: the exponent of the power law.
    """
    if kind == "gaussian":
        matrix = generator.standard_normal(shape) / np.sqrt(shape[0] * shape[1])
        left, values, right_t = np.linalg.svd(matrix, full_matrices=False)
        return low_rank.LowRankSvd(left, values, right_t.T)
    return low_rank.LowRankSvd(
        low_rank.random_frame(generator, (shape[0], rank)),
        singular_values(kind, rank, decay),
        low_rank.random_frame(generator, (shape[1], rank)),
    )
