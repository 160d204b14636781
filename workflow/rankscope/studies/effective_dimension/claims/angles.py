"""Claims of others on angles between inputs and on their lengths, at finite width."""

from collections.abc import Iterator

import numpy as np

from rankscope.evidence.claims import RECALLED, claim
from rankscope.evidence.region import percent, within
from rankscope.evidence.results import Family, Point, Results
from rankscope.evidence.samples import Sample
from rankscope.studies.effective_dimension.claims.definitions import PAPER, REDUCED, at_layers

LAYERS = (1, 2, 5, 10, 20)
LENGTHS = {
    "scope": "Gaussian weights without bias, layer n/8 (or the last, if earlier) where b >= 0.2, "
    "averaged over points",
    "source": "Hanin and Nica, Commun. Math. Phys. 376 (2020); the leaky form derived here",
    "basis": RECALLED,
    "figure": "angles_and_norms",
}


@claim(
    "T9: pair angle",
    "Jakub and Nica's expansion gives the mean ln sin^2 of a pair's angle {accepted}.",
    accepted=percent(5, why="the expansion is to 1/n; at n = 64 it was found 6 per cent off"),
    estimate="mean over networks / prediction",
    null="infinite width, at layer 20",
    scope="ReLU, Gaussian weights, orthonormal inputs, n >= 128, layers 1, 2, 5, 10, 20; points "
    "where infinite width is off by more than 7.5 % at layer 20",
    source="Jakub and Nica, arXiv 2302.09712, with the formulas of its authors' notebook",
    basis=RECALLED,
    figure="angles_and_norms",
)
def pair_angle(results: Results) -> Iterator[Sample]:
    """Divide the mean over networks, and over pairs of each, by the prediction."""
    chosen = results.where(
        lambda p: p.width >= 128 and p.depth >= 20, geometry="orthonormal", **PAPER
    )
    for point, layer in at_layers(chosen, LAYERS):
        predicted = point.predicted.log_squared_sine
        infinite = point.predicted.log_squared_sine_infinite_width / predicted
        null = float(infinite.sel(layer=20))
        if abs(null - 1) > 0.075:
            ratio = point.measured.log_squared_sine / predicted
            yield Sample(point, ratio.sel(layer=layer), f"layer {layer}", chance=null)


@claim(
    "Hanin-Nica: mean",
    "An input's log norm is normal N(-b/2, b), b = 5 l / n: its mean, in standard deviations, "
    "{accepted}.",
    accepted=within(0.1, why="a third of the drift itself, sqrt(b)/2, of 0.3 on average"),
    estimate="mean standardised deviation",
    null="no drift, sqrt(b)/2",
    **LENGTHS,
)
def log_norm(results: Results) -> Iterator[Sample]:
    """Average the standardised log norms of the points, network by network as they were drawn."""
    family = _drifting(results)
    if len(family):
        scores = [_score(point) for point in family]
        yield Sample(family, np.mean(scores, axis=0), chance=_no_drift(family))


@claim(
    "Hanin-Nica: variance",
    "An input's log norm is normal N(-b/2, b), b = 5 l / n: its variance about that mean "
    "{accepted}.",
    accepted=percent(25, why="the expansion is to first order in l / n, up to 1/8"),
    estimate="variance / prediction",
    null="lengths that do not vary: 0",
    chance=0.0,
    **LENGTHS,
)
def log_norm_variance(results: Results) -> Iterator[Sample]:
    """Square the deviations from the expected mean, in units of the expected variance."""
    family = _drifting(results)
    if len(family):
        yield Sample(family, np.mean([_score(point) ** 2 for point in family], axis=0))


def _drifting(results: Results) -> Family:
    found = results.where(
        lambda p: p.width >= 8 and _variance(p) >= 0.2,
        initialisation="gaussian",
        bias_variance=0.0,
        **REDUCED,
    )
    return Family("width", found.points)


def _layer(point: Point) -> int:
    return int(min(point.depth, point.width // 8))


def _variance(point: Point) -> float:
    """Return the expected variance b."""
    return float(point.predicted.log_norm_variance.sel(layer=_layer(point)))


def _score(point: Point) -> np.ndarray:
    """Return log norms less the expected, over the expected spread."""
    variance = _variance(point)
    norms = point.measured.first_log_norm.sel(layer=_layer(point)).to_numpy()
    return np.asarray((norms + variance / 2) / np.sqrt(variance))


def _no_drift(family: Family) -> float:
    """Return the mean score of log norms whose mean is 0."""
    return float(np.mean([np.sqrt(_variance(point)) / 2 for point in family]))
