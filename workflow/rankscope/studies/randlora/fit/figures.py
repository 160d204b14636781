"""Errors at equal parameters: every public function is a figure, its docstring its caption."""

from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rankscope.drawing import panels, style
from rankscope.evidence.results import Point, Results
from rankscope.studies.randlora.fit.claims import error

ADAPTERS = ("LoRA", "RandLoRA", "RandLoRA-a", "RandLoRA-b", "VeRA", "NoLA", "entries")
HEATMAP: dict[str, Any] = {
    "cmap": "RdBu_r", "center": 0, "vmin": -0.3, "vmax": 0.3, "annot": True, "fmt": ".2f",
    "annot_kws": {"fontsize": 7}, "cbar": False, "linewidths": 0.5,
}  # fmt: skip


def crossover(results: Results) -> Figure:
    """Where full rank from random bases, or the best low rank, fits better at equal parameters.

    RandLoRA's relative squared error, fitted by alternating least squares, minus that of the
    best LoRA (Eckart and Young, fractional rank by interpolation) of as many parameters, in
    weight space; blue: RandLoRA's is lower, red: LoRA's is lower. Left: flat targets of rank
    k, with the rank k = D d / (D + d) where counting dimensions puts the crossover (triangle).
    Right: targets of full rank by spectrum, steeper to the right. Mean over replicates; widest
    weight of the grid.
    """
    weights = results.where(input_decay=0.0)
    if not len(weights):
        return panels.nothing("No point of the grid is in weight space.")
    points = weights.where(columns=max(weights.values("columns")))
    figure, axes = plt.subplots(
        1, 2, figsize=(style.TWO_COLUMNS, 2.9), width_ratios=(1.5, 1), sharey=True
    )
    flat = points.where(target="flat")
    if len(flat):
        table = _gains(flat, lambda point: point.target_rank)
        sns.heatmap(table, ax=axes[0], **HEATMAP)
        limit = float(flat.points[0].predicted.crossover_rank)
        places = np.arange(len(table.columns)) + 0.5
        x = np.interp(limit, table.columns, places)
        name = "$k = D d / (D + d)$, where counting dimensions puts the crossover"
        axes[0].plot(x, 0, "kv", ls="", markersize=6, clip_on=False, label=name)
        panels.legend_below(figure, bars=False)
    full = points.where(lambda point: point.target_rank == point.columns)
    if len(full):
        steepness = {"flat": 0.0, "gaussian": 0.4, "power": 0.0}
        ordered = sorted(full, key=lambda point: steepness[point.target] + point.decay)
        table = _gains(full, _target)
        sns.heatmap(table[list(dict.fromkeys(map(_target, ordered)))], ax=axes[1], **HEATMAP)
    axes[0].set(xlabel="rank $k$ of a flat target", ylabel="rank $r$ of RandLoRA's bases")
    axes[1].set(xlabel="singular values of a full-rank target", ylabel="")
    figure.suptitle("Error of RandLoRA minus error of LoRA")
    return figure


def methods(results: Results) -> Figure:
    """All adapters at equal parameters, in weight space and in activation space.

    Relative squared error of each adapter on the same targets with the number of parameters
    of RandLoRA at the rank r given. LoRA is the exact optimum; the others are fitted by
    alternating least squares in the metric of the inputs; "entries" trains a random subset
    of the full weight. At its optimum an adapter's squared norm is one minus its error, so that
    the order is the same at equal norm. Dashed, in weight space: 1 - P / (D d).
    """
    compared = results.where(methods="all")
    if not len(compared):
        return panels.nothing("No point of the grid compares all adapters.")
    rows = sorted({(point.input_decay, point.rank) for point in compared})
    figure, axes = plt.subplots(
        len(rows), 1, figsize=(style.TWO_COLUMNS, 1.2 + 1.35 * len(rows)),
        squeeze=False, sharex=True, sharey=True,
    )  # fmt: skip
    for axis, (decay, rank) in zip(axes[:, 0], rows, strict=True):
        points = compared.where(input_decay=decay, rank=rank).points
        places = np.arange(len(points))
        for shift, adapter in enumerate(ADAPTERS):
            values = np.transpose([error(point, adapter).values for point in points])
            look = {"color": style.METHODS[adapter], "marker": "osD^vPX"[shift], "label": adapter}
            panels.marks(axis, places + (shift - 3) * 0.1, values, **look)
        for place, point in zip(places, points, strict=True):
            if "dimension_count" in point.predicted:
                count = float(point.predicted.dimension_count)
                axis.plot([place - 0.4, place + 0.4], [count, count], **style.THEORY)
        space = f"activation space, input variances $i^{{-{decay:g}}}$" if decay else "weight space"
        axis.set_title(f"{space}, $r = {rank}$", fontsize=8)
        axis.set(ylim=(-0.05, 1.02), ylabel="relative error")
        axis.set_xticks(places, [_target(point) for point in points])
    axes[0, 0].plot([], [], label="dimension count", **style.THEORY)
    figure.suptitle("Errors of adapters of equal parameters")
    panels.legend_below(figure, columns=8)
    return figure


def activation(results: Results) -> Figure:
    """What a full rank is worth where the inputs differ in variance.

    RandLoRA's relative squared output error minus that of the best LoRA of as many
    parameters, by the decay of the inputs' variances i^-a in random directions; below the
    dashed line RandLoRA's is lower. Flat targets of rank k; a = 0 is weight space.
    """
    families = list(results.where(target="flat").families("input_decay", ignoring=("methods",)))
    if not families:
        return panels.nothing("No two points of the grid differ in input_decay alone.")
    figure, axis = plt.subplots(figsize=(style.ONE_COLUMN, 3.3))
    ranks = sorted({family[0].rank for family in families})
    target_ranks = sorted({family[0].target_rank for family in families})
    colours = sns.color_palette("crest", len(target_ranks))
    for family in families:
        first = family[0]
        panels.marks(
            axis, family.sizes, np.transpose([_gain(point) for point in family]),
            marker="os^D"[ranks.index(first.rank) % 4], linestyle="-",
            color=colours[target_ranks.index(first.target_rank)],
            label=f"$r = {first.rank}$, $k = {first.target_rank}$",
        )  # fmt: skip
    axis.axhline(0, **style.THEORY, label="equal errors")
    axis.set(xlabel="decay $a$ of the inputs' variances", ylabel="error of RandLoRA $-$ LoRA")
    figure.suptitle("What full rank is worth where inputs differ")
    panels.legend_below(figure, columns=2)
    return figure


def convergence(results: Results) -> Figure:
    r"""How alternating least squares converges.

    Left: RandLoRA's relative squared error after each sweep in the widest weight, for targets of
    full rank: flat, and the steepest power law. Right: the error with the $\Gamma_j$ alone against
    the prediction $1 - n / D$ (dashed: equality). One colour per rank r, weight space.
    """
    weights = results.where(input_decay=0.0)
    if not len(weights):
        return panels.nothing("No point of the grid is in weight space.")
    widest = max(weights.values("columns"))
    figure, axes = plt.subplots(1, 2, figsize=(style.TWO_COLUMNS, 2.9))
    for rank, colour in zip(weights.values("rank"), style.COLOURS, strict=False):
        points = weights.where(rank=rank).points
        full = [p for p in points if p.target_rank == p.columns == widest]
        steepest = max((point.decay for point in full), default=0.0)
        for point in full:
            if point.target == "flat" or point.decay == steepest > 0:
                _path(axes[0], point, colour)
        panels.marks(
            axes[1],
            [float(point.predicted.gamma_error) for point in points],
            np.transpose([point.measured.gamma_error.values for point in points]),
            color=colour,
            label=f"$r = {rank}$",
        )
    axes[0].set(xlabel="sweep", ylabel="relative error", xscale="log", ylim=(0, 1.02))
    panels.plain_ticks(axes[0])
    axes[1].set(xlabel="$1 - n / D$", ylabel=r"error with the $\Gamma_j$ alone")
    panels.unity(axes[1], label="equality")
    figure.suptitle("Convergence of alternating least squares")
    panels.legend_below(figure, columns=5)
    return figure


def _path(axis: Axes, point: Point, colour: tuple[float, float, float]) -> None:
    path = point.measured.error_path.transpose("replicate", "sweep")
    line, name = ("-", "flat") if point.target == "flat" else ("--", _target(point))
    panels.curve(axis, path.sweep + 1, path, linestyle=line, color=colour, linewidth=1)
    axis.plot([], [], line, color="0.4", label=f"target {name}")


def _gain(point: Point) -> np.ndarray:
    return (error(point, "RandLoRA") - error(point, "LoRA")).values


def _gains(points: Results, name: Callable[[Point], object]) -> pd.DataFrame:
    rows = [(point.rank, name(point), _gain(point).mean()) for point in points]
    table = pd.DataFrame(rows, columns=["rank", "target", "gain"])
    return table.pivot_table(index="rank", columns="target", values="gain")


def _target(point: Point) -> str:
    if point.target == "gaussian":
        return "Gaussian"
    if point.target == "power":
        return f"$i^{{-{point.decay:g}}}$"
    return "flat" if point.target_rank == point.columns else f"flat, $k = {point.target_rank}$"
