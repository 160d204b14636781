"""How far the first layer's update is from its units' eigenspaces, and the signal to noise."""

import numpy as np

from rankscope.numerics import dense_networks, neural_collapse
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.numerics.dense_networks import Weights
from rankscope.studies.trained_networks.parameters import Parameters
from rankscope.studies.trained_networks.simulation.photographs import Data

LABELS = {
    "unit_misalignment": "share of the first layer's squared update outside the k leading "
    "eigenvectors of G of each unit's weights",
    "signal_to_noise": "lambda: squared length of class means over the variance within classes, "
    "per dimension, of the training images",
}


def measure(
    parameters: Parameters, data: Data, weights: Weights, start: Weights
) -> dict[str, float]:
    """Measure a network at the end.

    G of unit i is the mean of ``e_i^2 x x^T`` over the images that make G, in as many dimensions
    as there are pixels.
    """
    samples = parameters.samples_per_class * parameters.classes
    images, labels = data.images[:samples], data.labels[:samples]
    found = dense_networks.forward(weights, images, ACTIVATIONS[parameters.activation])
    errors = found.probabilities - np.eye(parameters.classes)[labels]
    first = dense_networks.backward(weights, found.slopes, errors)[0].astype(float)
    blocks = (first.T[:, None, :] ** 2 * images.T.astype(float)) @ images / samples
    leading = np.linalg.eigh(blocks)[1][:, :, -parameters.classes :]
    update = (weights[0] - start[0]).astype(float)
    inside = np.einsum("npk,np->nk", leading, update)
    return {
        "unit_misalignment": float(1 - (inside**2).sum() / (update**2).sum()),
        "signal_to_noise": signal_to_noise(data.images.astype(float), data.labels),
    }


def signal_to_noise(images: np.ndarray, labels: np.ndarray) -> float:
    """Return lambda of a mixture with means of unit length: what noise adds to means is taken off.

    Args:
        images: shape ``(N, pixels)``.
        labels: classes, as many images of each.
    """
    means = neural_collapse.class_means(images, labels)
    count, (classes, pixels) = len(images), means.shape
    within = ((images - means[labels]) ** 2).sum() / (count - classes)
    signal = (means**2).sum(axis=1).mean() - within * classes / count
    return float(signal / (within / pixels))
