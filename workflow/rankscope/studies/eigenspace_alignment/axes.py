"""What the figures of both models share: rows of panels, time from 0 on, marks told apart."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rankscope.drawing.style import COLOURS, ONE_COLUMN, PAPER, TWO_COLUMNS
from rankscope.evidence.results import Point

Style = dict[str, Any]

OTHER: Style = {"color": PAPER["color"], "marker": "+", "markersize": 5}
"""A second theory that is known at the points."""
MARKERS = "osD^vP*X"
SYMBOLS = {
    "dimension": "d",
    "snr": r"\lambda",
    "step_scale": "c",
    "classes": "k",
    "width": "K",
}


def row(count: int, title: str) -> tuple[Figure, list[Axes]]:
    """Make a row of panels."""
    width = {1: 1.3 * ONE_COLUMN, 2: 0.8 * TWO_COLUMNS}.get(count, TWO_COLUMNS)
    figure, axes = plt.subplots(1, count, figsize=(width, 3.1), squeeze=False)
    figure.suptitle(title)
    return figure, list(axes[0])


def look(order: int, label: str) -> Style:
    """Return the colour, mark and label of the ``order``-th series."""
    return {"color": COLOURS[order % 10], "marker": MARKERS[order % 8], "label": label}


def describe(point: Point, *fields: str) -> str:
    """Name a point by symbols and values."""
    return ", ".join(f"${SYMBOLS[field]} = {point.parameters[field]:g}$" for field in fields)


def over_time(axes: Axes) -> None:
    """Make training time logarithmic from 1 on, and linear below."""
    axes.set(xlabel="training time, steps times $c / d$")
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xlim(-0.05, 1.3 * max(axes.get_xlim()[1], 1.0))


def half_life(axes: Axes, point: Point) -> None:
    """Mark the time 1 / (2 beta), before which the weights still grow."""
    time = 0.5 / point.ridge
    axes.axvline(time, color="0.7", lw=1, zorder=0, label=r"time $1 / (2\beta)$")


def stacked(values: list[xr.DataArray]) -> np.ndarray:
    """Stack one row of replicates per point to the shape ``(replicate, points)``."""
    return np.stack([np.asarray(each) for each in values], axis=1)
