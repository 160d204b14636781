"""Claims on how the first step and the best learning rate depend on the rank."""

from collections.abc import Iterator

import numpy as np

from rankscope.evidence.claims import DERIVED, FULL_TEXT, HERE, RECALLED, claim
from rankscope.evidence.region import percent, within
from rankscope.evidence.results import Family, Results
from rankscope.evidence.samples import Sample, slope

PAPER = "Hu et al., arXiv 2106.09685"
RATES = within(
    0.15, why="well inside half a step of 1/4, with room for rates a factor sqrt(2) apart"
)
FAMILIES = "groups of points that differ in rank alone"


def best_rate_slope(family: Family) -> np.ndarray:
    """Return the exponent in the rank of the best learning rate, per replicate."""
    return slope(family.sizes, [point.measured.best_learning_rate for point in family])


@claim(
    "F: exponents of the first step",
    "The first step covers r^-1 (SGD, alpha / r), r^0 (SGD, alpha / sqrt r; Adam, alpha / r) or "
    "r^1/2 (Adam, alpha / sqrt r) of the target, exponents {accepted}.",
    accepted=within(0.1, why="well inside 1/4, half a step between the exponents -1/2, 0, 1/2"),
    estimate="fitted minus predicted exponent",
    scope=FAMILIES,
    source=HERE,
    basis=DERIVED,
    figure="scaling",
)
def first_step_exponent(results: Results) -> Iterator[Sample]:
    """Slope of the first step's progress in the rank, minus the predicted one."""
    for family in results.families("rank"):
        exponent = slope(family.sizes, [point.measured.first_step for point in family])
        yield Sample(family, exponent - float(family[0].predicted.first_step_exponent))


@claim(
    "F: size of the first step",
    "The first step covers its closed-form share of the target, {accepted}.",
    accepted=percent(20, why="a third of the step between neighbouring ranks under any law"),
    estimate="measured over predicted share",
    scope="flat targets, whitened inputs, Gaussian A",
    source=HERE,
    basis=DERIVED,
    figure="scaling",
)
def first_step_size(results: Results) -> Iterator[Sample]:
    """Progress of the first step over the expected one."""
    for point in results:
        yield Sample(point, point.measured.first_step / point.predicted.first_step)


@claim(
    "F: exponents of the best learning rate",
    "After training, the best learning rate undoes the first step's exponent, {accepted}.",
    accepted=RATES,
    estimate="fitted minus predicted exponent",
    scope=FAMILIES,
    source=HERE,
    basis=DERIVED,
    figure="scaling",
)
def best_rate_exponent(results: Results) -> Iterator[Sample]:
    """Slope of the best learning rate in the rank, minus the predicted one."""
    for family in results.families("rank"):
        predicted = float(family[0].predicted.learning_rate_exponent)
        yield Sample(family, best_rate_slope(family) - predicted)


@claim(
    "F: sharpness sets SGD's best learning rate",
    "SGD's best learning rate follows the curvature at the solution, one over the scaling: "
    "exponent 1 for alpha / r and 1/2 for alpha / sqrt r, {accepted}.",
    accepted=RATES,
    estimate="fitted minus predicted exponent",
    scope=f"{FAMILIES}; derived after the first step's exponents had failed to carry over",
    source=HERE,
    basis=DERIVED,
    null="the first step's exponents, 1 and 0",
    figure="scaling",
)
def sharpness_sets_rate(results: Results) -> Iterator[Sample]:
    """Slope of SGD's best learning rate in the rank, minus that of one over the scaling."""
    for family in results.where(optimiser="sgd").families("rank"):
        predicted = float(family[0].predicted.sharpness_exponent)
        yield Sample(family, best_rate_slope(family) - predicted)


@claim(
    "F: alpha / sqrt r is stable",
    "Under alpha / sqrt(r) the best learning rate does not depend on the rank, exponent "
    "{accepted}.",
    accepted=RATES,
    estimate="exponent of the best learning rate in r",
    scope=f"both optimisers; {FAMILIES}",
    source="Kalajdzievski, arXiv 2312.03732 (rsLoRA)",
    basis=RECALLED,
    figure="scaling",
)
def root_rank_is_stable(results: Results) -> Iterator[Sample]:
    """Slope of the best learning rate in the rank under ``alpha / sqrt(r)``."""
    for family in results.where(scaling="root-rank").families("rank"):
        yield Sample(family, best_rate_slope(family))


@claim(
    "F: alpha / r is stable for Adam",
    "Under alpha / r Adam needs no new learning rate as r varies, exponent {accepted}.",
    accepted=RATES,
    estimate="exponent of the best learning rate in r",
    scope=f"Adam; {FAMILIES}",
    source=f"{PAPER}, section 4.1",
    basis=FULL_TEXT,
    figure="scaling",
)
def rank_is_stable_for_adam(results: Results) -> Iterator[Sample]:
    """Slope of the best learning rate in the rank under ``alpha / r`` with Adam."""
    for family in results.where(optimiser="adam", scaling="rank").families("rank"):
        yield Sample(family, best_rate_slope(family))
