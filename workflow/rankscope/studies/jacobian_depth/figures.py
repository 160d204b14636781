"""Figures of the study: every public function is one, and its docstring is its caption."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from rankscope.drawing import panels, style
from rankscope.evidence.results import Point, Results
from rankscope.studies.jacobian_depth.claims import ONE_DIRECTION, is_homogeneous

KINDS = {
    ("linear", "gaussian"): "linear, Gaussian",
    ("relu", "gaussian"): "ReLU, Gaussian",
    ("relu", "orthogonal"): "ReLU, orthogonal",
    ("tanh", "gaussian"): "tanh, Gaussian",
    ("tanh", "orthogonal"): "tanh, orthogonal",
}
COLOURS = {kind: style.ACTIVATIONS[name.removesuffix(", Gaussian")] for kind, name in KINDS.items()}
EXACT: dict[str, Any] = {"color": "0.35", "linestyle": ":", "linewidth": 1.6}


def ranks_by_depth(results: Results) -> Figure:
    """How many directions the Jacobian keeps, by depth over width.

    Participation ratio of its squared singular values, one panel per kind of network, one colour
    per width. Dashed: n / (1 + K), the limit of wide networks at fixed depth. Dotted: the exact
    ratio of moments, which weighs networks by their traces. Last panel: the mean of 1/PR - 1/n of
    all linear and ReLU networks against kappa l / n, one colour per kind; dashed kappa l / n,
    dotted the wide limit of the exact ratio.
    """
    figure, axes = plt.subplots(2, 3, figsize=(style.TWO_COLUMNS, 4.9))
    widths = sorted(results.values("width"))
    shades = dict(zip(widths, style.COLOURS, strict=False))
    for axis, (kind, name) in zip(axes.flat, KINDS.items(), strict=False):
        chosen = results.where(activation=kind[0], initialisation=kind[1])
        for point in chosen:
            share = point.measured.layer / point.width
            ratio = point.measured.participation_ratio
            panels.curve(axis, share, ratio, floor=1, color=shades[point.width], linewidth=1.2)
            free = point.predicted.participation_ratio
            panels.theory(axis, share, free.where(free >= 1))  # no ratio is below 1
            if is_homogeneous(point):
                panels.theory(axis, share, point.predicted.annealed_ratio, **EXACT)
        axis.set(title=name, xscale="log", yscale="log", ylim=(0.8, 1.3 * max(widths)))
        axis.set(xlabel="depth $l / n$", ylabel="directions (PR)")
    _one_curve(axes.flat[-1], results)
    for axis in axes.flat:
        axis.xaxis.set_minor_formatter(NullFormatter())
        panels.plain_ticks(axis, "xy")
    handles = [Line2D([], [], color=shades[n], label=f"$n = {n}$") for n in widths]
    handles += [Line2D([], [], color=COLOURS[kind], label=KINDS[kind]) for kind in list(KINDS)[:3]]
    handles += [
        panels.theory_handle("free, few layers"),
        Line2D([], [], label="exact, moments", **EXACT),
    ]
    panels.legend_below(figure, handles, columns=4)
    figure.suptitle("Rank of the Jacobian of random networks by depth")
    return figure


def _one_curve(axis: Axes, results: Results) -> None:
    for point in results.where(is_homogeneous):
        share = point.predicted.excess / point.width
        inverse = 1 / point.measured.participation_ratio - 1 / point.width
        colour = COLOURS[point.activation, point.initialisation]
        panels.curve(axis, share, inverse, floor=1e-3, color=colour, linewidth=1)
    places = np.geomspace(0.01, 16, 60)
    panels.theory(axis, places, np.expm1(3 * places) / (np.exp(3 * places) + 2), **EXACT)
    panels.theory(axis, places[places < 1], places[places < 1])
    axis.set(title="one curve", xscale="log", yscale="log", ylim=(0.006, 1.3))
    axis.set(xlabel=r"$\kappa l / n$", ylabel=r"mean $1 / \mathrm{PR} - 1 / n$")
    axis.yaxis.set_minor_formatter(NullFormatter())


def singular_values(results: Results) -> Figure:
    """How the leading singular values part with depth, and when one direction is left.

    Left: means of the logarithms of the second to fourth squared singular value over the largest,
    in the narrowest networks; dashed, Lyapunov exponents with their constants. Right: share of
    networks whose stable rank is at most 1.1; crosses, two directions alone. Orthogonal tanh
    networks never come to one.
    """
    deep = results.where(is_homogeneous, lambda p: p.depth >= 4 * p.width)
    if not len(deep):
        return panels.nothing("No network of this grid is deeper than four times its width.")
    width = min(deep.values("width"))
    shown = deep.where(width=width)
    figure, axes = plt.subplots(1, 2, figsize=(style.TWO_COLUMNS, 3.1))
    for point in shown:
        _leading(axes[0], point)
    title = f"leading singular values, $n = {width}$"
    axes[0].set(title=title, xlabel="layer $l$", ylabel=r"mean log $\sigma_k^2 / \sigma_1^2$")
    kinds = []
    for point in results.where(lambda p: float(p.predicted.excess[-1]) >= 4 * p.width):
        kind = (point.activation, point.initialisation)
        share = point.predicted.excess / point.width
        one = (point.measured.stable_rank <= ONE_DIRECTION).astype(float)
        panels.curve(axes[1], share, one, floor=0, color=COLOURS[kind], linewidth=1.2)
        kinds.append(kind)
        if len(kinds) == 1:
            known = point.predicted.share_of_one_direction
            panels.theory_at(axes[1], share, known, "two directions alone")
    axes[1].set(title="one direction", xlabel="$K / n$", ylabel="share of networks", xscale="log")
    handles = [
        Line2D([], [], color=COLOURS[kind], label=name)
        for kind, name in KINDS.items()
        if kind in kinds
    ]
    handles.append(panels.theory_handle("Lyapunov exponents"))
    handles += [line for line in axes[1].lines if line.get_marker() == style.POINTS["marker"]]
    figure.suptitle("How singular values of the Jacobian part with depth")
    panels.legend_below(figure, handles, columns=3)
    return figure


def _leading(axis: Axes, point: Point) -> None:
    colour = COLOURS[point.activation, point.initialisation]
    below = point.measured.log_singular_value - point.measured.log_singular_value.isel(index=0)
    known = point.predicted.log_singular_value - point.predicted.log_singular_value.isel(index=0)
    for index in below.index[1:]:
        panels.curve(axis, below.layer, below.sel(index=index), color=colour, linewidth=1.2)
        panels.theory(axis, known.layer, known.sel(index=index))
