"""Figures of a study of saved adapters."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rankscope.drawing import panels, style
from rankscope.evidence.results import Results

RANKS = ("stable_rank", "effective_rank", "rank_90", "rank_99")
MARKERS = "osD^vP<X>"


def ranks(results: Results) -> Figure:
    """Soft ranks of the updates of every adapter, one mark per matrix.

    The matrices of an adapter stand side by side in the order of its layers.
    """
    figure, axes = plt.subplots(figsize=(style.TWO_COLUMNS, 3.4))
    for place, point in enumerate(results):
        beside = np.linspace(-0.08, 0.08, point.measured.sizes["matrix"])
        for kind, name in enumerate(RANKS):
            x = place + 0.2 * (kind - 1.5) + beside
            axes.plot(x, point.measured[name], ".", ms=4, alpha=0.7, color=style.COLOURS[kind])
    axes.set_xticks(range(len(results)), [point.adapter for point in results], rotation=30)
    axes.set(yscale="log", ylabel="rank", title="Directions that the updates use")
    handles = [
        Line2D([], [], marker=".", ls="none", color=style.COLOURS[kind], label=name)
        for kind, name in enumerate(name.replace("_", " ") for name in RANKS)
    ]
    panels.legend_below(figure, handles, bars=False)
    return figure


def alignment(results: Results) -> Figure:
    """Base weight in the updates' directions over that in random ones.

    Means over the matrices of every adapter, of those that have as many directions; dashed with
    grey band: random directions, mean and two standard deviations for one matrix.
    """
    figure, axes = plt.subplots(figsize=(style.TWO_COLUMNS * 0.8, 3.4))
    for place, point in enumerate(results):
        values = point.measured.alignment.transpose("matrix", "probed_rank")
        panels.curve(
            axes, values.probed_rank, values, label=point.adapter, **_look(place), ms=3, lw=1.0
        )
    null = results.points[0].predicted
    rank, spread = null.probed_rank.values, 2 * null.alignment_sd
    panels.theory(axes, rank, null.alignment, label="random directions")
    lowest, highest = np.maximum(null.alignment - spread, 0), null.alignment + spread
    axes.fill_between(rank, lowest, highest, color="0.5", alpha=0.2, linewidth=0)
    axes.set_xscale("log", base=2)
    axes.set_xticks(rank, rank)
    axes.set(xlabel="leading directions", ylabel="alignment", ylim=(0, None))
    axes.set_title("Base weight in the updates' directions")
    panels.legend_below(figure)
    return figure


def intruder_counts(results: Results) -> Figure:
    """Intruders of every adapter against those of the same spectra in random directions.

    One mark per matrix, the control averaged over replicates; on the line they are equal.
    """
    figure, axes = plt.subplots(figsize=(style.ONE_COLUMN * 1.4, 3.4))
    end = 1.0
    for place, point in enumerate(results):
        control = point.measured.intruder_count_control.mean("replicate")
        count = point.measured.intruder_count
        end = max(end, float(control.max()), float(count.max()))
        axes.plot(
            control, count, alpha=0.7, ms=4, label=point.adapter,
            **_look(place) | {"linestyle": "none"},
        )  # fmt: skip
    axes.plot([0, end], [0, end], **style.THEORY)
    axes.set(xlabel="intruders, random directions", ylabel="intruders, adapter")
    axes.set_title("Intruders and their control")
    panels.legend_below(figure, bars=False)
    return figure


def _look(place: int) -> dict[str, Any]:
    return {
        "color": style.COLOURS[place % len(style.COLOURS)],
        "marker": MARKERS[place % len(MARKERS)],
        "linestyle": "-",
    }
