"""Figures of the study: every public function is one, and its docstring is its caption."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rankscope.drawing import panels, style
from rankscope.evidence.results import Results
from rankscope.studies.depth_limits.claims import keeps_lengths, reached
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
    figure.suptitle(f"Rank of random networks by depth ($n = {width}$, $m = {batch}$)", fontsize=9)
    return figure


def half_depths(results: Results) -> Figure:
    """How deep a random network can be before half of its centred rank is lost, by width.

    Marks: measured, where it is within the networks drawn, one shape per batch size m. Lines:
    the layer at which V = 1/(m - 1). A line that ends keeps half of the rank at any depth from
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
        by_width = point.predicted.half_depth_by_width
        axis.plot(by_width.any_width, by_width, linestyle=line, color=colour, linewidth=1)
        inverse = 1 / np.asarray(point.measured.centred_participation_ratio).mean(axis=0)
        depth = reached(inverse, 2 / (point.batch_size - 1))
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
    figure.suptitle("Depth at which half of the centred rank is lost", fontsize=9)
    return figure
