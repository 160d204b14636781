"""Claims of the theory of units: dead ones, exact rank, and the reduced sampler."""

from collections.abc import Iterator

from rankscope.evidence.claims import DERIVED, HERE, claim
from rankscope.evidence.region import at_least, at_most, within
from rankscope.evidence.results import Results
from rankscope.evidence.samples import Sample, exact
from rankscope.studies.effective_dimension.claims.definitions import (
    AT_A_HUNDREDTH,
    EFFECTIVE,
    EXACT,
    Rank,
    at_layers,
    differences,
    wide,
)

LAYERS = (1, 2, 5, 10, 20, 40, 60)
EARLY = (1, 2, 5, 10, 20)
RELU = {"geometry": "orthonormal", "negative_slope": 0.0}


@claim(
    "T7: bound",
    "Exact rank never exceeds min(m, min(previous rank, linear units) + mixed units): "
    "violations {accepted}.",
    accepted=at_most(0, why="the bound is a theorem"),
    estimate="violations",
    scope="every network and layer of every point",
    source=HERE,
    basis=DERIVED,
    figure="exact_rank",
)
def bound(results: Results) -> Iterator[Sample]:
    """Count the networks and layers that break the bound, all there are."""
    for point in results:
        yield Sample(
            point, exact((point.measured.exact_rank > point.measured.exact_rank_bound).sum())
        )


@claim(
    "T7: dead units",
    "The expected number of units that are dead on the batch is right, in units of n {accepted}.",
    accepted=within(0.03, why="the bias of infinite width at n = 32, one unit"),
    estimate="mean less prediction, in units of n",
    scope="ReLU, orthonormal inputs, n >= 32; layers 1, 2, 5, 10, 20, 40, 60",
    source=HERE,
    basis=DERIVED,
    figure="exact_rank",
)
def dead_units(results: Results) -> Iterator[Sample]:
    """Subtract the expected number."""
    for point, layer in at_layers(results.where(lambda p: p.width >= 32, **RELU), LAYERS):
        excess = (point.measured.dead_units - point.predicted.dead_units) / point.width
        yield Sample(point, excess.sel(layer=layer), f"layer {layer}", resolution=1 / point.width)


@claim(
    "T7: exact rank",
    "E min(m, n - dead units) gives the expected exact rank, in units of m {accepted}.",
    accepted=within(0.03, why="that of the dead units"),
    estimate="mean less prediction, in units of m",
    scope="ReLU, orthonormal inputs, n >= max(m, 32), layers 1, 2, 5, 10, 20",
    source=HERE,
    basis=DERIVED,
    figure="exact_rank",
)
def exact_rank(results: Results) -> Iterator[Sample]:
    """Subtract the expected rank."""
    for point, layer in at_layers(results.where(wide, lambda p: p.width >= 32, **RELU), EARLY):
        excess = (point.measured.exact_rank - point.predicted.exact_rank) / point.batch_size
        yield Sample(point, excess.sel(layer=layer), f"layer {layer}", resolution=EXACT.step(point))


@claim(
    "T7: leaky exact rank",
    "With a negative slope other than 0 and 1, exact rank is min(m, n) at every layer: share "
    "{accepted}.",
    accepted=at_least(1, why="no unit is dead, so that generic weights lose nothing"),
    estimate="share of networks and layers of full rank",
    scope="every network and layer; rank at max(m, n) eps, which rounding can leave short of the "
    "rank in exact arithmetic where smallest singular values fall below it",
    source=HERE,
    basis=DERIVED,
    figure="exact_rank",
)
def leaky_exact_rank(results: Results) -> Iterator[Sample]:
    """Take the share of all networks and layers there are."""
    for point in results.where(lambda p: p.negative_slope not in (0, 1)):
        full = point.measured.exact_rank >= min(point.width, point.batch_size)
        yield Sample(point, exact(full.mean()))


@claim(
    "sampler",
    "Reduced draws and explicit weights have the same mean rank, in units of m {accepted}.",
    accepted=within(0.05, why="three of 64 directions; the laws are proved equal"),
    estimate="difference of the means, in units of m",
    scope="points that exist with both samplers, layers 1, 5, 20; the law is proved equal, and "
    "sharper two-sample tests are among the unit tests",
    source=HERE,
    basis=DERIVED,
    figure="ranks_by_layer",
    definitions=(EXACT, AT_A_HUNDREDTH, EFFECTIVE),
)
def sampler(results: Results, rank: Rank) -> Iterator[Sample]:
    """Subtract the rank of reduced draws."""
    return differences(results.pairs("sampler", "explicit", "reduced", ignoring=["extras"]), rank)
