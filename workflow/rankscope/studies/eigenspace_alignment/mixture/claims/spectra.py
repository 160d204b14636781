"""Claims on eigenvalues: levels, thresholds, and numbers of outliers."""

from collections.abc import Iterator

import numpy as np

from rankscope.evidence.claims import DERIVED, HERE, claim
from rankscope.evidence.region import at_most, percent, within
from rankscope.evidence.results import Results
from rankscope.evidence.samples import Sample
from rankscope.studies.eigenspace_alignment.mixture.claims.alignment import SPECTRUM
from rankscope.studies.eigenspace_alignment.mixture.selection import (
    clear_of_edge,
    measured,
    outliers,
    plain,
    trained,
)
from rankscope.studies.eigenspace_alignment.points import MATRICES, each_matrix, steady

MARGIN = 1.9  # tested at least this factor away from a threshold: outliers must clear the edge
HALF = within(0.5, why="a mean count is nearest to the predicted one")


@claim(
    "C7: outlier and mini-bulk",
    "The top eigenvalue of a class block and its k - 1 companions are those of the fixed point "
    "without noise, {accepted}.",
    accepted=percent(5, why="corrections of order 1 / lambda at lambda = 300"),
    estimate="mean eigenvalue over its limit",
    scope="orthonormal means, lambda of 300 or more, t of 4 / beta or more",
    source=HERE,
    basis=DERIVED,
    figure="eigenvalues",
)
def levels(results: Results) -> Iterator[Sample]:
    for point in results.where(plain, steady, lambda point: point.snr >= 300):
        found = point.measured.eigenvalues.isel(checkpoint=-1).mean("label")
        limits = point.predicted.limit_eigenvalues
        for kind, part in (("outlier", slice(0, 1)), ("mini-bulk", slice(1, point.classes))):
            level = found.isel(eigenvalue=part).mean("eigenvalue")
            yield from each_matrix(point, level / limits.sel(kind=kind, drop=True), kind)


@claim(
    "C8: thresholds at the start",
    "At x = 0 the k outliers of a Hessian block appear together at lambda = k / sqrt(phi), those "
    "of a G block at one threshold for its own class and a higher one for the others: mean "
    "counts are right {accepted}.",
    accepted=HALF,
    estimate="number of outliers minus the number expected",
    scope="x = 0, lambda away from the thresholds by a factor of 1.9 or more",
    source=HERE,
    basis=DERIVED,
    figure="outliers_against_snr",
)
def start_thresholds(results: Results) -> Iterator[Sample]:
    for point in results.where(start="zero", duration=0.0):
        found, _ = outliers(point)
        for matrix in MATRICES:
            own, other = point.predicted.start_threshold.sel(matrix=matrix).values
            if np.abs(np.log([point.snr / own, point.snr / other])).min() < np.log(MARGIN):
                continue
            expected = int(point.snr > own) + (point.classes - 1) * int(point.snr > other)
            count = found.sel(matrix=matrix).isel(checkpoint=-1).mean("label")
            yield Sample(point, count - expected, matrix, resolution=1 / point.classes)


@claim(
    "C9: number of outliers",
    "After the start, the number of outliers of a block differs by {accepted} from the number of "
    "eigenvalues of F at the edge that exceed the edge.",
    accepted=at_most(0.5, why="a mean count is nearest to the predicted one"),
    estimate="mean absolute difference of the counts",
    scope="both counted above the edge times 1 + 3 d^(-2/3)",
    source=SPECTRUM,
    basis=DERIVED,
    figure="outliers_against_snr",
)
def outlier_counts(results: Results) -> Iterator[Sample]:
    for point in results.where(measured):
        found, expected = outliers(point)
        gap = np.abs(found - expected).isel(checkpoint=slice(1, None))
        step = 1 / (gap.sizes["checkpoint"] * point.classes)
        yield from each_matrix(point, gap.mean(("checkpoint", "label")), resolution=step)


@claim(
    "C16: full matrices",
    "The full Hessian has k (k - 1) outliers and the full G has k, {accepted}.",
    accepted=HALF,
    estimate="number of outliers minus the number expected",
    scope="orthonormal means, lambda of 100 or more",
    source=HERE,
    basis=DERIVED,
    figure="full_spectra",
)
def full_counts(results: Results) -> Iterator[Sample]:
    for point in results.where(trained, lambda point: point.snr >= 100, matrices="full"):
        k = point.classes
        level = clear_of_edge(point.predicted.full_edge, point.dimension)
        found = (point.measured.full_eigenvalues > level).sum("full_eigenvalue")
        for matrix, expected in (("hessian", k * (k - 1)), ("g", k)):
            gap = found.sel(matrix=matrix).isel(checkpoint=-1) - expected
            yield Sample(point, gap, matrix, resolution=1)
