"""Stacks of fully connected classifiers without biases, trained in lockstep.

A stack is a list of weights of shape ``(networks, out, in)``, the readout last. Hidden layers map
features ``H`` to ``phi(H W^T)``, the readout gives logits, the loss is the cross entropy. Networks
are independent, and the arithmetic of one does not depend on the others: every product is one
BLAS call per network.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from rankscope.numerics.activations import ACTIVATIONS, Activation

Weights = list[np.ndarray]

ADAM_DECAYS = (0.9, 0.999)
ADAM_FLOOR = 1e-8


def draw(
    inputs: int,
    width: int,
    depth: int,
    classes: int,
    gains: Sequence[float],
    generator: np.random.Generator,
) -> Weights:
    """Draw one network: Gaussian weights of variance ``gain / fan_in``.

    Args:
        inputs: dimension of the inputs.
        width: units of each hidden layer.
        depth: hidden layers.
        classes: rows of the readout.
        gains: of the hidden layers and of the readout.
        generator: the source of all randomness.

    Returns:
        Matrices ``(out, in)``, the readout last.
    """
    sizes = [inputs, *[width] * depth, classes]
    factors = [gains[0]] * depth + [gains[1]]
    return [
        np.sqrt(gain / fan_in) * generator.standard_normal((fan_out, fan_in))
        for gain, fan_in, fan_out in zip(factors, sizes, sizes[1:], strict=False)
    ]


@dataclasses.dataclass(frozen=True)
class Pass:
    """A forward pass.

    Attributes:
        features: inputs and features of the hidden layers, ``(networks, images, units)``.
        hidden: pre-activations of the hidden layers.
        slopes: derivatives of the activation, by hidden layer.
        logits: shape ``(networks, images, classes)``.
    """

    features: list[np.ndarray]
    hidden: list[np.ndarray]
    slopes: list[np.ndarray]
    logits: np.ndarray

    @property
    def probabilities(self) -> np.ndarray:
        """The softmax of the logits."""
        # Classes first: numpy takes a maximum along a short last axis seven times slower.
        highest = np.moveaxis(self.logits, -1, 0).copy().max(axis=0)
        shifted = np.exp(self.logits - highest[..., None])
        shifted /= shifted.sum(axis=-1, keepdims=True)
        return shifted


def forward(weights: Weights, inputs: np.ndarray, activation: Activation) -> Pass:
    """Pass inputs ``(networks, images, pixels)`` through a stack."""
    features, hidden, slopes = [inputs], [], []
    for weight in weights[:-1]:
        hidden.append(features[-1] @ weight.swapaxes(-1, -2))
        slopes.append(activation.slope(hidden[-1]))
        features.append(activation.value(hidden[-1]))
    return Pass(features, hidden, slopes, features[-1] @ weights[-1].swapaxes(-1, -2))


def backward(weights: Weights, slopes: Sequence[np.ndarray], errors: np.ndarray) -> Weights:
    """Return derivatives in the pre-activations of every layer, sample by sample.

    Args:
        weights: the stack.
        slopes: as in `Pass`.
        errors: derivatives in the logits, ``(networks, images, classes)``.

    Returns:
        Per layer ``(networks, images, out)``, the readout's last.
    """
    found = [errors]
    for weight, slope in zip(weights[:0:-1], reversed(slopes), strict=True):
        below = found[-1] @ weight
        below *= slope
        found.append(below)
    return found[::-1]


def gradients(features: Sequence[np.ndarray], errors: Sequence[np.ndarray]) -> Weights:
    """Sum the outer products of errors and features over the images, layer by layer."""
    return [e.swapaxes(-1, -2) @ f for e, f in zip(errors, features, strict=False)]


def loss_gradients(
    weights: Weights, inputs: np.ndarray, labels: np.ndarray, activation: Activation
) -> Weights:
    """Return the gradients of the mean cross entropy; labels ``(networks, images)``."""
    found = forward(weights, inputs, activation)
    errors = _errors(found.probabilities, labels)
    return gradients(found.features, backward(weights, found.slopes, errors))


def _errors(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Turn probabilities, in place, into derivatives of the mean cross entropy in the logits."""
    probabilities[*np.indices(labels.shape, sparse=True), labels] -= 1
    probabilities /= labels.shape[-1]
    return probabilities


def hessian_product(
    weights: Weights,
    found: Pass,
    labels: np.ndarray,
    activation: Activation,
    directions: Weights,
) -> Weights:
    """Return the Hessian of the mean cross entropy times a direction in the space of weights.

    The derivative along the direction of a forward and a backward pass (Pearlmutter, Fast exact
    multiplication by the Hessian, 1994).

    Args:
        weights: the stack.
        found: its forward pass on the images.
        labels: of the images, ``(networks, images)``.
        activation: that of the forward pass.
        directions: of the shape of the weights.
    """
    moved, along = np.zeros_like(found.features[0]), []
    shifts = [moved]
    for layer, slope in enumerate(found.slopes):
        along.append(_moved(weights[layer], directions[layer], found.features[layer], moved))
        moved = slope * along[-1]
        shifts.append(moved)
    logits = _moved(weights[-1], directions[-1], found.features[-1], moved)
    p = found.probabilities
    turned = p * (logits - (p * logits).sum(axis=-1, keepdims=True)) / labels.shape[-1]
    errors = _errors(p, labels)
    products = [_outer(turned, errors, found.features[-1], shifts[-1])]
    for layer in range(len(found.slopes) - 1, -1, -1):
        below = errors @ weights[layer + 1]
        turned = turned @ weights[layer + 1] + errors @ directions[layer + 1]
        turned = turned * found.slopes[layer]
        turned += below * activation.curvature(found.hidden[layer]) * along[layer]
        errors = below * found.slopes[layer]
        products.append(_outer(turned, errors, found.features[layer], shifts[layer]))
    return products[::-1]


def _moved(
    weight: np.ndarray, direction: np.ndarray, features: np.ndarray, moved: np.ndarray
) -> np.ndarray:
    """Return the derivative of ``H W^T`` where W moves along a direction and H as given."""
    return np.asarray(moved @ weight.swapaxes(-1, -2) + features @ direction.swapaxes(-1, -2))


def _outer(
    turned: np.ndarray, errors: np.ndarray, features: np.ndarray, moved: np.ndarray
) -> np.ndarray:
    """Return the derivative of the gradient ``E^T H``."""
    return np.asarray(turned.swapaxes(-1, -2) @ features + errors.swapaxes(-1, -2) @ moved)


class Optimiser:
    """SGD or Adam on a stack, with an L2 penalty: torch's ``SGD`` and ``Adam``."""

    def __init__(
        self, weights: Weights, *, adam: bool, learning_rate: float, weight_decay: float
    ) -> None:
        self._rate, self._decay, self._count = learning_rate, weight_decay, 0
        moments = [[np.zeros_like(w) for w in weights] for _ in range(2)] if adam else None
        self._moments = moments

    def step(self, weights: Weights, slopes: Weights) -> None:
        """Take a step in place; the gradients are overwritten."""
        self._count += 1
        if self._decay:
            for weight, slope in zip(weights, slopes, strict=True):
                slope += self._decay * weight
        if self._moments is None:
            for weight, slope in zip(weights, slopes, strict=True):
                slope *= self._rate
                weight -= slope
            return
        first, second = ADAM_DECAYS
        rate = self._rate / (1 - first**self._count)
        scale = 1 / np.sqrt(1 - second**self._count)
        for weight, slope, mean, square in zip(weights, slopes, *self._moments, strict=True):
            mean *= first
            mean += (1 - first) * slope
            square *= second
            slope *= slope
            slope *= 1 - second
            square += slope
            np.sqrt(square, out=slope)
            slope *= scale
            slope += ADAM_FLOOR
            np.divide(mean, slope, out=slope)
            slope *= rate
            weight -= slope


def train(
    weights: Weights,
    batches: Callable[[int], tuple[np.ndarray, np.ndarray]],
    steps: range,
    activation: str,
    optimiser: Optimiser,
    confine: Callable[[int, Weights, Weights], Weights] | None = None,
) -> None:
    """Train a stack in place.

    Args:
        weights: the stack.
        batches: from a step to its inputs ``(networks, batch, pixels)`` and labels.
        steps: which steps to take.
        activation: its name.
        optimiser: made for this stack.
        confine: from a step, weights and gradients to the part of the gradients that is taken.
    """
    law = ACTIVATIONS[activation]
    for step in steps:
        slopes = loss_gradients(weights, *batches(step), law)
        optimiser.step(weights, slopes if confine is None else confine(step, weights, slopes))
