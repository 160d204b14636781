"""One-pass stochastic gradient descent with batch size one, for stacks of networks."""

from collections.abc import Callable

import numpy as np

TOGETHER = 16
"""Steps between which first layers are not written out."""

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

    Networks are independent, and the arithmetic of one does not depend on the others. A sample
    sees earlier steps through inner products alone, so ``W`` is written out every few steps:
    ``W_t y_t = a^t W_0 y_t - sum_(j < t) a^(t - 1 - j) step slopes_j (y_j . y_t)``, with
    ``a = 1 - step ridge``.

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
    # numpy would add up a network alone in another order: where it does, one has a twin
    twins = np.arange(max(2, len(first))) % len(first)
    shrink, last, components = 1 - step * ridge, second.T.take(twins, axis=-1), components[twins]
    for begin in range(0, inputs.shape[1], TOGETHER):
        y = inputs[:, begin : begin + TOGETHER]
        columns, age = np.swapaxes(y, 1, 2), np.arange(y.shape[1])
        # networks last, so that loops are long
        hidden, inner = ((rows @ columns).T.take(twins, axis=-1) for rows in (first, y))
        hidden *= (shrink**age)[:, None, None]
        inner *= (shrink ** np.maximum(age - age[:, None] - 1, 0))[..., None]
        pushes = np.empty_like(hidden)
        for index, now in enumerate(hidden):
            now -= np.einsum("jkn,jn->kn", pushes[:index], inner[:index, index])
            push, turn = slopes(now.T, components[:, begin + index], last.T)
            np.multiply(step, push.T, out=pushes[index])
            last *= shrink
            last -= step * turn.T
        pushes *= (shrink ** age[::-1])[:, None, None]
        first *= shrink ** len(age)
        first -= np.ascontiguousarray(pushes[..., : len(first)].T) @ y
    second[:] = last.T[: len(second)]


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
