"""Claim B: the effective dimension concentrates, with sub-Gaussian tails."""

import functools
from collections.abc import Iterator

import numpy as np

from rankscope.evidence.claims import ABSTRACT, claim
from rankscope.evidence.region import at_most
from rankscope.evidence.results import Family, Results
from rankscope.evidence.samples import Sample, jackknife
from rankscope.studies.effective_dimension.claims.definitions import (
    DEFINITIONS,
    FEWEST,
    PAPER,
    SOURCE,
    Rank,
)

LAYERS = (10, 20)
SCOPE = "ReLU, Gaussian weights, orthonormal inputs, n = m, layers 10 and 20"


@claim(
    "B spread",
    "The effective dimension concentrates: its standard deviation grows as a power of m, like "
    "sqrt(m); exponent {accepted}.",
    accepted=at_most(
        0.75,
        why="halfway between 1/2, which a sub-Gaussian bound with variance proxy proportional "
        "to m implies, and 1, no concentration",
    ),
    estimate="exponent of the standard deviation in m",
    null="no concentration: 1",
    chance=1.0,
    scope=SCOPE,
    source=SOURCE,
    basis=ABSTRACT,
    figure="concentration",
    definitions=DEFINITIONS,
)
def spread_exponent(results: Results, rank: Rank) -> Iterator[Sample]:
    """Fit the slope of ln SD of the rank, not over m, against ln m, from three sizes on."""
    for layer in LAYERS:
        family, ranks = _varied(results, rank, layer)
        if len(family) >= 3:
            exponent = jackknife(functools.partial(_exponent, np.log(family.sizes)), ranks)
            yield Sample(family, exponent, f"layer {layer}")


@claim(
    "B tail",
    "The effective dimension's deviations have light, sub-Gaussian tails: excess kurtosis "
    "{accepted}.",
    accepted=at_most(1, why="0 for a normal, 3 for a double exponential law"),
    estimate="excess kurtosis",
    null="exponential tails: 3",
    chance=3.0,
    scope=SCOPE,
    source=SOURCE,
    basis=ABSTRACT,
    figure="verdicts_by_definition",
    definitions=DEFINITIONS,
)
def tail(results: Results, rank: Rank) -> Iterator[Sample]:
    """Pool the deviations, standardised per point."""
    for layer in LAYERS:
        family, ranks = _varied(results, rank, layer)
        if len(family):
            yield Sample(family, jackknife(kurtosis, ranks), f"layer {layer}")


def _varied(results: Results, rank: Rank, layer: int) -> tuple[Family, np.ndarray]:
    """Return the square points whose networks vary, and their ranks at a layer.

    Where all networks but at most one agree, leaving one out leaves no spread to speak of.

    Returns:
        The points, and ranks of shape ``(replicate, point)``.
    """
    square = results.where(
        rank.measured,
        lambda p: p.width == p.batch_size and p.depth >= layer,
        geometry="orthonormal",
        **PAPER,
    )
    found = [(p, rank.curves(p)[:, layer - 1] * p.batch_size) for p in square]
    kept = [
        (point, ranks)
        for point, ranks in sorted(found, key=lambda pair: pair[0].width)
        if len(ranks) >= FEWEST and np.ptp(np.sort(ranks)[1:]) and np.ptp(np.sort(ranks)[:-1])
    ]
    family = Family("width", tuple(point for point, _ in kept), "n = m")
    return family, np.array([ranks for _, ranks in kept]).T


def _exponent(log_sizes: np.ndarray, ranks: np.ndarray) -> float:
    x = log_sizes - log_sizes.mean()
    return float(x @ np.log(ranks.std(axis=0, ddof=1)) / (x @ x))


def kurtosis(ranks: np.ndarray) -> float:
    """Return the mean over points of the excess kurtosis over networks, the first axis.

    ``G_2 = (n - 1) ((n + 1) g_2 + 6) / ((n - 2) (n - 3))`` of the moments' ratio ``g_2``, which is
    biased towards light tails; ``G_2`` has no bias for a normal law, and half of it for heavy
    tails (Joanes and Gill, The Statistician 47, 1998).
    """
    n, deviation = len(ranks), ranks - ranks.mean(axis=0)
    variance, fourth = (deviation**2).mean(axis=0), (deviation**4).mean(axis=0)
    excess = (fourth / variance**2).mean() - 3.0
    return float((n - 1) * ((n + 1) * excess + 6) / ((n - 2) * (n - 3)))
