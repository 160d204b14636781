"""One-pass stochastic gradient descent with batch size one, for stacks of networks."""

from collections.abc import Callable

import numpy as np

Slopes = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def descend(
    slopes: Slopes,
    first: np.ndarray,
    second: np.ndarray,
    inputs: np.ndarray,
    components: np.ndarray,
    step: float,
    ridge: float,
) -> None:
    """Take one step per sample, in place: ``W -= step (slopes y^T + ridge W)``.

    Networks are independent, and the arithmetic of one does not depend on the others.

    Args:
        slopes: derivatives in the pre-activations and in the second layer.
        first: first layers ``(networks, K, n)``.
        second: second layers ``(networks, K)``; unchanged where the slopes give zero and
            the model has none.
        inputs: one fresh sample per step and network, shape ``(networks, steps, n)``.
        components: their mixture components, shape ``(networks, steps)``.
        step: the step size.
        ridge: coefficient of ``(|W|^2 + |v|^2) / 2``.
    """
    shrink = 1 - step * ridge
    for index in range(inputs.shape[1]):
        y = inputs[:, index]
        hidden = np.einsum("akn,an->ak", first, y)
        in_first, in_second = slopes(hidden, components[:, index], second)
        first *= shrink
        first -= (step * in_first)[:, :, None] * y[:, None, :]
        second *= shrink
        second -= step * in_second


def descend_projected(
    slopes: Slopes,
    first: np.ndarray,
    inputs: np.ndarray,
    components: np.ndarray,
    step: float,
    ridge: float,
    basis: np.ndarray,
    inside: bool,
) -> None:
    """Take steps, in place, along the part of each row's gradient in or out of a subspace.

    Args:
        slopes: derivatives in the pre-activations.
        first: first layers ``(networks, K, n)``.
        inputs: shape ``(networks, steps, n)``.
        components: shape ``(networks, steps)``.
        step: the step size.
        ridge: coefficient of ``|W|^2 / 2``; its gradient is projected as well.
        basis: orthonormal columns per row of ``W``, shape ``(networks, K, n, p)``.
        inside: keep the part inside the subspaces, or else the part outside.

    Source:
        The dominant-only and bulk-only descent of Song, Ahn and Yun, arXiv 2405.16002.
    """
    unused = np.zeros(first.shape[:2])
    for index in range(inputs.shape[1]):
        y = inputs[:, index]
        hidden = np.einsum("akn,an->ak", first, y)
        in_first, _ = slopes(hidden, components[:, index], unused)
        gradient = in_first[:, :, None] * y[:, None, :] + ridge * first
        part = (basis @ (gradient[:, :, None, :] @ basis).swapaxes(2, 3))[..., 0]
        first -= step * (part if inside else gradient - part)
