"""Figures across the studies; each public function is a figure, its docstring the caption."""

from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from rankscope.comparison import ranks as synthesis
from rankscope.drawing import style

NOTION_LABELS = {
    "energy_rank": ("90 % of the energy", "o"),
    "stable_rank": ("stable rank", "s"),
    "participation_ratio": ("participation ratio", "D"),
    "effective_rank": ("effective rank", "^"),
    "numerical_rank": ("numerical rank, tolerance 0.01", "v"),
}
NULL: dict[str, Any] = {"color": "0.6", "linestyle": "--", "linewidth": 0.9}


def energy_held(ranks: pd.DataFrame, held: pd.DataFrame) -> Figure:
    """Share of a matrix's energy that its leading directions hold, lost, spent and needed.

    Energy is the sum of squared singular values. A curve that rises early is a matrix of low
    effective rank; the dotted line is 90 %, from which the energy rank is read off. Lines
    are means over replicates, or over matrices of one kind. Dashed grey: the null, Gaussian
    matrices of the same shape, one line per shape. Ends of lines are the number of
    directions that the shape allows.
    """
    del ranks
    if held.empty:
        return _nothing()
    questions = [q for q in synthesis.QUESTIONS if q in set(held.question)]
    figure = Figure(figsize=(style.TWO_COLUMNS, 3.9), layout="constrained")
    axes = figure.subplots(1, len(questions), sharey=True, squeeze=False)[0]
    for axis, question in zip(axes, questions, strict=True):
        _draw_held(axis, held[held.question == question])
        axis.set_title(synthesis.QUESTIONS[question])
    axes[0].set_ylabel("share of the energy held")
    figure.suptitle("How many directions hold a matrix's energy")
    return figure


def _draw_held(axis: Axes, mine: pd.DataFrame) -> None:
    labels = list(dict.fromkeys(mine.label))
    for label, colour in zip(labels, sns.color_palette("colorblind", len(labels)), strict=True):
        one = mine[mine.label == label]
        axis.plot(one.directions, one.null_share, **NULL, zorder=1)
        axis.plot(one.directions, one.share, color=colour, label=label, zorder=2)
    axis.axhline(synthesis.SHARE, color="0.3", linestyle=":", linewidth=0.8)
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_xlabel("leading directions")
    axis.set_ylim(0, 1.02)
    handles, names = axis.get_legend_handles_labels()
    handles.append(Line2D([], [], **NULL))
    axis.legend(
        handles,
        [*names, "null, same shape"],
        loc="upper center",
        bbox_to_anchor=(0.5, -0.2),
        fontsize=6.5,
    )


def ranks_side_by_side(ranks: pd.DataFrame, held: pd.DataFrame) -> Figure:
    """Notions of rank of the same spectra, as shares of the directions that the shape allows.

    Filled: measured, means over replicates or over matrices of one kind. Open: the null,
    Gaussian matrices of the same shape. Where filled and open marks coincide, the matrix is
    no lower in rank than noise. Numbers: directions that hold 90 % of the energy, of those
    available.
    """
    del held
    if ranks.empty:
        return _nothing()
    figure = Figure(figsize=(style.TWO_COLUMNS, 1.5 + 0.27 * len(ranks)), layout="constrained")
    axis = figure.subplots()
    colours = sns.color_palette("colorblind", len(NOTION_LABELS))
    for (notion, (label, marker)), colour in zip(NOTION_LABELS.items(), colours, strict=True):
        places = range(len(ranks))
        shared: dict[str, Any] = {"marker": marker, "linestyle": "none", "color": colour, "ms": 4.5}
        axis.plot(ranks[f"null_{notion}"] / ranks.available, places, fillstyle="none", **shared)
        axis.plot(ranks[notion] / ranks.available, places, label=label, **shared)
    for place, (_, row) in enumerate(ranks.iterrows()):
        count = f"{row.energy_rank:.3g} of {row.available:g}"
        axis.text(1.01, place, count, transform=axis.get_yaxis_transform(), va="center", size=7)
    axis.set_yticks(range(len(ranks)), ranks.label)
    axis.invert_yaxis()
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_xlabel("rank / directions available")
    axis.grid(axis="y", linewidth=0.4, alpha=0.5)
    changes = ranks.question.ne(ranks.question.shift()).to_numpy().nonzero()[0][1:]
    for change in changes:
        axis.axhline(change - 0.5, color="0.3", linewidth=0.8)
    handles, names = axis.get_legend_handles_labels()
    handles.append(Line2D([], [], color="0.3", marker="o", fillstyle="none", linestyle="none"))
    figure.legend(handles, [*names, "open: null"], loc="outside lower center", ncols=3)
    figure.suptitle("Rank lost, spent and needed, beside noise of the same shape")
    return figure


def _nothing() -> Figure:
    figure = Figure(figsize=(style.ONE_COLUMN, 1))
    figure.text(0.5, 0.5, "no point of this grid has a spectrum to compare", ha="center", size=8)
    return figure
