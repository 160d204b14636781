"""Images of old and of new classes, drawn afresh for every network."""

import dataclasses

import numpy as np

from rankscope.studies.new_classes.parameters import DIGITS, Parameters
from rankscope.studies.trained_networks.simulation import photographs

Labelled = tuple[np.ndarray, np.ndarray]
"""Images ``(images, pixels)`` and their labels, from 0; runs of k images have one of each class."""


@dataclasses.dataclass(frozen=True)
class Data:
    """Images of one network.

    Attributes:
        old: those of the first training.
        new: those of fine-tuning.
        test: others of the new classes.
    """

    old: Labelled
    new: Labelled
    test: Labelled


def draw(parameters: Parameters, generator: np.random.Generator) -> Data:
    """Draw as many images of each class; the last classes are the new ones."""
    drawn = photographs.draw(parameters.photographed, generator)
    first_new = DIGITS - parameters.new_classes
    is_new = drawn.labels >= first_new
    training = np.arange(len(drawn.labels)) < DIGITS * parameters.images_per_class

    def part(chosen: np.ndarray, first: int) -> Labelled:
        return drawn.images[chosen], drawn.labels[chosen] - first

    return Data(
        old=part(training & ~is_new, 0),
        new=part(training & is_new, first_new),
        test=part(~training & is_new, first_new),
    )
