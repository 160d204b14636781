"""Train softmax classifiers by one-pass SGD, and measure their class blocks at the end."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import alignment, mixtures, sgd, subspaces
from rankscope.numerics.classifiers import Multinomial
from rankscope.numerics.mixtures import Mixture
from rankscope.studies.eigenspace_alignment.nuisance.parameters import Parameters

DRAWS = 64
"""Steps whose samples are drawn at a time."""

BLOCK = ("matrix", "label")
_LABELS = {
    "eigenvalues": ((*BLOCK, "eigenvalue"), "leading eigenvalues of a class block"),
    "residual": ((*BLOCK, "eigenvalue"), "residual of an eigenpair over the largest eigenvalue"),
    "converged": (BLOCK, "whether the k leading eigenpairs converged"),
    "smallest_cosine": (BLOCK, "smallest cosine between E_k and the span of the means"),
    "nuisance_in_leading": (BLOCK, "share rho(e, E_k) of the nuisance direction"),
    "nuisance_in_first": (BLOCK, "share rho(e, E_1) of the nuisance direction"),
    "weights_in_leading": (BLOCK, "rho(x^a, E_k)"),
    "weights_in_first": (BLOCK, "rho(x^a, E_1)"),
    "weights_in_means": (("label",), "share of x^a in the span of the means"),
}


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Train one classifier per stream; the first ``k`` axes span the means, the next is ``e``."""
    p, generators = parameters, [np.random.default_rng(stream) for stream in streams]
    mixture = mixtures.class_mixture(np.eye(p.classes), p.snr)
    network, step = Multinomial(mixture.labels), p.step_scale / p.dimension
    shape = p.classes, p.dimension
    first = np.stack([g.standard_normal(shape) for g in generators]) / np.sqrt(p.dimension)
    unused = np.zeros(first.shape[:2])
    for begin in range(0, p.steps, DRAWS):
        drawn = [draw(p, mixture, g, min(DRAWS, p.steps - begin)) for g in generators]
        components, inputs = (np.stack(part) for part in zip(*drawn, strict=True))
        sgd.descend(network.slopes, first, unused, inputs, components, step, p.ridge)
    found = [
        _measure(p, network, mixture, weights, g)
        for weights, g in zip(first, generators, strict=True)
    ]
    return xr.Dataset(
        {
            name: variable(("replicate", *dims), np.stack([one[name] for one in found]), text)
            for name, (dims, text) in _LABELS.items()
        },
        {"matrix": variable("matrix", ["hessian", "g"], "Hessian, or second moment of gradients")},
    )


def draw(
    parameters: Parameters, mixture: Mixture, generator: np.random.Generator, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw components ``(size,)`` and inputs ``(size, d)``, stretched along ``e``."""
    components, inputs = mixture.sample(generator, size, parameters.dimension)
    inputs[:, parameters.classes] *= np.sqrt(parameters.nuisance_ratio)
    return components, inputs


def _measure(
    p: Parameters,
    network: Multinomial,
    mixture: Mixture,
    first: np.ndarray,
    generator: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Measure the blocks of one classifier: arrays lead with matrix and class."""
    k = p.classes
    components, samples = draw(p, mixture, generator, p.samples_count)
    hidden = samples @ first.T
    unused = np.zeros(k)
    weights = np.concatenate(network.block_weights(hidden, components, unused), axis=1).T
    start = alignment.starting_rows(generator, 2 * k, p.dimension, k + 1)
    pairs = alignment.leading(samples, weights, k + 1, start)
    leading, rows = pairs.vectors[:, :, :k], np.tile(first, (2, 1))
    span = np.broadcast_to(np.eye(p.dimension, k), (2 * k, p.dimension, k))
    values = {
        "eigenvalues": pairs.values,
        "residual": pairs.residual,
        "converged": pairs.converged[:, :k].all(axis=1),
        "smallest_cosine": subspaces.cosines(leading, span)[:, -1],
        "nuisance_in_leading": np.linalg.norm(leading[:, k], axis=1),
        "nuisance_in_first": np.abs(leading[:, k, 0]),
        "weights_in_leading": subspaces.overlap(rows, leading),
        "weights_in_first": subspaces.overlap(rows, leading[:, :, :1]),
    }
    found = {name: np.stack(np.split(value, 2)) for name, value in values.items()}
    inside = np.linalg.norm(first[:, :k], axis=1)
    return found | {"weights_in_means": inside / np.linalg.norm(first, axis=1)}
