"""Claims about new singular directions of a tuned weight."""

from collections.abc import Iterator

from rankscope.evidence.claims import claim
from rankscope.evidence.region import at_least, percent, within
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample

INTRUDER = "an intruder has a cosine below 0.5 with every direction of the base weight"


def _is_clear(point: Point) -> bool:
    return point.spike >= 1.5 * float(point.predicted.threshold)


@claim(
    "H: value of a spike",
    "A spike in a Gaussian weight has the singular value of the spiked law, or the bulk's edge "
    "below the threshold, {accepted}.",
    accepted=percent(5, why="room for the finite width, half of what the weight adds to a spike"),
    estimate="leading singular value over the law",
    scope="Gaussian base weight, spikes of up to three times the noise",
    figure="intruders",
    null="the singular value of the update alone",
)
def spike_value(results: Results) -> Iterator[Sample]:
    """Leading singular value over that of the spiked law."""
    for point in results:
        alone = float(point.predicted.value_alone)
        yield Sample(point, point.measured.spike_value / point.predicted.spike_value, chance=alone)


@claim(
    "H: overlaps of a spike",
    "The squared overlaps of its vectors follow the spiked law, 0 below the threshold, {accepted}.",
    accepted=within(0.05, why="room for the finite width, about d^{-1/2} at the least one used"),
    estimate="squared overlap minus the law",
    scope="Gaussian base weight, spikes of up to three times the noise, both sides",
    figure="intruders",
    null="the vectors of the update alone, overlap 1, at the side where it is nearer to the law",
)
def spike_overlap(results: Results) -> Iterator[Sample]:
    """Squared overlap with the update's vectors minus the law, both sides."""
    for point in results:
        alone = float(point.predicted.overlap_alone)
        for side in ("left_overlap", "right_overlap"):
            off = point.measured[side] - point.predicted[side]
            yield Sample(point, off, side, chance=alone)


@claim(
    "H: new directions above the threshold are intruders",
    "Each new direction of 1.5 thresholds or more is counted as an intruder: {accepted} each.",
    accepted=at_least(0.9, why="nine of ten"),
    estimate="intruders per new direction",
    scope=f"Gaussian base weight; {INTRUDER}",
    figure="intruders",
    null="none, as of the base weight's own directions",
    chance=0.0,
    targets={"holds": 1.0, "fails": 0.5},
)
def new_directions_intrude(results: Results) -> Iterator[Sample]:
    """Intruders per new direction; spikes of 1.5 thresholds or more."""
    for point in results.where(_is_clear):
        few = point.measured.intruders.sel(control="few new directions")
        yield Sample(point, few / point.rank, resolution=1.0)


@claim(
    "H: the norm decides the count",
    "The same norm spread over eight times as many new directions makes as many intruders, "
    "{accepted}.",
    accepted=within(0.5, why="half an intruder: the nearest whole number is 0"),
    estimate="intruders of many minus those of few new directions",
    scope=f"updates of equal norm; spikes of 1.5 thresholds or more; {INTRUDER}",
    figure="intruders",
    null="every direction above the threshold counts, and none below",
)
def norm_decides(results: Results) -> Iterator[Sample]:
    """Intruders of the same norm spread over eight times the directions, minus those of few."""
    for point in results.where(_is_clear):
        intruders = point.measured.intruders
        few = intruders.sel(control="few new directions")
        many = intruders.sel(control="many new directions")
        by_direction = float(point.predicted.visible_directions)
        yield Sample(point, many - few, chance=by_direction, resolution=1.0)
