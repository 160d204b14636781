"""What is claimed of products of orthogonal matrices."""

from collections.abc import Iterator

from rankscope.evidence.claims import ABSTRACT, claim
from rankscope.evidence.region import at_most, within
from rankscope.evidence.results import Results
from rankscope.evidence.samples import Sample, exact
from rankscope.numerics import ranks


@claim(
    "F: orthogonal factors keep the rank",
    "The participation ratio of a product of orthogonal matrices is its size, {accepted}.",
    accepted=within(1e-9, of=1, why="a million times the rounding of double precision"),
    estimate="participation ratio over size",
    scope="all points",
    source="Nobody, arXiv 2507.07675, abstract",
    basis=ABSTRACT,
    figure="ranks_by_depth",
)
def kept_rank(results: Results) -> Iterator[Sample]:
    for point in results:
        values = ranks.participation_ratio(point.measured.singular_value.values)
        yield Sample(point, exact(values.mean() / point.size))


@claim(
    "G: depth is free",
    "A product of depth L costs {accepted} times one factor.",
    accepted=at_most(1, why="free is no more than one"),
    estimate="multiplications over those of one factor",
    scope="all points",
    source="Nobody, arXiv 2507.07675, abstract",
    basis=ABSTRACT,
)
def free_depth(results: Results) -> Iterator[Sample]:
    for point in results:
        yield Sample(point, exact(point.depth))
