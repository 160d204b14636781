"""A panel for each point, and one look for each run in all figures."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rankscope.drawing import style
from rankscope.evidence.results import Point, Results
from rankscope.studies.language_model.selection import all_runs, runs

MARKERS = "osD^vP<X>"
ROWS = "0.25"
"""Colour of marks in figures whose rows name the runs."""
Look = dict[str, Any]


def grid(points: Sequence[Point], height: float) -> tuple[Figure, Iterator[tuple[Axes, Point]]]:
    """Return a figure with a titled panel per point, two in a row, and the pairs of both."""
    columns = min(len(points), 2)
    rows = -(-len(points) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(style.TWO_COLUMNS, height * rows + 0.6), squeeze=False
    )
    for spare in axes.flat[len(points) :]:
        spare.axis("off")
    for panel, point in zip(axes.flat, points, strict=False):
        panel.set_title(f"{point.task}, {len(all_runs(point))} runs")
    return figure, zip(axes.flat, points, strict=False)


def looks(results: Results) -> dict[str, Look]:
    """Return label, colour and marker of each run, by name: the same in all figures."""
    names = dict.fromkeys(run.name for point in results for run in all_runs(point))
    return {
        name: {
            "label": name,
            "color": style.COLOURS[place % len(style.COLOURS)],
            "marker": MARKERS[place % len(MARKERS)],
            "linestyle": "-" if place < len(style.COLOURS) else "--",
        }
        for place, name in enumerate(names)
    }


def richest(results: Results, *methods: str) -> Point:
    """Return the point that has the most of these methods, the first of equals."""
    return max(results, key=lambda point: len({run.method for run in runs(point, *methods)}))


def spread(count: int, width: float) -> np.ndarray:
    """Return offsets that set ``count`` marks side by side, ``width`` from first to last."""
    return np.linspace(-width / 2, width / 2, count) if count > 1 else np.zeros(count)
