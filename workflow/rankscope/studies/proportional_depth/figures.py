"""Figures of the study: every public function is one, and its docstring is its caption."""

from collections.abc import Iterable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rankscope.drawing import panels, style
from rankscope.evidence.results import Point, Results
from rankscope.studies.proportional_depth.claims import TIMES, falling

COSINES = (-0.9, 0.0, 0.9, 0.99, 0.999, 0.9999)
LOWEST = 1e-6
"""Of the participation ratio beyond 1 that is drawn."""
_FIRST: dict[str, Any] = {"color": "black", "linestyle": ":", "linewidth": 1.0}
BROAD = 2.4
"""Width of lines that theory is drawn over."""


def laws_of_the_cosine(results: Results) -> Figure:
    """The law of the pair's cosine in shaped networks, at layers l = t n.

    Marks: share of networks in bins of half a unit of artanh rho, the first and the last of which
    hold all beyond; orthogonal inputs, one colour per shape c, the deepest networks of the grid.
    Dashed: the law of the SDE in these bins. Dotted, colour of c: the one cosine of infinite
    width.
    """
    found = _orthogonal(results)
    points = {p.shape: p for p in sorted(found, key=lambda p: (p.depth_ratio, p.width))}
    if not points:
        return panels.nothing("No shaped networks on orthogonal inputs in this grid.")
    times = [t for t in TIMES if t <= max(p.depth_ratio for p in points.values())]
    figure, axes = plt.subplots(
        1, len(times), figsize=(style.TWO_COLUMNS, 3.0), sharey=True, squeeze=False
    )
    colours = _colours(points)
    for axis, time in zip(axes[0], times, strict=True):
        for shape, point in points.items():
            if time <= point.depth_ratio:
                _law(axis, point, time, colours[shape])
        axis.set(title=f"$l = {time:g}\\,n$", xlabel=r"cosine $\rho$", xlim=(-4.2, 8.2))
        axis.set_xticks(np.arctanh(COSINES), [f"{c:g}" for c in COSINES], rotation=90)
    axes[0, 0].set_ylabel("share of networks")
    handles = [_named(point, colours[shape]) for shape, point in sorted(points.items())]
    wide = Line2D([], [], color="0.4", linestyle=":", label="infinite width")
    panels.legend_below(figure, [*handles, panels.theory_handle("SDE"), wide], columns=5)
    figure.suptitle("Cosine of two inputs where depth is comparable to width")
    return figure


def angle_and_rank(results: Results) -> Figure:
    """The angle of a pair, and its participation ratio PR, against depth over width.

    Left: mean ln sin^2 in ReLU networks, one colour per width. Middle: PR - 1 in the deepest of
    these: its mean, and that of a network of mean ln sin^2. Right: mean PR in shaped networks on
    orthogonal inputs, one colour per shape c and a curve for each width. Dashed: the diffusions.
    Grey: infinite width.
    """
    figure, axes = plt.subplots(1, 3, figsize=(style.TWO_COLUMNS, 2.8))
    relu = sorted(results.where(falling, correlation=0.0), key=lambda p: p.width)
    handles = []
    for point, colour in zip(relu, style.COLOURS, strict=False):
        data, theory = point.measured, point.predicted
        panels.curve(axes[0], data.time, data.log_squared_sine, color=colour, linewidth=BROAD)
        panels.theory(axes[0], data.time, theory.log_squared_sine)
        axes[0].plot(data.time, theory.log_squared_sine_infinite_width, **style.NULL)
        handles.append(Line2D([], [], color=colour, label=f"ReLU, $n = {point.width}$"))
    axes[0].set(title="angle, ReLU", ylabel=r"mean $\ln \sin^2$")
    if relu:
        handles += _mean_and_typical(axes[1], max(relu, key=lambda p: p.depth_ratio))
    shaped = _orthogonal(results)
    colours = _colours({p.shape for p in shaped})
    for point in shaped:
        data, theory, colour = point.measured, point.predicted, colours[point.shape]
        ratio = data.participation_ratio
        panels.curve(axes[2], data.time, ratio, color=colour, linestyle="-.", linewidth=BROAD)
        panels.theory(axes[2], data.time, theory.participation_ratio)
        axes[2].plot(data.time, theory.participation_ratio_infinite_width, **style.NULL)
    axes[2].set(title="rank, shaped", ylabel="mean PR", ylim=(1, 2.05))
    handles += [
        Line2D([], [], color=colour, linestyle="-.", label=f"shaped, $c = {shape:g}$")
        for shape, colour in sorted(colours.items())
    ]
    for axis in axes:
        axis.set_xlabel("depth over width, $l / n$")
    handles += [
        panels.theory_handle("diffusion"),
        Line2D([], [], label="infinite width", **style.NULL),
    ]
    figure.suptitle("Angle and rank of two features where depth is comparable to width")
    panels.legend_below(figure, handles, columns=4)
    return figure


def rank_of_a_batch(results: Results) -> Figure:
    """The centred participation ratio PR of a batch of m orthogonal inputs, by depth over width.

    One panel per shape c of the activation. Marks: mean over networks, one colour and mark per
    width. Dashed: the mean over paths of the covariance SDE, which width does not appear in.
    Dotted: the formula of first order in l/n, which falls below 1. Grey: infinite width, m - 1.
    """
    found = results.where(lambda p: p.batch_size > 2, correlation=0.0)
    if not len(found):
        return panels.nothing("No batches in this grid.")
    size = max(p.batch_size for p in found)
    points = sorted(found.where(batch_size=size), key=lambda p: (p.width, p.depth_ratio))
    shapes, widths = sorted({p.shape for p in points}), sorted({p.width for p in points})
    figure, axes = plt.subplots(
        1, len(shapes), figsize=(style.TWO_COLUMNS, 2.8), sharey=True, squeeze=False
    )
    looks = dict(zip(widths, zip(style.COLOURS, "os^Dv", strict=False), strict=False))
    for axis, shape in zip(axes[0], shapes, strict=True):
        chosen = [p for p in points if p.shape == shape and p.width in looks]
        for point in chosen:
            colour, mark = looks[point.width]
            ratio = point.measured.centred_participation_ratio
            panels.marks(axis, ratio.time, ratio, color=colour, marker=mark)
        longest = max(chosen, key=lambda p: p.depth_ratio).predicted
        panels.theory(axis, longest.time, longest.centred_participation_ratio)
        first = longest.centred_participation_ratio_first_order
        axis.plot(longest.time, first, **_FIRST)
        axis.axhline(size - 1, **style.NULL)
        axis.set(title=f"$c = {shape:g}$", xlabel="depth over width, $l / n$", yscale="log")
        panels.log_ticks(axis)
    axes[0, 0].set_ylabel("mean PR")
    handles = [
        Line2D([], [], color=colour, marker=mark, ls="", ms=3.5, label=f"$n = {width}$")
        for width, (colour, mark) in looks.items()
    ]
    handles += [
        panels.theory_handle("covariance SDE"),
        Line2D([], [], label="first order in $l/n$", **_FIRST),
        Line2D([], [], label="infinite width", **style.NULL),
    ]
    panels.legend_below(figure, handles, columns=6)
    figure.suptitle(f"Rank of a batch in shaped networks ($m = {size}$)")
    return figure


def _orthogonal(results: Results) -> Results:
    return results.where(activation="shaped", correlation=0.0, batch_size=2)


def _colours(shapes: Iterable[float]) -> dict[float, style.Colour]:
    return dict(zip(sorted(shapes), style.COLOURS, strict=False))


def _named(point: Point, colour: style.Colour) -> Line2D:
    label = f"$c = {point.shape:g}$, $n = {point.width}$"
    return Line2D([], [], color=colour, marker="o", markersize=3.5, linestyle="none", label=label)


def _law(axis: Axes, point: Point, time: float, colour: style.Colour) -> None:
    """Draw shares, the SDE's law and the place of infinite width."""
    shares = point.measured.law.sel(time=time)
    panels.marks(axis, shares.bin, shares, color=colour, markersize=2.5)
    panels.theory(axis, shares.bin, point.predicted.law.sel(time=time), drawstyle="steps-mid")
    wide = point.predicted.log_squared_sine_infinite_width.sel(time=time)
    axis.axvline(np.arccosh(np.exp(-float(wide) / 2)), color=colour, linestyle=":", linewidth=1.2)


def _mean_and_typical(axis: Axes, point: Point) -> list[Line2D]:
    """Draw the mean participation ratio beyond 1, and that at the mean logarithm."""
    data, theory = point.measured, point.predicted
    time = data.time
    kinds = (
        ("mean over networks", data.participation_ratio - 1, theory.participation_ratio - 1),
        (
            r"at mean $\ln \sin^2$",
            _beyond(data.log_squared_sine),
            _beyond(theory.log_squared_sine),
        ),
    )
    handles = []
    for (label, measured, predicted), colour in zip(kinds, style.COLOURS[4:], strict=False):
        shown = measured.where(measured.mean("replicate") >= LOWEST)
        panels.curve(axis, time, shown, floor=LOWEST, color=colour, linestyle=":", linewidth=BROAD)
        panels.theory(axis, time, predicted.where(predicted >= LOWEST))
        handles.append(Line2D([], [], color=colour, linestyle=":", label=label))
    wide = theory.participation_ratio_infinite_width - 1
    axis.plot(time, wide.where(wide >= LOWEST), **style.NULL)
    axis.set(title=f"rank, ReLU, $n = {point.width}$", yscale="log", ylabel="PR $-$ 1")
    axis.set_ylim(bottom=LOWEST)
    return handles


def _beyond(logarithm: xr.DataArray) -> xr.DataArray:
    """Return the participation ratio beyond 1 of a pair with this ``ln sin^2``."""
    square = np.exp(logarithm)
    return square / (2 - square)
