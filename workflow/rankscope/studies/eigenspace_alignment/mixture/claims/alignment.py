"""Claims on how weights and matrices align: effective spectrum, error law, training samples."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from rankscope.evidence.claims import DERIVED, Definition, claim
from rankscope.evidence.region import at_least, at_most, percent, within
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample, jackknife, slope
from rankscope.studies.eigenspace_alignment.mixture.selection import measured, plain
from rankscope.studies.eigenspace_alignment.points import (
    MATRICES,
    MATRIX,
    SPECTRUM,
    certain,
    clear_of_bulk,
    each_matrix,
    random_gap,
    steady,
)

ASYMPTOTIC = 100.0  # lambda from which the first order in 1 / lambda stands for all


def asymptotic(point: Point) -> bool:
    """Whether the first order in ``1 / lambda`` stands for all, and the transient is over."""
    return steady(point) and bool(point.snr >= ASYMPTOTIC)


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
    null="a random direction",
)
def predicted_alignment(results: Results) -> Iterator[Sample]:
    """Compare at the end, mean over classes."""
    for point in results.where(measured, lambda point: point.snr >= 30):
        theory = point.predicted.alignment.isel(checkpoint=-1)
        gap = certain(point, "alignment").isel(checkpoint=-1) - theory
        chance = random_gap(point.classes, point.dimension, theory)
        yield from each_matrix(point, gap.mean("label"), chance=chance)


@claim(
    "C3: predicted principal angle",
    "The smallest cosine between E_k and the span of the means at the end of training is that of "
    "the effective spectrum, {accepted}.",
    accepted=within(0.05, why="the smallest of k cosines; each follows the theory to 0.02"),
    estimate="measured minus predicted cosine",
    scope="lambda of 30 or more, blocks of which the theory has k outliers",
    source=SPECTRUM,
    basis=DERIVED,
    figure="alignment",
    null="a random space, whose smallest cosine is 0",
)
def predicted_cosine(results: Results) -> Iterator[Sample]:
    """Compare at the end, mean over classes."""
    for point in results.where(measured, lambda point: point.snr >= 30):
        theory = point.predicted.isel(checkpoint=-1)
        if (theory.outliers >= point.classes).all():
            gap = certain(point, "smallest_cosine").isel(checkpoint=-1) - theory.smallest_cosine
            chance = -float(theory.smallest_cosine.mean())
            yield from each_matrix(point, gap.mean("label"), chance=chance)


@claim(
    "C3: alignment grows with lambda",
    "1 - rho(x^a, E_k) falls from each lambda to the next, as a power of lambda of {accepted}.",
    accepted=at_most(-0.25, why="half of lambda^(-1/2), the slowest power of the theorems"),
    estimate="exponent between neighbouring lambda, the one nearest to 0",
    scope="points that differ in lambda alone, t of 4 / beta or more",
    figure="error_law",
    null="no dependence on lambda",
    chance=0.0,
)
def growing_alignment(results: Results) -> Iterator[Sample]:
    """Take the exponent whose mean over replicates is nearest to 0."""
    chosen = results.where(measured, steady)
    for family in chosen.families("snr", ignoring=("checkpoints",)):
        errors = [1 - certain(p, "alignment").isel(checkpoint=-1).mean("label") for p in family]
        for matrix in MATRICES:
            rows = [error.sel(matrix=matrix) for error in errors]
            steps = [slice(first, first + 2) for first in range(len(family) - 1)]
            exponents = [slope(list(family.sizes[step]), rows[step]) for step in steps]
            yield Sample(family, max(exponents, key=np.mean), matrix)


@claim(
    "C4: error of order 1 / lambda",
    "1 - rho(x^a, E_k) falls as a power of lambda, exponent {accepted}.",
    accepted=within(0.1, of=-1, why="a fifth of the step to the next exponent of the expansion"),
    estimate="slope of log(1 - rho) against log(lambda)",
    scope="points that differ in lambda alone, lambda of 100 or more, t of 4 / beta or more",
    figure="error_law",
    null="the exponent -1/2",
    chance=-0.5,
)
def error_exponent(results: Results) -> Iterator[Sample]:
    """Fit a power law to the mean over classes of each replicate."""
    chosen = results.where(measured, asymptotic)
    for family in chosen.families("snr", ignoring=("checkpoints",)):
        errors = [1 - certain(p, "alignment").isel(checkpoint=-1).mean("label") for p in family]
        for matrix in MATRICES:
            exponent = slope(list(family.sizes), [error.sel(matrix=matrix) for error in errors])
            yield Sample(family, exponent, matrix)


@claim(
    "C4: constant of the error law",
    "1 - rho(x^a, E_k) is (1/lambda) [k / (2 phi) + c Q / (4 beta |x|^2)] plus the transient, "
    "{accepted}.",
    accepted=percent(15, why="the next order adds about 6 percent at lambda = 100"),
    estimate="1 - rho over the law",
    scope="orthonormal means, lambda of 100 or more, t of 4 / beta or more",
    figure="error_law",
    null="no error",
    chance=0.0,
    definitions=MATRIX,
    over="snr",
)
def error_constant(results: Results, matrix: Definition) -> Iterator[Sample]:
    """Compare at the end, mean over classes."""
    for point in results.where(plain, asymptotic):
        law = float(point.predicted.misalignment_law.isel(checkpoint=-1))
        rho = certain(point, "alignment").isel(checkpoint=-1).sel(matrix=matrix.name)
        yield Sample(point, (1 - rho).mean("label") / law)


@claim(
    "C6: leading eigenvector",
    "rho(x^a, E_1) = sqrt((k - 1) / k), {accepted}.",
    accepted=within(0.01, why="the correction of order 1 / lambda is 0.004 at lambda = 300"),
    estimate="rho(x^a, E_1) minus its limit",
    scope="orthonormal means, lambda of 300 or more, t of 4 / beta or more",
    figure="alignment",
    null="no alignment with E_1",
)
def first_eigenvector(results: Results) -> Iterator[Sample]:
    """Compare at the end, mean over classes."""
    for point in results.where(plain, steady, lambda point: point.snr >= 300):
        limit = point.predicted.limit_alignment_first.item()
        gap = certain(point, "alignment_first").isel(checkpoint=-1).mean("label") - limit
        yield from each_matrix(point, gap, chance=-limit)


@claim(
    "C17: training samples align more",
    "rho(x^a, E_k) with matrices from training samples exceeds that with matrices from test "
    "samples, by {accepted}.",
    accepted=at_least(0.001, why="less could not be told from no difference at this noise"),
    estimate="alignment with training minus with test matrices",
    scope="points with both",
    figure="training_samples",
    null="no difference",
    chance=0.0,
    over="samples_per_dimension",
)
def training_gain(results: Results) -> Iterator[Sample]:
    """Compare at the end, mean over classes."""
    for point in results.where(samples="train"):
        yield from each_matrix(point, _training_gain(point))


@claim(
    "C17: difference of order 1 / (phi beta)",
    "The difference between training and test alignment falls as 1 / (phi beta) or faster, "
    "exponent {accepted}.",
    accepted=at_most(-0.75, why="nearer to -1 than to the -1/2 of a statistical error"),
    estimate="slope of the log difference against log(phi beta)",
    scope="points that differ in phi alone, phi beta of 1 or more: phi counts the samples, which "
    "SGD remembers for a time 1 / beta",
    figure="training_samples",
    null="no dependence on phi",
    chance=0.0,
)
def training_exponent(results: Results) -> Iterator[Sample]:
    """Fit a power law to the mean over classes and replicates."""
    beyond = results.where(
        lambda point: point.samples_per_dimension * point.ridge >= 1, samples="train"
    )
    for family in beyond.families("samples_per_dimension"):
        gains = [_training_gain(point) for point in family]

        def exponent(*of_points: np.ndarray, sizes: np.ndarray = family.sizes) -> float:
            size = [abs(gain.mean()) for gain in of_points]
            return float(np.polyfit(np.log(sizes), np.log(size), 1)[0])

        for matrix in MATRICES:
            of_matrix = [gain.sel(matrix=matrix) for gain in gains]
            yield Sample(family, jackknife(exponent, *of_matrix), matrix)


def _training_gain(point: Point) -> xr.DataArray:
    gain = certain(point, "alignment", "training_") - certain(point, "alignment")
    return gain.isel(checkpoint=-1).mean("label")


@claim(
    "D1: cross terms",
    "|A - P A P| / |A| falls as a power of lambda, and of phi, of exponent {accepted}: cross terms "
    "between means and noise are of order (phi lambda)^(-1/2).",
    accepted=within(0.1, of=-0.5, why="a fifth of the step to the exponent -1"),
    estimate="slope of log(|A - P A P| / |A|) against log(lambda), or against log(phi)",
    scope="points that differ in lambda alone or in phi alone, lambda of 100 or more, t of "
    "4 / beta or more, phi of lambda / 10 or less: the bulk adds a term of order 1 / lambda",
    figure="error_law",
    null="the exponent -1",
    chance=-1.0,
)
def cross_term(results: Results) -> Iterator[Sample]:
    """Fit power laws to the mean over classes of each replicate."""
    chosen = results.where(measured, asymptotic, clear_of_bulk, samples="test")
    for axis in ("snr", "samples_per_dimension"):
        for family in chosen.families(axis, ignoring=("checkpoints",)):
            outside = [certain(p, "outside").isel(checkpoint=-1).mean("label") for p in family]
            for matrix in MATRICES:
                exponent = slope(list(family.sizes), [each.sel(matrix=matrix) for each in outside])
                yield Sample(family, exponent, matrix)
