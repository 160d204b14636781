"""Claim C: the effective dimension revives, at the abstract's depths and with its period."""

import itertools
from collections.abc import Iterator

import numpy as np

from rankscope.evidence.claims import ABSTRACT, claim
from rankscope.evidence.region import at_least, within
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Estimate, Sample, mean
from rankscope.studies.effective_dimension.claims.definitions import (
    DEFINITIONS,
    FEWEST,
    PAPER,
    SOURCE,
    Rank,
    wide,
)

WINDOW = 6
"""Layers within which a rise counts: two of the abstract's periods of 3.1 layers."""
WAVES = 20
"""Layers in which the period is looked for, six of the abstract's periods."""
TREND = 7
"""Degree in ln l of the smooth curve that a wave is told from."""
REVIVED = at_least(
    0.02, why="the registered test of revival: a tenth of what the abstract's height lies below m"
)
SCOPE = "ReLU, Gaussian weights, no bias, n >= m >= 50"


@claim(
    "C revival",
    "Somewhere the effective dimension revives: it falls, and then rises within 6 layers, relative "
    "to the mean where it is low, by {accepted}.",
    accepted=REVIVED,
    estimate="fall or rise, that which is less beyond the bound in standard errors, between the "
    "layers that the other half of the networks chose",
    null="monotone decay or growth: 0",
    chance=0.0,
    somewhere=True,
    scope=f"{SCOPE}, from any layer on; what was never lost does not revive: a growth that no fall "
    "precedes does not count; points of 8 or more networks and 3 or more layers, some of which are "
    "below the most that there can be: m, centred m - 1",
    source=SOURCE,
    basis=ABSTRACT,
    figure="verdicts_by_definition",
    definitions=DEFINITIONS,
    headline=True,
)
def revival(results: Results, rank: Rank) -> Iterator[Sample]:
    """Measure the fall and the rise on networks that did not choose their layers."""
    for point in results.where(rank.measured, wide, lambda p: p.depth >= 3, **PAPER):
        curves = rank.curves(point)
        if len(curves) >= FEWEST and not np.all(curves == rank.most(point)):
            yield Sample(point, revived(curves, rank.step(point)))


@claim(
    "C depths",
    "The effective dimension rises towards each of the abstract's revival depths, in units of "
    "m, by {accepted}.",
    accepted=REVIVED,
    estimate="rise of rank / m over the half period before the depth",
    null="no oscillation: 0",
    chance=0.0,
    scope=f"{SCOPE}, revivals k = 1, 2, 3; before the first there is no layer",
    source=SOURCE,
    basis=ABSTRACT,
    figure="verdicts_by_definition",
    definitions=DEFINITIONS,
)
def rise_to_depths(results: Results, rank: Rank) -> Iterator[Sample]:
    """Subtract the rank half a period before a revival depth from that at the depth."""
    for point in results.where(rank.measured, wide, **PAPER):
        curves = rank.curves(point)
        for k, trough, peak in turns(point):
            rise = curves[:, peak] - curves[:, trough]
            yield Sample(point, rise, f"k={k}", resolution=rank.step(point))


@claim(
    "C height",
    "The effective dimension at each of the abstract's revival depths is (1 - e^(-pi/2)) m, in "
    "units of m {accepted}.",
    accepted=within(
        0.05,
        of=1 - np.exp(-np.pi / 2),
        why="a quarter of the distance between the abstract's height and full rank",
    ),
    estimate="mean rank / m at the depth, interpolated between layers",
    null="full rank: 1",
    chance=1.0,
    scope=f"{SCOPE}, revivals k = 0 to 3",
    source=SOURCE,
    basis=ABSTRACT,
    figure="verdicts_by_definition",
    definitions=DEFINITIONS,
)
def height_at_depths(results: Results, rank: Rank) -> Iterator[Sample]:
    """Interpolate each network's rank between the layers beside a revival depth."""
    for point in results.where(rank.measured, wide, **PAPER):
        curves, layers = rank.curves(point), np.arange(1, point.depth + 1)
        for k, depth in enumerate(point.predicted.paper_revival_depth.to_numpy()):
            if depth <= point.depth:
                heights = [np.interp(depth, layers, curve) for curve in curves]
                yield Sample(point, heights, f"k={k}", resolution=rank.step(point))


@claim(
    "C period",
    "The expected effective dimension oscillates with the abstract's period and phase, with an "
    "amplitude in units of m of {accepted}.",
    accepted=at_least(0.01, why="a rise of 0.02, that of a revival, from trough to peak"),
    estimate="coefficient of the wave with maxima at the abstract's depths, beside the trend",
    null="no oscillation: 0",
    chance=0.0,
    scope=f"{SCOPE}, layers 1 to 20 of at least 20",
    source=SOURCE,
    basis=ABSTRACT,
    figure="ranks_by_layer",
    definitions=DEFINITIONS,
)
def period(results: Results, rank: Rank) -> Iterator[Sample]:
    """Fit the wave together with a smooth trend to each network's curve."""
    for point in results.where(rank.measured, wide, lambda p: p.depth >= WAVES, **PAPER):
        depths = point.predicted.paper_revival_depth.to_numpy()
        curves = rank.curves(point)[:, :WAVES]
        if np.ptp(curves):
            amplitude = wave(curves, first=depths[0], period=depths[1] - depths[0])
            yield Sample(point, amplitude, resolution=rank.step(point))


def turns(point: Point) -> Iterator[tuple[int, int, int]]:
    """Yield k and the places in a curve next to half a period before a depth, and to it."""
    depths = point.predicted.paper_revival_depth.to_numpy()
    half_period = (depths[1] - depths[0]) / 2
    for k, depth in enumerate(depths[1:], start=1):
        if round(depth) <= point.depth:
            yield k, round(depth - half_period) - 1, round(depth) - 1


def wave(curves: np.ndarray, *, first: float, period: float) -> np.ndarray:
    """Return the amplitude, per network, of a wave in depth with a maximum at ``first``.

    Least squares with the wave, its quadrature and a polynomial trend in the logarithm of
    depth, which an infinitely long smooth curve would be told from exactly.

    Args:
        curves: shape ``(replicate, layer)``.
        first: depth of a maximum.
        period: in layers.
    """
    layers = np.arange(1, curves.shape[1] + 1)
    angle = 2 * np.pi * (layers - first) / period
    trend = np.polynomial.chebyshev.chebvander(2 * np.log(layers) / np.log(layers[-1]) - 1, TREND)
    terms = np.column_stack([np.cos(angle), np.sin(angle), trend])
    return np.linalg.pinv(terms)[0] @ curves.T


def revived(curves: np.ndarray, step: float = 0.0) -> Estimate:
    """Return the fall or the rise after it, that which passes the test of revival less clearly.

    Both must pass it, so that to pass by the lesser is to pass (Berger, Technometrics 24, 1982).

    Args:
        curves: shape ``(replicate, layer)``, of three layers or more.
        step: of their scale; 0 if it is continuous.
    """
    moves = swings(curves, rises=1, window=WINDOW)
    found = [mean(values, step / (low or np.inf)) for values, low in moves]

    def beyond(one: Estimate) -> float:
        return (one.value - REVIVED.lower) / one.error if one.error > 0 else -np.inf

    return min(found, key=beyond)


def swings(
    curves: np.ndarray, rises: int, window: int | None = None
) -> Iterator[tuple[np.ndarray, float]]:
    """Yield the falls and rises, in turn, of the curve that swings the most.

    Of all curves that fall and rise so many times, that one whose least move is the largest. One
    half of the networks chooses its layers for the other, so that noise that is chosen is not
    what is measured.

    Args:
        curves: shape ``(replicate, layer)``, of ``2 rises + 1`` layers or more.
        rises: how many.
        window: layers within which a rise counts; any number by default.

    Yields:
        Per move each network's difference between its high and its low layer, relative to the mean
        at the low one, shape ``(replicate,)``, ``nan`` for a network with a layer without a
        value; and that mean.
    """
    moves = np.full((2 * rises, len(curves)), np.nan)
    bases = np.full((2 * rises, 2), np.nan)
    sound = np.flatnonzero(np.isfinite(curves).all(axis=1))
    halves = sound[::2], sound[1::2]
    if len(halves[1]):
        for half, (mine, other) in enumerate((halves, halves[::-1])):
            layers = turning_layers(curves[other].mean(axis=0), rises, window)
            for move, ends in enumerate(itertools.pairwise(layers)):
                low, high = ends if move % 2 else ends[::-1]
                moves[move, mine] = relative_rise(curves[mine, low], curves[mine, high])
                bases[move, half] = curves[mine, low].mean()
    yield from zip(moves, bases.mean(axis=1).tolist(), strict=True)


def turning_layers(curve: np.ndarray, rises: int, window: int | None = None) -> list[int]:
    """Return the layers between which a curve falls and rises in turn, the least move the largest.

    Args:
        curve: shape ``(layer,)``.
        rises: as many falls are before and between them.
        window: layers within which a rise counts; any number by default.

    Returns:
        Places in the curve, ``2 rises + 1``.
    """
    layer = np.arange(len(curve))
    lags = layer - layer[:, None]
    rise = (curve - curve[:, None]) / np.where(curve > 0, curve, np.inf)[:, None]
    fall = np.where(lags > 0, rise.T, -np.inf)
    rise = np.where((lags > 0) & (lags <= (window or len(curve))), rise, -np.inf)
    best, before = np.full(len(curve), np.inf), []
    for _ in range(rises):
        for move in (fall, rise):
            least = np.minimum(best[:, None], move)
            before.append(least.argmax(axis=0))
            best = least.max(axis=0)
    layers = [int(best.argmax())]
    for places in reversed(before):
        layers.append(int(places[layers[-1]]))
    return layers[::-1]


def relative_rise(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return the rises, over the mean over networks before; 0 where that is 0."""
    base = before.mean(axis=0)
    return (after - before) / np.where(base > 0, base, np.inf)
