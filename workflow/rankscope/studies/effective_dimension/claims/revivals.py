"""Claim C: the effective dimension revives, at the abstract's depths and with its period."""

from collections.abc import Iterator

import numpy as np

from rankscope.evidence.claims import ABSTRACT, claim
from rankscope.evidence.region import at_least, within
from rankscope.evidence.results import Results
from rankscope.evidence.samples import Sample, jackknife
from rankscope.studies.effective_dimension.claims.definitions import (
    DEFINITIONS,
    PAPER,
    SOURCE,
    Rank,
    wide,
)

WINDOW = 6
"""Layers within which a rise counts: two of the abstract's periods of 3.1 layers."""
SIGNIFICANT = 4.0
"""Standard errors of the paired difference that a rise must exceed to be chosen."""
REVIVED = at_least(
    0.02, why="the registered test of revival: a tenth of what the abstract's height lies below m"
)
SCOPE = "ReLU, Gaussian weights, no bias, n >= m"


@claim(
    "C revival",
    "The effective dimension revives: it rises within 6 layers, relative to its mean, by "
    "{accepted}.",
    accepted=REVIVED,
    estimate="largest relative rise significant at 4 paired standard errors",
    null="monotone decay or full rank: 0",
    chance=0.0,
    scope=f"{SCOPE}, from any layer on",
    source=SOURCE,
    basis=ABSTRACT,
    figure="verdicts_by_definition",
    definitions=DEFINITIONS,
    headline=True,
)
def revival(results: Results, rank: Rank) -> Iterator[Sample]:
    """Take the largest relative rise of the mean within the window."""
    for point in results.where(rank.measured, wide, lambda p: p.depth > 1, **PAPER):
        yield Sample(point, largest_rise(rank.curves(point)), resolution=rank.step(point))


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
        curves, depths = rank.curves(point), point.predicted.paper_revival_depth.to_numpy()
        half_period = (depths[1] - depths[0]) / 2
        for k, depth in enumerate(depths[1:], start=1):
            trough, peak = round(depth - half_period), round(depth)
            if peak <= point.depth:
                rise = curves[:, peak - 1] - curves[:, trough - 1]
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
    "The effective dimension of single networks oscillates with the abstract's period: power "
    "{accepted}.",
    accepted=at_least(1.5, why="halfway to twice the power beside it"),
    estimate="power of increments at 1/3.104 over that beside it",
    null="no periodicity: 1",
    chance=1.0,
    scope=f"{SCOPE}, at least 16 layers, where ranks vary between networks",
    source=SOURCE,
    basis=ABSTRACT,
    definitions=DEFINITIONS,
)
def period(results: Results, rank: Rank) -> Iterator[Sample]:
    """Compare the power of the increments, less their mean over networks, with that beside it."""
    for point in results.where(rank.measured, wide, lambda p: p.depth >= 16, **PAPER):
        steps = np.diff(rank.curves(point), axis=1)
        steps -= steps.mean(axis=0)
        depths = point.predicted.paper_revival_depth.to_numpy()
        if np.any(np.abs(steps) > 1e-12):
            yield Sample(point, jackknife(peak, powers(steps, 1 / (depths[1] - depths[0]))))


def largest_rise(curves: np.ndarray) -> np.ndarray:
    """Return the rise of each network between the two layers where it is largest in the mean.

    Rises that pass the registered test go before those that do not. Where none passes, the
    largest of all is returned, so that noise leaves the claim undecided and only a rise shown
    to be below the threshold contradicts it.

    Args:
        curves: shape ``(replicate, layer)``.

    Returns:
        Shape ``(replicate,)``, relative to the mean; ``nan`` for a network with a layer
        without a value.
    """
    rises = np.full(len(curves), np.nan)
    sound = np.isfinite(curves).all(axis=1)
    if sound.sum() > 1:
        rises[sound] = _largest_rise(curves[sound])
    return rises


def _largest_rise(curves: np.ndarray) -> np.ndarray:
    lags = range(1, min(WINDOW, curves.shape[1] - 1) + 1)
    rises = np.hstack([relative_rise(curves[:, :-lag], curves[:, lag:]) for lag in lags])
    passed = passes(rises)
    chosen = passed if passed.any() else np.ones_like(passed)
    return rises[:, np.argmax(np.where(chosen, rises.mean(axis=0), -np.inf))]


def relative_rise(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return the rises, over the mean over networks before; 0 where that is 0."""
    base = before.mean(axis=0)
    return (after - before) / np.where(base > 0, base, np.inf)


def passes(rises: np.ndarray) -> np.ndarray:
    """Say which rises pass the registered test: more than 2 % and 4 standard errors."""
    mean, error = rises.mean(axis=0), rises.std(axis=0, ddof=1) / np.sqrt(len(rises))
    return (mean > REVIVED.lower) & (mean > SIGNIFICANT * error)


def powers(steps: np.ndarray, frequency: float) -> np.ndarray:
    """Return powers one resolution step, two bins, below a frequency, at it and above it.

    Args:
        steps: shape ``(replicate, layers - 1)``.
        frequency: in cycles per layer.

    Returns:
        Shape ``(replicate, 3)``.
    """
    length = steps.shape[1]
    frequencies = frequency + np.array([-2.0, 0.0, 2.0]) / length
    waves = np.exp(-2j * np.pi * np.outer(np.arange(length), frequencies))
    return np.abs(steps @ waves) ** 2


def peak(powers: np.ndarray) -> float:
    """Return the mean power at a frequency over the mean of those beside it."""
    below, at, above = powers.mean(axis=0)
    return float(2 * at / (below + above))
