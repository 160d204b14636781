"""The Gauss-Newton matrix, as gradients, and steps confined to few directions, or to the rest."""

from collections.abc import Sequence

import numpy as np

from rankscope.numerics import dense_networks, gradient_moments
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.numerics.dense_networks import Pass, Weights
from rankscope.numerics.gradient_moments import Gradients
from rankscope.studies.trained_networks.parameters import Parameters
from rankscope.studies.trained_networks.simulation.photographs import Data

EVERY = 3
"""Steps for which directions are kept."""


def gradients(weights: Weights, training: Pass, count: int) -> Gradients:
    """Return the virtual gradients, k of each of the first images, of one network."""
    errors = gradient_moments.curvature_errors(training.probabilities[:count])
    classes = errors.shape[-1]
    slopes = [np.repeat(slope[:count], classes, axis=0) for slope in training.slopes]
    backward = dense_networks.backward(weights, slopes, errors.reshape(-1, classes))
    features = [np.repeat(f[:count], classes, axis=0) for f in training.features]
    # each image counts once, in k parts
    return Gradients([e * np.float32(np.sqrt(classes)) for e in backward], features)


def measurable(layers: Weights) -> bool:
    """Say whether single precision holds squares of inner products; else a network has diverged."""
    with np.errstate(over="ignore", invalid="ignore"):
        # powers of arrays other than the second are slow
        return all(np.isfinite(np.square(np.square(layer)).sum()) for layer in layers)


class Confined:
    """Takes the part of gradients in k directions, leading or random, or outside leading ones."""

    def __init__(
        self,
        parameters: Parameters,
        data: Sequence[Data],
        generators: Sequence[np.random.Generator],
    ) -> None:
        self._parameters, self._data, self._generators = parameters, data, generators
        self._bases: list[Weights] = []

    def __call__(self, step: int, weights: Weights, slopes: Weights) -> Weights:
        """Return the part of the gradients of a stack that a step takes; all before the switch."""
        since = step - self._parameters.switch_step
        if since < 0:
            return slopes
        networks = range(len(self._data))
        if since % EVERY == 0:
            find = self._random if self._parameters.steps_in == "random" else self._leading
            self._bases = [find(one, [w[one] for w in weights]) for one in networks]
        for one in networks:
            own = [slope[one] for slope in slopes]
            if not measurable([*own, *self._bases[one]]):
                continue
            part = gradient_moments.inside(own, self._bases[one])
            for slope, inside in zip(own, part, strict=True):
                if self._parameters.steps_in == "bulk":
                    slope -= inside
                else:
                    slope[...] = inside
        return slopes

    def _random(self, network: int, weights: Weights) -> Weights:
        return gradient_moments.random_directions(
            self._generators[network], [w.shape for w in weights], self._parameters.classes
        )

    def _leading(self, network: int, weights: Weights) -> Weights:
        count = self._parameters.curvature_per_class * self._parameters.classes
        law = ACTIVATIONS[self._parameters.activation]
        found = dense_networks.forward(weights, self._data[network].images[:count], law)
        if not measurable([*weights, *found.features, found.logits]):
            return [np.full((1, *w.shape), np.nan) for w in weights]
        return gradient_moments.leading_directions(
            gradients(weights, found, count), self._parameters.classes
        )
