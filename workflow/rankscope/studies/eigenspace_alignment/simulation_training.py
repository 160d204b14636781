"""Trajectories of one-pass SGD: the Gram chain, and plain SGD where samples are kept."""

import dataclasses
from collections.abc import Iterator

import numpy as np

from rankscope.numerics import alignment, gram_chain, sgd
from rankscope.numerics.classifiers import Multinomial, TwoLayer
from rankscope.numerics.mixtures import Mixture
from rankscope.studies.eigenspace_alignment.parameters import Parameters

CELLS = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
CELL_SIGNS = np.array([1.0, -1.0, 1.0, -1.0])
"""The four cells of a neuron: its direction in (mu, nu), and the sign of its output."""

PLANTED = 0.5
REFRESH = 1.0
"""Training time between refreshes of the eigenspaces of a projected update."""


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """Networks at one measured time.

    Attributes:
        first: first layers ``(networks, rows, n)``: coordinates of which the first span the
            centres; noise outside these ``n`` coordinates does not reach the network.
        second: second layers ``(networks, rows)``.
        window: inputs ``(networks, M, d)`` and components of the last ``M`` training
            samples (the first ``M`` if fewer have been used), or ``None``.
    """

    first: np.ndarray
    second: np.ndarray
    window: tuple[np.ndarray, np.ndarray] | None = None


def chain_snapshots(
    parameters: Parameters,
    network: Multinomial | TwoLayer,
    mixture: Mixture,
    generators: list[np.random.Generator],
) -> Iterator[Snapshot]:
    """Yield networks at the measured times; their law is exact in any dimension."""
    centred, second = _start(parameters, generators)
    scale = 0.0 if parameters.start == "zero" else 1.0
    chain = gram_chain.start(mixture, parameters.dimension, centred, scale, second, generators)
    step = parameters.step_scale / parameters.dimension
    for count in np.diff(parameters.steps(), prepend=0):
        chain.run(network.slopes, count, step, parameters.ridge)
        yield Snapshot(chain.weights.copy(), chain.second.copy())


def direct_snapshots(
    parameters: Parameters,
    network: Multinomial | TwoLayer,
    mixture: Mixture,
    generators: list[np.random.Generator],
) -> Iterator[Snapshot]:
    """Yield networks at the measured times, trained in all ``d`` coordinates."""
    dimension, steps = parameters.dimension, parameters.steps()
    scale = (0.0 if parameters.start == "zero" else 1.0) / np.sqrt(dimension)
    centred, second = _start(parameters, generators)
    shape = (parameters.rows, dimension)
    first = np.stack([scale * generator.standard_normal(shape) for generator in generators])
    first[:, :, : centred.shape[2]] += centred
    draws = [mixture.sample(generator, steps[-1], dimension) for generator in generators]
    components, inputs = (np.stack(parts) for parts in zip(*draws, strict=True))
    for start, stop in zip((0, *steps[:-1]), steps, strict=True):
        _train(parameters, network, mixture, generators, first, inputs, components, start, stop)
        last = max(stop, parameters.samples_count)
        window = slice(last - parameters.samples_count, last)
        yield Snapshot(first.copy(), second, (inputs[:, window], components[:, window]))


def _start(
    parameters: Parameters, generators: list[np.random.Generator]
) -> tuple[np.ndarray, np.ndarray]:
    """Return means of the first layers in the span, and second layers, of all networks."""
    networks, rows = parameters.runs * len(generators), parameters.rows
    if parameters.model == "mixture":
        return np.zeros((networks, rows, parameters.classes)), np.zeros((networks, rows))
    if parameters.start == "planted":
        cell = np.arange(rows) % parameters.groups
        return (
            np.tile(PLANTED * CELLS[cell], (networks, 1, 1)),
            np.tile(PLANTED * CELL_SIGNS[cell], (networks, 1)),
        )
    second = [generator.standard_normal((parameters.runs, rows)) for generator in generators]
    return np.zeros((networks, rows, 2)), np.concatenate(second)


def _train(
    parameters: Parameters,
    network: Multinomial | TwoLayer,
    mixture: Mixture,
    generators: list[np.random.Generator],
    first: np.ndarray,
    inputs: np.ndarray,
    components: np.ndarray,
    start: int,
    stop: int,
) -> None:
    """Take the steps from ``start`` to ``stop``, in place, with the update of the point."""
    step = parameters.step_scale / parameters.dimension
    if parameters.update == "full":
        part = slice(start, stop)
        unused = np.zeros(first.shape[:2])
        sgd.descend(
            network.slopes,
            first,
            unused,
            inputs[:, part],
            components[:, part],
            step,
            parameters.ridge,
        )
        return
    refresh = max(1, round(REFRESH / step))
    for begin in range(start, stop, refresh):
        part = slice(begin, min(begin + refresh, stop))
        basis = _dominant(parameters, network, mixture, generators, first)
        sgd.descend_projected(
            network.slopes,
            first,
            inputs[:, part],
            components[:, part],
            step,
            parameters.ridge,
            basis,
            parameters.update == "dominant",
        )


def _dominant(
    parameters: Parameters,
    network: Multinomial,
    mixture: Mixture,
    generators: list[np.random.Generator],
    first: np.ndarray,
) -> np.ndarray:
    """Return bases of the leading eigenspaces of the class blocks of fresh Hessians."""
    bases = []
    for weights, generator in zip(first, generators, strict=True):
        components, samples = mixture.sample(
            generator, parameters.samples_count, parameters.dimension
        )
        hidden = samples @ weights.T
        hessian, _ = network.block_weights(hidden, components, weights[:, 0])
        start = alignment.starting_rows(
            generator, parameters.classes, parameters.dimension, parameters.classes
        )
        pairs = alignment.leading(samples, hessian.T, parameters.classes, start)
        bases.append(pairs.vectors)
    return np.stack(bases)
