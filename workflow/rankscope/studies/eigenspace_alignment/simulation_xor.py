"""What is measured of a two-layer network on the XOR mixture."""

import numpy as np
import xarray as xr

from rankscope import datasets
from rankscope.numerics import alignment, eigenpairs, subspaces
from rankscope.numerics.classifiers import TwoLayer
from rankscope.numerics.mixtures import Mixture
from rankscope.studies.eigenspace_alignment.parameters import Parameters
from rankscope.studies.eigenspace_alignment.simulation_labels import labelled
from rankscope.studies.eigenspace_alignment.simulation_training import Snapshot

ALIVE = 0.1
"""A neuron is dead if its part in the span of the centres is below this share of the largest."""

OUTLIER = 0.2
"""A last-layer eigenvalue is an outlier above this share of the largest: others are O(1/snr)."""

FEATURES = 2
LAST = 4
CURVATURE_SAMPLES = 2**15
CURVATURE_WIDTH = 0.1
"""Half width of the finite difference, in units of the noise: ``0.1 / sqrt(snr)``."""

_BLOCK = ("replicate", "checkpoint", "matrix", "neuron")
_RUN = ("replicate", "checkpoint", "run")
_VARIABLES = {
    "first_layer": ((*_RUN, "neuron", "feature"), "W_i along mu and nu"),
    "second_layer": ((*_RUN, "neuron"), "v_i"),
    "first_layer_outside": ((*_RUN, "neuron"), "squared length of W_i outside span(mu, nu)"),
    "alive": ((*_RUN, "neuron"), "1 if a neuron is alive, 0 if it died"),
    "groups_found": (_RUN, "number of cells with a neuron that is alive"),
    "last_eigenvalues": (
        (*_RUN, "last_matrix", "eigenvalue_index"),
        "eigenvalues of the last-layer blocks",
    ),
    "last_outliers": ((*_RUN, "last_matrix"), "eigenvalues above 1/5 of the largest"),
    "second_in_four": ((*_RUN, "last_matrix"), "rho(v, E_4), last-layer blocks"),
    "second_in_three": ((*_RUN, "last_matrix"), "rho(v, E_3), last-layer blocks"),
    "second_in_hidden": (_RUN, "share of v in the span of g(W theta), theta the four centres"),
    "loss": (_RUN, "test loss without the ridge"),
    "accuracy": (_RUN, "test accuracy"),
    "eigenvalues_first": ((*_BLOCK, "eigenvalue"), "leading eigenvalues of first-layer blocks"),
    "residual_first": ((*_BLOCK, "eigenvalue"), "residual over the largest eigenvalue"),
    "converged_first": (_BLOCK, "whether the eigenpairs of a block converged"),
    "alignment_two": (_BLOCK, "rho(W_i, E_2), first-layer blocks"),
    "gradient_share_two": (_BLOCK, "share of the test gradient in W_i that lies in E_2"),
    "smallest_cosine_two": (_BLOCK, "smallest cosine between E_2 and span(mu, nu)"),
    "outside_two": (_BLOCK, "|A - P A P| / |A|, P the projector on span(mu, nu)"),
    "weights_in_centres": ((*_RUN, "neuron"), "share of W_i in span(mu, nu)"),
    "curvature_difference": (
        ("replicate", "checkpoint", "neuron"),
        "curvature of the population risk in W_i across its kink, by finite difference",
    ),
    "curvature_almost_everywhere": (
        ("replicate", "checkpoint", "neuron"),
        "the same from the almost-everywhere Hessian",
    ),
}
_FROM_ALIGNMENT = {
    "eigenvalues_first": "values",
    "residual_first": "residual",
    "converged_first": "converged",
    "alignment_two": "weights_in",
    "gradient_share_two": "gradient_in",
    "smallest_cosine_two": "smallest_cosine",
    "outside_two": "outside",
}


def measure(
    parameters: Parameters,
    network: TwoLayer,
    mixture: Mixture,
    snapshot: Snapshot,
    generators: list[np.random.Generator],
) -> dict[str, np.ndarray]:
    """Measure all networks of one time; arrays lead with ``replicate``."""
    parts = []
    shape = len(generators), parameters.runs
    first = snapshot.first.reshape(*shape, *snapshot.first.shape[1:])
    second = snapshot.second.reshape(*shape, -1)
    for index, generator in enumerate(generators):
        runs = [
            _network(parameters, network, mixture, weights, v, generator)
            for weights, v in zip(first[index], second[index], strict=True)
        ]
        values = {name: np.stack([run[name] for run in runs]) for name in runs[0]}
        if parameters.matrices != "none":
            pair = first[index, 0], second[index, 0]
            values |= _blocks(parameters, network, mixture, *pair, generator)
            values |= _curvature(network, mixture, *pair, generator)
        parts.append(values)
    return {name: np.stack([part[name] for part in parts]) for name in parts[0]}


def label(values: dict[str, np.ndarray]) -> xr.Dataset:
    """Label measured arrays ``(replicate, checkpoint, ...)``."""
    data = {
        name: datasets.variable(dims, values[name], long_name)
        for name, (dims, long_name) in _VARIABLES.items()
        if name in values
    }
    return labelled(data)


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


def _blocks(
    parameters: Parameters,
    network: TwoLayer,
    mixture: Mixture,
    first: np.ndarray,
    second: np.ndarray,
    generator: np.random.Generator,
) -> dict[str, np.ndarray]:
    dimension, rows = parameters.dimension, parameters.width
    components, samples = mixture.sample(generator, parameters.samples_count, dimension)
    hidden = samples[:, : first.shape[1]] @ first.T
    weights = np.concatenate(network.block_weights(hidden, components, second), axis=1).T
    slopes, _ = network.slopes(hidden, components, second)
    vectors = np.zeros((rows, dimension))
    vectors[:, : first.shape[1]] = first
    gradient = slopes.T @ samples / len(samples) + parameters.ridge * vectors
    found = alignment.measure(
        samples,
        weights,
        np.tile(vectors, (2, 1)),
        np.tile(gradient, (2, 1)),
        FEATURES,
        FEATURES,
        LAST,
        alignment.starting_rows(generator, 2 * rows, dimension, FEATURES),
    )
    return {
        name: np.stack(np.split(getattr(found, attribute), 2))
        for name, attribute in _FROM_ALIGNMENT.items()
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
