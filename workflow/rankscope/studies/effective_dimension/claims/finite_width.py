"""Claims of the theory at finite width: the centred kernel and the affine-Wishart chain."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import xarray as xr

from rankscope.evidence.claims import claim
from rankscope.evidence.region import factor, percent, within
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Estimate, Sample, jackknife, mean
from rankscope.studies.effective_dimension.claims.definitions import (
    AT_A_HUNDREDTH,
    AT_A_TENTH,
    REDUCED,
    Rank,
    at_layers,
)

LAYERS = (1, 2, 5, 10, 20, 40, 60)
REGISTERED = "layers 1, 2, 5, 10, 20, 40, 60"
CHAIN = (
    f"Gaussian weights, orthonormal inputs, n >= 4 m; {REGISTERED}; points that lose rank by "
    "the last of them"
)
INVERSE = "mean of 1/PR over networks / predicted 1/PR"
WIDE = "infinite width, at the last layer"
FLAT = 0.05
"""Share of the least 1/PR within which layers take part in the fit of a hump's depth."""


@claim(
    "T4: centred participation ratio",
    "1/PR = 1/PR_inf + V gives the centred participation ratio {accepted}.",
    accepted=percent(10, why="the formula is of first order in l/n, and l/n is up to 1/8"),
    estimate=INVERSE,
    null=WIDE,
    scope=f"all geometries, slopes, biases and initialisations, m >= 8; {REGISTERED} up to n/8; "
    "points where infinite width is off by more than 20 % at the last of them",
    figure="ranks_by_layer",
    headline=True,
)
def centred_participation_ratio(results: Results) -> Iterator[Sample]:
    """Average 1/PR over networks, as the theory does."""
    return _inverse_ratios(results, "centred_participation_ratio", 0.8)


@claim(
    "T5: raw centred participation ratio",
    "With the spread of norms, T4 gives the raw centred participation ratio {accepted}.",
    accepted=percent(15, why="that of T4, and half as much again for the spread of the norms"),
    estimate=INVERSE,
    null=WIDE,
    scope=f"ReLU without bias, m >= 8; {REGISTERED} up to n/8; points where infinite width is "
    "off by more than 30 % at the last of them",
    figure="ranks_by_layer",
)
def raw_centred_participation_ratio(results: Results) -> Iterator[Sample]:
    """Average 1/PR over networks, as the theory does."""
    plain = results.where(negative_slope=0.0, bias_variance=0.0)
    return _inverse_ratios(plain, "raw_centred_participation_ratio", 0.7)


@claim(
    "T6: numerical rank",
    "The affine-Wishart chain gives the numerical rank, in units of m {accepted}.",
    accepted=within(0.03, why="two of 64 directions"),
    estimate="mean rank less prediction, in units of m",
    null="full rank, at the last layer",
    scope=CHAIN,
    figure="spectra",
    definitions=(AT_A_TENTH, AT_A_HUNDREDTH),
)
def numerical_rank(results: Results, rank: Rank) -> Iterator[Sample]:
    """Subtract the chain's rank, whose Monte Carlo error counts."""
    for point in _chained(results):
        chain, noise = (
            point.predicted[name].sel({"tolerance": rank.tolerance}) / point.batch_size
            for name in ("chain_numerical_rank", "chain_numerical_rank_error")
        )
        lost = 1 - float(chain.sel(layer=_last(point)))
        for _, layer in at_layers([point] if lost > 0.06 else [], LAYERS):
            excess = rank.curves(point)[:, layer - 1] - float(chain.sel(layer=layer))
            estimate = _noisy(mean(excess, rank.step(point)), noise.sel(layer=layer))
            yield Sample(point, estimate, f"layer {layer}", chance=lost)


@claim(
    "T6: effective rank",
    "The affine-Wishart chain gives the effective rank of singular values {accepted}.",
    accepted=percent(5, why="as tight as what infinite width gives of the stable rank"),
    estimate="mean over networks / prediction",
    null="full rank, at the last layer",
    scope=CHAIN,
    figure="spectra",
)
def effective_rank(results: Results) -> Iterator[Sample]:
    """Divide by the chain's rank, whose Monte Carlo error counts."""
    for point in _chained(results):
        full = point.batch_size / float(
            point.predicted.chain_effective_rank.sel(layer=_last(point))
        )
        for _, layer in at_layers([point] if full > 1.1 else [], LAYERS):
            ratio = _over_chain(point, "effective_rank", layer)
            yield Sample(point, ratio, f"layer {layer}", chance=full)


@claim(
    "T6: near-linear stable rank",
    "Where infinite width fails, the chain gives the stable rank {accepted}.",
    accepted=percent(10, why="infinite width is off by more than a factor 2"),
    estimate="mean over networks / prediction",
    null="infinite width, at layer 1",
    scope="slope 0.9, orthonormal inputs, n >= 2 m, layers 1 to 20",
    figure="spectra",
)
def near_linear_stable_rank(results: Results) -> Iterator[Sample]:
    """Divide by the chain's rank, whose Monte Carlo error counts."""
    near_linear = results.where(
        lambda p: p.width >= 2 * p.batch_size,
        negative_slope=0.9,
        geometry="orthonormal",
        initialisation="gaussian",
        **REDUCED,
    )
    for point, layer in at_layers(near_linear, (1, 2, 5, 10, 20)):
        infinite = float(point.predicted.stable_rank[0] / point.predicted.chain_stable_rank[0])
        ratio = _over_chain(point, "stable_rank", layer)
        yield Sample(point, ratio, f"layer {layer}", chance=infinite)


@claim(
    "T8: hump depth",
    "The centred participation ratio is largest where 1/PR_inf + V is least, {accepted}.",
    accepted=factor(4 / 3, why="the maximum is flat, and a third of its depth costs little"),
    estimate="measured depth / predicted depth",
    null="the first layer",
    scope="inputs of low effective dimension: points whose predicted depth is 2 or more",
    figure="hump_depth",
    headline=True,
)
def hump(results: Results) -> Iterator[Sample]:
    """Fit the depth of the maximum of the mean as that of the prediction is found."""
    humped = results.where(
        lambda p: p.geometry != "orthonormal" and p.predicted.hump_depth >= 2, **REDUCED
    )
    for point in humped:
        inverse, layer = 1 / point.measured.centred_participation_ratio, _one_layer(point)
        found = jackknife(
            lambda some, unit=layer: unit * fitted_depth(some.mean(axis=0)),
            inverse,
            resolution=layer,
        )
        yield Sample(point, found, chance=layer)


@claim(
    "linear: participation ratio",
    "A linear Gaussian net has 1/PR = 1/m + l/n, {accepted}.",
    accepted=percent(10, why="the formula is of first order in l/n"),
    estimate=INVERSE,
    null="PR = m, at the last layer",
    scope=f"slope 1; {REGISTERED} up to n/4",
    figure="ranks_under_other_laws",
)
def linear_participation_ratio(results: Results) -> Iterator[Sample]:
    """Average 1/PR over networks, as the theory does."""
    linear = results.where(
        geometry="orthonormal",
        initialisation="gaussian",
        negative_slope=1.0,
        bias_variance=0.0,
        **REDUCED,
    )
    for point in linear:
        predicted, layers = point.predicted.linear_participation_ratio, _up_to(point, 4)
        for layer in layers:
            inverse = (predicted / point.measured.participation_ratio).sel(layer=layer)
            full = _share(predicted.sel(layer=layers[-1]), point)
            yield Sample(point, inverse, f"layer {layer}", chance=full)


def fitted_depth(inverse: np.ndarray) -> float:
    """Return the layer of the least ``1/PR``: the vertex of a parabola in ln l.

    The parabola is fitted to the layers within ``FLAT`` of the least value. With fewer than
    three of them, or no minimum inside, it is the layer of the least value itself.

    Args:
        inverse: ``1/PR`` at layers 1 to L.
    """
    least = int(inverse.argmin())
    near = np.flatnonzero(inverse <= (1 + FLAT) * inverse[least])
    if least > 0 and len(near) >= 3:
        x = np.log(near + 1.0)
        bend, slope, _ = np.polyfit(x, inverse[near], 2)
        vertex = -slope / (2 * bend) if bend > 0 else np.inf
        if x[0] <= vertex <= x[-1]:
            return float(np.exp(vertex))
    return least + 1.0


def _inverse_ratios(results: Results, name: str, least: float) -> Iterator[Sample]:
    """Compare 1/PR with the prediction where that of infinite width is below a share of it."""
    for point in results.where(lambda p: p.batch_size >= 8, **REDUCED):
        infinite = point.predicted.centred_participation_ratio_infinite_width
        layers = _up_to(point, 8)
        for layer in layers:
            null = float((point.predicted[name] / infinite).sel(layer=layers[-1]))
            if null < least:
                inverse = point.predicted[name] / point.measured[name]
                yield Sample(point, inverse.sel(layer=layer), f"layer {layer}", chance=null)


def _share(predicted: xr.DataArray, point: Point) -> float:
    return float(predicted / point.batch_size)


def _one_layer(point: Point) -> float:
    """Return a layer as a share of the predicted depth."""
    return 1 / float(point.predicted.hump_depth)


def _up_to(point: Point, share: int) -> list[int]:
    """Return the registered layers up to n / share."""
    return [layer for _, layer in at_layers([point], LAYERS) if layer <= point.width / share]


def _last(point: Point) -> int:
    return max(layer for _, layer in at_layers([point], LAYERS))


def _chained(results: Results) -> Results:
    return results.where(
        lambda p: p.width >= 4 * p.batch_size,
        initialisation="gaussian",
        geometry="orthonormal",
        **REDUCED,
    )


def _over_chain(point: Point, name: str, layer: int) -> Estimate:
    measured, theory = point.measured[name].sel(layer=layer), point.predicted.sel(layer=layer)
    chain, noise = theory[f"chain_{name}"], theory[f"chain_{name}_error"]
    return _noisy(mean(measured / chain), noise / chain)


def _noisy(estimate: Estimate, noise: xr.DataArray) -> Estimate:
    """Add the Monte Carlo error of a prediction to an estimate's own."""
    return replace(estimate, error=float(np.hypot(estimate.error, noise)))
