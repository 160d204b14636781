"""Claims on how the classifier moves: effective dynamics, burn-in, projected descent."""

from collections.abc import Iterator

import numpy as np

from rankscope.evidence.claims import DERIVED, HERE, claim
from rankscope.evidence.region import at_most, percent, within
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample, jackknife, ratio_of_means
from rankscope.studies.eigenspace_alignment.mixture.selection import lengths, trained

NOISELESS = 1000.0  # lambda from which the floor of order 1 / lambda is out of sight
WINDOW = 0.25, 1.5  # in units of 1 / beta: before that floor
LATE = 0.5  # in units of 1 / beta
LOW_BIAS = 200  # dimension from which the bias of order 1 / d is about 1 percent


@claim(
    "C1: effective dynamics",
    "The overlaps of SGD differ from the solution of the ODEs by {accepted} c / sqrt(d) at all "
    "measured times.",
    accepted=at_most(4.0, why="a few standard deviations of the fluctuations"),
    estimate="largest |M - M_ode| over classes and times, in units of c / sqrt(d)",
    scope="plain SGD, c of 1 or more: the spread of the start does not fall with c",
    source=HERE,
    basis=DERIVED,
    figure="dynamics",
)
def effective_dynamics(results: Results) -> Iterator[Sample]:
    for point in results.where(trained, lambda point: point.step_scale >= 1):
        gap = np.abs(point.measured.mean_overlap - point.predicted.mean_overlap)
        unit = point.step_scale / np.sqrt(point.dimension)
        yield Sample(point, gap.max(("checkpoint", "label", "mean")).mean("run") / unit)


@claim(
    "C1: fluctuations of order d^(-1/2)",
    "The standard deviation of the overlaps over networks, times sqrt(d), does not depend on d, "
    "{accepted}.",
    accepted=percent(15, why="over a factor ten in d, an exponent that is off by 0.06"),
    estimate="std(M) sqrt(d) over its value at the largest d",
    scope="points that differ in d alone and train several networks per replicate",
    source=HERE,
    basis=DERIVED,
    figure="dynamics",
)
def fluctuations(results: Results) -> Iterator[Sample]:
    chosen = results.where(trained, lambda point: point.runs > 1)
    for family in chosen.families("dimension", ignoring=("checkpoints",)):
        variances = [p.measured.mean_overlap.isel(checkpoint=-1).var("run", ddof=1) for p in family]
        widths = [
            np.sqrt(variance.mean(("label", "mean")) * point.dimension)
            for point, variance in zip(family, variances, strict=True)
        ]
        for point, width in zip(family.points[:-1], widths[:-1], strict=True):
            yield Sample(point, ratio_of_means(width, widths[-1]))


@claim(
    "C2: corrector",
    "The squared length of x^a outside the means follows the ODE with the corrector c / lambda, "
    "{accepted}.",
    accepted=percent(5, why="the bias of order 1 / d is about 1 percent at d = 250"),
    estimate="squared length outside the means over that of the ODE",
    scope="d of 200 or more, points that train several networks per replicate",
    source=HERE,
    basis=DERIVED,
    figure="corrector",
    null="the ODE without the corrector",
)
def corrector(results: Results) -> Iterator[Sample]:
    several = results.where(trained, lambda point: point.runs > 1)
    for point in several.where(lambda point: point.dimension >= LOW_BIAS):
        last, theory = (each.isel(checkpoint=-1) for each in (point.measured, point.predicted))
        outside = lengths(last.weight_gram) * (1 - last.weights_in_means**2)
        expected = theory.weights_outside.mean()
        without = theory.weights_outside_without_corrector.mean() / expected
        ratio = outside.mean(("label", "run")) / expected
        yield Sample(point, ratio, chance=float(without))


@claim(
    "C5: burn-in",
    "The squared length of x^a outside E_k decays as exp(-2 beta t), rate {accepted}: the ridge "
    "sets the burn-in, not the dimension.",
    accepted=percent(10, why="the floor of order 1 / lambda bends the end of the window"),
    estimate="decay rate over 2 beta",
    scope="lambda of 1000 or more, times from 0.25 / beta to 1.5 / beta; outside the span of the "
    "means where no matrices are measured",
    source=HERE,
    basis=DERIVED,
    figure="collapse",
)
def burn_in(results: Results) -> Iterator[Sample]:
    for point in results.where(trained, lambda point: point.snr >= NOISELESS, samples="test"):
        data = point.measured
        scaled = data.training_time * point.ridge
        inside = (scaled >= WINDOW[0]) & (scaled <= WINDOW[1])
        if inside.sum() < 2:
            continue
        share = (
            data.weights_in_means.mean("run")
            if point.matrices == "none"
            else data.alignment.sel(matrix="hessian")
        )
        outside = ((1 - share**2) * lengths(data.weight_gram.mean("run"))).mean("label")
        logs = np.log(outside.transpose("checkpoint", "replicate")[inside.values])
        rate = np.polyfit(data.training_time[inside.values], logs, 1)[0]
        yield Sample(point, rate / (-2 * point.ridge))


@claim(
    "C5: collapse across dimensions",
    "In training time, alignment curves of different dimensions agree {accepted} after "
    "1 / (2 beta).",
    accepted=within(0.02, why="the resolution of the alignment, as for the effective spectrum"),
    estimate="largest gap to the curve of the largest d",
    scope="points that differ in d alone, lambda of 1000 or more",
    source=HERE,
    basis=DERIVED,
    figure="collapse",
)
def collapse(results: Results) -> Iterator[Sample]:
    chosen = results.where(trained, lambda point: point.snr >= NOISELESS)
    for family in chosen.families("dimension"):
        late = family[0].measured.training_time * family[0].ridge >= LATE
        if not late.any():
            continue
        curves = [
            p.measured.weights_in_means.mean(("label", "run"))
            if p.matrices == "none"
            else p.measured.alignment.sel(matrix="hessian").mean("label")
            for p in family
        ]
        for point, curve in zip(family.points[:-1], curves[:-1], strict=True):
            gap = (curve - curves[-1]).isel(checkpoint=late.values)
            worst = int(np.abs(gap.mean("replicate")).values.argmax())
            yield Sample(point, gap.isel(checkpoint=worst))


@claim(
    "C18: dominant and bulk descent",
    "Here, unlike in deep networks (arXiv 2405.16002), descent in the dominant space alone trains "
    "and descent in the bulk alone does not: a part of the gain of SGD {accepted}.",
    accepted=within(0.1, why="a tenth of the gain is little beside all or none of it"),
    estimate="dominant: loss left; bulk: loss gained; over the gain of SGD",
    scope="lambda of 30 or more",
    source=HERE,
    basis=DERIVED,
    figure="projected_descent",
)
def projected_descent(results: Results) -> Iterator[Sample]:
    chosen = results.where(lambda point: point.duration > 0 and point.snr >= 30, matrices="blocks")
    for full, dominant in chosen.pairs("update", "full", "dominant"):
        start, end = _losses(full)
        yield Sample(dominant, jackknife(_loss_left, _losses(dominant)[1], start, end))
    for full, bulk in chosen.pairs("update", "full", "bulk"):
        yield Sample(bulk, jackknife(_loss_gained, *_losses(bulk), *_losses(full)))


def _losses(point: Point) -> tuple[np.ndarray, np.ndarray]:
    """Return the loss per replicate at the start and at the end."""
    loss = point.measured.loss.isel(run=0)
    return loss.isel(checkpoint=0).values, loss.isel(checkpoint=-1).values


def _loss_left(end: np.ndarray, full_start: np.ndarray, full_end: np.ndarray) -> float:
    gain = full_start.mean() - full_end.mean()
    return float((end.mean() - full_end.mean()) / gain)


def _loss_gained(
    start: np.ndarray, end: np.ndarray, full_start: np.ndarray, full_end: np.ndarray
) -> float:
    return float((start.mean() - end.mean()) / (full_start.mean() - full_end.mean()))
