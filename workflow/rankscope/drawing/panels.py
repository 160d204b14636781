"""What figures are made of: curves with bands, marks with bars, theory, legends below.

A bar or a band is the 95 % interval of the mean over replicates, from Student's t, and
`legend_below` says so in the figure; what else a bar is there, the figure gives in words.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import ArrayLike
from scipy import stats

from rankscope.drawing import style

CONFIDENCE = 0.95
LEAST_TICKS = 3
"""Of a logarithmic axis, to be read as one."""
BARS = "bars and bands: 95 % intervals of the mean"


def interval(values: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and half width of the 95 % interval over replicates, the first axis.

    Replicates that are ``nan`` are left out; where fewer than two are left, the half width is
    ``nan``.
    """
    array = np.asarray(values, dtype=float)
    count = np.isfinite(array).sum(axis=0)
    array = np.where(np.isfinite(array), array, np.nan)
    safe = np.maximum(count, 1)
    mean = np.where(count > 0, np.nansum(array, axis=0) / safe, np.nan)
    square = np.nansum((array - mean) ** 2, axis=0) / np.maximum(count - 1, 1)
    quantile = stats.t.isf((1 - CONFIDENCE) / 2, np.maximum(count - 1, 1))
    return mean, np.where(count > 1, quantile * np.sqrt(square / safe), np.nan)


def bar(values: ArrayLike, least: float) -> tuple[float, np.ndarray]:
    """Return a mean and how far its bar reaches below and above, on a logarithmic axis.

    Args:
        values: over replicates.
        least: where the bar ends at the latest.
    """
    mean, half = interval(values)
    half = np.nan_to_num(half)
    return float(mean), np.array([[min(half, mean - least)], [half]])


def curve(
    axes: Axes, x: ArrayLike, values: ArrayLike, *, floor: float = -math.inf, **line: Any
) -> None:
    """Draw the mean over replicates as a line with its band.

    Args:
        axes: where.
        x: shape ``(n,)``.
        values: shape ``(replicate, n)``.
        floor: lowest value that the band may reach, on a logarithmic scale.
        line: colour, label and style.
    """
    mean, half = interval(values)
    half = np.nan_to_num(half)
    _banded(axes, x, mean, np.maximum(mean - half, floor), mean + half, **line)


def geometric_curve(axes: Axes, x: ArrayLike, values: ArrayLike, **line: Any) -> None:
    """Draw the geometric mean over replicates with its band, the interval of the mean logarithm.

    Args:
        axes: where.
        x: shape ``(n,)``.
        values: positive, shape ``(replicate, n)``.
        line: colour, label and style.
    """
    mean, half = interval(np.log(values))
    half = np.nan_to_num(half)
    _banded(axes, x, np.exp(mean), np.exp(mean - half), np.exp(mean + half), **line)


def _banded(
    axes: Axes, x: ArrayLike, middle: np.ndarray, lower: np.ndarray, upper: np.ndarray, **line: Any
) -> None:
    (drawn,) = axes.plot(x, middle, **line)
    axes.fill_between(np.asarray(x), lower, upper, color=drawn.get_color(), alpha=0.2, linewidth=0)


def marks(axes: Axes, x: ArrayLike, values: ArrayLike, **line: Any) -> None:
    """Draw means over replicates as marks with bars.

    Args:
        axes: where.
        x: shape ``(n,)``.
        values: shape ``(replicate, n)``.
        line: colour, label and style.
    """
    mean, half = interval(values)
    style_ = {"marker": "o", "markersize": 3.5, "linestyle": "none", "capsize": 2, **line}
    axes.errorbar(np.asarray(x), mean, yerr=np.nan_to_num(half), elinewidth=0.8, **style_)


def theory(axes: Axes, x: ArrayLike, y: ArrayLike, **line: Any) -> None:
    """Draw what a theory says, over what was measured."""
    axes.plot(np.asarray(x), np.asarray(y), **{**style.THEORY, "zorder": 3, **line})


def theory_at(axes: Axes, x: ArrayLike, y: ArrayLike, label: str, **marks: Any) -> None:
    """Draw what a theory says where it was evaluated, as marks: between them nothing is known."""
    look = {**style.POINTS, "zorder": 3, **marks}
    axes.plot(np.asarray(x), np.asarray(y), label=f"{label}, at the points", **look)


def unity(axes: Axes, **line: Any) -> None:
    """Draw the diagonal on which what is measured equals what is predicted."""
    low = max(axes.get_xlim()[0], axes.get_ylim()[0])
    high = min(axes.get_xlim()[1], axes.get_ylim()[1])
    axes.plot([low, high], [low, high], **{**style.THEORY, **line})


def plain_ticks(axes: Axes, which: str = "x") -> None:
    """Write the ticks of a logarithmic axis as plain numbers."""
    for name in which:
        getattr(axes, f"{name}axis").set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))


def log_ticks(axes: Axes) -> None:
    """Tick a logarithmic y axis that spans little in plain numbers.

    At 1, 2 and 5, or, where fewer than three of these are in view, at round numbers between.
    Call it when all is drawn: the view decides.
    """
    low, high = axes.get_ylim()
    places = LogLocator(subs=(1, 2, 5)).tick_values(low, high)
    few = sum(low <= place <= high for place in places) < LEAST_TICKS
    axes.yaxis.set_major_locator(
        MaxNLocator(4, steps=(1, 2, 2.5, 5, 10)) if few else LogLocator(subs=(1, 2, 5))
    )
    axes.yaxis.set_minor_formatter(NullFormatter())
    plain_ticks(axes, "y")


def labelled(figure: Figure) -> list[Artist]:
    """Return what has a label in any panel, once per label."""
    found = {
        label: handle
        for axes in figure.axes
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    return list(found.values())


def legend_below(
    figure: Figure, handles: Sequence[Artist] = (), *, columns: int = 4, bars: bool | str = True
) -> None:
    """Put one legend under all panels, where it covers no data; say what bars mean.

    Args:
        figure: the figure.
        handles: what to explain; those of all panels, once per label, if none are given.
        columns: of the legend.
        bars: whether the figure has bars or bands, or what they are if not `BARS`.
    """
    meant = BARS if bars is True else bars or None
    found = list(handles) or labelled(figure)
    figure.legend(
        handles=found,
        labels=[str(handle.get_label()) for handle in found],
        loc="outside lower center",
        ncols=columns,
        fontsize=7,
        title=meant,
        title_fontsize=7,
    )


def grid(
    title: str, count: int, height: float, columns: int = 3, around: float = 0.9
) -> tuple[Figure, list[Axes]]:
    """Return a figure of some panels of one size, row by row, and these panels.

    Args:
        title: of the figure.
        count: of panels.
        height: of a panel with its labels, in inches.
        columns: the most panels of a row; with more than two their text is small.
        around: height of what stands above and below all panels, in inches.
    """
    columns = max(1, min(columns, count))
    rows = max(1, math.ceil(count / columns))
    width = style.TWO_COLUMNS if columns > 1 else style.ONE_COLUMN
    figure = Figure(figsize=(width, height * rows + around), layout="constrained")
    figure.suptitle(title)
    found = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for axes in found:
        if columns > 2:
            axes.tick_params(labelsize=7)
            for text in (axes.title, axes.xaxis.label, axes.yaxis.label):
                text.set_fontsize(7)
    for spare in found[count:]:
        spare.set_axis_off()
    return figure, found[:count]


def theory_handle(label: str = "theory") -> Line2D:
    """Return a legend's entry for lines of theory."""
    return Line2D([], [], label=label, **style.THEORY)


def nothing(text: str) -> Figure:
    """Return a figure that says why there is nothing to draw."""
    figure = Figure(figsize=(style.ONE_COLUMN, 1))
    figure.text(0.5, 0.5, text, ha="center", va="center", size=8, wrap=True)
    return figure
