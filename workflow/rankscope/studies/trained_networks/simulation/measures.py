"""What is measured of one network at one step."""

import numpy as np

from rankscope.numerics import (
    batch_geometry,
    dense_networks,
    gradient_moments,
    neural_collapse,
    ranks,
)
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.numerics.dense_networks import Pass, Weights
from rankscope.numerics.gradient_moments import Gradients
from rankscope.studies.trained_networks.parameters import Parameters
from rankscope.studies.trained_networks.simulation import curvature, hessian
from rankscope.studies.trained_networks.simulation.photographs import Data

TOLERANCE = 1e-2
EIGENVALUES = 40
MATRICES = ("G", "Gauss-Newton")
GROUPINGS = ("classes", "mixed images")
"""By label, and the null: every group has as many images, of labels one after the other."""
PARTS = ("between classes", "across outputs", "within")
RULES = ("largest gap", "above the edge")
DIRECTIONS = ("gradient", "minibatch", "update", "weights", "start")

Measured = dict[str, np.ndarray | float]

LABELS = {
    "training_loss": "cross entropy on the training images, in nats",
    "training_accuracy": "accuracy on the training images, of the labels that were given",
    "held_out_accuracy": "accuracy on the held-out batch, of the correct labels",
    "centred_participation_ratio": "participation ratio of unit-length, batch-centred features",
    "centred_effective_rank": "effective rank of unit-length, batch-centred singular values",
    "centred_numerical_rank": "rank at 0.01 of unit-length, batch-centred features",
    "participation_ratio": "participation ratio of the features' eigenvalues",
    "effective_rank": "effective rank of the features' singular values",
    "numerical_rank": "rank at 0.01 of the features",
    "stable_rank": "stable rank of the features",
    "within_over_between": "NC1: trace of within over between classes, per class",
    "spread_of_lengths": "NC2: relative spread of the lengths of centred class means",
    "distance_from_simplex": "NC2: mean distance of cosines of class means from -1/(k-1)",
    "distance_from_duality": "NC3: 1 minus the cosine of readout and class means",
    "disagreement": "NC4: share of training images not given the class of the nearest mean",
    "eigenvalue": "leading eigenvalues of the whole network's matrix",
    "edge": "largest eigenvalue within groups, the measured edge of the bulk",
    "outliers": "eigenvalues outside the bulk",
    "share": "share of a direction's square in the k leading eigenvectors of the whole's matrix",
    "class_share": "share of the trace of the Gauss-Newton matrix",
    "class_ratio": "k - 1 leading eigenvalues of the part between classes over those of the whole "
    "Gauss-Newton matrix, geometric mean",
    "relative_update": "length of a layer's update from the start, over that of its first weights",
    "block_share": "share of a layer's direction in the k leading eigenvectors of its G",
}
DIMENSIONS = {
    **dict.fromkeys([name for name in LABELS if name.endswith(("rank", "ratio"))], ("layer",)),
    "eigenvalue": ("matrix", "index"),
    "edge": ("matrix",),
    "outliers": ("matrix", "rule"),
    "share": ("matrix", "direction"),
    "class_share": ("grouping", "part"),
    "class_ratio": ("grouping",),
    "relative_update": ("block",),
    "block_share": ("block", "direction"),
}


def measure(
    parameters: Parameters, data: Data, weights: Weights, start: Weights, step: int
) -> Measured:
    """Measure a network; of one that has diverged all is ``nan``.

    Args:
        parameters: the point.
        data: its images.
        weights: its weights.
        start: its weights before training.
        step: how many steps it has been trained for.
    """
    law = ACTIVATIONS[parameters.activation]
    training = dense_networks.forward(weights, data.images, law)
    held_out = dense_networks.forward(weights, data.held_out, law)
    guesses = held_out.logits.argmax(axis=1)
    errors = training.probabilities - np.eye(parameters.classes, dtype=np.float32)[data.labels]
    backward = dense_networks.backward(weights, training.slopes, errors)
    if not curvature.measurable([*weights, *training.features, training.logits, *backward]):
        # of the shape of what a network of zeros gives
        zeros = [np.zeros_like(layer) for layer in weights]
        found = measure(parameters, data, zeros, zeros, step)
        return {name: np.full_like(value, np.nan, dtype=float) for name, value in found.items()}
    directions = _directions(parameters, training, backward)
    update = [now - then for now, then in zip(weights, start, strict=True)]
    directions += [update, weights, start]
    lengths = [np.sqrt([_square(layer) for layer in one]) for one in (update, start)]
    measured = (
        _fit(training, data.labels)
        | {"held_out_accuracy": float((guesses == data.held_out_labels).mean())}
        | {"relative_update": lengths[0] / lengths[1]}
        | _ranks(held_out)
        | _collapse(training, data.labels, weights[-1])
        | _moments(parameters, data, weights, training, backward, directions)
    )
    if parameters.hessian and step in parameters.later_steps:
        measured |= hessian.measure(parameters, data, weights, directions)
    return measured


def _fit(training: Pass, labels: np.ndarray) -> Measured:
    given = training.probabilities[np.arange(len(labels)), labels].astype(float)
    return {
        "training_loss": float(-np.log(np.maximum(given, np.finfo(np.float32).tiny)).mean()),
        "training_accuracy": float((training.logits.argmax(axis=1) == labels).mean()),
    }


def centred(held_out: Pass) -> np.ndarray:
    """Return the Gram matrices of unit-length, batch-centred features, ``(layers, m, m)``."""
    features = np.stack(held_out.features[1:]).astype(float)
    return batch_geometry.centred(batch_geometry.cosines(features @ features.swapaxes(1, 2)))


def _ranks(held_out: Pass) -> Measured:
    features = np.stack(held_out.features[1:]).astype(float)
    kernels = centred(held_out)
    plain = np.linalg.svd(features, compute_uv=False)
    inside = np.sqrt(np.maximum(np.linalg.eigvalsh(kernels), 0.0))
    return {
        "centred_participation_ratio": batch_geometry.participation_ratio(kernels),
        "centred_effective_rank": ranks.effective_rank(inside),
        "centred_numerical_rank": ranks.numerical_rank(inside, TOLERANCE),
        "participation_ratio": ranks.participation_ratio(plain),
        "effective_rank": ranks.effective_rank(plain),
        "numerical_rank": ranks.numerical_rank(plain, TOLERANCE),
        "stable_rank": ranks.stable_rank(plain),
    }


def _collapse(training: Pass, labels: np.ndarray, readout: np.ndarray) -> Measured:
    features = training.features[-1].astype(float)
    means = neural_collapse.class_means(features, labels)
    return {
        "within_over_between": neural_collapse.within_over_between(features, labels),
        "spread_of_lengths": neural_collapse.spread_of_lengths(means),
        "distance_from_simplex": neural_collapse.distance_from_simplex(means),
        "distance_from_duality": neural_collapse.distance_from_duality(means, readout),
        "disagreement": neural_collapse.disagreement(features, means, training.logits),
    }


def _directions(parameters: Parameters, training: Pass, backward: Weights) -> list[Weights]:
    """Return gradients of images whose own gradients are not in the matrices: all, and a few."""
    samples = parameters.samples_per_class * parameters.classes
    return [
        dense_networks.gradients([f[part] for f in training.features], [e[part] for e in backward])
        for part in (slice(samples, None), slice(samples, samples + parameters.batch_size))
    ]


def _moments(
    parameters: Parameters,
    data: Data,
    weights: Weights,
    training: Pass,
    backward: Weights,
    directions: list[Weights],
) -> Measured:
    k, samples = parameters.classes, parameters.samples_per_class * parameters.classes
    few = parameters.curvature_per_class * k
    own = Gradients([e[:samples] for e in backward], [f[:samples] for f in training.features])
    virtual = curvature.gradients(weights, training, few)
    groups = [data.labels[:samples], _groups(data.labels[:few], k)]
    grams = [moment.gram() for moment in (own, virtual)]
    found = [
        _whole(moment, gram, group, directions, k)
        for moment, gram, group in zip((own, virtual), grams, groups, strict=True)
    ]
    measured: Measured = {name: np.stack([one[name] for one in found]) for name in found[0]}
    classes = _classes(
        grams[1], training.probabilities[:few], data.labels[:few], found[1]["eigenvalue"]
    )
    return measured | classes | {"block_share": _blocks(own, directions, k)}


def _classes(
    gram: np.ndarray, probabilities: np.ndarray, labels: np.ndarray, values: np.ndarray
) -> Measured:
    k = probabilities.shape[1]
    # every run of k images has one of each label
    mixed = (labels + np.arange(len(labels)) // k) % k
    parts = [gradient_moments.class_parts(gram, probabilities, one) for one in (labels, mixed)]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = [np.log(one.values[: k - 1] / values[: k - 1]) for one in parts]
    return {
        "class_share": np.stack([one.shares for one in parts]),
        "class_ratio": np.exp(np.mean(ratios, axis=1)),
    }


def _groups(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return the group of each virtual gradient: the image's class and its own."""
    return (labels[:, None] * classes + np.arange(classes)).ravel()


def _whole(
    gradients: Gradients,
    gram: np.ndarray,
    groups: np.ndarray,
    directions: list[Weights],
    classes: int,
) -> dict[str, np.ndarray]:
    pairs = gradient_moments.spectrum(gram, EIGENVALUES)
    edge = gradient_moments.within_edge(gram, groups)
    shares = [
        gradient_moments.share_inside(
            pairs, gradients.inner(one).sum(axis=0), sum(_square(w) for w in one), classes
        )
        for one in directions
    ]
    counts = (
        gradient_moments.outliers_by_gap(pairs.values, 2 * classes),
        (pairs.values > edge).sum(),
    )
    values = np.zeros(EIGENVALUES)
    values[: len(pairs.values)] = pairs.values
    return {
        "eigenvalue": values,
        "edge": np.asarray(edge),
        "outliers": np.array(counts),
        "share": np.array(shares),
    }


def _blocks(gradients: Gradients, directions: list[Weights], classes: int) -> np.ndarray:
    pairs = [gradient_moments.spectrum(gram, classes) for gram in gradients.grams()]
    inner = [gradients.inner(one) for one in directions]
    return np.array(
        [
            [
                gradient_moments.share_inside(pairs[b], inner[d][b], _square(one[b]), classes)
                for d, one in enumerate(directions)
            ]
            for b in range(len(pairs))
        ]
    )


def _square(weights: np.ndarray) -> float:
    return float((weights.astype(float) ** 2).sum())
