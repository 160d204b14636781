"""A panel for each point, and one look for each run in all figures."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rankscope.drawing import panels, style
from rankscope.evidence.results import Point, Results
from rankscope.studies.language_model.parameters import Run
from rankscope.studies.language_model.selection import all_runs, runs

MARKERS = "osD^vP<X>ph*d8H"
ROWS = "0.25"
"""Colour of marks in figures whose rows name the runs."""
METHODS = {
    "lora": "LoRA",
    "rslora": "rsLoRA",
    "relora": "ReLoRA",
    "randlora": "RandLoRA",
    "vera": "VeRA",
    "full": "full",
    "head": "head",
}
"""Methods of runs, by the names that `style.METHODS` has for them."""
DARKEST = 0.5
"""By what share the colour of a method's largest rank is darker than that of its smallest."""
Look = dict[str, Any]


def grid(
    title: str, points: Sequence[Point], height: float
) -> tuple[Figure, Iterator[tuple[Axes, Point]]]:
    """Return a titled figure with a titled panel per point, two in a row, and the pairs of both."""
    figure, axes = panels.grid(title, len(points), height, columns=2, around=0.6)
    figure.set_figwidth(style.TWO_COLUMNS)  # of one panel too: legends name many runs
    for panel, point in zip(axes, points, strict=True):
        panel.set_title(f"{point.task}, {len(all_runs(point))} runs")
    return figure, zip(axes, points, strict=True)


def looks(results: Results) -> dict[str, Look]:
    """Return label, colour, mark and line of each run, by name: the same in all figures.

    The colour is the method's, the darker the larger the rank; lines of runs on matrices of their
    own are dash-dotted; marks tell the runs of a method apart.
    """
    found = {run.name: run for point in results for run in all_runs(point)}
    of_method: dict[str, list[Run]] = {}
    for run in found.values():
        of_method.setdefault(run.method, []).append(run)
    return {run.name: _look(run, of_method[run.method]) for run in found.values()}


def _look(run: Run, siblings: Sequence[Run]) -> Look:
    ranks = sorted({one.rank for one in siblings})
    darker = DARKEST * ranks.index(run.rank) / max(1, len(ranks) - 1)
    first = list(METHODS).index(run.method)
    return {
        "label": run.name,
        "color": style.shade(style.METHODS[METHODS[run.method]], darker),
        "marker": MARKERS[(first + siblings.index(run)) % len(MARKERS)],
        "linestyle": "-." if "." in run.name else "-",
    }


def richest(results: Results, *methods: str) -> Point:
    """Return the point that has the most of these methods, the first of equals."""
    return max(results, key=lambda point: len({run.method for run in runs(point, *methods)}))


def spread(count: int, width: float) -> np.ndarray:
    """Return offsets that set ``count`` marks side by side, ``width`` from first to last."""
    return np.linspace(-width / 2, width / 2, count) if count > 1 else np.zeros(count)
