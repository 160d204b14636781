"""Claims on how weights and matrices align: effective spectrum, error law, training samples."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from rankscope.evidence.claims import DERIVED, HERE, claim
from rankscope.evidence.region import at_least, at_most, percent, within
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample, jackknife, slope
from rankscope.studies.eigenspace_alignment.mixture.selection import measured, plain
from rankscope.studies.eigenspace_alignment.points import MATRICES, each_matrix, steady

SPECTRUM = "derived here from arXiv 2502.15655, theorems 1.10 and 1.11"
ASYMPTOTIC = 100.0  # lambda from which the first order in 1 / lambda stands for all


@claim(
    "C3: predicted alignment",
    "rho(x^a, E_k) at the end of training is that of the effective spectrum, {accepted}, for the "
    "Hessian and for G.",
    accepted=within(0.02, why="at these d, outliers and edge follow it to a few percent"),
    estimate="measured minus predicted alignment",
    scope="lambda of 30 or more",
    source=SPECTRUM,
    basis=DERIVED,
    figure="alignment",
)
def predicted_alignment(results: Results) -> Iterator[Sample]:
    for point in results.where(measured, lambda point: point.snr >= 30):
        gap = (point.measured.alignment - point.predicted.alignment).isel(checkpoint=-1)
        yield from each_matrix(point, gap.mean("label"))


@claim(
    "C3: alignment grows with lambda",
    "rho(x^a, E_k) does not fall as lambda grows: from one lambda to the next it gains {accepted}.",
    accepted=at_least(-0.005, why="a decrease below the resolution of the alignment is none"),
    estimate="smallest gain from one lambda to the next",
    scope="points that differ in lambda alone",
    source=HERE,
    basis=DERIVED,
    figure="error_law",
)
def monotone_alignment(results: Results) -> Iterator[Sample]:
    for family in results.where(measured).families("snr", ignoring=("checkpoints",)):
        rho = [p.measured.alignment.isel(checkpoint=-1).mean("label") for p in family]
        for matrix in MATRICES:
            gains = np.diff([each.sel(matrix=matrix) for each in rho], axis=0)
            yield Sample(family, gains[gains.mean(axis=1).argmin()], matrix)


@claim(
    "C4: error of order 1 / lambda",
    "1 - rho(x^a, E_k) falls as a power of lambda, exponent {accepted}.",
    accepted=within(0.1, of=-1, why="a fifth of the step to the next exponent of the expansion"),
    estimate="slope of log(1 - rho) against log(lambda)",
    scope="points that differ in lambda alone, lambda of 100 or more, t of 4 / beta or more",
    source=HERE,
    basis=DERIVED,
    figure="error_law",
    null="the exponent -1/2",
    chance=-0.5,
)
def error_exponent(results: Results) -> Iterator[Sample]:
    chosen = results.where(measured, steady, lambda point: point.snr >= ASYMPTOTIC)
    for family in chosen.families("snr", ignoring=("checkpoints",)):
        errors = [1 - p.measured.alignment.isel(checkpoint=-1).mean("label") for p in family]
        for matrix in MATRICES:
            exponent = slope(family.sizes, [error.sel(matrix=matrix) for error in errors])
            yield Sample(family, exponent, matrix)


@claim(
    "C4: constant of the error law",
    "1 - rho(x^a, E_k) is (1/lambda) [k / (2 phi) + c Q / (4 beta |x|^2)] plus the transient, "
    "{accepted}.",
    accepted=percent(15, why="the next order adds about 6 percent at lambda = 100"),
    estimate="1 - rho over the law",
    scope="orthonormal means, lambda of 100 or more, t of 4 / beta or more",
    source=HERE,
    basis=DERIVED,
    figure="error_law",
)
def error_constant(results: Results) -> Iterator[Sample]:
    for point in results.where(plain, steady, lambda point: point.snr >= ASYMPTOTIC):
        error = 1 - point.measured.alignment.mean("label")
        ratio = error / point.predicted.misalignment_law
        yield from each_matrix(point, ratio.isel(checkpoint=-1))


@claim(
    "C6: leading eigenvector",
    "rho(x^a, E_1) = sqrt((k - 1) / k), {accepted}.",
    accepted=within(0.01, why="the correction of order 1 / lambda is 0.004 at lambda = 300"),
    estimate="rho(x^a, E_1) minus its limit",
    scope="orthonormal means, lambda of 300 or more, t of 4 / beta or more",
    source=HERE,
    basis=DERIVED,
    figure="alignment",
    null="1 minus the limit: alignment with E_1 alone",
)
def first_eigenvector(results: Results) -> Iterator[Sample]:
    for point in results.where(plain, steady, lambda point: point.snr >= 300):
        limit = point.predicted.limit_alignment_first.item()
        gap = point.measured.alignment_first.isel(checkpoint=-1).mean("label") - limit
        yield from each_matrix(point, gap, chance=1 - limit)


@claim(
    "C17: training samples align more",
    "rho(x^a, E_k) with matrices from training samples exceeds that with matrices from test "
    "samples by {accepted}.",
    accepted=at_least(0.0, why="the statement is on the sign"),
    estimate="alignment with training minus with test matrices",
    scope="points with both",
    source=HERE,
    basis=DERIVED,
    figure="training_samples",
    null="no difference",
    chance=0.0,
)
def training_gain(results: Results) -> Iterator[Sample]:
    for point in results.where(samples="train"):
        yield from each_matrix(point, _training_gain(point))


def _training_gain(point: Point) -> xr.DataArray:
    gain = point.measured.training_alignment - point.measured.alignment
    return gain.isel(checkpoint=-1).mean("label")


@claim(
    "C17: difference of order 1 / phi",
    "The difference between training and test alignment falls as 1 / phi or faster, exponent "
    "{accepted}.",
    accepted=at_most(-0.75, why="at least nearly as fast as 1 / phi"),
    estimate="slope of the log difference against log(phi)",
    scope="points that differ in phi alone",
    source=HERE,
    basis=DERIVED,
    figure="training_samples",
    null="0: no dependence on phi",
    chance=0.0,
)
def training_exponent(results: Results) -> Iterator[Sample]:
    for family in results.where(samples="train").families("samples_per_dimension"):
        gains = [_training_gain(point) for point in family]

        def exponent(*of_points: np.ndarray, sizes: np.ndarray = family.sizes) -> float:
            size = [abs(gain.mean()) for gain in of_points]
            return float(np.polyfit(np.log(sizes), np.log(size), 1)[0])

        for matrix in MATRICES:
            of_matrix = [gain.sel(matrix=matrix) for gain in gains]
            yield Sample(family, jackknife(exponent, *of_matrix), matrix)


@claim(
    "D1: cross terms",
    "At fixed phi, |A - P A P| / |A| falls as a power of lambda, exponent {accepted}: cross terms "
    "between means and noise are of order (phi lambda)^(-1/2).",
    accepted=within(0.1, of=-0.5, why="a fifth of the step to the exponent -1"),
    estimate="slope of log(|A - P A P| / |A|) against log(lambda)",
    scope="points that differ in lambda alone, lambda of 100 or more, t of 4 / beta or more",
    source=HERE,
    basis=DERIVED,
    figure="error_law",
    null="the exponent -1",
    chance=-1.0,
)
def cross_term(results: Results) -> Iterator[Sample]:
    chosen = results.where(measured, steady, lambda point: point.snr >= ASYMPTOTIC)
    for family in chosen.families("snr", ignoring=("checkpoints",)):
        outside = [p.measured.outside.isel(checkpoint=-1).mean("label") for p in family]
        for matrix in MATRICES:
            exponent = slope(family.sizes, [each.sel(matrix=matrix) for each in outside])
            yield Sample(family, exponent, matrix)
