"""Claims of others on angles between inputs and on their lengths, at finite width."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from rankscope.evidence.claims import RECALLED, claim
from rankscope.evidence.region import percent, within
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample
from rankscope.studies.effective_dimension.claims.definitions import PAPER, REDUCED, at_layers

LAYERS = (1, 2, 5, 10, 20)
LENGTHS = {
    "scope": "Gaussian weights without bias, layer n/8 (or the last, if earlier) where b >= 0.2",
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
    accepted=within(0.2, why="half of the drift itself, sqrt(b)/2, where b is as large as 5/8"),
    estimate="mean standardised deviation",
    null="no drift, sqrt(b)/2",
    **LENGTHS,
)
def log_norm(results: Results) -> Iterator[Sample]:
    """Subtract the expected log norm, in units of the expected spread."""
    for point in _drifting(results):
        score, variance = _scores(point)
        yield Sample(point, score, chance=_no_drift(variance))


@claim(
    "Hanin-Nica: variance",
    "An input's log norm is normal N(-b/2, b), b = 5 l / n: its variance {accepted}.",
    accepted=percent(25, why="the expansion is to first order in l / n, up to 1/8"),
    estimate="variance / prediction",
    null="lengths that do not vary: 0",
    chance=0.0,
    **LENGTHS,
)
def log_norm_variance(results: Results) -> Iterator[Sample]:
    """Square the deviations from the mean, in units of the expected variance."""
    for point in _drifting(results):
        yield Sample(point, _squares(_scores(point)[0]))


def _drifting(results: Results) -> Results:
    return results.where(
        lambda p: p.width >= 8 and _scores(p)[1] >= 0.2,
        initialisation="gaussian",
        bias_variance=0.0,
        **REDUCED,
    )


def _no_drift(variance: float) -> float:
    """Return the score of a log norm whose mean is 0."""
    return float(np.sqrt(variance)) / 2


def _squares(score: xr.DataArray) -> xr.DataArray:
    """Return squared deviations whose mean is the unbiased variance."""
    count = score.sizes["replicate"]
    return (score - score.mean()) ** 2 * count / (count - 1)


def _scores(point: Point) -> tuple[xr.DataArray, float]:
    """Return log norms less the expected, over the expected spread; and the variance b."""
    layer = min(point.depth, point.width // 8)
    variance = float(point.predicted.log_norm_variance.sel(layer=layer))
    values = point.measured.first_log_norm.sel(layer=layer)
    return (values + variance / 2) / np.sqrt(variance), variance
