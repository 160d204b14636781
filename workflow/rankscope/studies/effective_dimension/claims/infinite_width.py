"""Claims of the theory at infinite width: the correlation map and the spectrum it implies."""

from collections.abc import Iterator

import xarray as xr

from rankscope.evidence.claims import RECALLED, claim
from rankscope.evidence.region import percent, within
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample
from rankscope.studies.effective_dimension.claims.definitions import (
    REDUCED,
    STABLE,
    at_layers,
)

LAYERS = (1, 2, 5, 10, 20)
SCOPE = "n >= 2 m, m >= 8, (1 - a)^2 / (1 + a^2) >= 1, layers 1, 2, 5, 10, 20"
FULL = "full rank m, at layer 1"


def bent(point: Point) -> bool:
    """Say whether infinite width describes a point: n >= 2 m, not few inputs, far from linear."""
    a, m = point.negative_slope, point.batch_size
    return bool(point.width >= 2 * m and m >= 8 and (1 - a) ** 2 >= 1 + a**2)


@claim(
    "T1: cosine",
    "The correlation map gives the mean cosine of pairs {accepted}.",
    accepted=within(0.03, why="a tenth of the first step from orthonormal inputs, 1/pi"),
    estimate="mean cosine less prediction",
    null="orthonormal inputs that stay so, at layer 1: -1/pi",
    chance=-0.318,
    scope=SCOPE,
    source="Cho and Saul, NeurIPS 2009; leaky and biased forms derived here",
    basis=RECALLED,
    figure="angles_and_norms",
)
def cosine(results: Results) -> Iterator[Sample]:
    """Subtract the prediction from the mean cosine."""
    for point, layer in at_layers(results.where(bent, **REDUCED), LAYERS):
        difference = point.measured.cosine - point.predicted.cosine
        yield Sample(point, difference.sel(layer=layer), f"layer {layer}")


@claim(
    "T3: stable rank",
    "The infinite-width spectrum gives the stable rank {accepted}.",
    accepted=percent(5, why="the next order in 1/n is 3 per cent at n = 2 m"),
    estimate="mean over networks / prediction",
    null=FULL,
    scope=SCOPE,
    figure="ranks_by_layer",
)
def stable_rank(results: Results) -> Iterator[Sample]:
    """Divide the stable rank by the prediction."""
    for point, layer in at_layers(results.where(bent, **REDUCED), LAYERS):
        ratio = point.measured.stable_rank / point.predicted.stable_rank
        full = full_over(point.predicted.stable_rank, point)
        yield Sample(point, ratio.sel(layer=layer), f"layer {layer}", chance=full)


@claim(
    "T3: participation ratio",
    "The infinite-width spectrum gives the participation ratio {accepted}.",
    accepted=percent(10, why="the next order in 1/n is 7 per cent at n = 2 m, layer 1"),
    estimate="mean over networks / prediction",
    null=FULL,
    scope=SCOPE,
    figure="ranks_by_layer",
)
def participation_ratio(results: Results) -> Iterator[Sample]:
    """Divide the participation ratio by the prediction."""
    for point, layer in at_layers(results.where(bent, **REDUCED), LAYERS):
        ratio = point.measured.participation_ratio / point.predicted.participation_ratio
        full = full_over(point.predicted.participation_ratio, point)
        yield Sample(point, ratio.sel(layer=layer), f"layer {layer}", chance=full)


@claim(
    "T3: same kernel",
    "Orthogonal and Gaussian weights have the same stable rank, in units of m {accepted}.",
    accepted=within(0.01, why="a fifth of the stable rank at layer 1, 0.047 m"),
    estimate="difference of the means, in units of m",
    null="orthogonal weights keep full rank, at layer 1: 0.95",
    chance=0.95,
    scope="points that exist with both initialisations, layers 1, 5, 20",
    source="Nait Saada et al., abstract: pseudo-iid weights share the kernel",
    basis=RECALLED,
    figure="ranks_under_other_laws",
)
def same_kernel(results: Results) -> Iterator[Sample]:
    """Subtract the stable rank with Gaussian weights, network by network as they were drawn."""
    for family in results.where(**REDUCED).families("initialisation", ignoring=["extras"]):
        gaussian, orthogonal = (STABLE.curves(point).T for point in family)
        for _, layer in at_layers([family[0]], (1, 5, 20)):
            yield Sample(family, (orthogonal - gaussian)[layer - 1], f"layer {layer}")


def full_over(predicted: xr.DataArray, point: Point) -> float:
    """Return full rank over the prediction at the first layer."""
    return float(point.batch_size / predicted[0])
