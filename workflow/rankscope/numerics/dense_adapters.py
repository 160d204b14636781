"""Stacks of fully connected classifiers whose hidden layers are adapted by low-rank factors.

Networks are those of `dense_networks`; the weight of a hidden layer is ``W + B A``, of which W is
left as it is. With ``G`` the loss's gradient in the sum, that in B is ``G A^T`` and that in A
``B^T G``: where a row of A and the column of B beside it are zero they stay so, exactly, under SGD
and Adam. Ranks that differ between networks and layers are therefore zeros of larger factors.
"""

from collections.abc import Callable

import numpy as np

from rankscope.numerics import dense_networks
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.numerics.dense_networks import Optimiser, Weights


def whole(weights: Weights, outputs: Weights, inputs: Weights) -> Weights:
    """Return a stack with its updates: ``W + B A`` in every hidden layer, and the readout.

    Args:
        weights: the stack, the readout last.
        outputs: ``B`` of each hidden layer, shape ``(networks, out, rank)``.
        inputs: ``A`` of each hidden layer, shape ``(networks, rank, in)``.
    """
    updates = zip(weights[:-1], outputs, inputs, strict=True)
    return [*(weight + b @ a for weight, b, a in updates), weights[-1]]


def factor_gradients(slopes: Weights, outputs: Weights, inputs: Weights) -> Weights:
    """Return gradients in all B, then in all A, from those in the hidden layers' weights."""
    return [
        *(slope @ a.swapaxes(-1, -2) for slope, a in zip(slopes, inputs, strict=True)),
        *(b.swapaxes(-1, -2) @ slope for slope, b in zip(slopes, outputs, strict=True)),
    ]


def train(
    weights: Weights,
    outputs: Weights,
    inputs: Weights,
    batches: Callable[[int], tuple[np.ndarray, np.ndarray]],
    steps: range,
    activation: str,
    *,
    adam: bool,
    factor_rate: float,
    readout_rate: float,
) -> None:
    """Train factors and readout in place; the hidden layers' own weights are not touched.

    Args:
        weights: the stack, the readout last.
        outputs: ``B`` of each hidden layer, shape ``(networks, out, rank)``.
        inputs: ``A`` of each hidden layer, shape ``(networks, rank, in)``.
        batches: from a step to its inputs ``(networks, batch, pixels)`` and labels.
        steps: which steps to take.
        activation: its name.
        adam: whether steps are Adam's; else SGD's.
        factor_rate: learning rate of the factors.
        readout_rate: learning rate of the readout.
    """
    law = ACTIVATIONS[activation]
    factors, readout = [*outputs, *inputs], weights[-1:]
    of_factors, of_readout = (
        Optimiser(trained, adam=adam, learning_rate=rate, weight_decay=0.0)
        for trained, rate in ((factors, factor_rate), (readout, readout_rate))
    )
    for step in steps:
        adapted = whole(weights, outputs, inputs)
        slopes = dense_networks.loss_gradients(adapted, *batches(step), law)
        of_factors.step(factors, factor_gradients(slopes[:-1], outputs, inputs))
        of_readout.step(readout, slopes[-1:])
