"""Delta weights of LoRA, VeRA and RandLoRA, in the papers' form and in PEFT's storage.

Weights are ``(out, in)``. Every delta weight here is a scaling times a product of two factors,
``lora_B @ lora_A``, which are what `rankscope.numerics.low_rank` computes with.
"""

import math

import numpy as np


def lora_scaling(alpha: float, rank: int, *, rank_stabilised: bool = False) -> float:
    """Return ``alpha / rank``, or ``alpha / sqrt(rank)`` if rank-stabilised.

    Source:
        Hu et al., arXiv 2106.09685, section 4.1; Kalajdzievski, arXiv 2312.03732 (rsLoRA).
    """
    return alpha / (math.sqrt(rank) if rank_stabilised else rank)


def vera_factors(
    vera_A: np.ndarray,  # noqa: N803
    vera_B: np.ndarray,  # noqa: N803
    lambda_d: np.ndarray,
    lambda_b: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return ``(lora_B, lora_A)`` of VeRA: ``diag(lambda_b) B`` and ``diag(lambda_d) A``.

    PEFT stores one shared pair of bases for all layers; a layer uses the leading rows of
    ``B`` and columns of ``A``. ``lambda_b`` gives ``out``; ``vera_A`` must be cut to ``in``
    columns by the caller.

    Args:
        vera_A: shape ``(r, in)``.
        vera_B: shape ``(at least out, r)``.
        lambda_d: trained, shape ``(r,)``.
        lambda_b: trained, shape ``(out,)``.

    Source:
        Kopiczko et al., arXiv 2310.11454, equation 2.
    """
    return lambda_b[:, None] * vera_B[: len(lambda_b)], lambda_d[:, None] * vera_A


def randlora_number_of_bases(rows: int, columns: int, rank: int) -> int:
    """Return ``n = ceil(min(rows, columns) / rank)``, the bases that full rank needs."""
    return -(-min(rows, columns) // rank)


def randlora_factors(
    bases_B: np.ndarray,  # noqa: N803
    lambdas: np.ndarray,
    base_A: np.ndarray,  # noqa: N803
    gammas: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return ``(lora_B, lora_A)`` of RandLoRA: ``sum_j B_j diag(lambda_j) A diag(gamma_j)``.

    The ``n`` terms are stacked, so that the product of the factors is their sum.

    Args:
        bases_B: frozen, shape ``(..., n, D, r)``.
        lambdas: trained, shape ``(..., n, r)``.
        base_A: frozen and shared by the ``n`` terms, shape ``(..., r, d)``.
        gammas: trained, shape ``(..., n, d)``.

    Returns:
        Shapes ``(..., D, n r)`` and ``(..., n r, d)``.

    Source:
        Albert et al., arXiv 2502.00987, equation 4.
    """
    count, rows, rank = bases_B.shape[-3:]
    left = np.moveaxis(bases_B, -3, -2).reshape(*bases_B.shape[:-3], rows, count * rank)
    terms = lambdas[..., :, :, None] * base_A[..., None, :, :] * gammas[..., :, None, :]
    return left, terms.reshape(*terms.shape[:-3], count * rank, terms.shape[-1])


def randlora_bases_from_peft(randlora_B: np.ndarray, bases: int) -> np.ndarray:  # noqa: N803
    """Return the bases ``B_j`` that PEFT's forward pass applies, shape ``(bases, D, r)``.

    PEFT stores ``B`` as ``(D, n, r)`` and flattens it over ``(j, k)`` (base, rank), but it
    flattens ``Lambda A Gamma`` over ``(k, j)``. Their product is therefore *not* equation 4
    with ``B_j = randlora_B[:, j, :]``: column ``k`` of base ``j`` is column ``k n + j`` of
    the flattened ``B``. The two agree in distribution, not for a given file.

    Args:
        randlora_B: as stored, cut to the rows of the layer, shape ``(D, at least n, r)``.
        bases: the number ``n`` of the layer, see `randlora_number_of_bases`.
    """
    cut = randlora_B[:, :bases, :]
    rows, _, rank = cut.shape
    return cut.reshape(rows, rank, bases).transpose(2, 0, 1)


def randlora_factors_from_peft(
    randlora_A: np.ndarray,  # noqa: N803
    randlora_B: np.ndarray,  # noqa: N803
    randlora_lambda: np.ndarray,
    randlora_gamma: np.ndarray,
    shape: tuple[int, int],
) -> tuple[np.ndarray, np.ndarray]:
    """Return ``(lora_B, lora_A)`` of a RandLoRA layer as PEFT stores and applies it.

    Args:
        randlora_A: shape ``(r, 1, at least min(shape))``.
        randlora_B: shape ``(at least max(shape), at least n, r)``.
        randlora_lambda: trained, shape ``(r, n)``.
        randlora_gamma: trained, shape ``(n, min(shape))``.
        shape: ``(out, in)`` of the layer's weight. The trained diagonals act on the smaller
            side, so that a layer with ``out < in`` applies the transposed sum.

    Returns:
        Shapes ``(out, n r)`` and ``(n r, in)``, to be multiplied with ``alpha / r``.
    """
    smaller, larger = min(shape), max(shape)
    count = randlora_lambda.shape[1]
    bases = randlora_bases_from_peft(randlora_B[:larger], count)
    left, right = randlora_factors(
        bases, randlora_lambda.T, randlora_A[:, 0, :smaller], randlora_gamma
    )
    out_features, in_features = shape
    return (left, right) if in_features <= out_features else (right.T, left.T)
