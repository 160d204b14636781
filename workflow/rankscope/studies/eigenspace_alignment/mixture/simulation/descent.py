"""SGD in all ``d`` coordinates, where training samples are kept or updates are projected."""

from collections.abc import Iterator

import numpy as np

from rankscope.numerics import alignment, sgd
from rankscope.numerics.classifiers import Multinomial
from rankscope.numerics.mixtures import Mixture
from rankscope.studies.eigenspace_alignment.mixture.parameters import Parameters
from rankscope.studies.eigenspace_alignment.trajectories import Snapshot

REFRESH = 1.0
"""Training time between refreshes of the eigenspaces of a projected update."""


def direct_snapshots(
    parameters: Parameters,
    network: Multinomial,
    mixture: Mixture,
    generators: list[np.random.Generator],
) -> Iterator[Snapshot]:
    """Yield classifiers at the measured times."""
    dimension, steps = parameters.dimension, parameters.steps()
    scale = (0.0 if parameters.start == "zero" else 1.0) / np.sqrt(dimension)
    shape = (parameters.classes, dimension)
    first = np.stack([scale * generator.standard_normal(shape) for generator in generators])
    draws = [mixture.sample(generator, steps[-1], dimension) for generator in generators]
    components, inputs = (np.stack(parts) for parts in zip(*draws, strict=True))
    unused = np.zeros(first.shape[:2])
    for start, stop in zip((0, *steps[:-1]), steps, strict=True):
        part = slice(start, stop)
        if parameters.update == "full":
            sgd.descend(
                network.slopes,
                first,
                unused,
                inputs[:, part],
                components[:, part],
                parameters.step_scale / dimension,
                parameters.ridge,
            )
        else:
            _descend_projected(
                parameters,
                network,
                mixture,
                generators,
                first,
                inputs[:, part],
                components[:, part],
            )
        last = max(stop, parameters.samples_count)
        part = slice(last - parameters.samples_count, last)
        window = (inputs[:, part], components[:, part]) if parameters.samples == "train" else None
        yield Snapshot(first[:, None].copy(), unused[:, None], window)


def _descend_projected(
    parameters: Parameters,
    network: Multinomial,
    mixture: Mixture,
    generators: list[np.random.Generator],
    first: np.ndarray,
    inputs: np.ndarray,
    components: np.ndarray,
) -> None:
    """Take a projected step per sample, in place."""
    step = parameters.step_scale / parameters.dimension
    refresh = max(1, round(REFRESH / step))
    for begin in range(0, inputs.shape[1], refresh):
        part = slice(begin, begin + refresh)
        sgd.descend_projected(
            network.slopes,
            first,
            inputs[:, part],
            components[:, part],
            step,
            parameters.ridge,
            _dominant(parameters, network, mixture, generators, first),
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
    k, dimension = parameters.classes, parameters.dimension
    bases = []
    for weights, generator in zip(first, generators, strict=True):
        components, samples = mixture.sample(generator, parameters.samples_count, dimension)
        hessian, _ = network.block_weights(samples @ weights.T, components, weights[:, 0])
        start = alignment.starting_rows(generator, k, dimension, k)
        bases.append(alignment.leading(samples, hessian.T, k, start).vectors)
    return np.stack(bases)
