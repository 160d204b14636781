"""Train networks by one-pass SGD and measure matrices and alignments along the way."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope import datasets
from rankscope.numerics import classifiers, mixtures
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.studies.eigenspace_alignment import simulation_mixture, simulation_xor
from rankscope.studies.eigenspace_alignment.parameters import Parameters
from rankscope.studies.eigenspace_alignment.simulation_training import (
    chain_snapshots,
    direct_snapshots,
)


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Draw one replicate per stream: ``runs`` networks, trained, measured at fixed times.

    Test matrices at each time are from samples drawn afresh: given the weights, their law
    does not depend on the rest of the trajectory, so that the Gram chain serves wherever
    training samples are not needed.
    """
    generators = [np.random.Generator(np.random.SFC64(stream)) for stream in streams]
    if parameters.model == "mixture":
        measures = simulation_mixture
        mixture = mixtures.class_mixture(np.array(parameters.mean_gram()), parameters.snr)
        network = classifiers.Multinomial(mixture.labels)
    else:
        measures = simulation_xor
        mixture = mixtures.xor_mixture(parameters.snr)
        network = classifiers.TwoLayer(mixture.labels, ACTIVATIONS[parameters.activation])
    direct = parameters.samples == "train" or parameters.update != "full"
    trajectory = direct_snapshots if direct else chain_snapshots
    measured = [
        measures.measure(parameters, network, mixture, snapshot, generators)
        for snapshot in trajectory(parameters, network, mixture, generators)
    ]
    values = {name: np.stack([each[name] for each in measured], axis=1) for name in measured[0]}
    time = datasets.variable(
        "checkpoint", np.array(parameters.times()), "training time, steps times c / d"
    )
    return measures.label(values).assign(training_time=time)
