"""What the figures share: a panel per setting, a colour per quantity, a dash per labels."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rankscope.drawing import panels, style
from rankscope.evidence.results import Point, Results

COLUMNS = 4
STYLES: dict[str, Any] = {"correct": "-", "shuffled": ":"}
LABELS = [
    Line2D([], [], color="0.3", linestyle=line, label=f"{name} labels")
    for name, line in STYLES.items()
]
NULL = Line2D([], [], label="random direction", **style.NULL)
LINEAR = 1e-3
"""Below it an axis that shows zero is linear."""
SMALLEST = 1e-7
"""Eigenvalues over the largest below single precision are rounding."""
ACTIVATIONS = {"relu": "ReLU", "tanh": "tanh"}


def per_setting(
    results: Results,
    title: str,
    ylabel: str,
    draw: Callable[[Axes, list[Point]], None],
    keys: Sequence[Line2D],
    *,
    varied: bool = False,
    columns: int = 4,
    bars: bool = True,
) -> Figure:
    """Draw a panel per setting, from points that differ in their labels alone.

    Args:
        results: points, of which those that train freely are drawn.
        title: of the figure.
        ylabel: of all panels.
        draw: draws the points of one panel.
        keys: of the legend.
        varied: whether to draw scaled starts and noisy images, or all others.
        columns: of the legend.
        bars: whether the figure has bars or bands.
    """
    groups = by_setting(results, varied=varied)
    if not groups:
        return panels.nothing("The grid has no such point.")
    figure, grid = panel_grid(title, len(groups), ylabel)
    for axes, (name, points) in zip(grid, groups.items(), strict=False):
        axes.set(title=name)
        draw(axes, points)
    panels.legend_below(figure, keys, columns=columns, bars=bars)
    return figure


def over_training(
    results: Results,
    title: str,
    ylabel: str,
    draw: Callable[[Axes, Point], None],
    keys: Sequence[Line2D],
    floor: float = 0.0,
    *,
    linear: bool = False,
    varied: bool = False,
) -> Figure:
    """Draw a panel per setting over training steps.

    Logarithmic if it has a floor, or, with ``linear``, down to where the axis to zero is linear.
    """

    def panel(axes: Axes, points: list[Point]) -> None:
        for point in points:
            draw(axes, point)
        axes.set_xscale("symlog", linthresh=1)
        axes.set_xlim(left=0)
        axes.set(xlabel="training step")
        if floor:
            axes.set_yscale("log")
        if linear:
            axes.set_yscale("symlog", linthresh=LINEAR, linscale=0.5)
        axes.set_ylim(bottom=floor)

    return per_setting(results, title, ylabel, panel, keys, varied=varied)


def over_steps(axes: Axes, point: Point, values: xr.DataArray, **line: Any) -> None:
    """Draw means over training steps, in the dash of the point's labels."""
    look = {"linestyle": STYLES[point.labels], "linewidth": 1.0, **line}
    panels.curve(axes, point.measured.step.values, values, floor=0, **look)


def by_setting(results: Results, *, varied: bool = False) -> dict[str, list[Point]]:
    """Group points of free training that differ in their labels alone, by a panel's title.

    Scaled starts and noisy images are ``varied``, and have figures of their own.
    """
    groups: dict[str, list[Point]] = {}
    for point in results.where(switch_step=0):
        if (point.initial_scale != 1 or point.noise > 0) == varied:
            groups.setdefault(setting(point), []).append(point)
    return groups


def setting(point: Point) -> str:
    """Name all that sets a point apart, but for its labels."""
    scale = f"\ninitial scale {point.initial_scale:g}" if point.initial_scale != 1 else ""
    noise = f"\nnoise {point.noise:g}" if point.noise else ""
    return plain_setting(point) + scale + noise


def plain_setting(point: Point) -> str:
    """Name images, network and optimiser."""
    images = "digits" if point.images == "digits" else "MNIST"
    optimiser = {"sgd": "SGD", "adam": "Adam"}[point.optimiser]
    decay = " + decay" if point.weight_decay else ""
    return (
        f"{images}, $k = {point.classes}$, {ACTIVATIONS[point.activation]}\n"
        f"$L = {point.depth}$, $n = {point.width}$, {optimiser}{decay}"
    )


def panel_grid(title: str, count: int, ylabel: str) -> tuple[Figure, list[Axes]]:
    """Return a figure of so many panels with one label, and these."""
    figure, grid = panels.grid(title, count, 1.75, COLUMNS, around=1.1)
    figure.supylabel(ylabel, fontsize=8)
    return figure, grid


def colour_keys(labels: Iterable[str]) -> list[Line2D]:
    """Return the legend's lines, a colour each."""
    return [
        Line2D([], [], color=colour, label=label)
        for colour, label in zip(style.COLOURS, labels, strict=False)
    ]
