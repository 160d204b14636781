"""Networks along one-pass SGD, in the few coordinates that matter."""

import dataclasses
from collections.abc import Iterator

import numpy as np

from rankscope.numerics import gram_chain
from rankscope.numerics.classifiers import Multinomial, TwoLayer
from rankscope.numerics.mixtures import Mixture
from rankscope.studies.eigenspace_alignment.training import Training


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """Networks at one measured time.

    Attributes:
        first: first layers ``(replicate, run, rows, n)``: coordinates of which the first span
            the centres; noise outside these ``n`` coordinates does not reach the network.
        second: second layers ``(replicate, run, rows)``.
        window: inputs ``(replicate, M, d)`` and components ``(replicate, M)`` of the last ``M``
            training samples (the first ``M`` if fewer have been used), where they are kept.
    """

    first: np.ndarray
    second: np.ndarray
    window: tuple[np.ndarray, np.ndarray] | None = None


def chain_snapshots(
    parameters: Training,
    network: Multinomial | TwoLayer,
    mixture: Mixture,
    centred: np.ndarray,
    scale: float,
    second: np.ndarray,
    generators: list[np.random.Generator],
) -> Iterator[Snapshot]:
    """Yield networks at the measured times; their law is exact in any dimension.

    Test matrices at each time are from samples drawn afresh: given the weights, their law
    does not depend on the rest of the trajectory, so the coordinates of the Gram chain will do.

    Args:
        parameters: the point.
        network: the model.
        mixture: the law of the inputs.
        centred: means of the first layers in the span, ``(replicate * run, rows, spanned)``.
        scale: of the Gaussian part of the first layers, in units of ``1 / sqrt(d)``.
        second: second layers, ``(replicate * run, rows)``.
        generators: one per replicate.
    """
    chain = gram_chain.start(mixture, parameters.dimension, centred, scale, second, generators)
    step = parameters.step_scale / parameters.dimension
    shape = len(generators), parameters.runs
    for count in np.diff(parameters.steps(), prepend=0):
        chain.run(network.slopes, int(count), step, parameters.ridge)
        first, last = chain.weights.copy(), chain.second.copy()
        yield Snapshot(
            first.reshape(*shape, *first.shape[1:]), last.reshape(*shape, *last.shape[1:])
        )
