"""Claims on eigenvalues: levels, edges, thresholds, and numbers of outliers."""

from collections.abc import Iterator

import numpy as np

from rankscope.evidence.claims import DERIVED, claim
from rankscope.evidence.region import at_most, factor, percent, within
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample, jackknife
from rankscope.studies.eigenspace_alignment.mixture.selection import (
    EMERGED,
    above_edge,
    emerged,
    from_zero,
    measured,
    outliers,
    plain,
    sunk,
    trained,
)
from rankscope.studies.eigenspace_alignment.points import (
    EDGE_SLACK,
    HALF,
    MATRICES,
    SPECTRUM,
    certain,
    clear_of_edge,
    distance,
    each_matrix,
    no_spread,
    steady,
)

MARGIN = 1.9  # tested at least this factor away from a threshold: outliers must clear the edge
LARGE = 1000  # dimension from which the edge is less than 1 percent low
RESIDUAL = 1e-4  # relative, up to which eigenvalues of the full matrices are certain


@claim(
    "C7: outlier and mini-bulk",
    "The top eigenvalue of a class block and its k - 1 companions are those of the fixed point "
    "without noise, {accepted}.",
    accepted=percent(5, why="corrections of order 1 / lambda at lambda = 300"),
    estimate="mean eigenvalue over its limit",
    scope="orthonormal means, lambda of 300 or more, t of 4 / beta or more",
    figure="eigenvalues",
    null="noise alone, whose eigenvalues are of order 1 / lambda",
    chance=0.0,
)
def levels(results: Results) -> Iterator[Sample]:
    """Compare at the end, mean over classes and companions."""
    for point in results.where(plain, steady, lambda point: point.snr >= 300):
        found = certain(point, "eigenvalues").isel(checkpoint=-1).mean("label")
        limits = point.predicted.limit_eigenvalues
        for kind, part in (("outlier", slice(0, 1)), ("mini-bulk", slice(1, point.classes))):
            level = found.isel(eigenvalue=part).mean("eigenvalue")
            yield from each_matrix(point, level / limits.sel(kind=kind, drop=True), kind)


@claim(
    "C7: edge of the bulk",
    "The upper edge of the bulk of a class block is that of the effective spectrum: it differs by "
    "a share of d^(-2/3) {accepted}.",
    accepted=within(EDGE_SLACK, why="the scale of Tracy and Widom; outliers must clear as much"),
    estimate="measured over predicted edge, minus 1, in units of d^(-2/3)",
    scope="plain SGD, all times, M of d or more (with fewer the theory of G is not resolved)",
    source=SPECTRUM,
    basis=DERIVED,
    figure="eigenvalues",
    null="no spread: the mean eigenvalue, of weights that are alike",
)
def bulk_edge(results: Results) -> Iterator[Sample]:
    """Compare the mean over times and classes."""
    for point in results.where(measured, lambda p: p.samples_per_dimension >= 1, samples="test"):
        scale = point.dimension ** (2 / 3)
        gap = certain(point, "edge") / point.predicted.edge - 1
        mean = gap.mean(("checkpoint", "label")) * scale
        yield from each_matrix(point, mean, chance=no_spread(point) * scale)


@claim(
    "C8: thresholds at the start",
    "At x = 0 the k outliers of a Hessian block appear together at lambda = k / sqrt(phi), those "
    "of a G block at one threshold for its own class and a higher one for the others: numbers of "
    "outliers differ by {accepted}.",
    accepted=at_most(0.5, why="a mean count is then nearest to the predicted one"),
    estimate="mean absolute difference of the numbers of outliers, measured and expected",
    scope="x = 0, lambda away from the thresholds by a factor of 1.9 or more",
    figure="outliers_against_snr",
    null="one outlier more or fewer in every block",
    chance=1.0,
)
def start_thresholds(results: Results) -> Iterator[Sample]:
    """Count above the measured edge, mean over classes."""
    for point in results.where(start="zero", duration=0.0):
        k, (found, _) = point.classes, outliers(point)
        for matrix in MATRICES:
            thresholds = point.predicted.start_threshold.sel(matrix=matrix)
            if not near(point.snr, thresholds.values):
                above = (point.snr > thresholds).astype(int)
                expected = above.sel(direction="own") + (k - 1) * above.sel(direction="other")
                gap = distance(found.sel(matrix=matrix).isel(checkpoint=-1), expected).mean("label")
                yield Sample(point, gap, matrix, resolution=k**-1)


def near(snr: float, thresholds: np.ndarray) -> bool:
    """Tell whether a signal-to-noise ratio is too near to a threshold to tell its side."""
    return bool(np.abs(np.log(snr / thresholds)).min() < np.log(MARGIN))


@claim(
    "C9: number of outliers",
    "After the start, the number of outliers of a block differs by {accepted} from the number of "
    "eigenvalues of F at the edge that exceed the edge.",
    accepted=at_most(0.5, why="a mean count is then nearest to the predicted one"),
    estimate="mean absolute difference of the counts",
    scope="plain SGD; measured above the measured edge, predicted above the predicted one, both "
    "times 1 + 3 d^(-2/3)",
    source=SPECTRUM,
    basis=DERIVED,
    figure="outliers_against_snr",
    null="one outlier more or fewer in every block",
    chance=1.0,
)
def outlier_counts(results: Results) -> Iterator[Sample]:
    """Compare at all times and classes."""
    for point in results.where(measured, samples="test"):
        k, (found, expected) = point.classes, outliers(point)
        gap = distance(found, expected).isel(checkpoint=slice(1, None))
        step = (gap.sizes["checkpoint"] * k) ** -1
        yield from each_matrix(point, gap.mean(("checkpoint", "label")), resolution=step)


@claim(
    "C16: full matrices",
    "The full Hessian and the full G have as many outliers as the effective spectrum of the full "
    "matrices, {accepted}; without noise these are k (k - 1) and k.",
    accepted=HALF,
    estimate="number of outliers minus the number predicted",
    scope="orthonormal means; measured above the measured edge, predicted above the predicted one, "
    "both times 1 + 3 d^(-2/3)",
    source="derived here from arXiv 2502.15655, reduced by symmetry",
    basis=DERIVED,
    figure="full_spectra",
    null="one outlier per class fewer",
)
def full_counts(results: Results) -> Iterator[Sample]:
    """Count at the end, each above its own edge."""
    for point in results.where(trained, matrices="full"):
        found, expected = (
            (last.full_eigenvalues > clear_of_edge(last.full_edge, point.dimension)).sum(
                "full_eigenvalue"
            )
            for last in (point.measured.isel(checkpoint=-1), point.predicted.isel(checkpoint=-1))
        )
        residual = point.measured.full_residual.isel(checkpoint=-1)
        sure = (residual <= RESIDUAL).all("full_eigenvalue")
        gap = found.where(sure) - expected
        yield from each_matrix(point, gap, chance=-point.classes, resolution=1)


@claim(
    "C16: edge of the bulk of full matrices",
    "The upper edge of the bulk of the full matrices is that of their effective spectrum: it "
    "differs by a share of d^(-2/3) {accepted}.",
    accepted=within(EDGE_SLACK, why="the scale of Tracy and Widom; outliers must clear as much"),
    estimate="measured over predicted edge, minus 1, in units of d^(-2/3)",
    scope="orthonormal means, after the start",
    source="derived here from arXiv 2502.15655, reduced by symmetry",
    basis=DERIVED,
    figure="full_spectra",
    null="no spread: the mean eigenvalue, of weights that are alike",
)
def full_edge(results: Results) -> Iterator[Sample]:
    """Compare the mean over times after the start."""
    for point in results.where(trained, matrices="full"):
        scale = point.dimension ** (2 / 3)
        gap = (point.measured.full_edge / point.predicted.full_edge - 1) * scale
        late = gap.isel(checkpoint=slice(1, None)).mean("checkpoint")
        yield from each_matrix(point, late, chance=no_spread(point) * scale)


@claim(
    "outliers that sink",
    "Where lambda is little above the threshold of the start, all k outliers are there at once, "
    "and training takes k - 1 of them back: the mini-bulk comes down to 6/5 of the bulk's edge at "
    "the time that effective dynamics and effective spectrum give, {accepted}.",
    accepted=factor(
        1.3, why="at d = 200 the edge is a percent low, which is a tenth of the time; twice that"
    ),
    estimate="measured time / predicted time",
    scope="orthonormal means, plain SGD, measured at eight times or more; where the predicted time "
    "is after the second of them and before a third of the duration",
    source=SPECTRUM,
    basis=DERIVED,
    figure="sinking",
    null="outliers stay until half of the duration",
)
def sinking(results: Results) -> Iterator[Sample]:
    """Interpolate the ratio of the mean mini-bulk to the mean edge, both in logarithms."""
    for point in results.where(plain, lambda point: point.checkpoints >= 8):
        times = point.predicted.training_time.values
        for matrix in MATRICES:
            height = above_edge(point.predicted, point.classes).sel(matrix=matrix)
            predicted = sunk(times, height.values)
            if times[2] <= predicted <= point.duration / 3:
                sure = certain(point, "edge").notnull().all("label")
                found = above_edge(point.measured, point.classes).where(sure)
                ratio = jackknife(
                    lambda some, times=times, unit=predicted: sunk(times, some.mean(axis=0)) / unit,
                    found.sel(matrix=matrix),
                )
                yield Sample(point, ratio, matrix, chance=point.duration / 2 / predicted)


def _emerging(point: Point) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the times, the heights of replicates, and when the theory emerges at them."""
    times = point.predicted.training_time.values
    theory, heights = (
        (data.first_eigenvalue / data.first_edge).values
        for data in (point.predicted, point.measured)
    )
    return times, heights, emerged(times, theory)


def _in_time(point: Point) -> bool:
    """Whether a finite d leaves the time, and it is among the measured ones."""
    times, _, predicted = _emerging(point)
    among = 2 * times[min(2, len(times) - 1)] <= predicted <= point.duration / 2
    return bool(point.dimension >= LARGE and among)


@claim(
    "outliers that emerge",
    "Where lambda is below the threshold of the start, a Hessian block has no outlier at x = 0, "
    "and training makes one: the first eigenvalue rises to 21/20 of the bulk's edge at the time "
    "that effective dynamics and effective spectrum give, {accepted}.",
    accepted=factor(
        1.5,
        why="where the edge is 1.3 percent low and the height grows by 5 percent while time grows "
        "by a factor e, a quarter of the time; half as much again",
    ),
    estimate="measured time / predicted time",
    scope="orthonormal means, plain SGD from x = 0, d of 1000 or more (at d = 300 the first of "
    "eigenvalues that are all near the edge is 3.5 percent high, which halves the time), where the "
    "predicted time is after twice the second measured one and in the first half of the duration",
    source=SPECTRUM,
    basis=DERIVED,
    figure="emergence",
    null="an outlier that emerges between the first two measured times",
)
def emergence(results: Results) -> Iterator[Sample]:
    """Interpolate the mean ratio of first eigenvalue and edge, in logarithms."""
    for point in results.where(from_zero, _in_time):
        times, heights, unit = _emerging(point)
        ratio = jackknife(
            lambda some, times=times, unit=unit: emerged(times, some.mean(axis=0)) / unit, heights
        )
        yield Sample(point, ratio, chance=float(np.sqrt(times[1] * times[2])) / unit)


@claim(
    "time of emergence against lambda",
    "The time at which an outlier emerges falls with lambda as the theory's does: exponents of a "
    "power law agree {accepted}.",
    accepted=percent(
        25, why="half of the shift of log times by the low edge, over a range of log times of 1"
    ),
    estimate="slope of log time against log(lambda), measured over predicted",
    scope="points of the claim before that differ in lambda alone, three or more",
    source=SPECTRUM,
    basis=DERIVED,
    figure="emergence",
    null="a time that does not depend on lambda",
    chance=0.0,
)
def emergence_slope(results: Results) -> Iterator[Sample]:
    """Fit power laws to the times of the mean over replicates."""
    for family in results.where(from_zero, _in_time).families("snr"):
        if len(family) < 3:
            continue
        parts = [_emerging(point) for point in family]
        log_snr = np.log(family.sizes)
        times = [time for time, _, _ in parts]
        unit = np.polyfit(log_snr, np.log([predicted for _, _, predicted in parts]), 1)[0]

        def exponent(
            *heights: np.ndarray,
            x: np.ndarray = log_snr,
            times: list[np.ndarray] = times,
            unit: float = unit,
        ) -> float:
            means = [height.mean(axis=0) for height in heights]
            found = [emerged(*pair) for pair in zip(times, means, strict=True)]
            return float(np.polyfit(x, np.log(found), 1)[0] / unit)

        yield Sample(family, jackknife(exponent, *(heights for _, heights, _ in parts)))


@claim(
    "no emergence at small lambda",
    "Where the theory's first eigenvalue never rises to half of what counts as emerged, the "
    "measured one does not emerge: its largest height over the edge is {accepted}.",
    accepted=at_most(EMERGED, why="the height that counts as emerged"),
    estimate="largest mean height over times",
    scope="orthonormal means, plain SGD from x = 0, below the threshold of the start",
    source=SPECTRUM,
    basis=DERIVED,
    figure="emergence",
    null="an outlier as high again",
    chance=2 * EMERGED - 1,
    targets={"holds": (1 + EMERGED) / 2},
)
def no_emergence(results: Results) -> Iterator[Sample]:
    """Take the largest mean over replicates and classes."""
    for point in results.where(from_zero):
        theory = point.predicted
        if float((theory.first_eigenvalue / theory.first_edge).max()) <= (1 + EMERGED) / 2:
            _, heights, _ = _emerging(point)
            yield Sample(point, jackknife(lambda some: float(some.mean(axis=0).max()), heights))
