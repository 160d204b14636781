"""Data in which each claim's number is what the audit says: curves, spreads and counts."""

import functools

import numpy as np
import xarray as xr
from scipy import optimize, special

from rankscope.evidence.planting import with_own_noise
from rankscope.evidence.results import Point
from rankscope.studies.effective_dimension.claims.definitions import Rank

Planted = dict[str, xr.DataArray]
RATIO = 1 - 2 / np.pi
PERIOD = np.pi / np.log(1 / RATIO)


def closed_form(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return the formula, shifted by as much as it shall be missed by."""
    return _curve(point, rank, _formula(point) + _column(values))


def better_than_a_constant(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return the formula, shifted by its own spread over the scored layers and the excess."""
    return _curve(point, rank, _formula(point) + _formula(point)[:20].std() + _column(values))


def narrow(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return the formula, shifted."""
    return closed_form(point, values, rank)


def spread_exponent(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return the run's own deviations, of a spread that is a power of m."""
    ranks = rank.curves(point)
    # layers at which all networks agree have no spread to give
    deviations = (ranks - ranks.mean(axis=0)) / np.maximum(ranks.std(axis=0), 1e-12)
    spread = point.batch_size ** float(values.mean())
    return _measured(point, rank.variable, spread * deviations)


@with_own_noise
def tail(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return powers of normal deviates, drawn from a law with that excess kurtosis."""
    power = _power(round(float(values.mean()), 9))
    # points of one draw are independent of each other
    generator = np.random.default_rng([point.width, *values.to_numpy().view(np.uint32)])
    normal = generator.standard_normal(len(values))
    return _level(point, rank, values.copy(data=np.sign(normal) * np.abs(normal) ** power))


@functools.cache
def _power(kurtosis: float) -> float:
    """Return the power of a normal deviate that has an excess kurtosis."""
    # fourth moment over squared variance: Gamma(2p + 1/2) Gamma(1/2) / Gamma(p + 1/2)^2
    aim = np.log(3 + kurtosis) - special.gammaln(0.5)
    return float(
        optimize.brentq(
            lambda p: special.gammaln(2 * p + 0.5) - 2 * special.gammaln(p + 0.5) - aim, 0.01, 5
        )
    )


def revival(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return a dip of that depth at layer 2, and a decay beyond it."""
    return _dips(point, values, rank, 1)


def rise_to_depths(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return a rise from layers 3, 6 and 9 to 5, 8 and 11, next to the depths; else full rank."""
    layer, rise = _layers(point), _column(values)
    flat = np.where(np.isin(layer, [3, 5, 6, 8, 9, 11]), 0.5, 1.0)
    return _curve(point, rank, flat + rise * np.isin(layer, [5, 8, 11]))


def height_at_depths(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return a rank that does not change."""
    return _level(point, rank, values)


def period(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return a falling curve with a wave whose troughs are at multiples of the period."""
    layer = _layers(point)
    wave = -np.cos(2 * np.pi * layer / PERIOD)
    return _curve(point, rank, 0.8 - 0.1 * np.log(layer) + _column(values) * wave)


def orthogonal(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return that share of full rank."""
    return _level(point, rank, values * min(1, point.width / point.batch_size))


def leaky(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return that share of full rank."""
    return orthogonal(point, values, rank)


def finite_width(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return that share of full rank."""
    return orthogonal(point, values, rank)


def advantage(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return a loss of 0.2 m with Gaussian weights, of which half and more is kept."""
    full = min(1, point.width / point.batch_size)
    if point.initialisation == "orthogonal":
        return _level(point, rank, full - 0.1 + values)
    return _level(point, rank, xr.full_like(values, full - 0.2))


def alternation(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return two dips of that depth, at layers 2 and 4, and a decay beyond them."""
    return _dips(point, values, rank, 2)


def cosine(point: Point, values: xr.DataArray) -> Planted:
    """Return cosines off by that much."""
    return _measured(point, "cosine", _column(values) + _predicted(point, "cosine"))


def stable_rank(point: Point, values: xr.DataArray) -> Planted:
    """Return a multiple of the prediction."""
    return _multiple(point, "stable_rank", values)


def participation_ratio(point: Point, values: xr.DataArray) -> Planted:
    """Return a multiple of the prediction."""
    return _multiple(point, "participation_ratio", values)


def same_kernel(point: Point, values: xr.DataArray) -> Planted:
    """Return a stable rank that is larger with orthogonal weights."""
    more = _column(values) * (point.initialisation == "orthogonal")
    ranks = np.tile((0.1 + more) * point.batch_size, point.depth)
    return _measured(point, "stable_rank", ranks)


def centred_participation_ratio(point: Point, values: xr.DataArray) -> Planted:
    """Return ratios whose inverse is a multiple of the predicted inverse."""
    return _multiple(point, "centred_participation_ratio", 1 / values)


def raw_centred_participation_ratio(point: Point, values: xr.DataArray) -> Planted:
    """Return ratios whose inverse is a multiple of the predicted inverse."""
    return _multiple(point, "raw_centred_participation_ratio", 1 / values)


def numerical_rank(point: Point, values: xr.DataArray, rank: Rank) -> Planted:
    """Return ranks off the chain's by that share of m."""
    chain = point.predicted.chain_numerical_rank.sel({"tolerance": rank.tolerance}).to_numpy()
    return _curve(point, rank, _column(values) + chain / point.batch_size)


def effective_rank(point: Point, values: xr.DataArray) -> Planted:
    """Return a multiple of the chain's rank."""
    return _multiple(point, "effective_rank", values, "chain_")


def near_linear_stable_rank(point: Point, values: xr.DataArray) -> Planted:
    """Return a multiple of the chain's rank."""
    return _multiple(point, "stable_rank", values, "chain_")


def hump(point: Point, values: xr.DataArray) -> Planted:
    """Return parabolas of 1/PR in ln l, whose vertices have that mean over the prediction."""
    mean = float(values.mean())
    vertex = np.log(abs(mean) * float(point.predicted.hump_depth)) + _column(values) / mean - 1
    inverse = 1 + 0.1 * (np.log(_layers(point)) - vertex) ** 2
    return _measured(point, "centred_participation_ratio", 1 / inverse)


def linear_participation_ratio(point: Point, values: xr.DataArray) -> Planted:
    """Return ratios whose inverse is a multiple of 1/m + l/n."""
    inverse = 1 / point.batch_size + _layers(point) / point.width
    return _measured(point, "participation_ratio", 1 / (_column(values) * inverse))


def dead_units(point: Point, values: xr.DataArray) -> Planted:
    """Return counts off by that share of the units."""
    counts = _column(values) * point.width + _predicted(point, "dead_units")
    return _measured(point, "dead_units", counts)


def exact_rank(point: Point, values: xr.DataArray) -> Planted:
    """Return ranks off by that share of the batch."""
    ranks = _column(values) * point.batch_size + _predicted(point, "exact_rank")
    return _measured(point, "exact_rank", ranks)


def leaky_exact_rank(point: Point, values: xr.DataArray) -> Planted:
    """Return networks of full rank, and networks that have lost one direction at layer 1."""
    full = min(point.width, point.batch_size)
    lost = (_column(values) == 0) & (_layers(point) == 1)
    return _measured(point, "exact_rank", full - lost)


def pair_angle(point: Point, values: xr.DataArray) -> Planted:
    """Return a multiple of the prediction."""
    return _multiple(point, "log_squared_sine", values)


def log_norm(point: Point, values: xr.DataArray) -> Planted:
    """Return log norms off the drift by so many standard deviations."""
    variance = _predicted(point, "log_norm_variance")
    norms = _column(values) * np.sqrt(variance) - variance / 2
    return _measured(point, "first_log_norm", norms)


def log_norm_variance(point: Point, values: xr.DataArray) -> Planted:
    """Return log norms on either side of the drift, in turn, by the root of the variance."""
    variance = _predicted(point, "log_norm_variance")
    # no square is negative, so that values about zero stand for their mean
    squares = values if values.min() > 0 else xr.full_like(values, max(values.mean(), 0))
    sides = np.where(np.arange(len(values)) % 2, 1, -1)[:, None]
    deviations = sides * np.sqrt(_column(squares) * variance)
    return _measured(point, "first_log_norm", deviations - variance / 2)


def _dips(point: Point, values: xr.DataArray, rank: Rank, count: int) -> Planted:
    layer, last = _layers(point), 2 * count + 1
    high = _column(values) * ((layer <= last) & (layer % 2 == 1))
    return _curve(point, rank, 0.5 * np.exp(-np.maximum(layer - last, 0)) * (1 + high))


def _level(point: Point, rank: Rank, share: xr.DataArray) -> Planted:
    """Return the same at every layer."""
    return _curve(point, rank, np.tile(_column(share), point.depth))


def _multiple(point: Point, name: str, values: xr.DataArray, prefix: str = "") -> Planted:
    return _measured(point, name, _column(values) * _predicted(point, prefix + name))


def _formula(point: Point) -> np.ndarray:
    return 1 - RATIO ** _layers(point)


def _layers(point: Point) -> np.ndarray:
    return np.arange(1, point.depth + 1)


def _column(values: xr.DataArray) -> np.ndarray:
    return values.to_numpy()[:, None]


def _predicted(point: Point, name: str) -> np.ndarray:
    return point.predicted[name].to_numpy()


def _curve(point: Point, rank: Rank, share: np.ndarray) -> Planted:
    return _measured(point, rank.variable, share * point.batch_size)


def _measured(point: Point, name: str, values: np.ndarray) -> Planted:
    """Return values of shape ``(replicate, layer)``, the same at every tolerance."""
    like = point.measured[name]
    shaped = values.reshape(values.shape + (1,) * (like.ndim - values.ndim))
    return {name: xr.DataArray(np.broadcast_to(shaped, like.shape), dims=like.dims)}
