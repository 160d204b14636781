"""Figures of the study: every public function is one, and its docstring is its caption."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rankscope.drawing import panels, style
from rankscope.evidence.results import Point, Results
from rankscope.studies.depth_limits.claims import reached
from rankscope.studies.depth_limits.parameters import ACTIVATIONS, ARCHITECTURES

NAMES = {
    "relu": "ReLU",
    "tanh": "tanh",
    "gelu": "GELU",
    "silu": "SiLU",
    "plain": "plain",
    "layer-norm": "layer norm after the activation",
    "residual": "residual",
    "scaled-residual": r"residual, branches $1/\sqrt{L}$",
}


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
    axes[0].set_ylabel("centred rank / (m - 1)")
    handles = [
        Line2D([], [], color=colour, label=NAMES[architecture])
        for architecture, colour in zip(ARCHITECTURES, style.COLOURS, strict=False)
    ]
    panels.legend_below(figure, [*handles, panels.theory_handle()], columns=3)
    figure.suptitle(f"Rank of random networks by depth (n = {width}, m = {batch})", fontsize=9)
    return figure


def half_depths(results: Results) -> Figure:
    """How deep a random network can be before half of its centred rank is lost, by width.

    Marks: measured, where it is within the networks drawn. Lines: the layer at which V =
    1/(m - 1), for architectures that lose half of the rank at some depth; the others keep it.
    One colour per activation and architecture, one mark per batch size m.
    """
    points = [p for p in results if np.isfinite(p.predicted.half_depth_by_width).any()]
    points = [p for p in points if p.architecture != "scaled-residual" and _stays(p)]
    if not points:
        return panels.nothing("No network of this grid loses half of its rank at any depth.")
    figure, axes = plt.subplots(figsize=(style.ONE_COLUMN, 3.0))
    kinds = list(dict.fromkeys((p.activation, p.architecture) for p in points))
    colours = dict(zip(kinds, style.COLOURS, strict=False))
    batches = sorted({p.batch_size for p in points})
    lines: tuple[Any, ...] = ("-", "--", ":", "-.")
    marks = ("o", "^", "s", "D")
    drawn = set()
    for point in points:
        kind, number = (point.activation, point.architecture), batches.index(point.batch_size) % 4
        if (kind, number) not in drawn:
            drawn.add((kind, number))
            by_width = point.predicted.half_depth_by_width
            axes.plot(by_width.any_width, by_width, lines[number], color=colours[kind], lw=1)
        inverse = 1 / np.asarray(point.measured.centred_participation_ratio).mean(axis=0)
        depth = reached(inverse, 2 / (point.batch_size - 1))
        axes.plot(point.width, depth, marks[number], color=colours[kind], markersize=4)
    axes.set(
        xscale="log", yscale="log", xlabel="width n", ylabel="layer or block",
        title="Depth at which half of the rank is lost",
    )  # fmt: skip
    panels.plain_ticks(axes, "xy")
    handles = [
        Line2D([], [], color=colours[kind], label=f"{NAMES[kind[0]]}, {NAMES[kind[1]]}")
        for kind in kinds
    ]
    handles += [
        Line2D([], [], color="0.4", linestyle=line, marker=mark, markersize=4, label=f"m = {batch}")
        for batch, line, mark in zip(batches, lines, marks, strict=False)
    ]
    panels.legend_below(figure, handles, columns=2, bars=False)
    return figure


def _stays(point: Point) -> bool:
    return point.architecture != "plain" or float(point.predicted.length_slope) <= 1.001
