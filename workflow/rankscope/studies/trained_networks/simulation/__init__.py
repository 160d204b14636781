"""Train stacks of networks, and measure each at log-spaced steps."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope import datasets
from rankscope.numerics import batch_geometry, dense_networks
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.numerics.dense_networks import Weights
from rankscope.studies.trained_networks.parameters import PIXELS, Parameters
from rankscope.studies.trained_networks.simulation import (
    curvature,
    hessian,
    measures,
    photographs,
    units,
)

CHUNK = 16
STARTS = 16
"""Untrained networks per replicate, on batches of their own, of which the start is an average."""
GAINS = {"relu": (2.0, 1.0), "tanh": (1.0, 1.0)}
"""Variance of the weights times their fan-in, of the hidden layers and of the readout."""


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Train one network per stream, all in lockstep and in single precision.

    Args:
        parameters: the point.
        streams: one per replicate.

    Returns:
        Variables with leading dimensions ``replicate`` and ``step``; see `measures.LABELS`.
    """
    generators = [np.random.Generator(np.random.SFC64(stream)) for stream in streams]
    data, networks, orders = zip(*[_draw(parameters, one) for one in generators], strict=True)
    weights = [np.stack(layer) for layer in zip(*networks, strict=True)]
    start = [layer.copy() for layer in weights]
    images = np.stack([one.images for one in data])
    labels, order = np.stack([one.labels for one in data]), np.stack(orders)
    network = np.arange(len(data))[:, None]

    def batch(step: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = order[:, step]
        return images[network, chosen], labels[network, chosen]

    optimiser = dense_networks.Optimiser(
        weights,
        adam=parameters.optimiser == "adam",
        learning_rate=parameters.learning_rate,
        weight_decay=parameters.weight_decay,
    )
    confined = curvature.Confined(parameters, data, generators)
    confine = None if parameters.steps_in == "all" else confined
    found, done = [], 0
    for step in parameters.measured_steps:
        # networks may diverge, and dead ones have ratios of nothing to nothing
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            dense_networks.train(
                weights, batch, range(done, step), parameters.activation, optimiser, confine
            )
            done = step
            found.append(
                [
                    measures.measure(
                        parameters, one, [w[i] for w in weights], [w[i] for w in start], step
                    )
                    for i, one in enumerate(data)
                ]
            )
    dataset = _dataset(parameters, found)
    if parameters.noise:
        with np.errstate(divide="ignore", invalid="ignore"):
            last = [
                units.measure(parameters, one, [w[i] for w in weights], [w[i] for w in start])
                for i, one in enumerate(data)
            ]
        for name, label in units.LABELS.items():
            values = np.array([one[name] for one in last])
            dataset[name] = datasets.variable("replicate", values, label)
    starts = [[_start(parameters, one) for _ in range(STARTS)] for one in generators]
    return dataset.assign(
        initial_inverse_ratio=datasets.variable(
            ("replicate", "layer"),
            np.mean(starts, axis=1),
            "mean over untrained networks of 1 / centred participation ratio",
        )
    )


def _draw(
    parameters: Parameters, generator: np.random.Generator
) -> tuple[photographs.Data, Weights, np.ndarray]:
    data = photographs.draw(parameters, generator)
    weights = _network(parameters, generator)
    size = (parameters.steps, parameters.batch_size)
    return data, weights, generator.integers(len(data.labels), size=size)


def _network(parameters: Parameters, generator: np.random.Generator) -> Weights:
    drawn = dense_networks.draw(
        PIXELS[parameters.images],
        parameters.width,
        parameters.depth,
        parameters.classes,
        [gain * parameters.initial_scale**2 for gain in GAINS[parameters.activation]],
        generator,
    )
    return [layer.astype(np.float32) for layer in drawn]


def _start(parameters: Parameters, generator: np.random.Generator) -> np.ndarray:
    batch = photographs.draw(parameters, generator).held_out
    weights = _network(parameters, generator)
    found = dense_networks.forward(weights, batch, ACTIVATIONS[parameters.activation])
    ratio = batch_geometry.participation_ratio(measures.centred(found))
    return 1 / np.where(ratio > 0, ratio, np.nan)


def _dataset(parameters: Parameters, found: list[list[measures.Measured]]) -> xr.Dataset:
    variables = {
        name: _over_steps(found, name, ("step", *measures.DIMENSIONS.get(name, ())), label)
        for name, label in measures.LABELS.items()
    }
    axes = {
        "step": (parameters.measured_steps, "training step"),
        "layer": (range(1, parameters.depth + 1), "hidden layer"),
        "block": (range(1, parameters.depth + 2), "layer of weights, the readout last"),
        "matrix": (measures.MATRICES, "second moment of gradients"),
        "grouping": (measures.GROUPINGS, "how images are grouped"),
        "part": (measures.PARTS, "part of the Gauss-Newton matrix"),
        "rule": (measures.RULES, "how outliers are counted"),
        "direction": (measures.DIRECTIONS, "direction in the space of weights"),
    }
    if parameters.hessian:
        later = found[-len(parameters.later_steps) :]
        axes["later_step"] = (parameters.later_steps, "training step from a twentieth of them on")
        axes["relative_eigenvalue"] = (hessian.DENSITY.tolist(), "eigenvalue over the largest")
        for name, label in hessian.LABELS.items():
            dimensions = ("later_step", *hessian.DIMENSIONS.get(name, ()))
            variables[name] = _over_steps(later, name, dimensions, label)
    return xr.Dataset(
        variables,
        {name: datasets.variable(name, np.array(v), label) for name, (v, label) in axes.items()},
    )


def _over_steps(
    found: list[list[measures.Measured]], name: str, dimensions: tuple[str, ...], label: str
) -> xr.Variable:
    values = np.stack([[np.asarray(one[name]) for one in row] for row in found], axis=1)
    return datasets.variable(("replicate", *dimensions), values, label)
