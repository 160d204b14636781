"""Claims of the theory at infinite width: the correlation map and the spectrum it implies."""

from collections.abc import Iterator

from rankscope.evidence.claims import DERIVED, HERE, RECALLED, claim
from rankscope.evidence.region import percent, within
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample, exact
from rankscope.studies.effective_dimension.claims.definitions import (
    STABLE,
    at_layers,
    differences,
)

EARLY = (1, 2, 5, 10, 20)
LATE = (20, 40, 60)
SCOPE = "n >= 2 m, (1 - a)^2 / (1 + a^2) >= 1, layers 1, 2, 5, 10, 20"
ASYMPTOTE = {
    "estimate": "1 - c of the asymptote / that of the recursion",
    "scope": "ReLU from orthonormal inputs, layers 20, 40, 60, against the recursion",
    "figure": "angles_and_norms",
}


def far_from_linear(point: Point) -> bool:
    """Say whether infinite width describes a point: n >= 2 m and a bent activation."""
    a = point.negative_slope
    return bool(point.width >= 2 * point.batch_size and (1 - a) ** 2 >= 1 + a**2)


@claim(
    "T1: cosine",
    "The correlation map gives the mean cosine of pairs {accepted}.",
    accepted=within(0.03, why="a tenth of the first step from orthonormal inputs, 1/pi"),
    estimate="mean cosine less prediction",
    scope=SCOPE,
    source="Cho and Saul, NeurIPS 2009; leaky and biased forms derived here",
    basis=RECALLED,
    figure="angles_and_norms",
)
def cosine(results: Results) -> Iterator[Sample]:
    """Subtract the prediction from the mean cosine."""
    for point, layer in at_layers(results.where(far_from_linear), EARLY):
        difference = point.measured.cosine - point.predicted.cosine
        yield Sample(point, difference.sel(layer=layer), f"layer {layer}")


@claim(
    "T2: refined asymptote",
    "theta = 3 pi / (l + 1.5 ln l + 4.4) gives 1 - c from layer 20 on, {accepted}.",
    accepted=percent(3, why="six times the error that the constant 4.4 leaves at layer 50"),
    source=HERE,
    basis=DERIVED,
    **ASYMPTOTE,
)
def refined_asymptote(results: Results) -> Iterator[Sample]:
    """Compare the asymptote with the recursion, both of them theory."""
    return _asymptote(results, "cosine_refined_asymptote")


@claim(
    "T2: leading asymptote",
    "1 - c = 9 pi^2 / (2 l^2) holds by layer 20, {accepted}.",
    accepted=percent(10, why="what a leading order would have to give to be read as exact"),
    source="Hayou, Doucet and Rousseau, ICML 2019, taken as if exact at these layers",
    basis=RECALLED,
    **ASYMPTOTE,
)
def leading_asymptote(results: Results) -> Iterator[Sample]:
    """Compare the asymptote with the recursion, both of them theory."""
    return _asymptote(results, "cosine_asymptote")


def _asymptote(results: Results, name: str) -> Iterator[Sample]:
    plain = {"geometry": "orthonormal", "negative_slope": 0.0, "bias_variance": 0.0}
    deepest = sorted(results.where(**plain), key=lambda point: -point.depth)[:1]
    for point, layer in at_layers(deepest, LATE):
        distance = 1 - point.predicted.sel(layer=layer)
        yield Sample(point, exact(distance[name] / distance.cosine), f"layer {layer}")


@claim(
    "T3: stable rank",
    "The infinite-width spectrum gives the stable rank {accepted}.",
    accepted=percent(5, why="the next order in 1/n is 3 per cent at n = 2 m"),
    estimate="mean over networks / prediction",
    scope=SCOPE,
    source=HERE,
    basis=DERIVED,
    figure="ranks_by_layer",
)
def stable_rank(results: Results) -> Iterator[Sample]:
    """Divide the stable rank by the prediction."""
    for point, layer in at_layers(results.where(far_from_linear), EARLY):
        ratio = point.measured.stable_rank / point.predicted.stable_rank
        yield Sample(point, ratio.sel(layer=layer), f"layer {layer}")


@claim(
    "T3: participation ratio",
    "The infinite-width spectrum gives the participation ratio {accepted}.",
    accepted=percent(10, why="the next order in 1/n is 7 per cent at n = 2 m, layer 1"),
    estimate="mean over networks / prediction",
    scope=SCOPE,
    source=HERE,
    basis=DERIVED,
    figure="ranks_by_layer",
)
def participation_ratio(results: Results) -> Iterator[Sample]:
    """Divide the participation ratio by the prediction."""
    for point, layer in at_layers(results.where(far_from_linear), EARLY):
        ratio = point.measured.participation_ratio / point.predicted.participation_ratio
        yield Sample(point, ratio.sel(layer=layer), f"layer {layer}")


@claim(
    "T3: same kernel",
    "Orthogonal and Gaussian weights have the same stable rank, in units of m {accepted}.",
    accepted=within(0.01, why="a fifth of the stable rank at layer 1, 0.047 m"),
    estimate="difference of the means, in units of m",
    scope="points that exist with both initialisations, layers 1, 5, 20",
    source="Nait Saada et al., abstract: pseudo-iid weights share the kernel",
    basis=RECALLED,
    figure="ranks_under_other_laws",
)
def same_kernel(results: Results) -> Iterator[Sample]:
    """Subtract the stable rank with Gaussian weights."""
    pairs = results.pairs("initialisation", "orthogonal", "gaussian", ignoring=["extras"])
    return differences(pairs, STABLE)
