"""Claims on the last layer: its outliers, the cells they stand for, and how they emerge."""

import dataclasses
import functools
import math
from collections.abc import Iterator

import numpy as np
import xarray as xr

from rankscope.evidence.claims import DERIVED, Definition, claim
from rankscope.evidence.region import at_least, at_most, percent
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample, jackknife, proportion, total_variation
from rankscope.studies.eigenspace_alignment.points import (
    HALF,
    MATRIX,
    certain,
    each_matrix,
    steady,
)
from rankscope.studies.eigenspace_alignment.xor.selection import (
    ALIVE,
    OUTLIERS,
    gaussian,
    plain,
    settled,
)

MANY = 100  # networks of one point, from which a proportion or a law can be judged
APART = 0.1  # share of networks with fewer than four cells, below which any law says the same
REACHED = 0.9
NOISELESS = 1000.0  # lambda from which the law without noise is expected
WIDE = 20


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cut(Definition):
    """What counts as an outlier of a matrix that has no bulk.

    Attributes:
        share: of the largest eigenvalue, above which another one counts.
    """

    share: float


CUTS = tuple(Cut(name=f"above {share:g} of the largest", share=share) for share in (0.2, 0.1, 0.05))


def many(point: Point) -> bool:
    """Whether a point has many networks from Gaussian starts, settled, and the law says much."""
    networks = point.runs * point.measured.sizes["replicate"]
    apart = float(1 - point.predicted.occupancy[4]) >= APART
    return gaussian(point) and settled(point) and bool(networks >= MANY) and apart


def wide(point: Point) -> bool:
    """Whether a wide network starts Gaussian at little noise and is measured along training."""
    followed = point.matrices == "blocks" and point.measured_from == 0
    return gaussian(point) and followed and bool(point.width >= WIDE and point.snr >= 30)


@claim(
    "C10: rank is the number of cells",
    "The last-layer Hessian has one outlier per cell with a neuron that is alive, in a share of "
    "networks of {accepted}.",
    accepted=at_least(0.98, why="the rest are networks that have not yet left a saddle"),
    estimate="share of networks",
    scope="Gaussian start, lambda of 30 or more, t of 3 / beta or more, 100 networks or more, "
    f"fewer than four cells in a tenth of them or more; neurons {ALIVE}",
    figure="occupied_cells",
    null="four outliers in every network",
    definitions=CUTS,
    over="snr",
    targets={"holds": 1.0, "fails": 0.9},
)
def rank_is_groups(results: Results, cut: Cut) -> Iterator[Sample]:
    """Count networks in which both numbers agree at the end."""
    for point in results.where(many, lambda point: point.snr >= 30):
        last = point.measured.isel(checkpoint=-1)
        values = last.last_eigenvalues.sel(last_matrix="hessian")
        rank = (values > cut.share * values.max("eigenvalue_index")).sum("eigenvalue_index")
        chance = float(point.predicted.occupancy[4])
        yield Sample(point, proportion(rank == last.groups_found), chance=chance)


@claim(
    "C11: occupancy law",
    "The number of last-layer outliers has the law of the number of cells that K neurons occupy "
    "if each picks one of four, at a distance in total variation of {accepted}.",
    accepted=at_most(0.05, why="one network in twenty would have another number"),
    estimate="total variation between the shares of networks and the law",
    scope="Gaussian start, lambda of 1000 or more (the law is of lambda to infinity), beta of 0.05 "
    "or less, t of 3 / beta or more, 100 networks or more, fewer than four cells in a tenth of "
    f"them or more; {OUTLIERS}",
    source="derived here; for K = 4, P(4) = 3/32 is that of BGJ, section 5",
    basis=DERIVED,
    figure="occupied_cells",
    null="four outliers in every network",
    # a distance of shares of networks is never 0
    targets={"holds": 0.025},
)
def occupancy(results: Results) -> Iterator[Sample]:
    """Compare the shares over all networks; sampling noise adds to the distance."""
    chosen = results.where(many, lambda point: point.snr >= NOISELESS and point.ridge <= 0.05)
    for point in chosen:
        rank = point.measured.last_outliers.isel(checkpoint=-1).sel(last_matrix="hessian")
        shares = np.stack([(rank == r).mean("run") for r in range(5)], axis=1)
        law = point.predicted.occupancy.values
        distance = functools.partial(total_variation, law=law)
        yield Sample(point, jackknife(distance, shares), chance=1 - law[4])


@claim(
    "C11: empty cells are filled",
    "At noise that is not small, all four cells are occupied more often than if each neuron picked "
    "its own independently: the probability is larger by a factor of {accepted}.",
    accepted=at_least(1.05, why="less would be within the error of the shares"),
    estimate="share of networks with four outliers over the law",
    scope="Gaussian start, lambda from 30 to 100, beta of 0.05 or less, t of 3 / beta or more, 100 "
    f"networks or more, fewer than four cells in a tenth of them or more; {OUTLIERS}",
    source="found here",
    basis=DERIVED,
    figure="occupied_cells",
    null="independent choice",
    chance=1.0,
    targets={"holds": 1.1, "fails": 1.0},
)
def four_cells(results: Results) -> Iterator[Sample]:
    """Compare the share of each replicate."""
    chosen = results.where(many, lambda point: 30 <= point.snr <= 100 and point.ridge <= 0.05)
    for point in chosen:
        rank = point.measured.last_outliers.isel(checkpoint=-1).sel(last_matrix="hessian")
        law = float(point.predicted.occupancy[4])
        yield Sample(point, (rank == 4).mean("run") / law, resolution=(point.runs * law) ** -1)


@claim(
    "C12: last-layer outliers",
    "Last-layer outliers are beta (1 - 4 beta) C for H and 4 beta^2 C for G, mean {accepted}.",
    accepted=percent(10, why="corrections of order lambda^(-1/2) at lambda = 100"),
    estimate="mean outlier over its limit",
    scope="ReLU, lambda of 100 or more, t of 3 / beta or more, networks with one outlier per cell; "
    f"{OUTLIERS}, neurons {ALIVE}",
    figure="last_layer",
    null="no outlier",
    chance=0.0,
    definitions=MATRIX,
    over="snr",
)
def last_levels(results: Results, matrix: Definition) -> Iterator[Sample]:
    """Compare the mean outlier at the end."""
    for point in results.where(settled, lambda point: point.snr >= 100, activation="relu"):
        last = point.measured.isel(checkpoint=-1)
        cells = last.groups_found
        fits = (last.last_outliers.sel(last_matrix="hessian") == cells) & (cells > 0)
        if fits.any():
            number = xr.DataArray(np.arange(point.width), dims="eigenvalue_index")
            values = last.last_eigenvalues.sel(last_matrix=matrix.name).where(number < cells)
            level = values.mean("eigenvalue_index").where(fits).mean("run")
            limit = float(point.predicted.last_limit.sel(matrix=matrix.name))
            yield Sample(point, level.isel(replicate=fits.any("run").values) / limit)


@claim(
    "C13: regularised G",
    "With the ridge in the gradients, v lies in the kernel of the last-layer G at the optimal "
    "classifier: rho(v, E_3) is {accepted}.",
    accepted=at_most(0.03, why="as large at lambda = 10, from cross terms; the limit is 0"),
    estimate="rho(v, E_3) of the regularised G",
    scope="ReLU, planted start, lambda of 100 or more, t of 4 / beta or more, four cells; "
    f"neurons {ALIVE}",
    figure="last_layer",
    null="a random direction in four dimensions",
    chance=math.sqrt(3 / 4),
)
def regularised_kernel(results: Results) -> Iterator[Sample]:
    """Take networks with four occupied cells at the end."""
    yield from _in_three(results, cells=4)


@claim(
    "C13: regularised G at three cells",
    "Where three cells are occupied, v does not lie in the kernel of the regularised G: "
    "rho(v, E_3) is {accepted}.",
    accepted=at_least(0.95, why="half way from chance to the limit, 1"),
    estimate="rho(v, E_3) of the regularised G",
    scope="ReLU, planted start, lambda of 100 or more, t of 4 / beta or more, three cells; "
    f"neurons {ALIVE}",
    figure="last_layer",
    null="a random direction in four dimensions",
    chance=math.sqrt(3 / 4),
    targets={"holds": 1.0, "fails": 0.8},
)
def regularised_outside_kernel(results: Results) -> Iterator[Sample]:
    """Take networks with three occupied cells at the end."""
    yield from _in_three(results, cells=3)


def _in_three(results: Results, cells: int) -> Iterator[Sample]:
    planted = results.where(lambda point: point.planted_cells > 0, steady, activation="relu")
    for point in planted.where(lambda point: point.snr >= 100):
        last = point.measured.isel(checkpoint=-1)
        right = last.groups_found == cells
        if right.any():
            rho = last.second_in_three.sel(last_matrix="regularised g").where(right).mean("run")
            yield Sample(point, rho.isel(replicate=right.any("run").values))


@claim(
    "C15: one outlier at the start",
    "The last layer starts with one outlier, of the positive mean of ReLU, {accepted}.",
    accepted=HALF,
    estimate="number of outliers minus 1",
    scope=f"Gaussian start, 20 neurons or more, lambda of 30 or more; {OUTLIERS}",
    figure="emergence",
    null="four outliers, as at the end",
    chance=3.0,
    over="snr",
)
def one_outlier(results: Results) -> Iterator[Sample]:
    """Count at time 0."""
    for point in results.where(wide):
        rank = plain(point.measured.last_outliers.isel(run=0, checkpoint=0))
        yield from each_matrix(point, rank - 1, resolution=1)


@claim(
    "C15: an outlier per cell at the end",
    "The last layer ends with one outlier per occupied cell, {accepted}.",
    accepted=HALF,
    estimate="number of outliers minus the number of cells",
    scope=f"Gaussian start, 20 neurons or more, lambda of 30 or more; {OUTLIERS}, neurons {ALIVE}",
    figure="emergence",
    null="one outlier, as at the start",
    chance=-3.0,
)
def an_outlier_per_cell(results: Results) -> Iterator[Sample]:
    """Count at the end."""
    for point in results.where(wide):
        last = point.measured.isel(run=0, checkpoint=-1)
        yield from each_matrix(point, plain(last.last_outliers) - last.groups_found, resolution=1)


@claim(
    "C15: second layer first",
    "The second layer reaches alignment 0.9 before the first: log ratio of the times {accepted}.",
    accepted=at_least(math.log(2), why="twice as early; below that, both are as fast"),
    estimate="log ratio of the times, first over second layer",
    scope="Gaussian start, 20 neurons or more, lambda of 30 or more; median over neurons that are "
    f"{ALIVE}",
    figure="emergence",
    null="both at the same time",
    chance=0.0,
)
def layer_order(results: Results) -> Iterator[Sample]:
    """Interpolate between measured times; a layer that never gets there has no time."""
    for point in results.where(wide):
        data = point.measured
        first = certain(point, "alignment").where(data.alive.isel(run=0) > 0).median("neuron")
        second = plain(data.second_in_four.isel(run=0))
        times = [reached(data.training_time, each) for each in (first, second)]
        yield from each_matrix(point, xr.apply_ufunc(np.log, times[0] / times[1]))


def reached(time: xr.DataArray, curves: xr.DataArray) -> xr.DataArray:
    """Return when curves first reach `REACHED`, by linear interpolation, or ``nan``."""

    def of_one(curve: np.ndarray) -> float:
        hits = np.flatnonzero(curve >= REACHED)
        if not len(hits) or hits[0] == 0:
            return math.nan
        around = slice(hits[0] - 1, hits[0] + 1)
        return float(np.interp(REACHED, curve[around], time.values[around]))

    return xr.apply_ufunc(of_one, curves, input_core_dims=[["checkpoint"]], vectorize=True)
