"""Figures of the study: every public function is one, and its docstring is its caption."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter
from scipy import special

from rankscope.drawing import panels, style
from rankscope.evidence.results import Point, Results
from rankscope.studies.eigenspace_alignment.axes import look
from rankscope.studies.eigenspace_alignment.occupancy import claims
from rankscope.studies.eigenspace_alignment.occupancy.claims import COUNTS, four, settled

DRIVES = {
    "sgd": "SGD",
    "flow": "gradient flow",
    "independent": "each neuron alone",
}


def four_cells(results: Results) -> Figure:
    """How many networks fill all four cells, against lambda, and what makes them.

    Marks: share of networks with a living neuron in each cell at t = 3 / beta; networks by SGD, by
    the gradient flow, and of neurons trained each alone. Dashed: independent uniform choice.
    """
    chosen = results.where(settled)
    figure, axes = _by_width(chosen)
    kinds = [
        (drive, dimension)
        for drive in DRIVES
        for dimension in sorted(set(chosen.where(drive=drive).values("dimension")))
    ]
    looks = [look(i, f"{DRIVES[drive]}, $d = {d}$") for i, (drive, d) in enumerate(kinds)]
    for width, axis in axes.items():
        for (drive, dimension), kind in zip(kinds, looks, strict=True):
            points = _sorted(chosen.where(width=width, drive=drive, dimension=dimension))
            if points:
                shares = np.transpose([four(point, COUNTS[0]) for point in points])
                panels.marks(axis, _snrs(points), shares, **kind)
        axis.set(xscale="log", xlabel=r"$\lambda$")
    handles = [Line2D([], [], linestyle="none", markersize=4, **kind) for kind in looks]
    panels.legend_below(figure, [*handles, panels.theory_handle("independent choice")], columns=2)
    return figure


def excess(results: Results) -> Figure:
    """By how much P(4) exceeds its law at t = 3 / beta, against lambda.

    Marks: SGD, share with four cells minus that by the signs of the same networks' starts, whose
    law is that of independent choice; one colour per number of neurons. Dashed: lambda to the
    power -1/2, through the mark at the lambda nearest to 100.
    """
    chosen = results.where(settled, drive="sgd")
    figure = Figure(figsize=(style.ONE_COLUMN, 2.9), layout="constrained")
    axes = figure.subplots()
    for order, family in enumerate(chosen.families("snr", ignoring=("duration", "runs"))):
        values = np.transpose([claims.excess(point, COUNTS[0]) for point in family])
        panels.marks(axes, family.sizes, values, **look(order, family[0].label("width")))
        place = int(np.argmin(np.abs(np.log(family.sizes / 100))))
        ratio = np.geomspace(family.sizes[0], family.sizes[-1]) / family.sizes[place]
        panels.theory(axes, ratio * family.sizes[place], values[:, place].mean() * ratio**-0.5)
    axes.set(
        xscale="log",
        xlabel=r"$\lambda$",
        ylabel="$P(4)$ minus its law",
        title="Four cells, beyond chance",
    )
    found, _ = axes.get_legend_handles_labels()
    panels.legend_below(figure, [*found, panels.theory_handle("power $-1/2$")], columns=2)
    return figure


def over_time(results: Results) -> Figure:
    """When cells are filled: the share of networks with four cells, over training time.

    SGD, one panel per number of neurons, one colour per lambda. Dashed: independent choice.
    """
    chosen = results.where(settled, drive="sgd")
    figure, axes = _by_width(chosen)
    snrs = sorted(set(chosen.values("snr")))
    for width, axis in axes.items():
        for point in chosen.where(width=width):
            kind = look(snrs.index(point.snr), "") | {"linestyle": "-", "markersize": 4}
            shares = point.measured.living.isel(cells=4)
            panels.marks(axis, shares.checkpoint, shares, **kind)
        axis.set(xlabel="training time")
    handles = [
        Line2D([], [], markersize=4, **look(order, rf"$\lambda = {snr:g}$"))
        for order, snr in enumerate(snrs)
    ]
    panels.legend_below(figure, [*handles, panels.theory_handle("independent choice")], columns=3)
    return figure


def choice(results: Results) -> Figure:
    """Which cell a neuron chooses beside one that stays in another.

    Marks: share of the free neurons with v > 0 that chose the empty cell, one colour per
    dimension. Dashed: Phi(a* sqrt(d / lambda)). Dotted: either cell.
    """
    chosen = results.where(drive="frozen")
    figure = Figure(figsize=(style.ONE_COLUMN, 2.9), layout="constrained")
    axes = figure.subplots()
    for order, dimension in enumerate(sorted(set(chosen.values("dimension")))):
        points = _sorted(chosen.where(dimension=dimension))
        shares = np.transpose([point.measured.chosen.isel(checkpoint=-1) for point in points])
        kind = look(order, f"$d = {dimension}$")
        panels.marks(axes, _snrs(points) / dimension, shares, **kind)
    if len(chosen):
        ratios = [point.snr / point.dimension for point in chosen]
        ratio = np.geomspace(min(ratios) / 4, 4 * max(ratios))
        threshold = special.ndtri(1 / (1 + 8 * chosen.points[0].ridge))
        panels.theory(axes, ratio, special.ndtr(threshold / np.sqrt(ratio)))
    axes.axhline(0.5, color="0.6", linestyle=":", linewidth=1)
    axes.set(xscale="log", xlabel=r"$\lambda / d$", ylabel="share that chose the empty cell")
    axes.set_title("A choice beside a filled cell")
    panels.plain_ticks(axes)
    axes.xaxis.set_minor_formatter(NullFormatter())
    found, _ = axes.get_legend_handles_labels()
    other = Line2D([], [], color="0.6", linestyle=":", label="either cell")
    panels.legend_below(figure, [*found, panels.theory_handle(), other], columns=3)
    return figure


def _sorted(results: Results) -> list[Point]:
    return sorted(results, key=lambda point: (point.snr, point.duration))


def _snrs(points: list[Point]) -> np.ndarray:
    return np.array([point.snr for point in points])


def _by_width(results: Results) -> tuple[Figure, dict[int, Axes]]:
    """Make a panel for each number of neurons, with the law of independent choice."""
    laws = {point.width: float(point.predicted.law[4]) for point in results}
    size = 1.3 * style.ONE_COLUMN if len(laws) < 2 else style.TWO_COLUMNS
    figure, axes = plt.subplots(1, max(1, len(laws)), figsize=(size, 3.3), squeeze=False)
    figure.suptitle("Networks that fill all four cells")
    axes[0, 0].set_ylabel("share with four cells")
    panel = dict(zip(sorted(laws), axes[0], strict=False))
    for width, axis in panel.items():
        axis.axhline(laws[width], **style.THEORY)
        axis.set_title(f"$K = {width}$")
    return figure, panel
