"""What is claimed of networks before, during and after training on images."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import xarray as xr

from rankscope.evidence.claims import ABSTRACT, DERIVED, HERE, RECALLED, Definition, claim
from rankscope.evidence.region import at_least, at_most, between, factor, percent, varies
from rankscope.evidence.results import Family, Point, Results
from rankscope.evidence.samples import Sample, ratio_of_means
from rankscope.studies.trained_networks.parameters import EARLY

COLLAPSE = "Papyan, Han and Donoho, arXiv 2008.08186, abstract"
TINY = "Gur-Ari, Roberts and Dyer, arXiv 1812.04754, abstract"
CONFINED = "Song, Ahn and Yun, arXiv 2405.16002, abstract"
ALIGNS = "Ben Arous et al., arXiv 2310.03010, carried over"
FREE = {"switch_step": 0}
"""Points whose steps are never confined; the others repeat one of them up to the switch."""
TERMINAL = 0.999
RESIDUAL = 1e-2
"""Of an eigenpair, over the largest eigenvalue: a pair beyond is none."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measure(Definition):
    """A notion, and the variable that holds it."""

    variable: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Spectral(Definition):
    """A matrix, and a rule for its outliers or a direction: where their number is.

    Attributes:
        variable: that holds it.
        at: labels in the variable.
        steps: its dimension of steps.
        residual: variable with the largest residual of the eigenpairs; none where they are exact.
    """

    variable: str
    at: dict[str, str] = dataclasses.field(default_factory=dict)
    steps: str = "step"
    residual: str | None = None


def _hessian(variable: str, name: str, **at: str) -> Spectral:
    return Spectral(
        name=f"Hessian, {name}",
        variable=variable,
        at=at,
        steps="later_step",
        residual="hessian_residual",
    )


def terminal(point: Point) -> bool:
    """Say whether every network ends with all training images right, nearly."""
    return bool((_end(point.measured.training_accuracy) >= TERMINAL).all())


@claim(
    "start: T4 on images",
    "At the start 1/PR = 1/PR_inf + V gives the centred participation ratio of a batch of "
    "images {accepted}.",
    accepted=percent(10, why="as in effective_dimension: first order in l/n, and l/n is up to 1/8"),
    estimate="mean of 1/PR over networks / predicted 1/PR",
    null="infinite width, at the last layer",
    scope="untrained networks, correct labels, layers up to n/8; points where infinite width is "
    "off by more than 20 % at the last of them",
    source=HERE,
    basis=DERIVED,
    figure="ranks_by_layer",
    over="activation",
    headline=True,
)
def initial_ratio(results: Results) -> Iterator[Sample]:
    """Average 1/PR over networks, as the theory does."""
    for point in results.where(labels="correct", **FREE):
        predicted = point.predicted.initial_centred_participation_ratio.dropna("layer")
        if not predicted.size:
            continue
        null = float((predicted / point.predicted.initial_infinite_width)[-1])
        for layer in predicted.layer.values if null < 0.8 else ():
            inverse = (point.measured.initial_inverse_ratio * predicted).sel(layer=layer)
            yield Sample(point, inverse, f"layer {layer}", chance=null)


RANKS = (
    Measure(name="centred participation ratio", variable="centred_participation_ratio"),
    Measure(name="centred effective rank", variable="centred_effective_rank"),
    Measure(name="centred rank at 0.01", variable="centred_numerical_rank"),
    Measure(name="participation ratio", variable="participation_ratio"),
    Measure(name="effective rank", variable="effective_rank"),
    Measure(name="rank at 0.01", variable="numerical_rank"),
    Measure(name="stable rank", variable="stable_rank"),
)


@claim(
    "depth: its collapse survives training",
    "The rank of the last hidden layer over that of the first is after training {accepted} times "
    "what it was before.",
    accepted=at_most(1.0, why="a collapse that survives is no smaller than it was"),
    estimate="last over first layer's mean rank at the end, over the same at the start",
    null="no collapse: as much rank in the last layer as in the first",
    scope="held-out batch, depth at least 4; points where the start has lost a fifth and more",
    source=HERE,
    basis=DERIVED,
    figure="ranks_by_layer",
    over="labels",
    definitions=RANKS,
    targets={"holds": 0.5},
    headline=True,
)
def collapse_survives(results: Results, rank: Measure) -> Iterator[Sample]:
    """Divide the ratio at the end by the mean ratio at the start."""
    for point in results.where(lambda p: p.depth >= 4, **FREE):
        ranks = point.measured[rank.variable]
        ratio = ranks.isel(layer=-1) / ranks.isel(layer=0)
        kept = float(ratio.isel(step=0).mean())
        if kept < 0.8:
            yield Sample(point, _end(ratio) / kept, chance=1 / kept)


@claim(
    "end: rank k - 1",
    "Training takes the centred participation ratio of the last hidden layer to k - 1, {accepted}, "
    "wherever depth had put it.",
    accepted=factor(1.5, why="k - 1 is that of class means alone; held-out images vary about them"),
    estimate="centred participation ratio at the end / (k - 1)",
    null="the predicted rank at the start",
    scope="held-out batch, correct labels, training accuracy at least 0.999; points whose "
    "predicted start is farther than that from k - 1",
    source=COLLAPSE,
    basis=DERIVED,
    figure="last_layer",
)
def final_ratio(results: Results) -> Iterator[Sample]:
    """Divide the ratio at the end by that of a simplex."""
    for point in results.where(terminal, labels="correct", **FREE):
        simplex = point.predicted.collapsed_participation_ratio
        start = float(point.predicted.initial_centred_participation_ratio[-1] / simplex)
        if start > 1.5 or start < 1 / 1.5:
            end = _end(point.measured.centred_participation_ratio).isel(layer=-1)
            yield Sample(point, end / simplex, chance=start)


@claim(
    "labels: wrong ones need more rank",
    "Networks that learn shuffled labels end with a centred participation ratio in the last hidden "
    "layer that is {accepted} times that of networks that learn the correct ones.",
    accepted=at_least(1.5, why="half as much again: more than depth costs at the start"),
    estimate="ratio of means at the end, shuffled over correct",
    null="no difference",
    chance=1.0,
    scope="held-out batch; pairs of points that differ in their labels alone",
    source=HERE,
    basis=DERIVED,
    figure="last_layer",
    targets={"holds": 3.0},
)
def wrong_labels(results: Results) -> Iterator[Sample]:
    """Divide the mean rank of one point by that of another, whose networks are independent."""
    for pair in results.where(**FREE).families("labels"):
        correct, shuffled = (
            _end(point.measured.centred_participation_ratio).isel(layer=-1) for point in pair
        )
        yield Sample(pair, ratio_of_means(shuffled, correct))


@claim(
    "NC1: variability within classes",
    "In the terminal phase variability within classes, over that between them, is {accepted} times "
    "what it was at the start.",
    accepted=at_most(0.1, why="a decade: a collapse on the way, more than learning to classify"),
    estimate="tr(S_W S_B^+)/k at the end over its mean at the start",
    null="no training",
    chance=1.0,
    scope="training images, training accuracy at least 0.999",
    source=COLLAPSE,
    basis=ABSTRACT,
    figure="collapse",
    over="labels",
    headline=True,
)
def within_classes(results: Results) -> Iterator[Sample]:
    """Divide by the mean at the start."""
    for point in results.where(terminal, **FREE):
        yield Sample(point, _relative(point.measured.within_over_between))


@claim(
    "NC2, NC3: simplex and duality",
    "In the terminal phase the distances from a simplex of equal lengths and from a readout "
    "parallel to it are {accepted} times what they were at the start.",
    accepted=at_most(0.5, why="half: a trend that networks of one point do not give by chance"),
    estimate="distance at the end over its mean at the start",
    null="no training",
    chance=1.0,
    scope="training images, training accuracy at least 0.999",
    source=COLLAPSE,
    basis=ABSTRACT,
    figure="collapse",
    over="labels",
    definitions=(
        Measure(name="NC2, angles", variable="distance_from_simplex"),
        Measure(name="NC2, lengths", variable="spread_of_lengths"),
        Measure(name="NC3", variable="distance_from_duality"),
    ),
)
def simplex(results: Results, distance: Measure) -> Iterator[Sample]:
    """Divide by the mean at the start."""
    for point in results.where(terminal, **FREE):
        yield Sample(point, _relative(point.measured[distance.variable]))


@claim(
    "NC4: nearest class mean",
    "In the terminal phase the class of the nearest class mean is another than the network's for "
    "{accepted} of the training images.",
    accepted=at_most(0.02, why="two in a hundred, as few as a good classifier gets wrong"),
    estimate="share of training images",
    null="a class at random",
    scope="training images, training accuracy at least 0.999",
    source=COLLAPSE,
    basis=ABSTRACT,
    figure="collapse",
    over="labels",
)
def nearest_mean(results: Results) -> Iterator[Sample]:
    """Take the share at the end."""
    for point in results.where(terminal, **FREE):
        image, chance = 1 / (point.classes * point.images_per_class), 1 - 1 / point.classes
        share = _end(point.measured.disagreement)
        yield Sample(point, share, chance=chance, resolution=image)


@claim(
    "outliers: as many as classes",
    "After a short period of training the whole network's second moment of gradients has "
    "{accepted} outliers.",
    accepted=varies(
        "k - 1 to k + 1",
        why="logits are defined up to a constant, which costs one; the mean gradient may add one",
    ),
    estimate="outliers",
    null="one outlier, the mean gradient",
    chance=1.0,
    scope="steps from a twentieth of training on",
    source=TINY,
    basis=ABSTRACT,
    figure="outliers",
    over="labels",
    definitions=(
        _hessian("hessian_outliers", "largest gap"),
        *(
            Spectral(
                name=f"{matrix}, {rule}", variable="outliers", at={"matrix": matrix, "rule": rule}
            )
            for matrix in ("Gauss-Newton", "G")
            for rule in ("largest gap", "above the edge")
        ),
    ),
    headline=True,
)
def outliers(results: Results, outlier: Spectral) -> Iterator[Sample]:
    """Count them, at every checkpoint in scope."""
    for point in results.where(lambda p: outlier.variable in p.measured, **FREE):
        accepted = between(point.classes - 1, point.classes + 1)
        for step in _later(point):
            found = _at(point, outlier, step)
            yield Sample(point, found, f"step {step}", accepted=accepted, resolution=1.0)


@claim(
    "gradient: in a tiny subspace",
    "After a short period of training {accepted} of the squared gradient lies in the k leading "
    "eigenvectors.",
    accepted=at_least(0.5, why="more than in all other directions together"),
    estimate="share of the squared length",
    null="a random direction",
    scope="steps from a twentieth of training on; gradients of images that are not in the matrix",
    source=TINY,
    basis=ABSTRACT,
    figure="alignment",
    over="labels",
    definitions=(
        *(
            _hessian("hessian_share", direction, direction=direction)
            for direction in ("gradient", "minibatch")
        ),
        *(
            Spectral(
                name=f"{matrix}, {direction}",
                variable="share",
                at={"matrix": matrix, "direction": direction},
            )
            for matrix in ("Gauss-Newton", "G")
            for direction in ("gradient", "minibatch")
        ),
    ),
    headline=True,
)
def tiny_subspace(results: Results, gradient: Spectral) -> Iterator[Sample]:
    """Take the share at every checkpoint in scope."""
    for point in results.where(lambda p: gradient.variable in p.measured, **FREE):
        for step in _later(point):
            chance = float(point.predicted.random_share)
            yield Sample(point, _at(point, gradient, step), f"step {step}", chance=chance)


@claim(
    "Hessian: its outliers are Gauss-Newton's",
    "After a short period of training {accepted} of the span of the Hessian's k - 1 leading "
    "eigenvectors lies in that of the k leading ones of the Gauss-Newton matrix.",
    accepted=at_least(0.9, why="a tenth is left for what outliers and the bulk exchange"),
    estimate="mean squared share of the eigenvectors",
    null="random directions",
    scope="steps from a twentieth of training on; both matrices of the same images",
    source="Papyan, arXiv 1811.07062, abstract",
    basis=ABSTRACT,
    figure="hessian",
    over="labels",
)
def hessian_outliers(results: Results) -> Iterator[Sample]:
    """Take the share at every checkpoint in scope."""
    inside = _hessian("hessian_in_gauss_newton", "leading eigenvectors")
    for point in results.where(lambda p: inside.variable in p.measured, **FREE):
        for step in _later(point):
            chance = float(point.predicted.random_share)
            yield Sample(point, _at(point, inside, step), f"step {step}", chance=chance)


@claim(
    "updates: align layer by layer",
    "{accepted} of the squared update of every layer, from start to end, lies in the k leading "
    "eigenvectors of that layer's G.",
    accepted=at_least(0.5, why="more than in all other directions together"),
    estimate="share of the squared length",
    null="a random direction",
    scope="the end of training, every layer of weights",
    source=ALIGNS,
    basis=RECALLED,
    figure="alignment_by_layer",
    over="labels",
    headline=True,
)
def layer_updates(results: Results) -> Iterator[Sample]:
    """Take the share at the end."""
    for point in results.where(**FREE):
        for block in point.predicted.block.values:
            share = _end(point.measured.block_share).sel(block=block, direction="update")
            chance = float(point.predicted.random_block_share.sel(block=block))
            yield Sample(point, share, f"layer {block}", chance=chance)


@claim(
    "confined: dominant-only training",
    "Once steps are confined to the k leading eigenvectors, the logarithm of the training loss "
    "falls {accepted} times as much as in free training.",
    accepted=at_most(0.2, why="does not decrease further: a fifth, for what is left of the noise"),
    estimate="fall of the mean log loss from the switch to the end, confined over free",
    null="free training",
    chance=1.0,
    scope="SGD; leading eigenvectors of the Gauss-Newton matrix of a few images, every third step",
    source=CONFINED,
    basis=ABSTRACT,
    figure="confined_training",
    headline=True,
)
def dominant_only(results: Results) -> Iterator[Sample]:
    """Divide the falls of independent networks."""
    yield from _falls(results, "dominant")


@claim(
    "confined: bulk-only training",
    "Once steps have lost their part in the k leading eigenvectors, the logarithm of the training "
    "loss falls {accepted} times as much as in free training.",
    accepted=at_least(0.8, why="as effective: but for a fifth, as is allowed above"),
    estimate="fall of the mean log loss from the switch to the end, confined over free",
    null="no further fall",
    chance=0.0,
    scope="SGD; leading eigenvectors of the Gauss-Newton matrix of a few images, every third step",
    source=CONFINED,
    basis=ABSTRACT,
    figure="confined_training",
    targets={"holds": 1.0, "fails": 0.4},
    headline=True,
)
def bulk_only(results: Results) -> Iterator[Sample]:
    """Divide the falls of independent networks."""
    yield from _falls(results, "bulk")


def _falls(results: Results, part: str) -> Iterator[Sample]:
    for free, confined in results.pairs("steps_in", "all", part):
        falls = []
        for point in (confined, free):
            loss = np.log(point.measured.training_loss)
            falls.append(loss.sel(step=point.switch_step) - _end(loss))
        pair = Family("steps_in", (free, confined))
        yield Sample(pair, ratio_of_means(*falls), part)


def _end(values: xr.DataArray) -> xr.DataArray:
    return values.isel(step=-1)


def _relative(values: xr.DataArray) -> xr.DataArray:
    """Return values at the end over their mean at the start."""
    return _end(values) / float(values.isel(step=0).mean())


def _at(point: Point, what: Spectral, step: int) -> xr.DataArray:
    """Return what a definition is about at a step; ``nan`` where eigenpairs were not found."""
    values = point.measured[what.variable].sel({what.steps: step, **what.at})
    if what.residual is None:
        return values
    return values.where(point.measured[what.residual].sel({what.steps: step}) <= RESIDUAL)


def _later(point: Point) -> list[int]:
    """Return the checkpoints after a short period of training."""
    return [int(step) for step in point.measured.step.values if step >= EARLY * point.steps]
