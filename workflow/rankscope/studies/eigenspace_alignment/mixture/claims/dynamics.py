"""Claims on how the classifier moves: effective dynamics, burn-in, projected descent."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from rankscope.evidence.claims import RECALLED, claim
from rankscope.evidence.region import at_least, at_most, percent, within
from rankscope.evidence.results import Family, Point, Results
from rankscope.evidence.samples import Sample, jackknife, slope
from rankscope.studies.eigenspace_alignment.mixture.selection import (
    lengths,
    measured,
    trained,
    without_blocks,
)
from rankscope.studies.eigenspace_alignment.points import (
    certain,
    chance_alignment,
    distance,
    each_matrix,
)

TRACKED = 4.0  # in units of c / sqrt(d)
NOISELESS = 1000.0  # lambda from which the floor of order 1 / lambda is out of sight
WINDOW = 0.25, 1.5  # in units of 1 / beta: before that floor
LATE = 0.5  # in units of 1 / beta
MATTERS = 0.9  # share of the length without the corrector, below which the corrector is tested
LOW_BIAS = 200  # dimension from which the bias of order 1 / d is about 1 percent


@claim(
    "C1: effective dynamics",
    "The overlaps of SGD differ from the solution of the ODEs by {accepted} c / sqrt(d) at all "
    "measured times.",
    accepted=at_most(TRACKED, why="a few standard deviations of the fluctuations"),
    estimate="largest |M - M_ode| over classes and times, in units of c / sqrt(d)",
    scope="plain SGD, c of 1 or more (the spread of the start does not fall with c), points that "
    "move by more than twice the accepted distance",
    figure="dynamics",
    null="weights that stay where they start",
    # a largest distance is never 0
    targets={"holds": TRACKED / 2},
)
def effective_dynamics(results: Results) -> Iterator[Sample]:
    """Take the largest gap of each network, and the mean over those of a replicate."""
    everywhere = ("checkpoint", "label", "mean")
    for point in results.where(trained, lambda point: point.step_scale >= 1):
        unit = point.step_scale / np.sqrt(point.dimension)
        moved = float(np.abs(point.predicted.mean_overlap).max()) / unit
        if moved > 2 * TRACKED:
            gap = distance(point.measured.mean_overlap, point.predicted.mean_overlap)
            yield Sample(point, gap.max(everywhere).mean("run") / unit, chance=moved)


@claim(
    "C1: fluctuations of order d^(-1/2)",
    "The standard deviation of the overlaps over networks falls as a power of d, exponent "
    "{accepted}.",
    accepted=within(0.05, of=-0.5, why="a tenth of the exponent: a quarter over a hundredfold d"),
    estimate="slope of log std(M) against log(d)",
    scope="points that differ in d alone and train several networks per replicate",
    figure="dynamics",
    null="fluctuations that do not depend on d",
    chance=0.0,
)
def fluctuations(results: Results) -> Iterator[Sample]:
    """Fit a power law to the spread over the networks of a replicate, all overlaps at the end."""
    chosen = results.where(trained, lambda point: point.runs > 1)
    for family in chosen.families("dimension", ignoring=("checkpoints",)):
        variances = [p.measured.mean_overlap.isel(checkpoint=-1).var("run", ddof=1) for p in family]
        widths = [variance.mean(("label", "mean")) ** 0.5 for variance in variances]
        yield Sample(family, slope(list(family.sizes), widths))


@claim(
    "C2: corrector",
    "The squared length of x^a outside the means follows the ODE with the corrector c / lambda, "
    "{accepted}.",
    accepted=percent(5, why="the bias of order 1 / d is about 1 percent at d = 250"),
    estimate="squared length outside the means over that of the ODE",
    scope="d of 200 or more, points that train several networks per replicate and where the "
    "corrector is a tenth of the length or more",
    figure="corrector",
    null="the ODE without the corrector",
)
def corrector(results: Results) -> Iterator[Sample]:
    """Compare with the ODE at the end, mean over classes and networks."""
    several = results.where(trained, lambda point: point.runs > 1)
    for point in several.where(lambda point: point.dimension >= LOW_BIAS):
        last, theory = (data.isel(checkpoint=-1) for data in (point.measured, point.predicted))
        outside = lengths(last.weight_gram) * (1 - last.weights_in_means**2)
        ratio = outside.mean(("label", "run")) / theory.weights_outside.mean()
        if (without := _without(theory)) < MATTERS:
            yield Sample(point, ratio, chance=without)


def _without(theory: xr.Dataset) -> float:
    without = theory.weights_outside_without_corrector.mean()
    return float(without / theory.weights_outside.mean())


@claim(
    "C5: burn-in",
    "The squared length of x^a outside E_k decays as exp(-2 beta t), rate {accepted}: the ridge "
    "sets the burn-in, not the dimension.",
    accepted=percent(10, why="the floor of order 1 / lambda bends the end of the window"),
    estimate="decay rate over 2 beta",
    scope="lambda of 1000 or more, times from 0.25 / beta to 1.5 / beta; outside the span of the "
    "means where no matrices are measured",
    figure="collapse",
    null="no decay",
    chance=0.0,
)
def burn_in(results: Results) -> Iterator[Sample]:
    """Fit an exponential to the mean over classes and networks of each replicate."""
    for point in results.where(trained, lambda point: point.snr >= NOISELESS, samples="test"):
        data = point.measured
        scaled = data.training_time * point.ridge
        inside = (scaled >= WINDOW[0]) & (scaled <= WINDOW[1])
        if inside.sum() < 2:
            continue
        share = (
            data.weights_in_means.mean("run")
            if without_blocks(point)
            else certain(point, "alignment").sel(matrix="hessian")
        )
        outside = ((1 - share**2) * lengths(data.weight_gram.mean("run"))).mean("label")
        above = outside.where(outside > 0).transpose("checkpoint", "replicate")
        logs = np.log(above.values[inside.values])
        rate = np.polyfit(data.training_time[inside.values], logs, 1)[0]
        yield Sample(point, rate / (-2 * point.ridge))


@claim(
    "C5: collapse across dimensions",
    "In training time, alignment curves of all dimensions lie on the one of the theory after "
    "1 / (2 beta), {accepted}.",
    accepted=within(0.02, why="the resolution of the alignment, as for the effective spectrum"),
    estimate="largest gap to the curve of the theory, in which there is no d",
    scope="points that differ in d alone, lambda of 1000 or more, but that of the largest d",
    figure="collapse",
    null="a burn-in that takes as many steps as at the largest d",
)
def collapse(results: Results) -> Iterator[Sample]:
    """Take the gap at the late time at which its mean is largest."""
    chosen = results.where(trained, lambda point: point.snr >= NOISELESS)
    for family in chosen.families("dimension"):
        late = (family[0].measured.training_time * family[0].ridge >= LATE).values
        for point in family.points[:-1] if late.any() else ():
            found, theory = aligned(point)
            gap = (found - theory).isel(checkpoint=late)
            worst = int(np.abs(gap.mean("replicate").values).argmax())
            time = float(point.measured.training_time[late][worst])
            chance = _by_steps(family[-1], time, point.dimension)
            yield Sample(point, gap.isel(checkpoint=worst), chance=chance)


def aligned(point: Point) -> tuple[xr.DataArray, xr.DataArray]:
    """Return alignment with E_k of the Hessian or, without matrices, with the means' span.

    Measured and predicted, mean over classes and networks.
    """
    if without_blocks(point):
        found = point.measured.weights_in_means.mean("run")
        theory = point.predicted.weights_in_means
    else:
        found = certain(point, "alignment").sel(matrix="hessian")
        theory = point.predicted.alignment.sel(matrix="hessian")
    return found.mean("label"), theory.mean("label")


def _by_steps(largest: Point, time: float, dimension: int) -> float:
    """Return the gap at a time if alignment were a function of the number of steps."""
    _, theory = aligned(largest)
    times = [time * dimension / largest.dimension, time]
    earlier, now = np.interp(times, largest.predicted.training_time, theory)
    return float(earlier - now)


@claim(
    "C18: dominant and bulk descent",
    "Unlike in deep networks (arXiv 2405.16002), descent in the dominant space alone trains and "
    "descent in the bulk alone does not: what the one leaves and the other gains is, over the "
    "gain of SGD, {accepted}.",
    accepted=within(0.1, why="a tenth of the gain is little beside all or none of it"),
    estimate="dominant: loss left; bulk: loss gained; over the gain of SGD",
    scope="points that differ in the update alone",
    figure="projected_descent",
    null="as in deep networks: the bulk alone trains",
    chance=1.0,
    over="snr",
)
def projected_descent(results: Results) -> Iterator[Sample]:
    """Compare losses at the start and the end with those of SGD."""
    chosen = results.where(lambda point: point.duration > 0, matrices="blocks")
    for kind, statistic in (("dominant", _loss_left), ("bulk", _loss_gained)):
        for part, full in chosen.pairs("update", kind, "full"):
            losses = [point.measured.loss.isel(run=0, checkpoint=[0, -1]) for point in (part, full)]
            yield Sample(Family("update", (part, full)), jackknife(statistic, *losses), kind)


def _loss_left(own: np.ndarray, full: np.ndarray) -> float:
    (_, end), (start, full_end) = own.mean(axis=0), full.mean(axis=0)
    return float((end - full_end) / (start - full_end))


def _loss_gained(own: np.ndarray, full: np.ndarray) -> float:
    (own_start, own_end), (start, end) = own.mean(axis=0), full.mean(axis=0)
    return float((own_start - own_end) / (start - end))


@claim(
    "D2: gradient in the leading eigenspaces",
    "While it trains, the test gradient of x^a lies in E_k: its share is {accepted}.",
    accepted=at_least(0.9, why="less than a fifth of its squared length is elsewhere"),
    estimate="smallest share over times up to 1 / (2 beta), mean over classes",
    scope="plain SGD, after the start, up to 1 / (2 beta)",
    source="arXiv 1812.04754, there of deep networks",
    basis=RECALLED,
    figure="gradient_share",
    null="a random direction",
    over="snr",
)
def gradient_share(results: Results) -> Iterator[Sample]:
    """Take the smallest share of each replicate."""
    for point in results.where(measured, samples="test"):
        time = point.measured.training_time
        early = ((time > 0) & (time * point.ridge <= LATE)).values
        if early.any():
            share = certain(point, "gradient_share").isel(checkpoint=early).mean("label")
            chance = chance_alignment(point.classes, point.dimension)
            yield from each_matrix(point, share.min("checkpoint"), chance=chance)
