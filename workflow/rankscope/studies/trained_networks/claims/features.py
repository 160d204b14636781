"""Claims about features: their rank before and after training, and neural collapse."""

import dataclasses
from collections.abc import Iterator

import xarray as xr

from rankscope.evidence.claims import ABSTRACT, DERIVED, Definition, claim
from rankscope.evidence.region import at_least, at_most, factor, percent
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample, ratio_of_means
from rankscope.studies.trained_networks.selection import FREE, end

COLLAPSE = "Papyan, Han and Donoho, arXiv 2008.08186, abstract"
TERMINAL = 0.999
TERMINAL_PHASE = (
    f"training images, training accuracy at least {TERMINAL}; the end of training as long as the "
    "grid has it, in the default 2000 steps of SGD at rate 0.1 or Adam at 0.002, and no limit"
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measure(Definition):
    """A notion.

    Attributes:
        variable: that holds it.
        counts: whether it counts singular values, and so is a whole number.
    """

    variable: str
    counts: bool = False


def terminal(point: Point) -> bool:
    """Say whether every network ends with all training images right, nearly."""
    return bool((end(point.measured.training_accuracy) >= TERMINAL).all())


@claim(
    "start: T4 on images",
    "At the start 1/PR = 1/PR_inf + V gives the centred participation ratio of a batch of "
    "images {accepted}.",
    accepted=percent(10, why="as in effective_dimension: first order in l/n, and l/n is up to 1/8"),
    estimate="mean of 1/PR over networks / predicted 1/PR",
    null="infinite width, at the last layer",
    scope="untrained networks, correct labels, layers up to n/8; points where infinite width is "
    "off by more than 20 % at the last of them",
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
    Measure(name="centred rank at 0.01", variable="centred_numerical_rank", counts=True),
    Measure(name="participation ratio", variable="participation_ratio"),
    Measure(name="effective rank", variable="effective_rank"),
    Measure(name="rank at 0.01", variable="numerical_rank", counts=True),
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
            # a direction of the last layer, whose rank is the smaller one where rank collapses
            step = rank.counts / (kept * float(end(ranks).isel(layer=0).mean()))
            yield Sample(point, end(ratio) / kept, chance=1 / kept, resolution=step)


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
    over="initial_scale",
)
def final_ratio(results: Results) -> Iterator[Sample]:
    """Divide the ratio at the end by that of a simplex."""
    for point in results.where(terminal, labels="correct", **FREE):
        simplex = point.predicted.collapsed_participation_ratio
        start = float(point.predicted.initial_centred_participation_ratio[-1] / simplex)
        if start > 1.5 or start < 1 / 1.5:
            final = end(point.measured.centred_participation_ratio).isel(layer=-1)
            yield Sample(point, final / simplex, chance=start)


@claim(
    "labels: wrong ones need more rank",
    "Networks that learn shuffled labels end with a centred participation ratio in the last hidden "
    "layer that is {accepted} times that of networks that learn the correct ones.",
    accepted=at_least(1.5, why="half as much again: more than depth costs at the start"),
    estimate="ratio of means at the end, shuffled over correct",
    null="no difference",
    chance=1.0,
    scope="held-out batch; pairs of points that differ in their labels alone",
    figure="last_layer",
    over="initial_scale",
    targets={"holds": 3.0},
)
def wrong_labels(results: Results) -> Iterator[Sample]:
    """Divide the mean rank of one point by that of another, whose networks are independent."""
    for pair in results.where(**FREE).families("labels"):
        correct, shuffled = (
            end(point.measured.centred_participation_ratio).isel(layer=-1) for point in pair
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
    scope=TERMINAL_PHASE,
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
    scope=TERMINAL_PHASE,
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
    scope=TERMINAL_PHASE,
    source=COLLAPSE,
    basis=ABSTRACT,
    figure="collapse",
    over="labels",
)
def nearest_mean(results: Results) -> Iterator[Sample]:
    """Take the share at the end."""
    for point in results.where(terminal, **FREE):
        image, chance = 1 / (point.classes * point.images_per_class), 1 - 1 / point.classes
        share = end(point.measured.disagreement)
        yield Sample(point, share, chance=chance, resolution=image)


def _relative(values: xr.DataArray) -> xr.DataArray:
    """Return values at the end over their mean at the start."""
    return end(values) / float(values.isel(step=0).mean())
