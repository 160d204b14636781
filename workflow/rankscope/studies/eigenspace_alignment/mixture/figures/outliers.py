"""Figures on eigenvalues and outliers of the matrices."""

import numpy as np
from matplotlib.figure import Figure

from rankscope.drawing import panels
from rankscope.drawing.style import COLOURS, PAPER
from rankscope.evidence.results import Results
from rankscope.studies.eigenspace_alignment.axes import (
    Style,
    describe,
    look,
    over_time,
    row,
    stacked,
)
from rankscope.studies.eigenspace_alignment.mixture import selection
from rankscope.studies.eigenspace_alignment.mixture.selection import outliers, trained
from rankscope.studies.eigenspace_alignment.points import MATRICES

CROSS: Style = {"marker": "x", "ls": "", "ms": 9, "mew": 1, "label": "effective spectrum"}


def eigenvalues(results: Results) -> Figure:
    """Leading eigenvalues of the class blocks along training.

    Marks: means over classes and replicates; "edge": the measured upper edge of the bulk.
    Crosses: effective outliers; grey: the bulk below its effective edge. Dotted: outlier and
    mini-bulk at the fixed point without noise.
    Of the points that differ in lambda alone, the one with most measured times.
    """
    families = selection.noise_families(results)
    if not families:
        return panels.nothing("no points differ in lambda alone")
    point = max(families[0], key=lambda point: point.checkpoints)
    figure, axes = row(2, f"Eigenvalues of class blocks ({describe(point, 'classes', 'snr')})")
    time, k = point.measured.training_time, point.classes
    levels = [(0, "outlier"), *((1, "mini-bulk") for _ in range(k - 1)), (7, "bulk"), (7, "bulk")]
    for axis, (matrix, name) in zip(axes, MATRICES.items(), strict=True):
        found = point.measured.eigenvalues.sel(matrix=matrix).mean("label")
        expected = point.predicted.sel(matrix=matrix).mean("label")
        for number, (order, level) in enumerate(levels):
            panels.marks(axis, time, found.isel(eigenvalue=number), **look(order, level))
        edge = point.measured.edge.sel(matrix=matrix).mean("label")
        panels.marks(axis, time, edge, color="0.3", marker="_", label="edge")
        for number in range(k):
            one = expected.eigenvalues.isel(eigenvalue=number)
            panels.theory_at(axis, time, one, "effective spectrum")
        below = "below the effective edge"
        axis.fill_between(time, 0, expected.edge, color="0.9", lw=0, zorder=0, label=below)
        if "limit_eigenvalues" in expected:
            for limit in expected.limit_eigenvalues.values:
                axis.axhline(limit, **PAPER, label="limit without noise")
        axis.set(title=name, ylabel="eigenvalue", yscale="log")
        axis.set_ylim(found.min().item() / 2, None)
        panels.log_ticks(axis)
        over_time(axis)
    panels.legend_below(figure)
    return figure


def outliers_against_snr(results: Results) -> Figure:
    """Number of outliers of a class block against the signal-to-noise ratio.

    Left: at x = 0, with the thresholds. Right: at the end of training. Means over classes
    and replicates, counted above the measured edge times 1 + 3 d^(-2/3); crosses: the count
    of the effective spectrum. Marks of G are a little to the right.
    """
    start = list(results.where(start="zero", duration=0.0))
    after = [point for family in selection.noise_families(results)[:1] for point in family]
    if not start and not after:
        return panels.nothing("no points at x = 0, and none that differ in lambda alone")
    figure, axes = row(2, "Outliers of a class block")
    for axis, chosen in zip(axes, (start, after), strict=True):
        for point in chosen:
            found, _ = outliers(point)
            count = found.isel(checkpoint=-1).mean("label")
            for order, (matrix, name) in enumerate(MATRICES.items()):
                snr = [point.snr * 1.08**order]
                panels.marks(axis, snr, stacked([count.sel(matrix=matrix)]), **look(order, name))
                expected = point.predicted.outliers.isel(checkpoint=-1).sel(matrix=matrix)
                axis.plot(snr, expected.mean("label"), **CROSS, color=COLOURS[order])
        axis.margins(y=0.12)
        axis.set(xscale="log", xlabel=r"$\lambda$", ylabel="number of outliers")
    for point in start[:1]:
        for order, (matrix, name) in enumerate(MATRICES.items()):
            for threshold in point.predicted.start_threshold.sel(matrix=matrix).values:
                line: Style = {"color": COLOURS[order], "ls": (":", "-.")[order], "lw": 1.2}
                axes[0].axvline(threshold, **line, label=f"thresholds of {name}")
    axes[0].set(title="at $x = 0$")
    axes[1].set(title="after training")
    panels.legend_below(figure)
    return figure


def full_spectra(results: Results) -> Figure:
    """Leading eigenvalues of the full matrices after training.

    Marks: means over replicates. Crosses: effective outliers; lines: the measured edge of the
    bulk, dashed: the effective one. Where noise can be neglected, the Hessian has k (k - 1)
    outliers and G has k.
    """
    chosen = results.where(trained, matrices="full")
    if not len(chosen):
        return panels.nothing("no point has full matrices")
    figure, axes = row(2, "Eigenvalues of the full matrices")
    for order, point in enumerate(chosen):
        for axis, (matrix, name) in zip(axes, MATRICES.items(), strict=True):
            found, theory = (
                data.isel(checkpoint=-1).sel(matrix=matrix)
                for data in (point.measured, point.predicted)
            )
            number = np.arange(1, found.sizes["full_eigenvalue"] + 1)
            style = look(order, describe(point, "classes", "snr"))
            panels.marks(axis, number, found.full_eigenvalues, **style)
            panels.theory_at(axis, number, theory.full_eigenvalues, "effective spectrum")
            edge = found.full_edge.mean().item()
            axis.axhline(edge, color="0.6", lw=1, label="measured edge")
            axis.axhline(
                theory.full_edge.item(), color="0.4", ls="--", lw=1, label="effective edge"
            )
            axis.set(title=f"full {name}", yscale="log", xlabel="index", ylabel="eigenvalue")
    panels.legend_below(figure)
    return figure


def sinking(results: Results) -> Figure:
    """How the mini-bulk of the class blocks comes down to the edge of the bulk in training.

    Mean of eigenvalues 2 to k over the edge; crosses: effective spectrum. Dotted: sunk.
    """
    points = list(results.where(selection.plain, lambda point: point.checkpoints >= 8))
    if not points:
        return panels.nothing("no point little above the threshold is measured at eight times")
    figure, axes = row(2, "Outliers that sink")
    for axis, (matrix, name) in zip(axes, MATRICES.items(), strict=True):
        for order, point in enumerate(points):
            found, expected = (
                selection.above_edge(data, point.classes).sel(matrix=matrix)
                for data in (point.measured, point.predicted)
            )
            if expected[0] < 3:
                time = point.measured.training_time
                panels.marks(axis, time, found, **look(order, describe(point, "snr")))
                panels.theory_at(axis, time, expected, "effective spectrum")
        axis.axhline(selection.NEAR_EDGE, **PAPER, label="sunk")
        axis.set(title=name, ylabel="mean mini-bulk over edge")
        over_time(axis)
    panels.legend_below(figure)
    return figure


def emergence(results: Results) -> Figure:
    """Outliers of a Hessian block that emerge in training from x = 0.

    Left: the first eigenvalue over the edge of the bulk in training time; dotted: the height
    that counts as emerged. Right: when it is reached, against lambda, replicate by replicate;
    none where it is not. Marks: measured. Dashed: effective spectrum along the effective dynamics.
    Of points that differ in lambda alone, the largest series.
    """
    chosen = results.where(selection.from_zero)
    families = sorted(chosen.families("snr", ignoring=("checkpoints",)), key=len)
    if not families:
        return panels.nothing("no points from x = 0 differ in lambda alone below its threshold")
    family, curve = families[-1], []
    figure, axes = row(2, f"Outliers that emerge ({describe(family[0], 'classes', 'dimension')})")
    for order, point in enumerate(family):
        style, theory = look(order, describe(point, "snr")), point.predicted
        times = theory.training_time.values
        height = point.measured.first_eigenvalue / point.measured.first_edge
        panels.marks(axes[0], times, height, **style)
        lines = theory.curve_height.values
        panels.theory(axes[0], theory.curve_time, lines[len(lines) // 2], label="theory")
        found = np.array([[selection.emerged(times, one)] for one in height.values])
        if np.isfinite(found).any():
            panels.marks(axes[1], [point.snr], found, **style)
        for snr, line in zip(theory.curve_snr.values, lines, strict=True):
            curve.append((snr, selection.emerged(theory.curve_time.values, line)))
    panels.theory(axes[1], *np.transpose(curve), label="theory")
    axes[0].axhline(selection.EMERGED, **PAPER, label="emerged")
    axes[0].set(title="height", ylabel="first eigenvalue over edge")
    over_time(axes[0])
    axes[1].set(title="time of emergence", xlabel=r"$\lambda$", yscale="log")
    axes[1].set(ylabel="training time, steps times $c / d$")
    panels.log_ticks(axes[1])
    panels.legend_below(figure)
    return figure
