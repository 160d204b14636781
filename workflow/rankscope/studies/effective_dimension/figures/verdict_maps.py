"""Figures of the verdicts on the abstract's claims."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from rankscope.drawing import panels, style
from rankscope.evidence.claims import ABSTRACT, of
from rankscope.evidence.results import Results
from rankscope.evidence.verdicts import SUPPORTED, summarise
from rankscope.studies.effective_dimension import claims
from rankscope.studies.effective_dimension.claims.closed_form import closed_form
from rankscope.studies.effective_dimension.claims.definitions import DEFINITIONS

SHORT = {"batch_size": "m", "width": "n", "input_dimension": "d"}


def verdicts_by_definition(results: Results, verdicts: pd.DataFrame) -> Figure:
    """Verdicts on the abstract's claims under every definition of effective dimension.

    The numbers are the points at which the claim is supported, of those tested; the colour is
    the verdict over all points (one contradicted point contradicts a claim; C revival needs
    one that supports it). Grey without a number: no point of this grid tests it, or nobody
    asserts it of that definition. A: the closed form; B: concentration; C:
    revivals; D: the contrast with orthogonal weights, leaky slopes and large width; E:
    alternation. The paper (arXiv 2507.07675) is known from its abstract only: the verdicts
    are on the abstract's words under each definition, not on the unseen full text.
    """
    rows = [rank.name for rank in DEFINITIONS]
    columns = [c for c in of(claims) if c.basis == ABSTRACT and len(c.definitions) > 1]
    figure = Figure(figsize=(style.TWO_COLUMNS, 1.6 + 0.24 * len(rows)))
    axis = figure.subplots()
    for x, claim in enumerate(columns):
        mine = verdicts[verdicts.claim == claim.name]
        for y, name in enumerate(rows):
            points = mine[mine.definition == name]
            found = summarise(claim, points, name)
            colour = style.VERDICT_COLOURS[found["verdict"]]
            axis.add_patch(Rectangle((x, y), 1, 1, facecolor=colour, edgecolor="white"))
            if len(points):
                _count(axis, x, y, found[SUPPORTED], len(points))
    names = [claim.name for claim in columns]
    axis.set_xticks(np.arange(len(names)) + 0.5, names, rotation=40, ha="right")
    axis.set_yticks(np.arange(len(rows)) + 0.5, rows)
    axis.set(xlim=(0, len(names)), ylim=(len(rows), 0))
    axis.set(xlabel="claim of the abstract", ylabel="definition of effective dimension")
    axis.tick_params(length=0)
    sns.despine(ax=axis, left=True, bottom=True)
    patches = [
        Patch(facecolor=colour, label=name) for name, colour in style.VERDICT_COLOURS.items()
    ]
    panels.legend_below(figure, patches, bars=False)
    figure.suptitle(
        "Verdicts, and points that support of points tested\n"
        "(arXiv 2507.07675, known from its abstract only)"
    )
    return figure


def closed_form_by_point(results: Results, verdicts: pd.DataFrame) -> Figure:
    """How far each definition is from the abstract's closed form, at every point.

    Root mean square over layers 1 to 20 of the difference between mean rank / m and
    1 - (1 - 2/pi)^l. Framed: supported, close enough to count as met. ReLU, Gaussian weights,
    no bias, n >= m; a blank cell was not measured. The paper is known from its abstract only.
    """
    table = verdicts[verdicts.claim == closed_form.name]
    if table.empty:
        return panels.nothing("no point of this grid tests the closed form")
    grid = table.pivot(index="definition", columns="point", values="estimate")
    order = [d.name for d in closed_form.definitions if d.name in grid.index]
    grid = grid.loc[order, table.point.unique()]
    verdict = table.pivot(index="definition", columns="point", values="verdict")
    verdict = verdict.loc[grid.index, grid.columns]
    shown = grid.map(lambda value: "" if np.isnan(value) else f"{value:.2f}".lstrip("0"))
    figure = Figure(figsize=(style.TWO_COLUMNS, 3.1 + 0.22 * len(grid)))
    axis = figure.subplots()
    sns.heatmap(
        grid,
        ax=axis,
        vmin=0,
        vmax=1,
        cmap="rocket_r",
        annot=shown if len(grid.columns) <= 24 else False,
        fmt="",
        annot_kws={"fontsize": 7},
        linewidths=0.3,
        cbar_kws={"label": "RMSE to the closed form, in units of $m$", "pad": 0.02},
    )
    framed = np.argwhere(verdict.to_numpy() == SUPPORTED)
    for y, x in framed:
        axis.add_patch(Rectangle((x, y), 1, 1, fill=False, lw=1.5))
    labels = [_short(name) for name in grid.columns]
    axis.set_xticks(np.arange(len(labels)) + 0.5, labels, rotation=90, fontsize=7)
    axis.set(
        xlabel=f"point (framed where supported: {len(framed)} of {grid.count().sum()})",
        ylabel="",
        title="Distance to the closed form, by definition and point",
    )
    return figure


def _count(axis: Axes, x: int, y: int, supported: int, tested: int) -> None:
    weight = "bold" if supported == tested else "normal"
    text = f"{supported}/{tested}"
    axis.text(x + 0.5, y + 0.5, text, ha="center", va="center", fontsize=7, weight=weight)


def _short(name: str) -> str:
    """Shorten a point's name for an axis."""
    pairs = [part.split("=", 1) for part in name.split(",")]
    return ", ".join(
        f"{SHORT[key]}={value}" if key in SHORT else value
        for key, value in pairs
        if key not in ("extras", "depth")
    )
