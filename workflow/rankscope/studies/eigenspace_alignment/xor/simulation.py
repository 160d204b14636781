"""Train two-layer networks by one-pass SGD, and measure matrices and alignments on the way."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.numerics import eigenpairs, mixtures, subspaces
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.numerics.classifiers import TwoLayer
from rankscope.numerics.mixtures import Mixture
from rankscope.studies.eigenspace_alignment import measurement
from rankscope.studies.eigenspace_alignment.trajectories import Snapshot, chain_snapshots
from rankscope.studies.eigenspace_alignment.xor.parameters import Parameters

CELLS = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
CELL_SIGNS = np.array([1.0, -1.0, 1.0, -1.0])
"""The four cells of a neuron: its direction in (mu, nu), and the sign of its output."""

PLANTED = 0.5

ALIVE = 0.1
"""A neuron is dead if its part in the span of the centres is below this share of the largest."""

OUTLIER = 0.2
"""A last-layer eigenvalue is an outlier above this share of the largest: others are O(1/snr)."""

FEATURES = 2
LAST = 4
CURVATURE_SAMPLES = 2**15
CURVATURE_WIDTH = 0.1
"""Half width of the finite difference, in units of the noise: ``0.1 / sqrt(snr)``."""

_RUN = {
    "first_layer": (("neuron", "feature"), "W_i along mu and nu"),
    "second_layer": (("neuron",), "v_i"),
    "first_layer_outside": (("neuron",), "squared length of W_i outside span(mu, nu)"),
    "weights_in_centres": (("neuron",), "share of W_i in span(mu, nu)"),
    "alive": (("neuron",), "1 if a neuron is alive, 0 if it died"),
    "groups_found": ((), "number of cells with a neuron that is alive"),
    "last_eigenvalues": (
        ("last_matrix", "eigenvalue_index"),
        "eigenvalues of the last-layer blocks",
    ),
    "last_outliers": (("last_matrix",), "eigenvalues above 1/5 of the largest"),
    "second_in_four": (("last_matrix",), "rho(v, E_4), last-layer blocks"),
    "second_in_three": (("last_matrix",), "rho(v, E_3), last-layer blocks"),
    "second_in_hidden": ((), "share of v in the span of g(W theta), theta the four centres"),
    "loss": ((), "test loss without the ridge"),
    "accuracy": ((), "test accuracy"),
}
_CURVATURE = {
    "curvature_difference": (
        (),
        "curvature of the population risk in W_i across its kink, by finite difference",
    ),
    "curvature_almost_everywhere": ((), "the same from the almost-everywhere Hessian"),
}
_VARIABLES = {
    **measurement.lead(("run",), _RUN),
    **measurement.lead(("matrix", "neuron"), measurement.BLOCKS),
    **measurement.lead(("neuron",), _CURVATURE),
}


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Draw one replicate per stream: ``runs`` networks, trained, measured at fixed times."""
    generators = [np.random.Generator(np.random.SFC64(stream)) for stream in streams]
    mixture = mixtures.xor_mixture(parameters.snr)
    network = TwoLayer(mixture.labels, ACTIVATIONS[parameters.activation])
    centred, second = _start(parameters, generators)
    measured = [
        _measure(parameters, network, mixture, snapshot, generators)
        for snapshot in chain_snapshots(
            parameters, network, mixture, centred, 1.0, second, generators
        )
    ]
    return measurement.dataset(parameters, measured, _VARIABLES)


def _start(
    parameters: Parameters, generators: list[np.random.Generator]
) -> tuple[np.ndarray, np.ndarray]:
    """Return means of the first layers in the span, and second layers, of all networks."""
    width, networks = parameters.width, parameters.runs * len(generators)
    if parameters.planted_cells:
        cell = np.arange(width) % parameters.planted_cells
        return (
            np.tile(PLANTED * CELLS[cell], (networks, 1, 1)),
            np.tile(PLANTED * CELL_SIGNS[cell], (networks, 1)),
        )
    second = [generator.standard_normal((parameters.runs, width)) for generator in generators]
    return np.zeros((networks, width, FEATURES)), np.concatenate(second)


def _measure(
    parameters: Parameters,
    network: TwoLayer,
    mixture: Mixture,
    snapshot: Snapshot,
    generators: list[np.random.Generator],
) -> dict[str, np.ndarray]:
    """Measure all networks of one time; arrays lead with ``replicate``."""
    parts = []
    for first, second, generator in zip(snapshot.first, snapshot.second, generators, strict=True):
        runs = [
            _network(parameters, network, mixture, weights, v, generator)
            for weights, v in zip(first, second, strict=True)
        ]
        values = {name: np.stack([run[name] for run in runs]) for name in runs[0]}
        if parameters.matrices != "none":
            components, samples = mixture.sample(
                generator, parameters.samples_count, parameters.dimension
            )
            values |= measurement.blocks(
                parameters, network, first[0], second[0], samples, components, LAST, generator
            )
            if parameters.planted_cells:
                values |= _curvature(network, mixture, first[0], second[0], generator)
        parts.append(values)
    return {name: np.stack([part[name] for part in parts]) for name in parts[0]}


def cells(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return, per neuron, whether it is alive and which of the four cells it is in.

    A neuron with ``v_i > 0`` belongs to the sign of its overlap with ``mu``, one with
    ``v_i < 0`` to that of its overlap with ``nu``.
    """
    length = np.linalg.norm(first, axis=-1)
    alive = length >= ALIVE * length.max(axis=-1, keepdims=True)
    positive = second > 0
    along = np.where(positive, first[..., 0], first[..., 1])
    return alive, 2 * positive + (along > 0)


def _network(
    parameters: Parameters,
    network: TwoLayer,
    mixture: Mixture,
    first: np.ndarray,
    second: np.ndarray,
    generator: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Measure one network on fresh samples; the last layer needs few coordinates only."""
    components, samples = mixture.sample(generator, parameters.samples_count, first.shape[1])
    hidden = samples @ first.T
    last = network.last_layer(hidden, components, second, parameters.ridge)
    values, vectors = eigenpairs.dense(last, len(second))
    alive, cell = cells(first[:, :FEATURES], second)
    centres = network.activation.value(mixture.centres @ first[:, :FEATURES].T).T
    basis, sizes, _ = np.linalg.svd(centres, full_matrices=False)
    basis = basis * (sizes > sizes[0] * 1e-6)
    return {
        "first_layer": first[:, :FEATURES],
        "second_layer": second,
        "first_layer_outside": (first[:, FEATURES:] ** 2).sum(axis=1),
        "alive": alive.astype(np.int8),
        "groups_found": np.array(len(np.unique(cell[alive]))),
        "last_eigenvalues": values,
        "last_outliers": (values > OUTLIER * values[:, :1]).sum(axis=1),
        "second_in_four": subspaces.overlap(second, vectors[:, :, :LAST]),
        "second_in_three": subspaces.overlap(second, vectors[:, :, : LAST - 1]),
        "second_in_hidden": subspaces.overlap(second, basis),
        "weights_in_centres": subspaces.overlap(first, np.eye(first.shape[1], FEATURES)),
        "loss": network.loss(hidden, components, second).mean(),
        "accuracy": network.correct(hidden, components, second).mean(),
    }


def _curvature(
    network: TwoLayer,
    mixture: Mixture,
    first: np.ndarray,
    second: np.ndarray,
    generator: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Measure the curvature of each neuron along the centres of the other class."""
    components, samples = mixture.sample(generator, CURVATURE_SAMPLES, first.shape[1])
    across = np.eye(first.shape[1])[np.where(second > 0, 1, 0)]
    difference, almost_everywhere = network.curvature_across(
        samples, components, first, second, across, CURVATURE_WIDTH / np.sqrt(mixture.snr)
    )
    return {
        "curvature_difference": difference,
        "curvature_almost_everywhere": almost_everywhere,
    }
