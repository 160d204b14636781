"""Train softmax classifiers by one-pass SGD, and measure matrices and alignments on the way."""

from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr

from rankscope.numerics import alignment, eigenpairs, mixtures
from rankscope.numerics.classifiers import Multinomial
from rankscope.numerics.mixtures import Mixture
from rankscope.numerics.moment_operators import (
    MultinomialHessian,
    MultinomialSecondMoment,
    single,
)
from rankscope.studies.eigenspace_alignment import measurement
from rankscope.studies.eigenspace_alignment.mixture.parameters import Parameters
from rankscope.studies.eigenspace_alignment.mixture.simulation.descent import direct_snapshots
from rankscope.studies.eigenspace_alignment.trajectories import Snapshot, chain_snapshots

EXTRA = 2
"""Eigenvalues reported beyond the first ``k``."""

TRAINING = "training_"
"""Begins the names of what is measured of matrices from training samples."""

_RUN = {
    "mean_overlap": (("label", "mean"), "x^a . mu_b"),
    "weight_gram": (("label", "other"), "x^a . x^b"),
    "weights_in_means": (("label",), "share of x^a in the span of the means"),
    "loss": ((), "test loss without the ridge"),
    "accuracy": ((), "test accuracy"),
}
_FIRST = {
    "first_eigenvalue": ((), "first eigenvalue of a Hessian block"),
    "first_edge": ((), "upper edge of its bulk"),
}
_FULL = {
    "full_eigenvalues": (("full_eigenvalue",), "leading eigenvalues of the full matrices"),
    "full_residual": (
        ("full_eigenvalue",),
        "residual of an eigenpair of a full matrix over the largest eigenvalue",
    ),
    "full_edge": ((), "upper edge of the bulk of the full matrices"),
}
_VARIABLES = {
    **measurement.lead(("run",), _RUN),
    **measurement.lead(("matrix", "label"), measurement.BLOCKS),
    **measurement.lead(("matrix", "label"), measurement.BLOCKS, TRAINING),
    **measurement.lead(("matrix",), _FULL),
    **measurement.lead((), _FIRST),
}


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Draw one replicate per stream: ``runs`` classifiers, trained, measured at fixed times."""
    generators = [np.random.Generator(np.random.SFC64(stream)) for stream in streams]
    mixture = mixtures.class_mixture(np.array(parameters.mean_gram()), parameters.snr)
    network = Multinomial(mixture.labels)
    measured = [
        _measure(parameters, network, mixture, snapshot, generators)
        for snapshot in _snapshots(parameters, network, mixture, generators)
    ]
    return measurement.dataset(parameters, measured, _VARIABLES)


def _snapshots(
    parameters: Parameters,
    network: Multinomial,
    mixture: Mixture,
    generators: list[np.random.Generator],
) -> Iterator[Snapshot]:
    if parameters.direct:
        return direct_snapshots(parameters, network, mixture, generators)
    k, networks = parameters.classes, parameters.runs * len(generators)
    scale = 0.0 if parameters.start == "zero" else 1.0
    zeros = np.zeros((networks, k, k))
    return chain_snapshots(parameters, network, mixture, zeros, scale, zeros[:, 0], generators)


def _measure(
    parameters: Parameters,
    network: Multinomial,
    mixture: Mixture,
    snapshot: Snapshot,
    generators: list[np.random.Generator],
) -> dict[str, np.ndarray]:
    """Measure all classifiers of one time; arrays lead with ``replicate``."""
    parts = []
    for index, generator in enumerate(generators):
        first = snapshot.first[index]
        values = _runs(parameters, network, mixture, first, generator)
        if parameters.matrices == "first":
            values |= _first(parameters, network, mixture, first[0], generator)
        if parameters.blocks:
            draw = mixture.sample(generator, parameters.samples_count, parameters.dimension)
            components, samples = draw
            values |= _blocks(parameters, network, first[0], samples, components, generator)
            if snapshot.window is not None:
                inputs, labels = (part[index] for part in snapshot.window)
                found = _blocks(parameters, network, first[0], inputs, labels, generator)
                values |= {f"{TRAINING}{name}": value for name, value in found.items()}
            if parameters.matrices == "full":
                values |= _full(parameters, network, first[0], samples, components, generator)
        parts.append(values)
    return {name: np.stack([part[name] for part in parts]) for name in parts[0]}


def _runs(
    parameters: Parameters,
    network: Multinomial,
    mixture: Mixture,
    first: np.ndarray,
    generator: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Measure what needs no matrix; arrays lead with ``run``."""
    spanned = parameters.spanned
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


def _first(
    parameters: Parameters,
    network: Multinomial,
    mixture: Mixture,
    first: np.ndarray,
    generator: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Return the first eigenvalue of the first class block of the Hessian, and its edge."""
    components, samples = mixture.sample(generator, parameters.samples_count, parameters.dimension)
    hidden = samples[:, : first.shape[1]] @ first.T
    weights = network.block_weights(hidden, components, first[:, 0])[0][:, :1].T
    noise = measurement.noise_alone(samples, first, parameters, generator)
    values = (measurement.largest(each, weights, generator)[0] for each in (samples, noise))
    return dict(zip(_FIRST, map(np.asarray, values), strict=True))


def _blocks(
    parameters: Parameters,
    network: Multinomial,
    first: np.ndarray,
    samples: np.ndarray,
    components: np.ndarray,
    generator: np.random.Generator,
) -> dict[str, np.ndarray]:
    count = parameters.classes + EXTRA
    unused = np.zeros(parameters.classes)
    return measurement.blocks(
        parameters, network, first, unused, samples, components, count, generator
    )


def _full(
    parameters: Parameters,
    network: Multinomial,
    first: np.ndarray,
    samples: np.ndarray,
    components: np.ndarray,
    generator: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Return leading eigenvalues of the full ``k d x k d`` Hessian and G, and their edges."""
    k, dimension = len(first), samples.shape[1]
    hidden = samples[:, : first.shape[1]] @ first.T
    slopes, _ = network.slopes(hidden, components, hidden)
    noise = measurement.noise_alone(samples, first, parameters, generator)
    p = network.probabilities(hidden)
    operators = (
        (MultinomialHessian(samples, p), MultinomialHessian(noise, p)),
        (MultinomialSecondMoment(samples, slopes), MultinomialSecondMoment(noise, slopes)),
    )
    start = alignment.starting_rows(generator, k, dimension, min(first.shape[1], 2 * k))
    begin = generator.standard_normal((1, k * dimension)).astype(np.float32)
    pairs, edges = [], []
    for whole, bulk in operators:
        pairs.append(alignment.leading_full(whole, k * (k - 1) + EXTRA, start.reshape(1, -1)))
        edge = eigenpairs.lanczos(single(bulk).apply, begin, 1, measurement.EDGE_TOLERANCE)
        edges.append(edge.values[0, 0])
    return {
        "full_eigenvalues": np.concatenate([pair.values for pair in pairs]),
        "full_residual": np.concatenate([pair.residual for pair in pairs]),
        "full_edge": np.array(edges),
    }
