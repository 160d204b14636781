"""What is claimed of sums of matrices of rank one."""

from collections.abc import Iterator

from rankscope.evidence.claims import RECALLED, claim
from rankscope.evidence.region import between, within
from rankscope.evidence.results import Results
from rankscope.evidence.samples import Sample
from rankscope.numerics import ranks


@claim(
    "rank counts the terms",
    "The rank of a sum of k matrices of rank one is the smaller of k and n, {accepted}.",
    accepted=within(0.5, why="half a direction"),
    estimate="rank minus the smaller of terms and size",
    scope="all points",
    figure="ranks_by_terms",
)
def counted(results: Results) -> Iterator[Sample]:
    for point in results:
        rank = ranks.numerical_rank(point.measured.singular_value.values, 1e-12)
        yield Sample(point, rank - float(point.predicted.largest_rank), resolution=1)


@claim(
    "all directions are used",
    "The stable rank is {accepted} of the rank.",
    accepted=between(8 / 9, 1, why="recalled as nearly all"),
    estimate="stable rank over rank",
    scope="all points",
    source="Somebody (2001), recalled",
    basis=RECALLED,
    figure="ranks_by_terms",
)
def all_used(results: Results) -> Iterator[Sample]:
    for point in results:
        values = point.measured.singular_value.values
        yield Sample(point, ranks.stable_rank(values) / float(point.predicted.largest_rank))
