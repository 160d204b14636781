"""What is measured of both models: blocks of the Hessian and of G, and labelled datasets."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from rankscope import datasets
from rankscope.numerics import alignment, eigenpairs
from rankscope.numerics.classifiers import Multinomial, TwoLayer
from rankscope.numerics.moment_operators import WeightedMoments, single
from rankscope.studies.eigenspace_alignment.training import Training

Variables = Mapping[str, tuple[tuple[str, ...], str]]
"""Dimensions beyond the leading ones, and meaning, of each variable."""

BLOCKS: Variables = {
    "eigenvalues": (("eigenvalue",), "leading eigenvalues of a block"),
    "residual": (("eigenvalue",), "residual of an eigenpair over the largest eigenvalue"),
    "converged": ((), "whether the eigenpairs of a block converged"),
    "alignment": ((), "share of the block's weights in its leading eigenspace"),
    "alignment_first": ((), "share of the block's weights along its first eigenvector"),
    "gradient_share": ((), "share of the test gradient that lies in the leading eigenspace"),
    "smallest_cosine": ((), "smallest cosine between leading eigenspace and span of the centres"),
    "outside": ((), "|A - P A P| / |A|, P the projector on the span of the centres"),
    "edge": ((), "upper edge of the bulk"),
}
EDGE_TOLERANCE = 1e-3
"""Of the residual, relative to the eigenvalue, whose own error is of its square."""

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
_COORDINATES = {
    "matrix": (["hessian", "g"], "Hessian, or second moment of the gradients"),
    "last_matrix": (["hessian", "g", "regularised g"], "last-layer matrix"),
    "feature": (["mu", "nu"], "direction of a pair of centres"),
}


def lead(dims: Sequence[str], variables: Variables, prefix: str = "") -> Variables:
    """Give variables their leading dimensions, after ``replicate`` and ``checkpoint``."""
    return {
        f"{prefix}{name}": (("replicate", "checkpoint", *dims, *own), long_name)
        for name, (own, long_name) in variables.items()
    }


def blocks(
    parameters: Training,
    network: Multinomial | TwoLayer,
    first: np.ndarray,
    second: np.ndarray,
    samples: np.ndarray,
    components: np.ndarray,
    count: int,
    generator: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Measure the first-layer blocks of one network: arrays lead with matrix and row.

    The leading eigenspace of a block has the dimension of the span of the centres.

    Args:
        parameters: the point.
        network: the model.
        first: first layer in the first ``n`` coordinates, shape ``(rows, n)``.
        second: second layer, shape ``(rows,)``.
        samples: shape ``(M, d)``.
        components: shape ``(M,)``.
        count: eigenvalues to return.
        generator: draws the starting rows of Lanczos' method.
    """
    (rows, known), dimension = first.shape, samples.shape[1]
    hidden = samples[:, :known] @ first.T
    weights = np.concatenate(network.block_weights(hidden, components, second), axis=1).T
    slopes, _ = network.slopes(hidden, components, second)
    vectors = np.zeros((rows, dimension))
    vectors[:, :known] = first
    gradient = slopes.T @ samples / len(samples) + parameters.ridge * vectors
    # the block of a neuron that hardly any sample reaches has no such eigenspace, and says nan
    reached = (weights != 0).sum(axis=1) >= count
    weights[~reached] = 1.0
    # squares of what a dying neuron weighs are below single precision; powers of 2 round nothing
    scale = np.exp2(np.floor(np.log2(np.abs(weights).max(axis=1))))
    weights /= scale[:, None]
    found = alignment.measure(
        samples,
        weights,
        np.tile(vectors, (2, 1)),
        np.tile(gradient, (2, 1)),
        parameters.spanned,
        parameters.spanned,
        min(count, dimension),
        alignment.starting_rows(generator, 2 * rows, dimension, parameters.spanned),
    )
    values = {name: getattr(found, attribute) for name, attribute in _FROM_ALIGNMENT.items()}
    values["eigenvalues"] = values["eigenvalues"] * scale[:, None]
    noise = noise_alone(samples, first, parameters, generator)
    values["edge"] = scale * largest(noise, weights, generator)
    for value in values.values():
        value[~reached] = np.nan if value.dtype.kind == "f" else False
    return {name: np.stack(np.split(value, 2)) for name, value in values.items()}


def largest(samples: np.ndarray, weights: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return the largest eigenvalue of each block of these samples and weights."""
    moments = single(WeightedMoments(samples, weights))
    start = generator.standard_normal((len(weights), samples.shape[1])).astype(np.float32)
    return eigenpairs.lanczos(moments.apply, start, 1, EDGE_TOLERANCE).values[:, 0]


def noise_alone(
    samples: np.ndarray, first: np.ndarray, parameters: Training, generator: np.random.Generator
) -> np.ndarray:
    """Return samples, in single precision, with fresh noise in the span of centres and rows.

    They are then noise in all ``d`` coordinates, independent of the weights of a block. Without
    the fresh part the bulk would have fewer dimensions than that of the block, and an edge
    that is lower by about the share of those that lack.

    Args:
        samples: shape ``(M, d)``.
        first: first layer in the first ``n`` coordinates, shape ``(rows, n)``.
        parameters: the point.
        generator: draws the fresh part.
    """
    known, spanned = first.shape[1], parameters.spanned
    if known == samples.shape[1]:
        signal = np.concatenate([np.eye(known, spanned), first.T], axis=1)
        samples = samples @ np.linalg.qr(signal, mode="complete")[0]
        known = spanned + len(first)
    fresh = generator.standard_normal((len(samples), known)) / np.sqrt(parameters.snr)
    return np.concatenate([fresh, samples[:, known:]], axis=1, dtype=np.float32)


def dataset(
    parameters: Training, measured: Sequence[Mapping[str, np.ndarray]], variables: Variables
) -> xr.Dataset:
    """Label what was measured, with a coordinate for every named dimension.

    Args:
        parameters: the point.
        measured: per time the variables' arrays, which lead with ``replicate``.
        variables: dimensions and meanings, of those that this point lacks too.
    """
    data = {
        name: datasets.variable(dims, np.stack([each[name] for each in measured], 1), long_name)
        for name, (dims, long_name) in variables.items()
        if name in measured[0]
    }
    data["training_time"] = datasets.variable(
        "checkpoint", np.array(parameters.times()), "training time, steps times c / d"
    )
    labelled = xr.Dataset(data)
    return labelled.assign_coords(
        {
            name: datasets.variable(name, entries, long_name)
            for name, (entries, long_name) in _COORDINATES.items()
            if name in labelled.sizes
        }
    )
