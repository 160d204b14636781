"""Figures of the notions of rank by layer."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rankscope.drawing import panels, style
from rankscope.drawing.style import Colour
from rankscope.evidence.results import Point, Results
from rankscope.studies.effective_dimension.claims.definitions import DEFINITIONS, EXACT, Rank
from rankscope.studies.effective_dimension.figures import choice

NOTIONS = tuple(
    rank
    for rank in DEFINITIONS
    if rank.variable
    in (
        "exact_rank",
        "numerical_rank",
        "effective_rank",
        "participation_ratio",
        "stable_rank",
        "centred_participation_ratio",
    )
)
FEWER = tuple(
    rank for rank in NOTIONS if rank.variable not in ("participation_ratio", "stable_rank")
)[-4:]
"""Notions on which laws differ: the others are of order 1 or full."""

REVIVAL: dict[str, Any] = {
    "color": style.PAPER["color"],
    "marker": "v",
    "linestyle": "",
    "markersize": 4,
}
CHAIN_ONLY = ("numerical_rank", "effective_rank")
"""What infinite width does not describe at these widths, so that only the chain is drawn."""


def ranks_by_layer(results: Results) -> Figure:
    """Every notion of rank by layer, ReLU networks with Gaussian weights on orthonormal inputs.

    Solid: mean over networks, one colour per width n. Dashed: theory (exact rank from dead
    units; numerical and effective rank from the affine-Wishart chain, where it is defined;
    participation and stable rank from the chain too, or else from infinite width; centred
    participation ratio from the finite-width recursion). Red dots: the closed form of the
    abstract of arXiv 2507.07675, with its revival depths as marks at the top (rho read as
    1 - 2/pi); its full text was not available. All in units of the batch size m.
    """
    points = choice.main(results)
    if not points:
        return panels.nothing(choice.NO_POINT)
    shades = choice.colours(len(points))
    figure, axes = _by_layer(points, shades, NOTIONS)
    for axis in axes.flat:
        _paper(axis, points[0])
    legend = [
        *choice.handles(choice.widths(points), shades),
        Line2D([], [], **style.PAPER, label="closed form (abstract)"),
        Line2D([], [], **REVIVAL, label="revival depths (abstract)"),
    ]
    panels.legend_below(figure, legend, columns=5)
    figure.suptitle(f"Ranks by layer (orthonormal inputs, $m = {points[0].batch_size}$)")
    return figure


def ranks_under_other_laws(results: Results) -> Figure:
    """What orthogonal weights, leaky slopes and biases change, at one width and batch size.

    Solid: mean over networks; dashed: theory where there is one, as in the figure of ranks by
    layer. Orthonormal inputs, in units of the batch size m; notions on which the laws differ.
    """
    points = choice.laws(results)
    if not points:
        return panels.nothing("no point of this grid has orthonormal inputs")
    shades = [choice.law_colour(point) for point in points]
    figure, _ = _by_layer(points, shades, FEWER)
    panels.legend_below(figure, choice.handles([choice.law(p) for p in points], shades))
    sizes = f"$n = {points[0].width}$, $m = {points[0].batch_size}$"
    figure.suptitle(f"Ranks by layer under several laws ({sizes})")
    return figure


def exact_rank(results: Results) -> Figure:
    """Exact rank and dead units by layer.

    Left: mean exact rank / m; circles: mean of the deterministic upper bound min(m,
    min(previous rank, linear units) + mixed units); dashed: E min(m, n - dead units) with the
    predicted number of dead units. Right: share of units that are off on the whole batch, and
    its prediction. ReLU, Gaussian weights, orthonormal inputs; rank at max(m, n) eps.
    """
    points = choice.main(results)
    if not points:
        return panels.nothing(choice.NO_POINT)
    shades = choice.colours(len(points))
    figure = Figure(figsize=(style.TWO_COLUMNS, 3.2))
    left, right = figure.subplots(1, 2, sharex=True)
    for point, colour in zip(points, shades, strict=True):
        _curve(left, EXACT, point, colour)
        layers = point.measured.layer.to_numpy()
        bound = point.measured.exact_rank_bound.mean("replicate") / point.batch_size
        left.plot(layers, bound, "o", color=colour, ms=3, fillstyle="none", markevery=6)
        panels.curve(right, layers, point.measured.dead_units / point.width, color=colour)
        panels.theory(right, layers, point.predicted.dead_units / point.width, color=colour)
    left.set(xlabel="layer", ylabel="exact rank / $m$", title="rank, bound and prediction")
    right.set(xlabel="layer", ylabel="dead units / $n$", title="units that are off on the batch")
    circle = Line2D([], [], color="0.4", marker="o", ls="", fillstyle="none", label="bound")
    panels.legend_below(figure, [*choice.handles(choice.widths(points), shades), circle])
    figure.suptitle(f"Exact rank and dead units (orthonormal inputs, $m = {points[0].batch_size}$)")
    return figure


def _by_layer(
    points: Sequence[Point], shades: Sequence[Colour], notions: Sequence[Rank]
) -> tuple[Figure, np.ndarray]:
    """Draw a panel for each notion of rank, on logarithmic axes: the soft ones end at 1 / m."""
    figure = Figure(figsize=(style.TWO_COLUMNS, 4.8))
    axes = figure.subplots(2, len(notions) // 2, sharex=True, sharey=True)
    for axis, rank in zip(axes.flat, notions, strict=True):
        for point, colour in zip(points, shades, strict=True):
            _curve(axis, rank, point, colour)
        axis.set_title(rank.name, fontsize=7.5)
        axis.set(xscale="log", yscale="log", ylim=(0.8 / points[0].batch_size, 1.5))
        panels.plain_ticks(axis, "xy")
    for axis in axes[-1]:
        axis.set_xlabel("layer")
    for axis in axes[:, 0]:
        axis.set_ylabel("rank / $m$")
    return figure, axes


def _curve(axis: Axes, rank: Rank, point: Point, colour: Colour) -> None:
    """Draw a notion of rank of a point, and the theory that describes it best."""
    layers = point.measured.layer.to_numpy()
    panels.curve(axis, layers, rank.curves(point), color=colour, linewidth=1.1)
    names = [f"chain_{rank.variable}"]
    if rank.variable not in CHAIN_ONLY:
        names.append(rank.variable)
    found = [point.predicted[name] for name in names if name in point.predicted]
    if found:
        values = found[0].sel({"tolerance": rank.tolerance}) if rank.tolerance else found[0]
        panels.theory(axis, layers, values / point.batch_size, color=colour, linewidth=0.9)


def _paper(axis: Axes, point: Point) -> None:
    layers, depths = point.predicted.layer, point.predicted.paper_revival_depth.to_numpy()
    axis.plot(layers, point.predicted.paper_rank / point.batch_size, **style.PAPER)
    inside = depths[depths <= point.depth]
    axis.plot(inside, np.full(len(inside), 1.25), **REVIVAL)
