"""One claim: the mean of a walk is near zero."""

from collections.abc import Iterator

from rankscope.evidence.claims import claim
from rankscope.evidence.region import within
from rankscope.evidence.results import Results
from rankscope.evidence.samples import Sample


@claim(
    "walks-are-centred",
    "The mean of a walk is zero, {accepted}.",
    accepted=within(2.0, why="two steps"),
    estimate="mean end",
    scope="all points",
    chance=5.0,
)
def centred(results: Results) -> Iterator[Sample]:
    """Mean end of the walks."""
    for point in results:
        yield Sample(point, point.measured.end.mean("item"))
