"""Figures of the study: every public function is one, and its docstring is its caption."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rankscope.drawing import panels, style
from rankscope.evidence.results import Results
from rankscope.studies.depth_limits.claims import KEPT, depth_of, keeps_lengths
from rankscope.studies.depth_limits.parameters import ACTIVATIONS, ARCHITECTURES

NAMES = {
    "relu": "ReLU",
    "tanh": "tanh",
    "gelu": "GELU",
    "silu": "SiLU",
    "plain": "plain",
    "layer-norm": "layer norm after the activation",
    "batch-norm": "batch norm before the activation",
    "residual": "residual",
    "scaled-residual": r"residual, branches $1/\sqrt{L}$",
}
SHORT = {
    "plain": "plain",
    "layer-norm": "layer norm",
    "batch-norm": "batch norm",
    "residual": "residual",
    "scaled-residual": r"$1/\sqrt{L}$ residual",
}
_MARK: dict[str, Any] = {
    "marker": "o", "markersize": 3.5, "linestyle": "none", "elinewidth": 0.8, "capsize": 2,
}  # fmt: skip


def ranks_by_architecture(results: Results) -> Figure:
    """How much of the centred rank random networks keep, by layer, over architectures.

    Participation ratio of unit-length, batch-centred features over m - 1, on orthonormal
    inputs: one panel per activation, one colour per architecture. Dashed: 1/PR = 1/(m - 1) + V,
    which takes lengths to stay: plain networks of GELU and SiLU leave it, for theirs do not.
    The largest networks of the grid that every architecture shares.
    """
    shapes = [(p.width, p.batch_size, p.depth) for p in results if p.architecture != "plain"]
    if not shapes:
        return panels.nothing("No points but plain networks.")
    width, batch, depth = max(shapes)
    chosen = results.where(width=width, batch_size=batch, depth=depth)
    figure, axes = plt.subplots(1, 4, figsize=(style.TWO_COLUMNS, 2.7), sharey=True)
    for axis, activation in zip(axes, ACTIVATIONS, strict=True):
        for architecture, colour in zip(ARCHITECTURES, style.COLOURS, strict=False):
            for point in chosen.where(activation=activation, architecture=architecture):
                measured = point.measured.centred_participation_ratio / (batch - 1)
                predicted = point.predicted.centred_participation_ratio / (batch - 1)
                panels.curve(axis, measured.layer, measured, color=colour)
                panels.theory(axis, predicted.layer, predicted)
        axis.set(title=NAMES[activation], xlabel="layer or block", xscale="log", ylim=(0, 1))
        panels.plain_ticks(axis)
    axes[0].set_ylabel("centred rank / $(m - 1)$")
    handles = [
        Line2D([], [], color=colour, label=NAMES[architecture])
        for architecture, colour in zip(ARCHITECTURES, style.COLOURS, strict=False)
    ]
    panels.legend_below(figure, [*handles, panels.theory_handle()], columns=3)
    figure.suptitle(f"Rank of random networks by depth ($n = {width}$, $m = {batch}$)")
    return figure


def depths_by_share(results: Results) -> Figure:
    """How deep random networks can be before their centred rank has fallen to a share p of m - 1.

    Marks: measured, with bars of two standard errors (cut at 0.7 of the mark), one colour per
    share; an open triangle at the last layer drawn where it has not fallen so far. Crosses: the
    layer at which V = (1/p - 1) / (m - 1), where it is among the layers drawn. "(*)": lengths do
    not stay, so that the prediction does not hold. The largest networks of the grid that every
    architecture shares.
    """
    shapes = [(p.width, p.batch_size, p.depth) for p in results if p.architecture != "plain"]
    if not shapes:
        return panels.nothing("No points but plain networks.")
    width, batch, depth = max(shapes)
    chosen = results.where(width=width, batch_size=batch, depth=depth)
    points = {(p.activation, p.architecture): p for p in chosen}
    figure, axes = plt.subplots(1, 4, figsize=(style.TWO_COLUMNS, 2.8), sharex=True, sharey=True)
    places = dict(zip(ARCHITECTURES, range(len(ARCHITECTURES))[::-1], strict=True))
    for (activation, architecture), point in points.items():
        axis, row = axes[ACTIVATIONS.index(activation)], places[architecture]
        for index, (kept, colour) in enumerate(zip(KEPT, style.COLOURS, strict=False)):
            place = row + 0.3 - 0.2 * index
            found = depth_of(point, kept.share)
            if np.isnan(found.value):
                axis.plot(depth, place, ">", color=colour, markersize=4, mfc="none")
            else:
                bar = 2 * float(np.nan_to_num(found.error))
                low, high = min(bar, 0.3 * found.value), min(bar, 1.4 * depth - found.value)
                axis.errorbar(found.value, place, xerr=[[low], [high]], color=colour, **_MARK)
            predicted = float(point.predicted.lost_depth.sel(kept=kept.share))
            if predicted <= depth:
                panels.theory_at(axis, predicted, place, "theory")
        if not keeps_lengths(point):
            axis.text(1, row, "(*)", fontsize=7, ha="right", va="center")
    for axis, activation in zip(axes, ACTIVATIONS, strict=True):
        axis.set(title=NAMES[activation], xlabel="layer or block", xscale="log")
        axis.set(xlim=(0.6, 1.5 * depth), ylim=(-0.5, len(places) - 0.5))
        panels.plain_ticks(axis)
    axes[0].set_yticks(list(places.values()), list(SHORT.values()))
    handles = [
        Line2D([], [], color=colour, marker="o", ls="", ms=4, label=f"$p = {kept.name[:-5]}$")
        for kept, colour in zip(KEPT, style.COLOURS, strict=False)
    ]
    handles += [
        Line2D([], [], color="0.4", marker=">", ls="", ms=4, mfc="none", label="beyond"),
        Line2D([], [], label="theory", **style.POINTS),
    ]
    panels.legend_below(figure, handles, columns=6, bars="bars: two standard errors")
    figure.suptitle(
        f"Layer at which a share $p$ of the centred rank is left ($n = {width}$, $m = {batch}$)"
    )
    return figure


def half_depths(results: Results) -> Figure:
    """How deep a random network can be before half of its centred rank is lost, by width.

    Marks: measured, where it is within the networks drawn, one shape per batch size m. Lines:
    the layer at which V = 1/(m - 1). A line that ends keeps half of the rank to layer 20,000 from
    there on; architectures without a line do so at every width.
    """
    points = [p for p in results if p.architecture != "scaled-residual" and keeps_lengths(p)]
    if not points:
        return panels.nothing("No network of this grid keeps its lengths.")
    figure, axes = plt.subplots(1, 4, figsize=(style.TWO_COLUMNS, 2.7), sharex=True, sharey=True)
    batches = sorted({p.batch_size for p in points})
    lines: tuple[Any, ...] = ("--", "-", ":", "-.")
    kinds = dict(zip(batches, zip(lines, ("^", "o", "s", "D"), strict=True), strict=False))
    colours = dict(zip(ARCHITECTURES, style.COLOURS, strict=False))
    for point in points:
        axis, colour = axes[ACTIVATIONS.index(point.activation)], colours[point.architecture]
        line, mark = kinds[point.batch_size]
        by_width = point.predicted.lost_depth_by_width.sel(kept=0.5)
        axis.plot(by_width.any_width, by_width, linestyle=line, color=colour, linewidth=1)
        depth = depth_of(point, 0.5).value
        axis.plot(point.width, depth, mark, color=colour, markersize=4)
    for axis, activation in zip(axes, ACTIVATIONS, strict=True):
        axis.set(title=NAMES[activation], xlabel="width $n$", xscale="log", yscale="log")
        panels.plain_ticks(axis, "xy")
    axes[0].set_ylabel("layer or block")
    handles = [
        Line2D([], [], color=colours[name], label=NAMES[name])
        for name in ARCHITECTURES
        if name != "scaled-residual"
    ]
    for batch, (line, mark) in kinds.items():
        size = f"$m = {batch}$"
        handles += [
            Line2D([], [], color="0.4", linestyle=line, lw=1, label=f"theory, {size}"),
            Line2D([], [], color="0.4", marker=mark, ls="", ms=4, label=f"measured, {size}"),
        ]
    panels.legend_below(figure, handles, columns=4, bars=False)
    figure.suptitle("Depth at which half of the centred rank is lost")
    return figure
