"""The theorems of the paper on the mixture, at the points of the grid.

They are asymptotic: for ``lambda`` and ``M / d`` large enough, at all times from ``T0(eps)`` to
the end, an error is of order ``eps + 1 / lambda``. To test them, the unnamed constants are fixed
here: ``eps = 0.02``, ``lambda_0 = 100``, ``phi_0 = 2``, ``T0 = log(1 / (2 eps)) / (2 beta)``, the
time that the transient takes, and a factor ``k`` before ``1 / lambda``. Of every run, the worst
time and the worst class count.
"""

import math
from collections.abc import Iterator

from rankscope.evidence.claims import RECALLED, claim
from rankscope.evidence.region import at_least, at_most
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample
from rankscope.studies.eigenspace_alignment.mixture.selection import measured, trained
from rankscope.studies.eigenspace_alignment.points import (
    EPSILON,
    PAPER,
    certain,
    chance_alignment,
    each_matrix,
    since,
)

SNR = 100.0
TRANSIENT = math.log(1 / (2 * EPSILON)) / 2  # in units of 1 / beta
ENOUGH_SAMPLES = 2.0  # phi from which eigenvectors of G are the mixture's
MANY_SAMPLES = 40.0  # phi from which cross terms are below the bound at lambda = 100
WORST = ("checkpoint", "label")
WITHIN = at_most(1.0, why="eps + 1 / lambda, the constants fixed here: eps = 0.02, a factor k")


def late(point: Point) -> bool:
    """Whether the theorems are for such a point, and for its end."""
    return bool(point.snr >= SNR and point.ridge * point.duration >= TRANSIENT)


def sampled(point: Point) -> bool:
    """Whether the theorems on eigenvectors and eigenvalues are for such a point."""
    return late(point) and point.samples_per_dimension >= ENOUGH_SAMPLES


def allowed(point: Point) -> float:
    """Return the error that the theorems allow at a point, with the constants fixed here."""
    return float(EPSILON + point.classes / point.snr)


@claim(
    "T3.1: weights in leading eigenspaces",
    "1 - rho(x^a, E_k) is {accepted} times 0.02 + k / lambda for the Hessian and G.",
    accepted=WITHIN,
    estimate="1 - rho, worst class and time, over what is allowed",
    scope="lambda of 100 or more, M / d of 2 or more (the theorem is for both large enough), all "
    "times after the transient; constants fixed here",
    source=f"{PAPER}3.1",
    basis=RECALLED,
    figure="error_law",
    null="a random direction",
    headline=True,
)
def weights_in_eigenspaces(results: Results) -> Iterator[Sample]:
    """Take the worst class and time of each replicate."""
    for point in results.where(measured, sampled):
        rho = since(point, TRANSIENT, certain(point, "alignment")).min(WORST)
        chance = (1 - chance_alignment(point.classes, point.dimension)) / allowed(point)
        yield from each_matrix(point, (1 - rho) / allowed(point), chance=chance)


@claim(
    "T3.2: weights in the span of the means",
    "1 - rho(x^a, Span(mu)) is {accepted} times 0.02 + k / lambda.",
    accepted=WITHIN,
    estimate="1 - rho, worst class and time, over what is allowed",
    scope="lambda of 100 or more, all times after the transient; constants fixed here",
    source=f"{PAPER}3.2",
    basis=RECALLED,
    figure="collapse",
    null="a random direction",
    headline=True,
)
def weights_in_means(results: Results) -> Iterator[Sample]:
    """Take the worst class and time of each network, and the mean over networks."""
    for point in results.where(trained, late):
        rho = since(point, TRANSIENT, point.measured.weights_in_means).min(WORST).mean("run")
        chance = (1 - chance_alignment(point.classes, point.dimension)) / allowed(point)
        yield Sample(point, (1 - rho) / allowed(point), chance=chance)


@claim(
    "T3.2: matrices in the span of the means",
    "|A - P A P| / |A| is {accepted} times 0.02 + k / lambda for the Hessian and G.",
    accepted=WITHIN,
    estimate="relative norm, worst class and time, over what is allowed",
    scope="lambda of 100 or more, phi of 40 or more (the theorem is for M / d large enough; cross "
    "terms are of order (phi lambda)^(-1/2)), all times after the transient; constants fixed here",
    source=f"{PAPER}3.2",
    basis=RECALLED,
    figure="error_law",
    null="a matrix outside the span",
)
def matrices_in_means(results: Results) -> Iterator[Sample]:
    """Take the worst class and time of each replicate."""
    many = results.where(lambda point: point.samples_per_dimension >= MANY_SAMPLES)
    for point in many.where(measured, late):
        outside = since(point, TRANSIENT, certain(point, "outside")).max(WORST)
        yield from each_matrix(point, outside / allowed(point), chance=allowed(point) ** -1)


@claim(
    "T3.3: outlier, mini-bulk, bulk",
    "One eigenvalue is separated from k - 1 others and these from the bulk, by factors of "
    "{accepted}.",
    accepted=at_least(1.2, why="a ratio of neighbouring levels that counts as separated"),
    estimate="the smaller of the two ratios, mean over classes, worst time",
    scope="orthonormal means, lambda of 100 or more, M / d of 2 or more, all times after the "
    "transient",
    source=f"{PAPER}3.3",
    basis=RECALLED,
    figure="eigenvalues",
    null="levels that coincide",
    chance=1.0,
    targets={"fails": 1.0},
)
def three_levels(results: Results) -> Iterator[Sample]:
    """Divide the first eigenvalue by the second, and the last outlier by the next."""
    for point in results.where(measured, sampled, means="orthonormal"):
        k, levels = point.classes, since(point, TRANSIENT, certain(point, "eigenvalues"))
        top = levels.isel(eigenvalue=0) / levels.isel(eigenvalue=1)
        low = levels.isel(eigenvalue=k - 1) / levels.isel(eigenvalue=k)
        ratio = top.where(top < low, low).mean("label")
        yield from each_matrix(point, ratio.min("checkpoint"))


@claim(
    "T3.3: alignment with the first is below one",
    "rho(x^a, E_1) stays below 1: {accepted}.",
    accepted=at_most(0.98, why="below 1 by the same 0.02 as eps"),
    estimate="rho(x^a, E_1), mean over classes, largest over times",
    scope="orthonormal means, lambda of 100 or more, M / d of 2 or more, all times after the "
    "transient",
    source=f"{PAPER}3.3",
    basis=RECALLED,
    figure="alignment",
    null="alignment with E_1 alone",
    chance=1.0,
    targets={"holds": 0.9, "fails": 1.0},
)
def not_first_alone(results: Results) -> Iterator[Sample]:
    """Take the largest alignment over times."""
    for point in results.where(measured, sampled, means="orthonormal"):
        rho = since(point, TRANSIENT, certain(point, "alignment_first")).mean("label")
        yield from each_matrix(point, rho.max("checkpoint"))
