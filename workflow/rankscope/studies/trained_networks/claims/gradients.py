"""Claims about the Hessian and the second moments of gradients: outliers, and what lies in them."""

import dataclasses
from collections.abc import Iterator

import xarray as xr

from rankscope.evidence.claims import ABSTRACT, RECALLED, Definition, claim
from rankscope.evidence.region import at_least, at_most, between, varies, within
from rankscope.evidence.results import Family, Point, Results
from rankscope.evidence.samples import Sample, ratio_of_means, slope
from rankscope.studies.trained_networks.parameters import CURVATURE_SAMPLES, EARLY, SAMPLES
from rankscope.studies.trained_networks.selection import FREE, end

TINY = "Gur-Ari, Roberts and Dyer, arXiv 1812.04754, abstract"
CLASSES = "Papyan, arXiv 1901.08244 and 2008.11865, carried over"
ALIGNS = "Ben Arous et al., arXiv 2310.03010, carried over"
OF_FEW = (
    f"{SAMPLES} images make G, {CURVATURE_SAMPLES} Gauss-Newton and the Hessian, or nearly so many"
)
RESIDUAL = 1e-2
"""Of an eigenpair, over the largest eigenvalue: a pair beyond is none."""


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
    at: dict[str, str] = dataclasses.field(default_factory=dict, hash=False)
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
    scope=f"steps from a twentieth of training on; {OF_FEW}, and other numbers may count others",
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
    scope="steps from a twentieth of training on; gradients of images that are not in the matrix; "
    f"{OF_FEW}",
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
    "outliers: of class means",
    "After a short period of training the k - 1 leading eigenvalues of the class means' part of "
    "the Gauss-Newton matrix are {accepted} times the matrix's own.",
    accepted=at_least(0.5, why="more than all that varies about class means; they are never above"),
    estimate="geometric mean of the ratios of eigenvalues",
    null="images mixed among the classes",
    scope="steps from a twentieth of training on at which the null is below 0.25: before classes "
    f"differ, any groups have the mean of all; {OF_FEW}",
    source=CLASSES,
    basis=RECALLED,
    figure="class_structure",
    over="labels",
)
def class_means(results: Results) -> Iterator[Sample]:
    """Take the ratio at every checkpoint in scope."""
    for point in results.where(**FREE):
        for step in _later(point):
            ratio = point.measured.class_ratio.sel(step=step)
            chance = float(ratio.sel(grouping="mixed images").mean())
            if chance < 0.25:
                yield Sample(point, ratio.sel(grouping="classes"), f"step {step}", chance=chance)


@claim(
    "Hessian: its outliers are Gauss-Newton's",
    "After a short period of training {accepted} of the span of the Hessian's k - 1 leading "
    "eigenvectors lies in that of the k leading ones of the Gauss-Newton matrix.",
    accepted=at_least(0.9, why="a tenth is left for what outliers and the bulk exchange"),
    estimate="mean squared share of the eigenvectors",
    null="random directions",
    scope="steps from a twentieth of training on; both matrices of the same images, "
    f"{CURVATURE_SAMPLES} or nearly so many",
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
    scope=f"the end of training, every layer of weights; G of {SAMPLES} images or nearly so many",
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
            share = end(point.measured.block_share).sel(block=block, direction="update")
            chance = float(point.predicted.random_block_share.sel(block=block))
            yield Sample(point, share, f"layer {block}", chance=chance)


@claim(
    "1/lambda: the first layer",
    "The share of the first layer's squared update that lies outside the k leading eigenvectors of "
    "G, unit by unit, goes with the signal-to-noise ratio lambda to the power {accepted}.",
    accepted=within(
        0.25,
        of=-1.0,
        why="corrections of relative order lambda^(-1/2) are a tenth to a third at these lambda",
    ),
    estimate="slope of the logarithms over points that differ in the noise of the images alone",
    null="no dependence on the noise",
    chance=0.0,
    scope="the end of training; lambda of the training images as in a mixture with means of unit "
    "length, over a decade and more; a law for large lambda, many samples and isotropic noise",
    source=ALIGNS,
    basis=RECALLED,
    figure="misalignment",
)
def noise_law(results: Results) -> Iterator[Sample]:
    """Fit a slope to every replicate's shares, at the mean lambda of each point."""
    for family in results.where(lambda p: p.noise > 0, **FREE).families("noise"):
        ratios = [float(point.measured.signal_to_noise.mean()) for point in family]
        outside = [point.measured.unit_misalignment for point in family]
        yield Sample(family, slope(ratios, outside))


@claim(
    "weights: align layer by layer",
    "After training {accepted} of the squared weights of every layer lies in the k leading "
    "eigenvectors of that layer's G.",
    accepted=at_least(0.5, why="more than in all other directions together"),
    estimate="share of the squared length",
    null="the weights before training, in the same eigenvectors",
    scope=f"the end of training, every layer of weights; G of {SAMPLES} images or nearly so many",
    source=ALIGNS,
    basis=RECALLED,
    figure="weights_by_layer",
    over="initial_scale",
)
def layer_weights(results: Results) -> Iterator[Sample]:
    """Take the share at the end."""
    for point, block, weights, start in _weights(results):
        yield Sample(point, weights, f"layer {block}", chance=float(start.mean()))


@claim(
    "weights: training aligns them",
    "After training the share of every layer's squared weights in the k leading eigenvectors of "
    "its G is {accepted} times that of the weights before training in the same eigenvectors.",
    accepted=at_least(2.0, why="twice: what the eigenvectors owe to the first weights is in both"),
    estimate="ratio of mean shares, after over before",
    null="no training",
    chance=1.0,
    scope=f"the end of training, every layer of weights; G of {SAMPLES} images or nearly so many",
    source=ALIGNS,
    basis=RECALLED,
    figure="weights_by_layer",
    over="initial_scale",
)
def weights_gain(results: Results) -> Iterator[Sample]:
    """Divide the mean shares, of the same networks."""
    for point, block, weights, start in _weights(results):
        yield Sample(point, ratio_of_means(weights, start), f"layer {block}")


def _weights(results: Results) -> Iterator[tuple[Point, int, xr.DataArray, xr.DataArray]]:
    """Yield the shares, at the end, of every layer's weights after and before training."""
    for point in results.where(**FREE):
        share = end(point.measured.block_share)
        for block in point.predicted.block.values:
            after, before = (share.sel(block=block, direction=d) for d in ("weights", "start"))
            yield point, int(block), after, before


@claim(
    "scale: large starts are lazy",
    "Weights of twice the initial standard deviation end {accepted} times as far from their start, "
    "relative to its length, as those of half of it.",
    accepted=at_most(
        0.125,
        why="half of what starts of four times the length give where weights move as far: from a "
        "large start they need not, from a small one the signal has to be made of the update",
    ),
    estimate="ratio of mean relative updates, twice over half",
    null="weights that move as far",
    chance=0.25,
    scope="every layer of weights; pairs of points that differ in the scale, and in the learning "
    "rate, which is smaller at the large one, so that the start is stable",
    figure="relative_updates",
    over="labels",
    targets={"holds": 0.06},
)
def lazy_starts(results: Results) -> Iterator[Sample]:
    """Divide the relative updates of independent networks."""
    chosen = results.where(**FREE)
    for small, large in chosen.pairs("initial_scale", 0.5, 2.0, ignoring=("learning_rate",)):
        pair = Family("initial_scale", (small, large))
        moved = [end(point.measured.relative_update) for point in (large, small)]
        for block in moved[0].block.values:
            ratio = ratio_of_means(*(one.sel(block=block) for one in moved))
            yield Sample(pair, ratio, f"layer {block}")


def _at(point: Point, what: Spectral, step: int) -> xr.DataArray:
    """Return what a definition is about at a step; ``nan`` where eigenpairs were not found."""
    values = point.measured[what.variable].sel({what.steps: step, **what.at})
    if what.residual is None:
        return values
    return values.where(point.measured[what.residual].sel({what.steps: step}) <= RESIDUAL)


def _later(point: Point) -> list[int]:
    """Return the checkpoints after a short period of training."""
    return [int(step) for step in point.measured.step.values if step >= EARLY * point.steps]
