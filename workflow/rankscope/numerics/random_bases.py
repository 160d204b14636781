"""The frozen random bases of RandLoRA: mean zero, variance one, several distributions."""

import math

import numpy as np

DISTRIBUTIONS = ("uniform", "normal", "binary", "ternary")


def draw(
    generator: np.random.Generator,
    shape: tuple[int, ...],
    distribution: str,
    sparsity: float = 0.0,
) -> np.ndarray:
    """Draw independent entries of mean 0 and variance 1.

    Args:
        generator: source of randomness.
        shape: of the result.
        distribution: one of `DISTRIBUTIONS`. Ternary entries are ``-1, 0, 1`` with
            probabilities ``1/s, 1 - 2/s, 1/s``, scaled to unit variance; binary ones are
            ``-1`` and ``1``.
        sparsity: the share of zeros of ternary entries, ``1 - 2/s``, in [0, 1).

    Source:
        Albert et al., arXiv 2502.00987, section 4.3 and Table 3.

    Raises:
        ValueError: for an unknown distribution.
    """
    if distribution == "normal":
        return generator.standard_normal(shape)
    uniform = generator.random(shape)
    if distribution == "uniform":
        return math.sqrt(12) * (uniform - 0.5)
    if distribution == "binary":
        return np.where(uniform < 0.5, -1.0, 1.0)
    if distribution == "ternary":
        filled = 1 - sparsity
        signs = np.where(uniform < filled / 2, -1.0, 1.0)
        return np.where(uniform < filled, signs, 0.0) / math.sqrt(filled)
    raise ValueError(f"distribution must be one of {DISTRIBUTIONS}, got {distribution!r}")
