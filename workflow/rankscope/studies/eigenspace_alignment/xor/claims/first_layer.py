"""Claims on the first layer: effective theory, error law, dead neurons, the kink of ReLU."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from rankscope.evidence.claims import DERIVED, RECALLED, claim
from rankscope.evidence.region import at_least, at_most, percent, within
from rankscope.evidence.results import Results
from rankscope.evidence.samples import Sample
from rankscope.studies.eigenspace_alignment.points import (
    EDGE_SLACK,
    SPECTRUM,
    certain,
    chance_alignment,
    distance,
    each_matrix,
    no_spread,
    random_gap,
    steady,
)
from rankscope.studies.eigenspace_alignment.xor.selection import (
    ALIVE,
    alive,
    gaussian,
    living,
    optimal,
    settled,
)

TRACKED = 4.0  # in units of c / sqrt(d)
EARLY = 0.5  # in units of 1 / beta
LAW = 0.15
DIFFERENCE = "finite difference of half width 0.1 / sqrt(lambda), in 32,768 samples"


@claim(
    "C14: effective dynamics",
    "The overlaps of both layers differ from the solution of the ODEs by {accepted} c / sqrt(d) at "
    "all measured times.",
    accepted=at_most(TRACKED, why="a few standard deviations of the fluctuations"),
    estimate="largest |W_i - ODE| along mu or nu and |v_i - ODE|, over neurons and times, in units "
    "of c / sqrt(d)",
    scope="planted optimal classifier, t of 4 / beta or more, points that move by more than twice "
    "the accepted distance",
    figure="dynamics",
    null="weights that stay where they start",
    # a largest distance is never 0
    targets={"holds": TRACKED / 2},
)
def effective_dynamics(results: Results) -> Iterator[Sample]:
    """Take the largest gap of each network."""
    for point in results.where(steady, planted_cells=4):
        unit = point.step_scale / np.sqrt(point.dimension)
        found, theory = point.measured.isel(run=0), point.predicted
        if (moved := _moved(theory, unit)) > 2 * TRACKED:
            first = distance(found.first_layer, theory.first_layer).max(("neuron", "feature"))
            second = distance(found.second_layer, theory.second_layer).max("neuron")
            gap = first.where(first > second, second).max("checkpoint")
            yield Sample(point, gap / unit, chance=moved)


def _moved(theory: xr.Dataset, unit: float) -> float:
    """Return how far the second layer of a theory moves."""
    return float(distance(theory.second_layer, theory.second_layer[0]).max()) / unit


@claim(
    "C14: predicted alignment",
    "rho(W_i, E_2) at the end of training is that of the effective spectrum, {accepted}, for the "
    "Hessian and for G.",
    accepted=within(0.02, why="at these d, outliers and edge follow it to a few percent"),
    estimate="measured minus predicted alignment",
    scope="planted optimal classifier, lambda of 30 or more, t of 4 / beta or more, neurons that "
    f"are {ALIVE}",
    source=SPECTRUM,
    basis=DERIVED,
    figure="error_law",
    null="a random direction",
)
def predicted_alignment(results: Results) -> Iterator[Sample]:
    """Compare the means over living neurons."""
    for point in optimal(results, snr=30):
        theory = point.predicted.alignment.isel(checkpoint=-1).mean("neuron")
        chance = random_gap(2, point.dimension, theory)
        yield from each_matrix(point, living(point, "alignment") - theory, chance=chance)


@claim(
    "C14: predicted principal angle",
    "The smallest cosine between E_2 and span(mu, nu) at the end of training is that of the "
    "effective spectrum, {accepted}.",
    accepted=within(0.05, why="the smaller of two cosines; each follows the theory to 0.02"),
    estimate="measured minus predicted cosine",
    scope="planted optimal classifier, lambda of 30 or more, t of 4 / beta or more, neurons that "
    f"are {ALIVE}",
    source=SPECTRUM,
    basis=DERIVED,
    figure="error_law",
    null="a random plane, whose smallest cosine is 0",
)
def predicted_cosine(results: Results) -> Iterator[Sample]:
    """Compare the means over living neurons."""
    for point in optimal(results, snr=30):
        theory = point.predicted.smallest_cosine.isel(checkpoint=-1).mean("neuron")
        gap = living(point, "smallest_cosine") - theory
        yield from each_matrix(point, gap, chance=-float(theory.mean()))


@claim(
    "C14: predicted eigenvalues",
    "The two outliers of a first-layer block are those of the effective spectrum, mean {accepted}.",
    accepted=percent(5, why="at these d, outliers and edge follow it to a few percent"),
    estimate="mean outlier over that of the theory",
    scope="planted optimal classifier, lambda of 30 or more, t of 4 / beta or more, neurons that "
    f"are {ALIVE}",
    source=SPECTRUM,
    basis=DERIVED,
    figure="error_law",
    null="noise alone, whose eigenvalues are of order 1 / lambda",
    chance=0.0,
)
def predicted_eigenvalues(results: Results) -> Iterator[Sample]:
    """Compare the means over living neurons."""
    for point in optimal(results, snr=30):
        theory = point.predicted.eigenvalues.isel(checkpoint=-1, eigenvalue=[0, 1])
        found = living(point, "eigenvalues").isel(eigenvalue=[0, 1]).mean("eigenvalue")
        yield from each_matrix(point, found / theory.mean(("neuron", "eigenvalue")))


@claim(
    "C14: edge of the bulk",
    "The upper edge of the bulk of a first-layer block is that of the effective spectrum: it "
    "differs by a share of d^(-2/3) {accepted}.",
    accepted=within(EDGE_SLACK, why="the scale of Tracy and Widom; outliers must clear as much"),
    estimate="measured over predicted edge, minus 1, in units of d^(-2/3)",
    scope=f"planted optimal classifier, t of 4 / beta or more, neurons that are {ALIVE}",
    source=SPECTRUM,
    basis=DERIVED,
    figure="error_law",
    null="no spread: the mean eigenvalue, of weights that are alike",
)
def bulk_edge(results: Results) -> Iterator[Sample]:
    """Compare the means over living neurons at the end."""
    for point in optimal(results, snr=0):
        scale = point.dimension ** (2 / 3)
        theory = point.predicted.edge.isel(checkpoint=-1).mean("neuron")
        gap = living(point, "edge") / theory - 1
        yield from each_matrix(point, gap * scale, chance=no_spread(point) * scale)


@claim(
    "C14: error law of the first layer",
    "1 - rho(W_i, E_2) = (2 / phi + 2 beta c) / lambda plus the transient, {accepted} times "
    "15 percent plus lambda^(-1/2).",
    accepted=within(1.0, why="corrections are of relative order lambda^(-1/2)"),
    estimate="1 - rho over the law, minus 1, over 0.15 + lambda^(-1/2)",
    scope="ReLU, planted optimal classifier, lambda of 30 or more, t of 4 / beta or more, neurons "
    f"that are {ALIVE}",
    figure="error_law",
    null="no error",
)
def first_layer_law(results: Results) -> Iterator[Sample]:
    """Compare the mean over living neurons at the end."""
    for point in optimal(results, snr=30):
        law = float(point.predicted.misalignment_law.isel(checkpoint=-1))
        slack = LAW + point.snr**-0.5
        off = (1 - living(point, "alignment")) / law - 1
        yield from each_matrix(point, off / slack, chance=-(slack**-1))


@claim(
    "C15: dead neurons stay misaligned",
    "Neurons that die stay less aligned than living ones, by {accepted}.",
    accepted=at_least(0.1, why="a gap that is seen at once in a plot of alignments"),
    estimate="mean alignment of living minus dead neurons",
    scope="Gaussian start, lambda of 30 or more, t of 3 / beta or more, networks with neurons that "
    f"are not {ALIVE}",
    figure="emergence",
    null="no difference",
    chance=0.0,
    over="duration",
)
def dead_neurons(results: Results) -> Iterator[Sample]:
    """Compare at the end, in the networks in which some neuron died."""
    chosen = results.where(gaussian, settled, lambda point: point.snr >= 30, matrices="blocks")
    for point in chosen:
        lives = alive(point)
        rho = certain(point, "alignment").isel(checkpoint=-1)
        gap = rho.where(lives).mean("neuron") - rho.where(~lives).mean("neuron")
        some_died = ~lives.all("neuron")
        if some_died.any():
            yield from each_matrix(point, gap.isel(replicate=some_died.values))


@claim(
    "C19: kink of ReLU",
    "Across a neuron's kink the population risk curves more than the almost-everywhere Hessian, "
    "by 2 beta sqrt(lambda / (2 pi)) {accepted}.",
    accepted=percent(10, why="corrections of order lambda^(-1/2) at lambda = 100"),
    estimate="difference over the kink term of ReLU",
    scope=f"ReLU, planted optimal classifier, lambda of 10 or more, neurons that are {ALIVE}; "
    f"{DIFFERENCE}",
    figure="kink",
    null="no kink",
    chance=0.0,
    over="snr",
)
def kink(results: Results) -> Iterator[Sample]:
    """Take what the almost-everywhere Hessian misses at the end, mean over living neurons."""
    yield from _missed(results, "relu")


@claim(
    "C19: no kink of softplus",
    "With softplus the population risk curves as the almost-everywhere Hessian does, {accepted} "
    "in units of the kink term of ReLU.",
    accepted=within(0.05, why="half of what is allowed to ReLU"),
    estimate="difference over the kink term of ReLU",
    scope=f"softplus, planted optimal classifier, lambda of 10 or more, neurons that are {ALIVE}; "
    f"{DIFFERENCE}",
    figure="kink",
    null="the kink of ReLU",
    chance=1.0,
)
def no_kink(results: Results) -> Iterator[Sample]:
    """Take what the almost-everywhere Hessian misses at the end, mean over living neurons."""
    yield from _missed(results, "softplus")


def _missed(results: Results, activation: str) -> Iterator[Sample]:
    for point in optimal(results, snr=10, activation=activation):
        last = point.measured.isel(checkpoint=-1)
        missed = last.curvature_difference - last.curvature_almost_everywhere
        ratio = missed.where(alive(point)).mean("neuron") / float(point.predicted.kink_term)
        yield Sample(point, ratio)


@claim(
    "D2: gradient in the leading eigenspaces",
    "While it trains, the test gradient of W_i lies in E_2: its share is {accepted}.",
    accepted=at_least(0.9, why="less than a fifth of its squared length is elsewhere"),
    estimate="smallest share over times up to 1 / (2 beta), mean over neurons",
    scope="after the start, up to 1 / (2 beta)",
    source="arXiv 1812.04754, there of deep networks",
    basis=RECALLED,
    figure="gradient_share",
    null="a random direction",
    over="snr",
)
def gradient_share(results: Results) -> Iterator[Sample]:
    """Take the smallest share of each replicate."""
    for point in results.where(matrices="blocks"):
        time = point.measured.training_time
        early = ((time > 0) & (time * point.ridge <= EARLY)).values
        if early.any():
            share = certain(point, "gradient_share").isel(checkpoint=early).mean("neuron")
            chance = chance_alignment(2, point.dimension)
            yield from each_matrix(point, share.min("checkpoint"), chance=chance)
