"""Figures across the studies; each public function is a figure, its docstring the caption."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from rankscope.comparison import ranks
from rankscope.comparison.ranks import Spectrum
from rankscope.drawing import panels, style

NOTION_LABELS = {
    "energy_rank": ("90 % of the energy", "o"),
    "stable_rank": ("stable rank", "s"),
    "participation_ratio": ("participation ratio", "D"),
    "effective_rank": ("effective rank", "^"),
    "numerical_rank": ("numerical rank, tolerance 0.01", "v"),
}
METHOD = "|".join(sorted(style.METHODS, key=len, reverse=True))
"""Finds the longest name of a method in a label: a method has one colour in all figures."""

NOTHING = "no point of this grid has a spectrum to compare"
BELOW = 0.4
"""Inches from a panel to its legend: its ticks and its label stand between."""
Named = Sequence[tuple[str, Spectrum]]
"""Spectra, each with the name of its study."""


def energy_held(spectra: Named) -> Figure:
    """Share of a matrix's energy that its leading directions hold, lost, spent and needed.

    Energy is the sum of squared singular values. A curve that rises early is a matrix of low
    effective rank; the dotted line is 90 %, from which the energy rank is read off. Lines
    are means over replicates, or over matrices of one kind, bands their 95 % intervals. Dashed
    grey: the null, Gaussian matrices of the same shape, one line per shape. Ends of lines are
    the number of directions that the shape allows.
    """
    if not spectra:
        return panels.nothing(NOTHING)
    asked = {spectrum.question for _, spectrum in spectra}
    questions = [question for question in ranks.QUESTIONS if question in asked]
    figure = Figure(figsize=(style.TWO_COLUMNS, 3.9), layout="constrained")
    row = figure.subplots(1, len(questions), sharey=True, squeeze=False)[0]
    for axes, question in zip(row, questions, strict=True):
        _draw_held(axes, [one for _, one in spectra if one.question == question])
        axes.set_title(ranks.QUESTIONS[question])
    row[0].set_ylabel("share of the energy held")
    figure.suptitle("How many directions hold a matrix's energy")
    return figure


def _draw_held(axes: Axes, spectra: Sequence[Spectrum]) -> None:
    """Draw one panel; its legend stands below it, since its lines are its own."""
    for order, spectrum in enumerate(spectra):
        method = re.search(METHOD, spectrum.label)
        look = style.METHODS[method[0]] if method else style.COLOURS[order]
        drawn = [line.get_color() for line in axes.lines].count(look)
        shares = ranks.energy_held(spectrum.values)
        directions = np.arange(1, shares.shape[-1] + 1)
        chance = ranks.energy_held(ranks.null(spectrum.shape)).mean(axis=0)[: len(directions)]
        axes.plot(directions, chance, **style.NULL, zorder=1)
        line: dict[str, Any] = {"color": look, "linestyle": ("-", "-.", ":")[drawn % 3]}
        panels.curve(axes, directions, shares, **line, label=spectrum.label, zorder=2)
    label = f"{ranks.SHARE:.0%} of the energy"
    axes.axhline(ranks.SHARE, color="0.3", linestyle=":", linewidth=0.8, label=label)
    axes.set(xscale="log", xlabel="leading directions", ylim=(0, 1.02))
    panels.plain_ticks(axes)
    handles, _ = axes.get_legend_handles_labels()
    handles.append(Line2D([], [], label="null, same shape", **style.NULL))
    figure = axes.get_figure(root=True)
    assert figure is not None
    below = axes.transAxes + ScaledTranslation(0, -BELOW, figure.dpi_scale_trans)
    place: dict[str, Any] = {"bbox_to_anchor": (0.5, 0), "bbox_transform": below}
    axes.legend(handles=handles, loc="upper center", fontsize=7, **place)


def ranks_side_by_side(spectra: Named) -> Figure:
    """Notions of rank of the same spectra, as shares of the directions that the shape allows.

    Filled: measured, means over replicates or over matrices of one kind. Open: the null,
    Gaussian matrices of the same shape. Where filled and open marks coincide, the matrix is
    no lower in rank than noise. Numbers: directions that hold 90 % of the energy, of those
    available.
    """
    if not spectra:
        return panels.nothing(NOTHING)
    table = ranks.ranks_of(spectra)
    figure = Figure(figsize=(style.TWO_COLUMNS, 1.5 + 0.27 * len(table)), layout="constrained")
    axes = figure.subplots()
    places = range(len(table))
    colours = sns.color_palette("colorblind", len(NOTION_LABELS))
    for (notion, (label, marker)), colour in zip(NOTION_LABELS.items(), colours, strict=True):
        look: dict[str, Any] = {
            "marker": marker,
            "linestyle": "none",
            "markersize": 4.5,
            "color": colour,
        }
        axes.plot(table[f"null_{notion}"] / table.available, places, fillstyle="none", **look)
        axes.plot(table[notion] / table.available, places, label=label, **look)
    for place, row in zip(places, table.itertuples(), strict=True):
        count = f"{row.energy_rank:.3g} of {row.available:g}"
        axes.text(1.01, place, count, transform=axes.get_yaxis_transform(), va="center", size=7)
    axes.set_yticks(places, table.label)
    axes.invert_yaxis()
    axes.set(xscale="log", xlabel="rank / directions available")
    panels.plain_ticks(axes)
    axes.grid(axis="y", linewidth=0.4, alpha=0.5)
    for place in table.question.ne(table.question.shift()).to_numpy().nonzero()[0][1:]:
        axes.axhline(place - 0.5, color="0.3", linewidth=0.8)
    handles, _ = axes.get_legend_handles_labels()
    handles.append(
        Line2D([], [], label="open: null", color="0.3", marker="o", fillstyle="none", ls="none")
    )
    panels.legend_below(figure, handles, columns=3, bars=False)
    figure.suptitle("Rank lost, spent and needed, beside noise of the same shape")
    return figure
