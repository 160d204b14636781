"""Claims on how the first step and the best learning rate depend on the rank."""

import dataclasses
from collections.abc import Iterator

import numpy as np

from rankscope.evidence.claims import FULL_TEXT, RECALLED, Definition, claim
from rankscope.evidence.region import percent, within
from rankscope.evidence.results import Family, Point, Results
from rankscope.evidence.samples import Sample, slope

FAMILIES = "groups of points that differ in rank alone; constant learning rates, full gradients"
RATE_STEP = np.sqrt(2)
"""The factor between neighbouring learning rates."""
RATES = within(0.15, why="well inside 1/4, half the step between the exponents that are compared")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Threshold(Definition):
    """The best learning rate is the one that is the first at an error."""

    error: float


THRESHOLDS = tuple(
    Threshold(name=f"first at an error of {error:g}", error=error) for error in (0.1, 0.01, 0.0001)
)


def best_rate_exponent_of(family: Family, threshold: Threshold) -> np.ndarray:
    """Return the exponent in the rank of the best learning rate, per replicate."""
    rates = [point.measured.best_learning_rate.sel(threshold=threshold.error) for point in family]
    return slope(family.sizes, rates)


def exponent_step(family: Family) -> float:
    """Return how much the exponent changes if one best rate moves to its neighbour."""
    ends = np.zeros((len(family), 1))
    ends[-1] = 1.0
    return float(slope(family.sizes, RATE_STEP**ends)[0])


def other_scaling(point: Point) -> float:
    """Return the first step's exponent under the other scaling minus under the point's own."""
    change = 1.0 if point.optimiser == "sgd" else 0.5
    return change if point.scaling == "rank" else -change


@claim(
    "F: exponents of the first step",
    "The first step covers r^-1 (SGD, alpha / r), r^0 (SGD, alpha / sqrt r; Adam, alpha / r) or "
    "r^1/2 (Adam, alpha / sqrt r) of the target, exponents {accepted}.",
    accepted=within(0.1, why="well inside 1/4, half the step between the exponents -1/2, 0, 1/2"),
    estimate="fitted minus predicted exponent",
    scope=FAMILIES,
    null="the other scaling's exponent",
    figure="first_step",
)
def first_step_exponent(results: Results) -> Iterator[Sample]:
    """Slope of the first step's progress in the rank, minus the predicted one."""
    for family in results.families("rank"):
        exponent = slope(family.sizes, [point.measured.first_step for point in family])
        off = exponent - float(family[0].predicted.first_step_exponent)
        yield Sample(family, off, chance=other_scaling(family[0]))


@claim(
    "F: size of the first step",
    "The first step covers its closed-form share of the target, {accepted}.",
    accepted=percent(20, why="half the factor sqrt(2) that the slowest law gains as r doubles"),
    estimate="measured over predicted share",
    scope="flat targets, whitened inputs, Gaussian A; ranks above 1, where both scalings are one",
    null="the other scaling's share",
    figure="first_step",
)
def first_step_size(results: Results) -> Iterator[Sample]:
    """Progress of the first step over the expected one."""
    for point in results.where(lambda p: p.rank > 1):
        ratio = point.measured.first_step / point.predicted.first_step
        yield Sample(point, ratio, chance=float(point.rank ** other_scaling(point)))


@claim(
    "F: exponents of the best learning rate",
    "The best learning rate undoes the first step's exponent, {accepted}.",
    accepted=RATES,
    estimate="fitted minus predicted exponent",
    scope=FAMILIES,
    null="the other scaling's exponent",
    figure="scaling",
    definitions=THRESHOLDS,
)
def best_rate_exponent(results: Results, threshold: Threshold) -> Iterator[Sample]:
    """Slope of the best learning rate in the rank, minus the predicted one."""
    for family in results.families("rank"):
        predicted = float(family[0].predicted.learning_rate_exponent)
        off = best_rate_exponent_of(family, threshold) - predicted
        chance = -other_scaling(family[0])
        yield Sample(family, off, chance=chance, resolution=exponent_step(family))


@claim(
    "F: sharpness sets SGD's best learning rate",
    "SGD's best learning rate follows the curvature at the solution, one over the scaling: "
    "exponent 1 for alpha / r and 1/2 for alpha / sqrt r, {accepted}.",
    accepted=RATES,
    estimate="fitted minus predicted exponent",
    scope=f"{FAMILIES}; derived after the first step's exponents had failed to carry over",
    null="no dependence on the rank",
    figure="scaling",
    definitions=THRESHOLDS,
)
def sharpness_sets_rate(results: Results, threshold: Threshold) -> Iterator[Sample]:
    """Slope of SGD's best learning rate in the rank, minus that of one over the scaling."""
    for family in results.where(optimiser="sgd").families("rank"):
        predicted = float(family[0].predicted.sharpness_exponent)
        off = best_rate_exponent_of(family, threshold) - predicted
        yield Sample(family, off, chance=-predicted, resolution=exponent_step(family))


def _rs_lora(optimiser: str) -> dict[str, object]:
    return {
        "accepted": RATES,
        "estimate": "exponent of the best learning rate in r",
        "scope": f"{optimiser}; {FAMILIES}; stable learning is read as an exponent near 0",
        "source": "Kalajdzievski, arXiv 2312.03732 (rsLoRA)",
        "basis": RECALLED,
        "null": "the best rate undoes the scaling: exponent 1/2",
        "chance": 0.5,
        "figure": "scaling",
        "definitions": THRESHOLDS,
    }


@claim(
    "F: alpha / sqrt r is stable for SGD",
    "Under alpha / sqrt(r) SGD's best learning rate does not depend on the rank, exponent "
    "{accepted}.",
    **_rs_lora("SGD"),
)
def root_rank_is_stable_for_sgd(results: Results, threshold: Threshold) -> Iterator[Sample]:
    """Slope of SGD's best learning rate in the rank under ``alpha / sqrt(r)``."""
    for family in results.where(optimiser="sgd", scaling="root-rank").families("rank"):
        exponent = best_rate_exponent_of(family, threshold)
        yield Sample(family, exponent, resolution=exponent_step(family))


@claim(
    "F: alpha / sqrt r is stable for Adam",
    "Under alpha / sqrt(r) Adam's best learning rate does not depend on the rank, exponent "
    "{accepted}.",
    **_rs_lora("Adam"),
)
def root_rank_is_stable_for_adam(results: Results, threshold: Threshold) -> Iterator[Sample]:
    """Slope of Adam's best learning rate in the rank under ``alpha / sqrt(r)``."""
    for family in results.where(optimiser="adam", scaling="root-rank").families("rank"):
        exponent = best_rate_exponent_of(family, threshold)
        yield Sample(family, exponent, resolution=exponent_step(family))


@claim(
    "F: alpha / r is stable for Adam",
    "Under alpha / r Adam needs no new learning rate as r varies, exponent {accepted}.",
    accepted=RATES,
    estimate="exponent of the best learning rate in r",
    scope=f"Adam; {FAMILIES}; the paper's 'helps to reduce the need' is read as near 0",
    source="Hu et al., arXiv 2106.09685, section 4.1",
    basis=FULL_TEXT,
    null="the best rate undoes the scaling: exponent 1",
    chance=1.0,
    figure="scaling",
    definitions=THRESHOLDS,
    headline=True,
)
def rank_is_stable_for_adam(results: Results, threshold: Threshold) -> Iterator[Sample]:
    """Slope of Adam's best learning rate in the rank under ``alpha / r``."""
    for family in results.where(optimiser="adam", scaling="rank").families("rank"):
        exponent = best_rate_exponent_of(family, threshold)
        yield Sample(family, exponent, resolution=exponent_step(family))
