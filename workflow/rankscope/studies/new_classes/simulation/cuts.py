"""The test loss with one layer's update cut to its leading directions, the others whole."""

from collections.abc import Sequence

import numpy as np

from rankscope.numerics import dense_networks
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.numerics.dense_networks import Weights
from rankscope.studies.new_classes.simulation.images import Labelled

RELU = ACTIVATIONS["relu"]
Svd = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Left singular vectors as columns, values, right ones as columns."""


def svd(update: np.ndarray) -> Svd:
    """Decompose an update; all ``nan`` where it has diverged."""
    if not np.isfinite(update).all():
        rows, columns = update.shape
        least = min(rows, columns)
        left, right = np.full((rows, least), np.nan), np.full((columns, least), np.nan)
        return left, np.full(least, np.nan), right
    left, values, right = np.linalg.svd(update.astype(float), full_matrices=False)
    return left, values, right.T


def losses(
    tuned: Weights, updates: Sequence[Svd], kept: Sequence[int], test: Labelled
) -> np.ndarray:
    """Return test losses, shape ``(layer, kept + 1)``; the last is that of the whole.

    Args:
        tuned: the network after fine-tuning.
        updates: of each hidden layer.
        kept: numbers of leading directions.
        test: images and labels.
    """
    found = np.empty((len(updates), len(kept) + 1))
    features, labels = test
    found[:, -1] = score(tuned, test)[0]
    for layer, (left, values, right) in enumerate(updates):
        for place, count in enumerate(kept):
            off = (left[:, count:] * values[count:]) @ right[:, count:].T
            cut = (tuned[layer] - off).astype(np.float32)
            # below the layer nothing has changed
            found[layer, place] = score([cut, *tuned[layer + 1 :]], (features, labels))[0]
        features = RELU.value(features @ tuned[layer].T)
    return found


def score(weights: Weights, test: Labelled) -> tuple[float, float]:
    """Return a network's mean cross entropy and accuracy."""
    inputs, labels = test
    logits = dense_networks.forward(weights, inputs, RELU).logits.astype(float)
    above = logits - logits.max(axis=1, keepdims=True)
    right = above[np.arange(len(labels)), labels]
    loss = np.log(np.exp(above).sum(axis=1)) - right
    return float(loss.mean()), float((logits.argmax(axis=1) == labels).mean())
