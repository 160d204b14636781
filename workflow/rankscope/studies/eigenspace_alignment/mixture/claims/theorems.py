"""The theorems of the paper on the mixture, at the points of the grid.

They are asymptotic: for ``lambda`` and ``M / d`` large enough and after a time ``T0(eps)``, an
error is of order ``eps + 1 / lambda``. To test them, the unnamed constants are fixed here:
``eps = 0.02``, ``lambda_0 = 100``, ``T0 = log(1 / (2 eps)) / (2 beta)``, the time that the
transient takes, and a factor ``k`` before ``1 / lambda``.
"""

from collections.abc import Iterator

import numpy as np

from rankscope.evidence.claims import RECALLED, claim
from rankscope.evidence.region import Region, at_least, at_most, varies
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample
from rankscope.studies.eigenspace_alignment.mixture.selection import measured, trained
from rankscope.studies.eigenspace_alignment.points import EPSILON, each_matrix, late

PAPER = "arXiv 2310.03010, theorem "
BOUND = varies(
    "at most 0.02 + k / lambda",
    why="eps + 1 / lambda, the constants fixed here: eps = 0.02 and a factor k",
)


def bound(point: Point) -> Region:
    """Return the error that the theorems allow at a point."""
    return at_most(EPSILON + point.classes / point.snr)


@claim(
    "T3.1: weights in leading eigenspaces",
    "1 - rho(x^a, E_k) is {accepted} for the Hessian and G.",
    accepted=BOUND,
    estimate="1 - rho of the worst class",
    scope="lambda of 100 or more, after the transient; constants fixed here",
    source=f"{PAPER}3.1",
    basis=RECALLED,
    figure="error_law",
    null="weights orthogonal to the eigenspace",
    chance=1.0,
    headline=True,
)
def weights_in_eigenspaces(results: Results) -> Iterator[Sample]:
    for point in results.where(measured, late):
        rho = point.measured.alignment.isel(checkpoint=-1).min("label")
        yield from each_matrix(point, 1 - rho, accepted=bound(point))


@claim(
    "T3.2: weights in the span of the means",
    "1 - rho(x^a, Span(mu)) is {accepted}.",
    accepted=BOUND,
    estimate="1 - rho of the worst class",
    scope="lambda of 100 or more, after the transient; constants fixed here",
    source=f"{PAPER}3.2",
    basis=RECALLED,
    figure="collapse",
    null="weights orthogonal to the means",
    chance=1.0,
    headline=True,
)
def weights_in_means(results: Results) -> Iterator[Sample]:
    for point in results.where(trained, late):
        rho = point.measured.weights_in_means.isel(checkpoint=-1).min("label").mean("run")
        yield Sample(point, 1 - rho, accepted=bound(point))


@claim(
    "T3.2: matrices in the span of the means",
    "|A - P A P| / |A| is {accepted} for the Hessian and G.",
    accepted=BOUND,
    estimate="relative norm of the worst class",
    scope="lambda of 100 or more, after the transient; constants fixed here, phi as in the grid",
    source=f"{PAPER}3.2",
    basis=RECALLED,
    figure="error_law",
    null="a matrix outside the span",
    chance=1.0,
)
def matrices_in_means(results: Results) -> Iterator[Sample]:
    for point in results.where(measured, late):
        outside = point.measured.outside.isel(checkpoint=-1).max("label")
        yield from each_matrix(point, outside, accepted=bound(point))


@claim(
    "T3.3: outlier, mini-bulk, bulk",
    "One eigenvalue is separated from k - 1 others and these from the bulk, by factors of "
    "{accepted}.",
    accepted=at_least(1.2, why="a ratio of neighbouring levels that counts as separated"),
    estimate="the smaller of the two ratios",
    scope="orthonormal means, lambda of 100 or more, after the transient",
    source=f"{PAPER}3.3",
    basis=RECALLED,
    figure="eigenvalues",
    null="levels that coincide",
    chance=1.0,
)
def three_levels(results: Results) -> Iterator[Sample]:
    for point in results.where(measured, late, means="orthonormal"):
        k, levels = point.classes, point.measured.eigenvalues.isel(checkpoint=-1)
        top = levels.isel(eigenvalue=0) / levels.isel(eigenvalue=1)
        low = levels.isel(eigenvalue=k - 1) / levels.isel(eigenvalue=k)
        yield from each_matrix(point, np.minimum(top, low).mean("label"))


@claim(
    "T3.3: alignment with the first is below one",
    "rho(x^a, E_1) stays below 1: {accepted}.",
    accepted=at_most(0.98, why="below 1 by the same 0.02 as eps"),
    estimate="rho(x^a, E_1)",
    scope="orthonormal means, lambda of 100 or more, after the transient",
    source=f"{PAPER}3.3",
    basis=RECALLED,
    figure="alignment",
    null="alignment with E_1 alone",
    chance=1.0,
)
def not_first_alone(results: Results) -> Iterator[Sample]:
    for point in results.where(measured, late, means="orthonormal"):
        rho = point.measured.alignment_first.isel(checkpoint=-1)
        yield from each_matrix(point, rho.mean("label"))
