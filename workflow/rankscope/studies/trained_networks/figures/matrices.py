"""Figures of second moments of gradients and of the Hessian: spectra, outliers, classes."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rankscope.drawing import panels, style
from rankscope.evidence.results import Point, Results
from rankscope.studies.trained_networks.figures.settings import (
    LABELS,
    SMALLEST,
    STYLES,
    colour_keys,
    over_steps,
    over_training,
    per_setting,
    setting,
)

HESSIAN: dict[str, Any] = {"color": "black", "markersize": 4, "linestyle": "", "mfc": "white"}
HESSIAN_MARKS = {"correct": "x", "shuffled": "D"}
FAINTEST = 1e-5
"""Densities below it are those of no eigenvalue at all."""


def outliers(results: Results) -> Figure:
    """Outliers of the second moment of gradients over training, against the number of classes.

    Whole network; colour: matrix and rule; crosses: the Hessian's, before the largest gap;
    diamonds, a little to the left: with shuffled labels. The edge is measured, as the largest
    eigenvalue within groups. Solid: correct labels; dotted: shuffled ones. Grey: k.
    """
    rules = [(m, r) for m in ("Gauss-Newton", "G") for r in ("largest gap", "above the edge")]

    def draw(axes: Axes, point: Point) -> None:
        for colour, (matrix, rule) in zip(style.COLOURS, rules, strict=False):
            found = point.measured.outliers.sel(matrix=matrix, rule=rule)
            over_steps(axes, point, found, color=colour)
        if "hessian_outliers" in point.measured:
            found = point.measured.hessian_outliers
            aside = 0.6 if point.labels == "shuffled" else 1.0
            look = {**HESSIAN, "marker": HESSIAN_MARKS[point.labels]}
            panels.marks(axes, found.later_step * aside, found, **look)
        axes.axhline(point.classes, **style.NULL)

    classes = Line2D([], [], label="$k$", **style.NULL)
    found = [
        Line2D([], [], label=f"Hessian, largest gap, {labels}", marker=mark, **HESSIAN)
        for labels, mark in HESSIAN_MARKS.items()
        if any("hessian_outliers" in p.measured for p in results.where(labels=labels))
    ]
    keys = [*colour_keys([f"{m}, {r}" for m, r in rules]), *found, *LABELS, classes]
    title = "Outliers of the second moment of gradients"
    return over_training(results, title, "outliers", draw, keys)


def spectra(results: Results) -> Figure:
    """Leading eigenvalues of the Gauss-Newton matrix and of G, at the start and at the end.

    Whole network, over the largest; geometric means over networks. The grey line stands at the
    number of classes, horizontal marks at the measured edge. Solid: correct labels; dotted:
    shuffled ones.
    """
    looks = [("Gauss-Newton", 0), ("Gauss-Newton", -1), ("G", 0), ("G", -1)]

    def draw(axes: Axes, points: list[Point]) -> None:
        for point in points:
            for colour, (matrix, step) in zip(style.COLOURS, looks, strict=False):
                found = point.measured.isel(step=step).sel(matrix=matrix)
                values = found.eigenvalue.values
                ratio = np.maximum(values / values[:, :1], SMALLEST)
                index = np.arange(1, ratio.shape[1] + 1)
                line = {"color": colour, "linestyle": STYLES[point.labels], "linewidth": 1.0}
                axes.plot(index, np.exp(np.log(ratio).mean(axis=0)), **line)
                edge = float((found.edge / values[:, 0]).mean())
                axes.plot([index[-1] + 1], [edge], "_", color=colour, markersize=7)
        axes.axvline(points[0].classes + 0.5, **style.NULL)
        axes.set(yscale="log", xlabel="index")

    names = [f"{m}, {'start' if s == 0 else 'end'}" for m, s in looks]
    classes = Line2D([], [], label="$k$", **style.NULL)
    edges = Line2D([], [], color="0.3", marker="_", linestyle="", label="edge")
    keys = [*colour_keys(names), *LABELS, classes, edges]
    title = "Leading eigenvalues at the start and at the end"
    return per_setting(results, title, "eigenvalue / largest", draw, keys, bars=False)


def class_structure(results: Results) -> Figure:
    """Parts of the Gauss-Newton matrix over training, and what of its outliers class means make.

    Coloured: shares of the trace. Black: the k - 1 leading eigenvalues of the part between classes
    over those of the whole matrix; grey: the same for images mixed among the classes. Solid:
    correct labels; dotted: shuffled ones.
    """
    parts = ("between classes", "across outputs", "within")
    ratios = {"classes": "black", "mixed images": "0.6"}

    def draw(axes: Axes, point: Point) -> None:
        found = point.measured
        for colour, part in zip(style.COLOURS, parts, strict=False):
            share = found.class_share.sel(grouping="classes", part=part)
            over_steps(axes, point, share, color=colour)
        for grouping, grey in ratios.items():
            over_steps(axes, point, found.class_ratio.sel(grouping=grouping), color=grey)
        axes.set_ylim(0, 1)

    lines = [
        Line2D([], [], color=colour, label=f"leading eigenvalues, {grouping}")
        for grouping, colour in ratios.items()
    ]
    keys = [*colour_keys([f"trace, {part}" for part in parts]), *lines, *LABELS]
    title = "What the Gauss-Newton matrix is made of"
    return over_training(results, title, "share", draw, keys)


def hessian(results: Results) -> Figure:
    """The Hessian beside the Gauss-Newton matrix of the same images, after a twentieth of training.

    Leading eigenvalues over the largest of Gauss-Newton's, geometric means over networks, from
    the largest on as far as they are positive; the grey line stands at the number of classes.
    Solid: correct labels; dotted: shuffled ones. Above each panel: the share of the
    Hessian's k - 1 leading eigenvectors in the k leading ones of Gauss-Newton.
    """
    names = ("Gauss-Newton", "Hessian")

    def draw(axes: Axes, points: list[Point]) -> None:
        shares = []
        for point in points:
            step = int(point.measured.later_step[0])
            found = point.measured.sel(step=step, later_step=step)
            unit = found.eigenvalue.sel(matrix="Gauss-Newton")
            both = ((unit.values, 2.4), (found.hessian_eigenvalue.values, 1.0))
            for colour, (values, width) in zip(style.COLOURS, both, strict=False):
                ratio = values[:, : 2 * point.classes + 1] / unit.values[:, :1]
                index = np.arange(1, ratio.shape[1] + 1)
                line = {"color": colour, "linestyle": STYLES[point.labels], "linewidth": width}
                panels.geometric_curve(axes, index, np.maximum(ratio, SMALLEST), **line)
            inside = float(found.hessian_in_gauss_newton.mean())
            shares.append(f"{point.labels}: {inside:.2f}")
        axes.axvline(points[0].classes + 0.5, **style.NULL)
        name = setting(points[0])
        axes.set(yscale="log", xlabel="index", title=f"{name}\n{', '.join(shares)}")

    classes = Line2D([], [], label="$k$", **style.NULL)
    keys = [*colour_keys(names), *LABELS, classes]
    found = results.where(hessian=True)
    title = "Hessian and Gauss-Newton matrix"
    return per_setting(found, title, "relative eigenvalue", draw, keys, columns=2)


def hessian_density(results: Results) -> Figure:
    """Density of the Hessian's eigenvalues over the largest, and where the outliers stand.

    After a twentieth of training and at its end; stochastic Lanczos quadrature, each node a normal
    density of deviation 0.01; geometric means over networks. Ticks: the k largest eigenvalues by
    Lanczos, mean ratios to the largest; correct labels. Solid: correct labels; dotted: shuffled.
    """
    looks = {"after a twentieth": 0, "at the end": -1}

    def draw(axes: Axes, points: list[Point]) -> None:
        for point in points:
            for height, (colour, step) in enumerate(
                zip(style.COLOURS, looks.values(), strict=False)
            ):
                found = point.measured.isel(later_step=step)
                line = {"color": colour, "linestyle": STYLES[point.labels], "linewidth": 1.0}
                density = np.maximum(found.hessian_density, FAINTEST)
                panels.geometric_curve(axes, found.relative_eigenvalue, density, **line)
                if point.labels == "correct":
                    values = found.hessian_eigenvalue.values[:, : point.classes]
                    ratio = (values / values[:, :1]).mean(axis=0)
                    place = np.full(point.classes, FAINTEST * 4.0 ** (height + 1))
                    axes.plot(ratio, place, "|", color=colour, markersize=5)
        axes.set(yscale="log", xlabel="eigenvalue / largest")
        axes.set_ylim(bottom=FAINTEST)

    ticks = Line2D([], [], color="0.3", marker="|", linestyle="", label="$k$ largest")
    keys = [*colour_keys(looks), *LABELS, ticks]
    title = "Density of the Hessian's eigenvalues"
    return per_setting(results.where(hessian=True), title, "density", draw, keys, columns=2)
