"""What is measured of a softmax classifier of ``k`` Gaussians."""

import numpy as np
import xarray as xr

from rankscope import datasets
from rankscope.numerics import alignment, eigenpairs
from rankscope.numerics.classifiers import Multinomial
from rankscope.numerics.mixtures import Mixture
from rankscope.numerics.moment_operators import MultinomialHessian, MultinomialSecondMoment
from rankscope.studies.eigenspace_alignment.parameters import Parameters
from rankscope.studies.eigenspace_alignment.simulation_labels import labelled
from rankscope.studies.eigenspace_alignment.simulation_training import Snapshot

EXTRA = 2
"""Eigenvalues reported beyond the first ``k``."""

_BLOCK = ("replicate", "checkpoint", "source", "matrix", "label")
_VARIABLES = {
    "mean_overlap": (("label", "mean"), "x^a . mu_b"),
    "weight_gram": (("label", "other"), "x^a . x^b"),
    "weights_in_means": (("label",), "share of x^a in the span of the means"),
    "loss": ((), "test loss without the ridge"),
    "accuracy": ((), "test accuracy"),
}
_BLOCK_VARIABLES = {
    "eigenvalues": (("eigenvalue",), "leading eigenvalues of the class blocks"),
    "residual": (("eigenvalue",), "residual of an eigenpair over the largest eigenvalue"),
    "converged": ((), "whether the eigenpairs of a block converged"),
    "alignment": ((), "rho(x^a, E_k)"),
    "alignment_first": ((), "rho(x^a, E_1)"),
    "gradient_share": ((), "share of the test gradient in x^a that lies in E_k"),
    "smallest_cosine": ((), "smallest cosine between E_k and the span of the means"),
    "outside": ((), "|A - P A P| / |A|, P the projector on the span of the means"),
}
_FULL_VARIABLES = {
    "full_eigenvalues": "leading eigenvalues of the full matrices",
    "full_residual": "residual of an eigenpair of a full matrix over the largest eigenvalue",
}
_FROM_ALIGNMENT = {
    "eigenvalues": "values",
    "residual": "residual",
    "converged": "converged",
    "alignment": "weights_in",
    "alignment_first": "weights_in_first",
    "gradient_share": "gradient_in",
    "smallest_cosine": "smallest_cosine",
    "outside": "outside",
}


def measure(
    parameters: Parameters,
    network: Multinomial,
    mixture: Mixture,
    snapshot: Snapshot,
    generators: list[np.random.Generator],
) -> dict[str, np.ndarray]:
    """Measure all networks of one time; arrays lead with ``replicate``."""
    parts = []
    first = snapshot.first.reshape(len(generators), parameters.runs, *snapshot.first.shape[1:])
    for index, generator in enumerate(generators):
        values = _trajectory(parameters, network, mixture, first[index], generator)
        if parameters.matrices != "none":
            window = None
            if parameters.samples == "train":
                window = tuple(part[index] for part in snapshot.window)
            values |= _matrices(parameters, network, mixture, first[index, 0], window, generator)
        parts.append(values)
    return {name: np.stack([part[name] for part in parts]) for name in parts[0]}


def label(values: dict[str, np.ndarray]) -> xr.Dataset:
    """Label measured arrays ``(replicate, checkpoint, ...)``."""
    data = {}
    for name, (dims, long_name) in _VARIABLES.items():
        lead = ("replicate", "checkpoint", "run", *dims)
        data[name] = datasets.variable(lead, values[name], long_name)
    for name, (dims, long_name) in _BLOCK_VARIABLES.items():
        if name in values:
            data[name] = datasets.variable((*_BLOCK, *dims), values[name], long_name)
    for name, long_name in _FULL_VARIABLES.items():
        if name in values:
            lead = ("replicate", "checkpoint", "matrix", "full_eigenvalue")
            data[name] = datasets.variable(lead, values[name], long_name)
    return labelled(data)


def _trajectory(
    parameters: Parameters,
    network: Multinomial,
    mixture: Mixture,
    first: np.ndarray,
    generator: np.random.Generator,
) -> dict[str, np.ndarray]:
    spanned = mixture.centres.shape[1]
    length = np.linalg.norm(first, axis=2)
    inside = np.linalg.norm(first[:, :, :spanned], axis=2)
    losses, accuracies = [], []
    for weights in first:
        components, samples = mixture.sample(generator, parameters.samples_count, weights.shape[1])
        hidden = samples @ weights.T
        losses.append(network.loss(hidden, components, weights[:, 0]).mean())
        accuracies.append(network.correct(hidden, components, weights[:, 0]).mean())
    return {
        "mean_overlap": first[:, :, :spanned] @ mixture.centres.T,
        "weight_gram": first @ np.swapaxes(first, 1, 2),
        "weights_in_means": np.divide(
            inside, length, out=np.full_like(inside, np.nan), where=length > 0
        ),
        "loss": np.array(losses),
        "accuracy": np.array(accuracies),
    }


def _matrices(
    parameters: Parameters,
    network: Multinomial,
    mixture: Mixture,
    first: np.ndarray,
    window: tuple[np.ndarray, np.ndarray] | None,
    generator: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Measure the blocks of one network on fresh samples and, if given, on training samples."""
    components, samples = mixture.sample(generator, parameters.samples_count, parameters.dimension)
    sources = [(samples, components)] + ([window] if window is not None else [])
    parts = [
        _blocks(parameters, network, first, inputs, labels, generator) for inputs, labels in sources
    ]
    values = {name: np.stack([part[name] for part in parts]) for name in parts[0]}
    if parameters.matrices == "full":
        values |= _full(network, first, samples, components, generator)
    return values


def _blocks(
    parameters: Parameters,
    network: Multinomial,
    first: np.ndarray,
    samples: np.ndarray,
    components: np.ndarray,
    generator: np.random.Generator,
) -> dict[str, np.ndarray]:
    k, dimension = parameters.classes, samples.shape[1]
    hidden = samples[:, : first.shape[1]] @ first.T
    weights = np.concatenate(network.block_weights(hidden, components, first[:, 0]), axis=1).T
    slopes, _ = network.slopes(hidden, components, hidden)
    vectors = np.zeros((k, dimension))
    vectors[:, : first.shape[1]] = first
    gradient = slopes.T @ samples / len(samples) + parameters.ridge * vectors
    found = alignment.measure(
        samples,
        weights,
        np.tile(vectors, (2, 1)),
        np.tile(gradient, (2, 1)),
        k,
        k,
        min(k + EXTRA, dimension),
        alignment.starting_rows(generator, 2 * k, dimension, min(first.shape[1], 2 * k)),
    )
    return {
        name: np.stack(np.split(getattr(found, attribute), 2))
        for name, attribute in _FROM_ALIGNMENT.items()
    }


def _full(
    network: Multinomial,
    first: np.ndarray,
    samples: np.ndarray,
    components: np.ndarray,
    generator: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Return leading eigenvalues of the full ``k d x k d`` Hessian and G."""
    k, dimension = len(first), samples.shape[1]
    hidden = samples[:, : first.shape[1]] @ first.T
    slopes, _ = network.slopes(hidden, components, hidden)
    operators = (
        MultinomialHessian(samples, network.probabilities(hidden)),
        MultinomialSecondMoment(samples, slopes),
    )
    start = alignment.starting_rows(generator, k, dimension, min(first.shape[1], 2 * k))
    pairs = [
        eigenpairs.lanczos(operator.apply, start.reshape(1, -1), k * (k - 1) + EXTRA)
        for operator in operators
    ]
    return {
        "full_eigenvalues": np.concatenate([pair.values for pair in pairs]),
        "full_residual": np.concatenate([pair.residual for pair in pairs]),
    }
