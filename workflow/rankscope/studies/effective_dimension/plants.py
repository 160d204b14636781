"""Data in which each claim's number is what the audit says: curves, spreads and counts."""

import numpy as np
import xarray as xr
from scipy import optimize, stats

from rankscope.evidence.results import Point
from rankscope.studies.effective_dimension.claims.definitions import Rank

Planted = dict[str, xr.DataArray]
RATIO = 1 - 2 / np.pi
PERIOD = np.pi / np.log(1 / RATIO)


def closed_form(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return the formula, shifted by as much as it shall be missed by."""
    return _curve(point, rank, _formula(point) + values)


def better_than_a_constant(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return the formula, shifted by its own spread over the scored layers and the excess."""
    return _curve(point, rank, _formula(point) + _formula(point)[:20].std() + values)


def narrow(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return the formula, shifted."""
    return closed_form(point, values, rank)


def spread_exponent(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return ranks with the run's own shape of deviations, of a spread that is a power of m."""
    ranks = _measured(point, rank).astype(float)
    deviations = (ranks - ranks.mean("replicate")) / ranks.std("replicate")
    return {rank.variable: _whole(point, rank, point.batch_size ** float(values.mean()) * deviations)}


def tail(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return powers of normal quantiles with a given kurtosis."""
    count = values.sizes["replicate"]
    quantiles = stats.norm.ppf((np.arange(count) + 0.5) / count)
    # a symmetric sample has no more than n/2 - 3, and no less than -2
    target = np.clip(float(values.mean()), -1.9, count / 2 - 3.2)

    def excess(power: float) -> float:
        sample = np.sign(quantiles) * np.abs(quantiles) ** power
        return float(np.mean(sample**4) / np.mean(sample**2) ** 2 - 3 - target)

    power = optimize.brentq(excess, 0.01, 50)
    sample = np.sign(quantiles) * np.abs(quantiles) ** power
    return _curve(point, rank, values.copy(data=sample))


def revival(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return one rise, after the first layer, and a flutter that has no mean."""
    layer = point.measured.layer
    flutter = 0.1 * (values - values.mean()) * (-1) ** layer
    return _curve(point, rank, 0.5 * (1 + values * (layer > 1) + flutter * (layer > 2)))


def rise_to_depths(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return a rise at the layers next to the depths 4.66, 7.76 and 10.86."""
    return _curve(point, rank, 0.5 + values * point.measured.layer.isin([5, 8, 11]))


def height_at_depths(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return a rank that does not change."""
    return _curve(point, rank, values)


def period(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return a falling curve with a wave whose troughs are at multiples of the period."""
    layer = point.measured.layer
    wave = -np.cos(2 * np.pi * layer / PERIOD)
    return _curve(point, rank, 0.8 - 0.1 * np.log(layer) + values * wave)


def orthogonal(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return that share of full rank."""
    return _curve(point, rank, values * min(1, point.width / point.batch_size))


def leaky(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return that share of full rank."""
    return orthogonal(point, values, rank)


def finite_width(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return that share of full rank."""
    return orthogonal(point, values, rank)


def advantage(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return a loss of 0.2 m with Gaussian weights, of which half and more is kept."""
    full = min(1, point.width / point.batch_size)
    kept = full - 0.1 + values
    return _curve(point, rank, kept if point.initialisation == "orthogonal" else 0 * values + full - 0.2)


def alternation(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return so many dips."""
    layer = point.measured.layer
    dips = (layer % 2 == 0) & (layer <= 2 * float(values.mean()))
    return _curve(point, rank, 0.8 - 0.4 * dips)


def cosine(point: Point, values: xr.DataArray) -> Planted:
    """Return cosines off by that much."""
    return {"cosine": _whole_layers(point, values + point.predicted.cosine)}


def stable_rank(point: Point, values: xr.DataArray) -> Planted:
    """Return a multiple of the prediction."""
    return _multiple(point, "stable_rank", values)


def participation_ratio(point: Point, values: xr.DataArray) -> Planted:
    """Return a multiple of the prediction."""
    return _multiple(point, "participation_ratio", values)


def same_kernel(point: Point, values: xr.DataArray) -> Planted:
    """Return a stable rank that is larger with orthogonal weights."""
    share = 0.1 + values * (point.initialisation == "orthogonal")
    return {"stable_rank": _whole_layers(point, share * point.batch_size)}


def centred_participation_ratio(point: Point, values: xr.DataArray) -> Planted:
    """Return ratios whose inverse is a multiple of the predicted inverse."""
    return _multiple(point, "centred_participation_ratio", 1 / values)


def raw_centred_participation_ratio(point: Point, values: xr.DataArray) -> Planted:
    """Return ratios whose inverse is a multiple of the predicted inverse."""
    return _multiple(point, "raw_centred_participation_ratio", 1 / values)


def numerical_rank(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return ranks off the chain's by that share of m."""
    chain = point.predicted.chain_numerical_rank.sel({"tolerance": rank.tolerance})
    return {rank.variable: _whole(point, rank, values * point.batch_size + chain)}


def effective_rank(point: Point, values: xr.DataArray) -> Planted:
    """Return a multiple of the chain's rank."""
    return _multiple(point, "effective_rank", values, "chain_")


def near_linear_stable_rank(point: Point, values: xr.DataArray) -> Planted:
    """Return a multiple of the chain's rank."""
    return _multiple(point, "stable_rank", values, "chain_")


def hump(point: Point, values: xr.DataArray) -> Planted:
    """Return parabolas of 1/PR in ln l, whose vertices have that mean over the prediction."""
    mean = float(values.mean())
    vertex = np.log(mean * float(point.predicted.hump_depth)) + values / mean - 1
    inverse = 1 + 0.1 * (np.log(point.measured.layer) - vertex) ** 2
    return {"centred_participation_ratio": _whole_layers(point, 1 / inverse)}


def linear_participation_ratio(point: Point, values: xr.DataArray) -> Planted:
    """Return ratios whose inverse is a multiple of 1/m + l/n."""
    inverse = 1 / point.batch_size + point.measured.layer / point.width
    return {"participation_ratio": _whole_layers(point, 1 / (values * inverse))}


def dead_units(point: Point, values: xr.DataArray) -> Planted:
    """Return counts off by that share of the units."""
    return {"dead_units": _whole_layers(point, values * point.width + point.predicted.dead_units)}


def exact_rank(point: Point, values: xr.DataArray) -> Planted:
    """Return ranks off by that share of the batch."""
    ranks = values * point.batch_size + point.predicted.exact_rank
    return {"exact_rank": _whole_layers(point, ranks)}


def leaky_exact_rank(point: Point, values: xr.DataArray) -> Planted:
    """Return networks of full rank, and networks that have lost one direction at layer 1."""
    full = min(point.width, point.batch_size)
    return {"exact_rank": _whole_layers(point, full - (values == 0) * (point.measured.layer == 1))}


def pair_angle(point: Point, values: xr.DataArray) -> Planted:
    """Return a multiple of the prediction."""
    return _multiple(point, "log_squared_sine", values)


def log_norm(point: Point, values: xr.DataArray) -> Planted:
    """Return log norms off the drift by so many standard deviations."""
    variance = point.predicted.log_norm_variance
    return {"first_log_norm": _whole_layers(point, values * np.sqrt(variance) - variance / 2)}


def log_norm_variance(point: Point, values: xr.DataArray) -> Planted:
    """Return normal quantiles with that multiple of the predicted variance."""
    count = values.sizes["replicate"]
    quantiles = stats.norm.ppf((np.arange(count) + 0.5) / count)
    deviations = values.copy(data=quantiles / quantiles.std(ddof=1))
    variance = max(float(values.mean()), 0.0) * point.predicted.log_norm_variance
    return {"first_log_norm": _whole_layers(point, deviations * np.sqrt(variance))}


def _formula(point: Point) -> xr.DataArray:
    return 1 - RATIO**point.measured.layer


def _multiple(point: Point, name: str, values: xr.DataArray, prefix: str = "") -> Planted:
    return {name: _whole_layers(point, values * point.predicted[prefix + name])}


def _measured(point: Point, rank: Rank) -> xr.DataArray:
    found = point.measured[rank.variable]
    return found.sel({"tolerance": rank.tolerance}, drop=True) if rank.tolerance else found


def _curve(point: Point, rank: Rank, share: xr.DataArray) -> Planted:
    return {rank.variable: _whole(point, rank, share * point.batch_size)}


def _whole(point: Point, rank: Rank, values: xr.DataArray) -> xr.DataArray:
    """Return values at all layers and, where there are several, at all tolerances."""
    return values.broadcast_like(point.measured[rank.variable]).transpose(
        *point.measured[rank.variable].dims
    )


def _whole_layers(point: Point, values: xr.DataArray) -> xr.DataArray:
    return values.broadcast_like(point.measured.layer).transpose("replicate", "layer")
