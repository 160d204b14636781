"""Train networks on old classes, say ranks, fine-tune to new ones, and measure what was needed."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import dense_adapters, dense_networks
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.numerics.dense_networks import Optimiser, Weights
from rankscope.numerics.low_rank_training import initial_factors
from rankscope.studies.new_classes.parameters import DIGITS, NULLS, SAID, Parameters
from rankscope.studies.new_classes.simulation import cuts, images, measures
from rankscope.studies.new_classes.simulation.images import Data, Labelled
from rankscope.studies.rank_budget.parameters import (
    ALLOTTED,
    REVERSED,
    SIDES,
    SOURCES,
)
from rankscope.studies.rank_budget.simulation.allotment import allot, reversed_order

GAINS = 2.0, 1.0
"""Variance of the weights times their fan-in, of hidden layers and readout: He's, as in
`trained_networks`."""


@dataclasses.dataclass(frozen=True)
class Draws:
    """What a replicate draws before anything is trained."""

    data: Data
    network: Weights
    old_order: np.ndarray
    readout_order: np.ndarray
    new_order: np.ndarray
    factors: Weights
    nulls: np.random.Generator


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Train one network per stream, all in lockstep and in single precision.

    Args:
        parameters: the point.
        streams: one per replicate: images, weights, orders, factors, nulls.

    Returns:
        A dataset with dimensions ``replicate``, ``matrix`` (the hidden layers), ``kept``, ``arm``
        and others; see `measures.BY_LAYER`.
    """
    drawn = [_draw(parameters, np.random.Generator(np.random.SFC64(s))) for s in streams]
    weights = [np.stack(layer) for layer in zip(*(one.network for one in drawn), strict=True)]
    old = [one.data.old for one in drawn]
    new = [one.data.new for one in drawn]
    _train(parameters, weights, _batches(old, [one.old_order for one in drawn]), parameters.steps)
    before = [_of(weights, i) for i in range(len(drawn))]
    learnt = [cuts.score(own, one)[1] for own, one in zip(before, old, strict=True)]

    features = dense_networks.forward(
        weights, np.stack([pixels for pixels, _ in new]), ACTIVATIONS["relu"]
    ).features[-1]
    at_readout = [(own, labels) for own, (_, labels) in zip(features, new, strict=True)]
    size = (len(drawn), parameters.new_classes, parameters.width)
    alone = [np.zeros(size, dtype=np.float32)]
    first = _batches(at_readout, [one.readout_order for one in drawn])
    _train(parameters, alone, first, parameters.readout_steps)
    begun = [*weights[:-1], alone[0].copy()]

    orders = [one.new_order for one in drawn]
    _train(parameters, alone, _batches(at_readout, orders), parameters.tuning_steps)
    full = [layer.copy() for layer in begun]
    _train(parameters, full, _batches(new, orders), parameters.tuning_steps)

    measured = [
        measures.measure(parameters, one.data, _of(begun, i), _of(full, i), one.nulls)
        for i, one in enumerate(drawn)
    ]
    given = np.stack([_ranks(parameters, one["said_rank"]) for one in measured])
    adapted = _adapt(parameters, drawn, begun, given)
    models = [[*weights[:-1], alone[0]], full, *adapted]
    scores = np.array(
        [[cuts.score(_of(m, i), one.data.test) for m in models] for i, one in enumerate(drawn)]
    )
    return _dataset(parameters, measured, scores, given[:, 2:], np.array(learnt))


def _draw(parameters: Parameters, generator: np.random.Generator) -> Draws:
    data = images.draw(parameters, generator)
    old = DIGITS - parameters.new_classes
    inputs = parameters.shapes[0][1]
    network = dense_networks.draw(inputs, parameters.width, parameters.depth, old, GAINS, generator)

    def order(steps: int, of: Labelled) -> np.ndarray:
        return generator.integers(len(of[1]), size=(steps, parameters.batch_size))

    return Draws(
        data=data,
        network=[layer.astype(np.float32) for layer in network],
        old_order=order(parameters.steps, data.old),
        readout_order=order(parameters.readout_steps, data.new),
        new_order=order(parameters.tuning_steps, data.new),
        factors=[
            initial_factors(generator, rows, columns, rank).lora_A.astype(np.float32)
            for (rows, columns), rank in zip(
                parameters.shapes, parameters.padded_ranks, strict=True
            )
        ],
        nulls=generator,
    )


def _batches(
    labelled: Sequence[Labelled], orders: Sequence[np.ndarray]
) -> Callable[[int], tuple[np.ndarray, np.ndarray]]:
    """Return the batches of a stack, one network's images and order after another."""
    pixels, labels = (np.stack(part) for part in zip(*labelled, strict=True))
    order, network = np.stack(orders), np.arange(len(orders))[:, None]

    def batch(step: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = order[:, step]
        return pixels[network, chosen], labels[network, chosen]

    return batch


def _train(
    parameters: Parameters,
    weights: Weights,
    batches: Callable[[int], tuple[np.ndarray, np.ndarray]],
    steps: int,
) -> None:
    optimiser = Optimiser(
        weights,
        adam=parameters.optimiser == "adam",
        learning_rate=parameters.learning_rate,
        weight_decay=0.0,
    )
    dense_networks.train(weights, batches, range(steps), "relu", optimiser)


def _of(weights: Weights, network: int) -> Weights:
    return [layer[network] for layer in weights]


def _ranks(parameters: Parameters, said: np.ndarray) -> np.ndarray:
    """Return the ranks of all arms that have any, shape ``(arm, layer)``.

    The even spread, more rank, then what each predictor says, and the first in reverse. A layer
    whose own update gains nothing needs no rank, as far as was measured.

    Args:
        parameters: the point.
        said: shape ``(layer, predictor)``.
    """
    shapes = np.array(parameters.shapes)
    costs, most = shapes.sum(axis=1), shapes.min(axis=1)
    rows = [np.nan_to_num(said[:, SAID.index(name)]) for name in ALLOTTED]
    rows.append(reversed_order(rows[0]))
    same = [np.full(len(costs), rank) for rank in (parameters.even_rank, parameters.more_rank)]
    return np.stack([*same, *(allot(row, costs, most, parameters.budget) for row in rows)])


def _adapt(
    parameters: Parameters, drawn: Sequence[Draws], begun: Weights, given: np.ndarray
) -> list[Weights]:
    """Train factors of given ranks, one arm after the other.

    Args:
        parameters: the point.
        drawn: what each replicate has drawn; its arms share factors and order.
        begun: the networks at the start.
        given: ranks, shape ``(replicate, arm, layer)``.

    Returns:
        The adapted networks of each arm.
    """
    batches = _batches([one.data.new for one in drawn], [one.new_order for one in drawn])
    found = []
    for ranks_of_arm in given.swapaxes(0, 1):
        weights = [*begun[:-1], begun[-1].copy()]
        inputs = [
            np.stack(layer) * (np.arange(len(layer[0])) < rank[:, None])[:, :, None]
            for layer, rank in zip(
                zip(*(one.factors for one in drawn), strict=True), ranks_of_arm.T, strict=True
            )
        ]
        outputs = [
            np.zeros((len(drawn), rows, len(a[0])), dtype=np.float32)
            for (rows, _), a in zip(parameters.shapes, inputs, strict=True)
        ]
        dense_adapters.train(
            weights,
            outputs,
            inputs,
            batches,
            range(parameters.tuning_steps),
            "relu",
            adam=parameters.optimiser == "adam",
            factor_rate=parameters.factor_rate,
            readout_rate=parameters.learning_rate,
        )
        found.append(dense_adapters.whole(weights, outputs, inputs))
    return found


def _dataset(
    parameters: Parameters,
    measured: Sequence[dict[str, np.ndarray]],
    scores: np.ndarray,
    given: np.ndarray,
    learnt: np.ndarray,
) -> xr.Dataset:
    def stacked(name: str) -> np.ndarray:
        return np.stack([one[name] for one in measured])

    by_layer = {
        name: variable(("replicate", "matrix", *dims), stacked(name), text)
        for name, (text, *dims) in measures.BY_LAYER.items()
    }
    axes = {
        "matrix": (list(parameters.layer_names), "hidden layer"),
        "predictor": (list(SAID), "what says the rank"),
        "kept": ([*map(str, parameters.kept), "all"], "directions kept of one update"),
        "index": (np.arange(1, measures.SHOWN + 1), "index, from the largest"),
        "source": (list(SOURCES), "what at the start has directions"),
        "side": (list(SIDES), "outputs or inputs of a layer"),
        "null": (list(NULLS), "what the start is compared with"),
        "arm": (list(parameters.arms), "what is trained"),
        "allotment": ([*ALLOTTED, REVERSED], "by what ranks are allotted"),
    }
    return xr.Dataset(
        {
            **by_layer,
            "cut_loss": variable(
                ("replicate", "matrix", "kept"),
                stacked("cut_loss"),
                "cross entropy, one update cut, test images",
                "nat",
            ),
            "test_loss": variable(
                ("replicate", "arm"), scores[:, :, 0], "cross entropy, test images", "nat"
            ),
            "accuracy": variable(("replicate", "arm"), scores[:, :, 1], "accuracy, test images"),
            "given_rank": variable(
                ("replicate", "allotment", "matrix"), given.astype(float), "rank that is allotted"
            ),
            "old_accuracy": variable(
                "replicate", learnt, "accuracy on the old classes' training images"
            ),
        },
        coords={name: variable(name, values, text) for name, (values, text) in axes.items()},
    )
