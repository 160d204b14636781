"""What a network says before it is fine-tuned: ranks and directions, layer by layer."""

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np

from rankscope.numerics import dense_networks, ranks
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.numerics.dense_networks import Weights
from rankscope.numerics.leading_directions import leading_left
from rankscope.studies.new_classes.simulation.images import Labelled
from rankscope.studies.rank_budget.parameters import NULL_DRAWS, SIDES
from rankscope.studies.rank_budget.simulation.gradients import Gradients

RELU = ACTIVATIONS["relu"]


@dataclasses.dataclass(frozen=True)
class Layer:
    """A layer at the start.

    Attributes:
        real: gradients of images by its weights.
        nulls: the same for random output gradients, and for shuffled labels, a few draws of each.
    """

    real: Gradients
    nulls: Sequence[Sequence[Gradients]]

    @functools.cached_property
    def values(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues of G, and singular values of the mean gradient, descending."""
        return _values(self.real)

    @functools.cached_property
    def edges(self) -> np.ndarray:
        """The largest of these that the nulls give, shape ``(null, source)``."""
        return np.array(
            [
                np.max([[v[0] for v in _values(draw)] for draw in null], axis=0)
                for null in self.nulls
            ]
        )

    @property
    def outliers(self) -> np.ndarray:
        """How many exceed the edges, at least 1, shape ``(null, source)``."""
        counts = [[int(np.sum(v > e)) for v, e in zip(self.values, row, strict=True)]
                  for row in self.edges]  # fmt: skip
        return np.maximum(counts, 1)

    @property
    def effective_dimension(self) -> float:
        """The participation ratio of the covariance of the layer's inputs."""
        inputs = self.real.inputs
        centred = inputs - inputs.mean(axis=0, dtype=float)
        return float(ranks.participation_ratio(np.linalg.svd(centred, compute_uv=False)))


def layers(weights: Weights, images: Labelled, generator: np.random.Generator) -> list[Layer]:
    """Return the hidden layers of a network, with the nulls' draws.

    Args:
        weights: of one network, with the readout that was trained alone.
        images: whose gradients are taken.
        generator: of the nulls.
    """
    pixels, labels = images
    found = dense_networks.forward(weights, pixels, RELU)

    def by_layer(errors: np.ndarray) -> list[Gradients]:
        outputs = dense_networks.backward(weights, found.slopes, errors)
        return [
            Gradients(inputs, output, np.arange(len(labels)))
            for inputs, output in zip(found.features[:-1], outputs[:-1], strict=True)
        ]

    errors = _errors(found.probabilities, labels)
    shuffled = [
        by_layer(_as_long(_errors(found.probabilities, generator.permutation(labels)), errors))
        for _ in range(NULL_DRAWS)
    ]
    return [
        Layer(real, [[real.at_random(generator) for _ in range(NULL_DRAWS)], list(null)])
        for real, *null in zip(by_layer(errors), *shuffled, strict=True)
    ]


def directions(gradients: Gradients, source: int, count: int) -> list[np.ndarray]:
    """Return leading directions of outputs and of inputs as columns.

    Args:
        gradients: of images by a layer.
        source: 0 for those of G, 1 for those of the mean gradient.
        count: how many.
    """
    if source == 0:
        leading = gradients.leading(count)
        return [leading[side] for side in SIDES]
    return [leading_left(matrix, count) for matrix in (gradients.mean, gradients.mean.T)]


def _values(gradients: Gradients) -> tuple[np.ndarray, np.ndarray]:
    return gradients.spectrum[0], np.linalg.svd(gradients.mean, compute_uv=False)


def _errors(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return derivatives of each image's loss in its logits."""
    return probabilities - np.eye(probabilities.shape[1], dtype=probabilities.dtype)[labels]


def _as_long(errors: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return errors, each as long as another."""
    own, length = (np.linalg.norm(e, axis=1, keepdims=True) for e in (errors, others))
    return errors * (length / np.maximum(own, np.finfo(errors.dtype).tiny))
