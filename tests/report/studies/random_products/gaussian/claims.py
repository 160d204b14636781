"""What is claimed of products of Gaussian matrices."""

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np

from rankscope.evidence.claims import ABSTRACT, Definition, claim, unreached
from rankscope.evidence.region import at_least, at_most, percent, within
from rankscope.evidence.results import Results
from rankscope.evidence.samples import Sample
from rankscope.numerics import ranks

PAPER = "Nobody, arXiv 2507.07675, abstract"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Notion(Definition):
    """A notion of rank."""

    rank: Callable[[np.ndarray], np.ndarray]


NOTIONS = (
    Notion(name="exact rank", rank=lambda values: ranks.numerical_rank(values, 1e-12)),
    Notion(name="stable rank", rank=ranks.stable_rank),
    Notion(name="participation ratio", rank=ranks.participation_ratio),
)


@claim(
    "A: closed form",
    "The rank of a product of L Gaussian n x n matrices is n / (L + 1), {accepted}.",
    accepted=percent(15, why="terms of order depth / size are neglected and are below a tenth"),
    estimate="measured rank over n / (L + 1)",
    scope="depth at most size / 8",
    source=PAPER,
    basis=ABSTRACT,
    figure="ranks_by_depth",
    null="full rank, whatever the depth",
    definitions=NOTIONS,
    headline=True,
)
def closed_form(results: Results, notion: Notion) -> Iterator[Sample]:
    for point in results.where(lambda one: one.depth <= one.size / 8):
        measured = notion.rank(point.measured.singular_value.values)
        formula = float(point.predicted.participation_ratio)
        yield Sample(point, measured / formula, chance=point.size / formula, resolution=1 / formula)


@claim(
    "B: deep products are of low rank",
    "The participation ratio of a product is {accepted} of its size.",
    accepted=at_most(0.3, why="between the ratios of 2 and of 3 factors"),
    estimate="participation ratio over size",
    scope="all points",
    source=PAPER,
    basis=ABSTRACT,
    figure="ranks_by_depth",
    over="depth",
)
def deep_products(results: Results) -> Iterator[Sample]:
    for point in results:
        values = point.measured.singular_value.values
        yield Sample(point, ranks.participation_ratio(values) / point.size)


@claim(
    "C: half of the stable rank",
    "At some point the stable rank is {accepted} of the size.",
    accepted=at_least(0.2, why="a fifth is what the abstract calls nearly full"),
    estimate="stable rank over size",
    scope="all points",
    source=PAPER,
    basis=ABSTRACT,
    somewhere=True,
)
def stable_somewhere(results: Results) -> Iterator[Sample]:
    for point in results:
        yield Sample(point, ranks.stable_rank(point.measured.singular_value.values) / point.size)


@claim(
    "D: the mean square",
    "The mean squared singular value stays 1, {accepted}.",
    accepted=within(0.05, of=1, why="a twentieth of a neuron's variance"),
    estimate="mean squared singular value",
    scope="all points",
    figure="ranks_by_depth",
)
def mean_square(results: Results) -> Iterator[Sample]:
    for point in results:
        yield Sample(point, (point.measured.singular_value**2).mean("index"))


infinite_depth = unreached(
    "E: the limit",
    "The rank of an infinite product is 1.",
    scope="no finite product reaches the limit",
    source=PAPER,
    basis=ABSTRACT,
)
