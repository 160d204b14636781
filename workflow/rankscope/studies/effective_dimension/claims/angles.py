"""Claims of others on angles between inputs and on their lengths, at finite width."""

from collections.abc import Iterator

import numpy as np

from rankscope.evidence.claims import RECALLED, claim
from rankscope.evidence.region import percent, within
from rankscope.evidence.results import Results
from rankscope.evidence.samples import Sample
from rankscope.studies.effective_dimension.claims.definitions import PAPER, at_layers

LENGTHS = {
    "scope": "Gaussian weights without bias, n >= 8 l, layers 1, 5, 20, pooled over points",
    "source": "Hanin and Nica, Commun. Math. Phys. 376 (2020)",
    "basis": RECALLED,
    "figure": "angles_and_norms",
}


@claim(
    "T9: pair angle",
    "Jakub and Nica's expansion gives the mean ln sin^2 of a pair's angle {accepted}.",
    accepted=percent(5, why="the expansion is to 1/n; at n = 64 it was found 6 per cent off"),
    estimate="mean over networks / prediction",
    scope="ReLU, Gaussian weights, orthonormal inputs, n >= 128, layers 1, 2, 5, 10, 20",
    source="Jakub and Nica, arXiv 2302.09712, with the formulas of its authors' notebook",
    basis=RECALLED,
    figure="angles_and_norms",
)
def pair_angle(results: Results) -> Iterator[Sample]:
    """Divide the mean over networks, and over pairs of each, by the prediction."""
    chosen = results.where(lambda p: p.width >= 128, geometry="orthonormal", **PAPER)
    for point, layer in at_layers(chosen, (1, 2, 5, 10, 20)):
        ratio = point.measured.log_squared_sine / point.predicted.log_squared_sine
        yield Sample(point, ratio.sel(layer=layer), f"layer {layer}")


@claim(
    "Hanin-Nica: mean",
    "An input's log norm is normal N(-b/2, b), b = 5 l / n: its mean, in standard deviations, "
    "{accepted}.",
    accepted=within(0.2, why="a fifth of a standard deviation"),
    estimate="pooled standardised deviation",
    **LENGTHS,
)
def log_norm(results: Results) -> Iterator[Sample]:
    """Pool the standardised log norms of the networks of all points."""
    for name, scores in _scores(results):
        yield Sample(name, scores)


@claim(
    "Hanin-Nica: variance",
    "An input's log norm is normal N(-b/2, b), b = 5 l / n: its variance {accepted}.",
    accepted=percent(25, why="the expansion is to first order in l / n, up to 1/8"),
    estimate="variance / prediction",
    **LENGTHS,
)
def log_norm_variance(results: Results) -> Iterator[Sample]:
    """Pool the squared deviations of the standardised log norms."""
    for name, scores in _scores(results):
        yield Sample(name, (scores - scores.mean()) ** 2)


def _scores(results: Results) -> Iterator[tuple[str, np.ndarray]]:
    """Yield, per layer, all networks' log norms less the expected, over the expected spread."""
    for layer in (1, 5, 20):
        scores = []
        for point in results.where(
            lambda p, least=layer: p.depth >= least and p.width >= 8 * least,
            initialisation="gaussian",
            bias_variance=0.0,
        ):
            variance = float(point.predicted.log_norm_variance.sel(layer=layer))
            values = point.measured.first_log_norm.sel(layer=layer)
            scores.append((values + variance / 2) / np.sqrt(variance))
        if scores:
            yield f"layer {layer}, pooled", np.concatenate(scores)
