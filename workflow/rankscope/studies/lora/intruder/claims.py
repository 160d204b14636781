"""Claims about new singular directions of a tuned weight."""

from collections.abc import Iterator

from rankscope.evidence.claims import DERIVED, HERE, claim
from rankscope.evidence.region import at_least, at_most, between, percent, within
from rankscope.evidence.results import Results
from rankscope.evidence.samples import Sample


@claim(
    "H: value of a spike",
    "A spike in a Gaussian weight has the singular value of the spiked law, or the bulk's edge "
    "below the threshold, {accepted}.",
    accepted=percent(5, why="room for the finite width; a spike shifts it by a tenth and more"),
    estimate="leading singular value over the law",
    scope="Gaussian base weight",
    source=HERE,
    basis=DERIVED,
    figure="intruders",
)
def spike_value(results: Results) -> Iterator[Sample]:
    """Leading singular value over that of the spiked law."""
    for point in results:
        yield Sample(point, point.measured.spike_value / point.predicted.spike_value)


@claim(
    "H: overlaps of a spike",
    "The squared overlaps of its vectors follow the spiked law, 0 below the threshold, {accepted}.",
    accepted=within(0.05, why="room for the finite width, about d^{-1/2} at the least one used"),
    estimate="squared overlap minus the law",
    scope="Gaussian base weight, both sides",
    source=HERE,
    basis=DERIVED,
    figure="intruders",
)
def spike_overlap(results: Results) -> Iterator[Sample]:
    """Squared overlap with the update's vectors minus the law, both sides."""
    for point in results:
        for side in ("left", "right"):
            name = f"{side}_overlap"
            yield Sample(point, point.measured[name] - point.predicted[name], side)


@claim(
    "H: every random direction is an intruder",
    "The best match of a random direction with any singular vector of the base weight is "
    "below the usual threshold: {accepted}.",
    accepted=between(0, 0.5, why="the threshold of intruder dimensions that is in use"),
    estimate="largest |cosine|, mean",
    scope="at the widths tested, and above",
    source=HERE,
    basis=DERIVED,
    figure="intruders",
    null="E max |g_i| / E |g|",
)
def random_direction(results: Results) -> Iterator[Sample]:
    """Best match of a random direction with the base weight's."""
    for point in results:
        chance = float(point.predicted.random_match)
        yield Sample(point, point.measured.random_match, chance=chance)


@claim(
    "H: law of the best match",
    "That match is E max |g_i| / E |g|, {accepted}.",
    accepted=percent(10, why="nulls are compared with factors of 2 and more"),
    estimate="measured over predicted match",
    scope="uniformly random directions",
    source=HERE,
    basis=DERIVED,
    figure="intruders",
)
def random_direction_law(results: Results) -> Iterator[Sample]:
    """The same over its expectation."""
    for point in results:
        yield Sample(point, point.measured.random_match / point.predicted.random_match)


@claim(
    "H: new directions above the threshold are intruders",
    "Each new direction of 1.5 thresholds or more is counted as an intruder: {accepted} each.",
    accepted=at_least(0.9, why="nine of ten"),
    estimate="intruders per new direction",
    scope="Gaussian base weight",
    source=HERE,
    basis=DERIVED,
    figure="intruders",
)
def new_directions_intrude(results: Results) -> Iterator[Sample]:
    """Intruders per new direction; spikes of 1.5 thresholds or more."""
    for point in results.where(lambda point: point.spike >= 1.5 * point.predicted.threshold):
        few = point.measured.intruders.sel(control="few new directions")
        yield Sample(point, few / point.rank, resolution=1 / (point.draws * point.rank))


@claim(
    "H: own directions are no intruders",
    "An update of the same norm along the base weight's own directions makes {accepted}.",
    accepted=at_most(0.1, why="one in ten weights"),
    estimate="intruders",
    scope="norm-matched control",
    source=HERE,
    basis=DERIVED,
    figure="intruders",
)
def own_directions_do_not(results: Results) -> Iterator[Sample]:
    """Intruders of an update of the same norm along the base weight's own directions."""
    for point in results:
        own = point.measured.intruders.sel(control="base directions")
        yield Sample(point, own, resolution=1 / point.draws)


@claim(
    "H: the norm decides the count",
    "The same norm spread over eight times as many new directions makes as many intruders, "
    "{accepted}.",
    accepted=within(0.5, why="half an intruder: the nearest whole number is 0"),
    estimate="intruders of many minus those of few new directions",
    scope="norm-matched control",
    source=HERE,
    basis=DERIVED,
    figure="intruders",
    null="0",
    chance=0.0,
)
def norm_decides(results: Results) -> Iterator[Sample]:
    """Intruders of the same norm spread over eight times the directions, minus those of few."""
    for point in results:
        intruders = point.measured.intruders
        few = intruders.sel(control="few new directions")
        many = intruders.sel(control="many new directions")
        yield Sample(point, many - few, resolution=1 / point.draws)
