"""The claims on the two-layer network: last layer, first layer, what emerges, the theorems.

The theorems are asymptotic: for ``lambda`` and ``M / d`` large enough and after a time
``T0(eps)``, an error is of order ``eps + lambda^(-1/2)``. To test them, the unnamed constants
are fixed here: ``eps = 0.02``, ``lambda_0 = 100``, ``T0 = log(1 / (2 eps)) / (2 beta)``, the
time that the transient takes, and a factor 2 before ``lambda^(-1/2)``.
"""

import math
from collections.abc import Iterator

import numpy as np
import xarray as xr
from scipy import stats

from rankscope.evidence.claims import DERIVED, HERE, RECALLED, claim
from rankscope.evidence.region import Region, at_least, at_most, between, percent, varies, within
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample, exact, proportion
from rankscope.studies.eigenspace_alignment.points import EPSILON, each_matrix, late, steady
from rankscope.studies.eigenspace_alignment.xor.selection import (
    alive,
    gaussian,
    living,
    plain,
    settled,
)

PAPER = "arXiv 2310.03010, theorem "
MANY = 100  # networks of one point, from which a proportion or a law can be judged
SMALLEST_COUNT = 5.0  # expected in a cell of a chi-square test
REACHED = 0.9
WIDE = 20
LAW = 0.15
BOUND = varies(
    "at most 0.02 + 2 / sqrt(lambda)",
    why="eps + lambda^(-1/2), the constants fixed here: eps = 0.02 and a factor 2",
)


def populous(point: Point) -> bool:
    """Whether a point has enough networks for a proportion or a law."""
    return point.runs * point.measured.sizes["replicate"] >= MANY


def wide(point: Point) -> bool:
    """Whether a wide network starts Gaussian and is measured."""
    return gaussian(point) and point.matrices == "blocks" and point.width >= WIDE


def bound(point: Point) -> Region:
    """Return the error that the theorems allow at a point."""
    return at_most(EPSILON + 2 / math.sqrt(point.snr))


@claim(
    "C10: rank is the number of cells",
    "The last-layer Hessian has one outlier per cell with a neuron that is alive, in a share of "
    "networks of {accepted}.",
    accepted=at_least(0.98, why="what is left are neurons that had not yet died or grown"),
    estimate="share of networks",
    scope="Gaussian start, lambda of 30 or more, t of 3 / beta or more, 100 networks or more",
    source=HERE,
    basis=DERIVED,
    figure="occupied_cells",
)
def rank_is_groups(results: Results) -> Iterator[Sample]:
    for point in results.where(gaussian, settled, populous, lambda point: point.snr >= 30):
        last = point.measured.isel(checkpoint=-1)
        rank = last.last_outliers.sel(last_matrix="hessian")
        yield Sample(point, proportion(rank == last.groups_found))


@claim(
    "C11: occupancy law",
    "The number of last-layer outliers follows the occupancy law of K neurons in four cells: "
    "p-value of a chi-square test {accepted}.",
    accepted=between(0.01, 1.0, why="the level at which the test would reject the law"),
    estimate="p-value",
    scope="Gaussian start, lambda of 30 or more, beta of 0.05 or less, t of 3 / beta or more",
    source="derived here; for K = 4, P(4) = 3/32 is that of BGJ, section 5",
    basis=DERIVED,
    figure="occupied_cells",
)
def occupancy(results: Results) -> Iterator[Sample]:
    chosen = results.where(gaussian, settled, populous, lambda point: point.snr >= 30)
    for point in chosen.where(lambda point: point.ridge <= 0.05):
        rank = point.measured.last_outliers.isel(checkpoint=-1).sel(last_matrix="hessian")
        counts = np.bincount(rank.values.ravel().astype(int), minlength=5)
        yield Sample(point, exact(chi_square(counts, point.predicted.occupancy.values)))


def chi_square(observed: np.ndarray, law: np.ndarray) -> float:
    """Return the p-value; ranks that are expected fewer than five times join the next."""
    expected = law * observed.sum()
    pooled: list[list[float]] = []
    carried = np.zeros(2)
    for pair in zip(observed[: len(law)], expected, strict=True):
        carried = carried + pair
        if carried[1] >= SMALLEST_COUNT:
            pooled.append(list(carried))
            carried = np.zeros(2)
    pooled[-1] = list(np.add(pooled[-1], carried))
    found, wanted = np.array(pooled).T
    if len(found) < 2:
        return 1.0
    return float(stats.chisquare(found, wanted).pvalue)


@claim(
    "C12: last-layer outliers",
    "Last-layer outliers are beta (1 - 4 beta) C for H and 4 beta^2 C for G, mean {accepted}.",
    accepted=percent(10, why="corrections of order lambda^(-1/2) at lambda = 100"),
    estimate="mean outlier over its limit",
    scope="ReLU, lambda of 100 or more, t of 3 / beta or more, networks with one outlier per cell",
    source=HERE,
    basis=DERIVED,
    figure="last_layer",
)
def last_levels(results: Results) -> Iterator[Sample]:
    chosen = results.where(settled, lambda point: point.snr >= 100, activation="relu")
    for point in chosen:
        last = point.measured.isel(checkpoint=-1)
        cells = last.groups_found
        fits = (last.last_outliers.sel(last_matrix="hessian", drop=True) == cells) & (cells > 0)
        if not fits.any():
            continue
        number = xr.DataArray(np.arange(point.width), dims="eigenvalue_index")
        level = plain(last.last_eigenvalues).where(number < cells).mean("eigenvalue_index")
        ratio = (level / point.predicted.last_limit).where(fits).mean("run")
        yield from each_matrix(point, ratio.isel(replicate=fits.any("run").values))


@claim(
    "C13: regularised G",
    "With the ridge in the gradients, v lies in the kernel of the last-layer G at the optimal "
    "classifier: rho(v, E_3) {accepted}.",
    accepted=at_most(0.03, why="cross terms with the noise at lambda = 10; the limit is 0"),
    estimate="rho(v, E_3) of the regularised G",
    scope="ReLU, planted start, lambda of 100 or more, t of 4 / beta or more, four cells",
    source=HERE,
    basis=DERIVED,
    figure="last_layer",
)
def regularised_kernel(results: Results) -> Iterator[Sample]:
    yield from _in_three(results, cells=4)


@claim(
    "C13: regularised G at three cells",
    "Where three cells are occupied, v does not lie in the kernel of the regularised G: "
    "rho(v, E_3) {accepted}.",
    accepted=at_least(0.9, why="the limit is 1: v has an eigenvalue beta^2 C of its own"),
    estimate="rho(v, E_3) of the regularised G",
    scope="ReLU, planted start, lambda of 100 or more, t of 4 / beta or more, three cells",
    source=HERE,
    basis=DERIVED,
    figure="last_layer",
)
def regularised_outside_kernel(results: Results) -> Iterator[Sample]:
    yield from _in_three(results, cells=3)


def _in_three(results: Results, cells: int) -> Iterator[Sample]:
    """Yield ``rho(v, E_3)`` of the networks in which this many cells are occupied."""
    planted = results.where(lambda point: point.planted_cells > 0, steady, activation="relu")
    for point in planted.where(lambda point: point.snr >= 100):
        last = point.measured.isel(checkpoint=-1)
        right = last.groups_found == cells
        if right.any():
            rho = last.second_in_three.sel(last_matrix="regularised g").where(right).mean("run")
            yield Sample(point, rho.isel(replicate=right.any("run").values))


@claim(
    "C14: error law of the first layer",
    "1 - rho(W_i, E_2) = (2 / phi + 2 beta c) / lambda plus the transient, {accepted}.",
    accepted=varies(
        "to 15 percent plus lambda^(-1/2)", why="corrections are of relative order lambda^(-1/2)"
    ),
    estimate="1 - rho over the law",
    scope="ReLU, planted optimal classifier, lambda of 30 or more, t of 4 / beta or more, neurons "
    "that are alive",
    source=HERE,
    basis=DERIVED,
    figure="error_law",
)
def first_layer_law(results: Results) -> Iterator[Sample]:
    chosen = results.where(steady, planted_cells=4, activation="relu", matrices="blocks")
    for point in chosen.where(lambda point: point.snr >= 30):
        law = point.predicted.misalignment_law.isel(checkpoint=-1)
        accepted = within(LAW + point.snr**-0.5, of=1)
        yield from each_matrix(point, (1 - living(point, "alignment")) / law, accepted=accepted)


@claim(
    "C15: outliers emerge",
    "The last layer starts with one outlier, of the positive mean of ReLU, and ends with one per "
    "occupied cell, mean counts {accepted}.",
    accepted=within(0.5, why="a mean count is nearest to the predicted one"),
    estimate="number of outliers, minus 1 at the start, and minus the number of cells at the end",
    scope="Gaussian start, 20 neurons or more, lambda of 30 or more",
    source=HERE,
    basis=DERIVED,
    figure="emergence",
)
def emergence(results: Results) -> Iterator[Sample]:
    for point in results.where(wide, lambda point: point.snr >= 30):
        rank = plain(point.measured.last_outliers.isel(run=0))
        cells = point.measured.groups_found.isel(run=0, checkpoint=-1)
        yield from each_matrix(point, rank.isel(checkpoint=0) - 1, "start", resolution=1)
        yield from each_matrix(point, rank.isel(checkpoint=-1) - cells, "end", resolution=1)


@claim(
    "C15: second layer first",
    "The second layer reaches alignment 0.9 before the first: log ratio of the times {accepted}.",
    accepted=at_least(0.0, why="the statement is on the order"),
    estimate="log ratio of the times, first over second layer",
    scope="Gaussian start, 20 neurons or more, lambda of 30 or more; median over living neurons",
    source=HERE,
    basis=DERIVED,
    figure="emergence",
)
def layer_order(results: Results) -> Iterator[Sample]:
    for point in results.where(wide, lambda point: point.snr >= 30):
        data = point.measured
        first = data.alignment.where(data.alive.isel(run=0) > 0).median("neuron")
        second = plain(data.second_in_four.isel(run=0))
        ratio = np.log(reached(data.training_time, first) / reached(data.training_time, second))
        yield from each_matrix(point, ratio)


def reached(time: xr.DataArray, curves: xr.DataArray) -> xr.DataArray:
    """Return when curves first reach `REACHED`, by linear interpolation, or ``nan``."""

    def of_one(curve: np.ndarray) -> float:
        hits = np.flatnonzero(curve >= REACHED)
        if not len(hits) or hits[0] == 0:
            return math.nan
        around = slice(hits[0] - 1, hits[0] + 1)
        return float(np.interp(REACHED, curve[around], time.values[around]))

    return xr.apply_ufunc(of_one, curves, input_core_dims=[["checkpoint"]], vectorize=True)


@claim(
    "C15: dead neurons stay misaligned",
    "Neurons that die stay less aligned than living ones, by {accepted}.",
    accepted=at_least(0.1, why="a gap that is seen at once in a plot of alignments"),
    estimate="mean alignment of living minus dead neurons",
    scope="Gaussian start, lambda of 30 or more, t of 3 / beta or more, networks with dead neurons",
    source=HERE,
    basis=DERIVED,
    figure="emergence",
    null="no difference",
    chance=0.0,
)
def dead_neurons(results: Results) -> Iterator[Sample]:
    chosen = results.where(gaussian, settled, lambda point: point.snr >= 30, matrices="blocks")
    for point in chosen:
        lives = alive(point)
        rho = point.measured.alignment.isel(checkpoint=-1)
        gap = rho.where(lives).mean("neuron") - rho.where(~lives).mean("neuron")
        some_died = ~lives.all("neuron")
        if some_died.any():
            yield from each_matrix(point, gap.isel(replicate=some_died.values))


@claim(
    "C19: kink of ReLU",
    "Across a neuron's kink the population risk curves more than the almost-everywhere Hessian, "
    "by 2 beta sqrt(lambda / (2 pi)) {accepted}.",
    accepted=percent(10, why="corrections of order lambda^(-1/2)"),
    estimate="difference over the kink term of ReLU",
    scope="ReLU, planted optimal classifier, lambda of 10 or more, neurons that are alive",
    source=HERE,
    basis=DERIVED,
    figure="kink",
    null="no kink",
    chance=0.0,
)
def kink(results: Results) -> Iterator[Sample]:
    yield from _missed(results.where(activation="relu"))


@claim(
    "C19: no kink of softplus",
    "With softplus the population risk curves as the almost-everywhere Hessian does, {accepted} "
    "of the kink term of ReLU.",
    accepted=within(0.05, why="half of what is allowed to ReLU"),
    estimate="difference over the kink term of ReLU",
    scope="softplus, planted optimal classifier, lambda of 10 or more, neurons that are alive",
    source=HERE,
    basis=DERIVED,
    figure="kink",
    null="the kink of ReLU",
    chance=1.0,
)
def no_kink(results: Results) -> Iterator[Sample]:
    yield from _missed(results.where(activation="softplus"))


def _missed(results: Results) -> Iterator[Sample]:
    """Yield what the almost-everywhere Hessian misses, over the kink term."""
    chosen = results.where(steady, planted_cells=4, matrices="blocks")
    for point in chosen.where(lambda point: point.snr >= 10):
        missed = living(point, "curvature_difference") - living(
            point, "curvature_almost_everywhere"
        )
        yield Sample(point, missed / point.predicted.kink_term)


@claim(
    "T4.1: first layer in leading eigenspaces",
    "1 - rho(W_i, E_2) is {accepted}, living neurons.",
    accepted=BOUND,
    estimate="mean 1 - rho",
    scope="lambda of 100 or more, after the transient; constants fixed here",
    source=f"{PAPER}4.1",
    basis=RECALLED,
    figure="emergence",
    null="weights orthogonal to the eigenspace",
    chance=1.0,
    headline=True,
)
def first_layer_in_eigenspaces(results: Results) -> Iterator[Sample]:
    for point in results.where(late, matrices="blocks"):
        yield from each_matrix(point, 1 - living(point, "alignment"), accepted=bound(point))


@claim(
    "T4.1: second layer in leading eigenspaces",
    "1 - rho(v, E_4) is {accepted}, whatever classifier is reached.",
    accepted=BOUND,
    estimate="mean 1 - rho",
    scope="more than four neurons, lambda of 100 or more, after the transient; constants fixed "
    "here",
    source=f"{PAPER}4.1",
    basis=RECALLED,
    figure="emergence",
    null="weights orthogonal to the eigenspace",
    chance=1.0,
    headline=True,
)
def second_layer_in_eigenspaces(results: Results) -> Iterator[Sample]:
    for point in results.where(late, lambda point: point.width > 4):
        rho = plain(point.measured.second_in_four.isel(checkpoint=-1)).mean("run")
        yield from each_matrix(point, 1 - rho, accepted=bound(point))


@claim(
    "T4.2: first layer in the span of the centres",
    "1 - rho(W_i, span(mu, nu)) and |A - P A P| / |A| are {accepted}, living neurons.",
    accepted=BOUND,
    estimate="mean error",
    scope="lambda of 100 or more, after the transient; constants fixed here",
    source=f"{PAPER}4.2",
    basis=RECALLED,
    figure="emergence",
    null="weights orthogonal to the centres",
    chance=1.0,
)
def first_layer_in_centres(results: Results) -> Iterator[Sample]:
    for point in results.where(late, matrices="blocks"):
        share = living(point, "weights_in_centres").isel(run=0)
        yield Sample(point, 1 - share, "W", accepted=bound(point))
        yield from each_matrix(point, living(point, "outside"), accepted=bound(point))


@claim(
    "T4.2: second layer in the span of hidden centres",
    "1 - rho(v, span of g(W theta)) is {accepted}.",
    accepted=BOUND,
    estimate="mean 1 - rho",
    scope="more than four neurons, lambda of 100 or more, after the transient; constants fixed "
    "here",
    source=f"{PAPER}4.2",
    basis=RECALLED,
    figure="emergence",
    null="weights orthogonal to the hidden centres",
    chance=1.0,
)
def second_layer_in_hidden(results: Results) -> Iterator[Sample]:
    for point in results.where(late, lambda point: point.width > 4):
        rho = point.measured.second_in_hidden.isel(checkpoint=-1).mean("run")
        yield Sample(point, 1 - rho, accepted=bound(point))
