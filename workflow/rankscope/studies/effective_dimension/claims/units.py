"""Claims of the theory of units: how many are dead, and what that costs of exact rank."""

from collections.abc import Iterator

from rankscope.evidence.claims import claim
from rankscope.evidence.region import at_least, within
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample, proportion
from rankscope.studies.effective_dimension.claims.definitions import (
    EXACT,
    REDUCED,
    at_layers,
)

EARLY = (1, 2, 5, 10, 20)
RELU = {"geometry": "orthonormal", "negative_slope": 0.0, **REDUCED}


@claim(
    "T7: dead units",
    "The expected number of units that are dead on the batch is right, in units of n {accepted}.",
    accepted=within(0.03, why="one unit at n = 32"),
    estimate="mean less prediction, in units of n",
    null="half of the units, the limit of depth, at layer 1",
    chance=0.5,
    scope="ReLU, orthonormal inputs, n >= 32; layers 1, 2, 5, 10, 20, 40, 60",
    figure="exact_rank",
)
def dead_units(results: Results) -> Iterator[Sample]:
    """Subtract the expected number."""
    for point, layer in at_layers(results.where(lambda p: p.width >= 32, **RELU), (*EARLY, 40, 60)):
        excess = (point.measured.dead_units - point.predicted.dead_units) / point.width
        yield Sample(point, excess.sel(layer=layer), f"layer {layer}", resolution=_unit(point))


@claim(
    "T7: exact rank",
    "E min(m, n - dead units) gives the expected exact rank, in units of m {accepted}.",
    accepted=within(0.03, why="that of the dead units"),
    estimate="mean less prediction, in units of m",
    null="full rank, at layer 20 (or the last, if earlier)",
    scope="ReLU, orthonormal inputs, n >= max(m, 32), layers 1, 2, 5, 10, 20; points that are "
    "predicted to lose more than 0.06 m by the last of them",
    figure="exact_rank",
)
def exact_rank(results: Results) -> Iterator[Sample]:
    """Subtract the expected rank."""
    for point, layer in at_layers(
        results.where(lambda p: p.width >= max(p.batch_size, 32), **RELU), EARLY
    ):
        excess = (point.measured.exact_rank - point.predicted.exact_rank) / point.batch_size
        lost = 1 - float(point.predicted.exact_rank[:20][-1]) / point.batch_size
        if lost > 0.06:
            values = excess.sel(layer=layer)
            step = EXACT.step(point)
            yield Sample(point, values, f"layer {layer}", chance=lost, resolution=step)


@claim(
    "T7: leaky exact rank",
    "With a negative slope other than 0 and 1, exact rank is min(m, n) at all of the first 20 "
    "layers, in a share of networks of {accepted}.",
    accepted=at_least(0.95, why="all of 100 networks, by the rule that adds two of each kind"),
    estimate="share of networks of full rank at all of the first 20 layers",
    null="ReLU at n = m: 0",
    chance=0.0,
    scope="rank at max(m, n) eps, which rounding can leave short of the rank in exact arithmetic "
    "where smallest singular values fall below it, as they do with depth",
    figure="exact_rank",
    targets={"holds": 1.0, "fails": 0.8},
)
def leaky_exact_rank(results: Results) -> Iterator[Sample]:
    """Take the share of networks."""
    for point in results.where(lambda p: p.negative_slope not in (0, 1), **REDUCED):
        rank = point.measured.exact_rank.isel(layer=slice(20))
        full = rank >= min(point.width, point.batch_size)
        yield Sample(point, proportion(full.all("layer")))


def _unit(point: Point) -> float:
    """Return one unit as a share of the width."""
    return 1 / float(point.width)
