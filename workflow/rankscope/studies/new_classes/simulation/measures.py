"""What is measured of every hidden layer: before fine-tuning, of the update, and of both."""

from typing import Any

import numpy as np

from rankscope.numerics import ranks
from rankscope.numerics.dense_networks import Weights
from rankscope.studies.new_classes.parameters import Parameters
from rankscope.studies.new_classes.simulation import cuts, start
from rankscope.studies.new_classes.simulation.images import Data
from rankscope.studies.new_classes.simulation.start import Layer
from rankscope.studies.rank_budget.parameters import needed_rank
from rankscope.studies.rank_budget.simulation.gradients import Gradients, share

SHOWN = 48
"""Eigenvalues and singular values that are kept."""

BY_LAYER = {
    "said_rank": ("rank that is said", "predictor"),
    "outliers": (
        "outliers over random output gradients, at least 1",
        "source",
    ),
    "share": ("share of the update's leading directions in the start's", "source", "side"),
    "null_share": ("share of the update's leading directions, null", "null", "source", "side"),
    "g_value": ("eigenvalue of G", "index"),
    "g_edge": ("largest eigenvalue of G, null", "null"),
    "gradient_value": ("singular value of the mean gradient", "index"),
    "gradient_edge": ("largest singular value of the mean gradient, null", "null"),
    "update_value": ("singular value of full fine-tuning's update", "index"),
}
"""What is measured of each layer: what it is, and its dimensions."""


def measure(
    parameters: Parameters,
    data: Data,
    begun: Weights,
    tuned: Weights,
    generator: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Return what is measured of a network's layers, by the names of `BY_LAYER`, and the cuts.

    Args:
        parameters: the point.
        data: the network's images.
        begun: its weights at the start.
        tuned: its weights after full fine-tuning.
        generator: of the nulls.
    """
    pixels, labels = data.new
    count = parameters.gradient_images
    found = start.layers(begun, (pixels[:count], labels[:count]), generator)
    updates = [
        cuts.svd(after.astype(float) - before)
        for before, after in zip(begun[:-1], tuned[:-1], strict=True)
    ]
    losses = cuts.losses(tuned, updates, parameters.kept, data.test)
    rows = [_layer(parameters, *each) for each in zip(found, updates, losses, strict=True)]
    return {
        "cut_loss": losses,
        **{name: np.stack([row[name] for row in rows]) for name in BY_LAYER},
    }


def _layer(
    parameters: Parameters, layer: Layer, update: cuts.Svd, losses: np.ndarray
) -> dict[str, Any]:
    g, gradient = layer.values
    (random, shuffled), edges = layer.outliers, layer.edges
    whole = min(len(update[0]), len(update[2]))
    needed = needed_rank([*parameters.kept, whole], losses.tolist())
    stable = ranks.stable_rank(gradient)
    said = [*random, stable, layer.effective_dimension, *shuffled, parameters.new_classes - 1]

    def shares(gradients: Gradients) -> list[list[float]]:
        return [
            [
                share(directions[:, :count], basis)
                for directions, basis in zip(
                    update[::2], start.directions(gradients, source, count), strict=True
                )
            ]
            for source, count in enumerate(random)
        ]

    return {
        "said_rank": np.array([*said, needed]),
        "outliers": random.astype(float),
        "share": np.array(shares(layer.real)),
        "null_share": np.array([shares(null[0]) for null in layer.nulls]),
        "g_value": _first(g),
        "g_edge": edges[:, 0],
        "gradient_value": _first(gradient),
        "gradient_edge": edges[:, 1],
        "update_value": _first(update[1]),
    }


def _first(values: np.ndarray) -> np.ndarray:
    return np.pad(values[:SHOWN], (0, max(SHOWN - len(values), 0)), constant_values=np.nan)
