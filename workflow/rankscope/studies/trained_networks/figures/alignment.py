"""Figures of what lies in leading eigenspaces, of scaled starts and of confined steps."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from rankscope.drawing import panels, style
from rankscope.evidence.results import Family, Point, Results
from rankscope.studies.trained_networks.figures.settings import (
    LABELS,
    NULL,
    SMALLEST,
    STYLES,
    colour_keys,
    over_steps,
    over_training,
    panel_grid,
    per_setting,
    plain_setting,
    setting,
)

SHARE_TICKS = (0.03, 0.1, 0.3, 1.0)
SHARES = (style.COLOURS[9], style.COLOURS[0], style.COLOURS[2])


def alignment(results: Results) -> Figure:
    """Share of gradients and of the update in the k leading eigenvectors, over training.

    Whole network. The gradients are of images whose own gradients are not in the matrix; the update
    is that from the start. Solid: correct labels; dotted: shuffled ones; grey: random directions.
    """
    return _alignment(results, "Gradients and updates in the leading eigenvectors")


def varied_alignment(results: Results) -> Figure:
    """Share in leading eigenvectors where weights start smaller or larger, or images are noisy.

    Of gradients and of the update in k of them, whole network, over training. Solid: correct
    labels; dotted: shuffled ones; grey: random directions.
    """
    return _alignment(
        results, "In the leading eigenvectors: other starts, noisy images", varied=True
    )


def _alignment(results: Results, title: str, *, varied: bool = False) -> Figure:
    looks = [
        ("Gauss-Newton", "gradient"),
        ("Gauss-Newton", "update"),
        ("G", "gradient"),
        ("G", "minibatch"),
        ("G", "update"),
    ]

    def draw(axes: Axes, point: Point) -> None:
        for colour, (matrix, direction) in zip(style.COLOURS, looks, strict=False):
            found = point.measured.share.sel(matrix=matrix, direction=direction)
            over_steps(axes, point, found, color=colour)
        axes.axhline(float(point.predicted.random_share), **style.NULL)
        axes.set_ylim(0, 1)

    keys = [*colour_keys([f"{d} in {m}" for m, d in looks]), *LABELS, NULL]
    return over_training(results, title, "share of the squared length", draw, keys, varied=varied)


def alignment_by_layer(results: Results) -> Figure:
    """Share of each layer's update in that layer's k leading eigenvectors, from first step to last.

    The eigenvectors are those of the layer's own G at that step, the update is that from the start,
    the last layer is the readout; correct labels, and shuffled ones dotted. Orange: the gradient
    at the end, of images that are not in the matrix. Grey: random directions.
    """
    looks = {"update, first step": 1, "update, half of the steps' logarithm": -3, "update, end": -1}

    def draw(axes: Axes, points: list[Point]) -> None:
        for point in points:
            share, layers = point.measured.block_share, point.measured.block.values
            line = {"linestyle": STYLES[point.labels], "marker": "o", "markersize": 2}
            for colour, step in zip(SHARES, looks.values(), strict=True):
                values = share.isel(step=step).sel(direction="update")
                panels.curve(axes, layers, values, color=colour, **line)
            values = share.isel(step=-1).sel(direction="gradient")
            panels.curve(axes, layers, values, color=style.COLOURS[1], **line)
            axes.plot(layers, point.predicted.random_block_share, **style.NULL)
        axes.set(xlabel="layer of weights", ylim=(0, 1))
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))

    marked: dict[str, Any] = {"marker": "o", "markersize": 2}
    keys = [Line2D([], [], color=c, label=n, **marked) for c, n in zip(SHARES, looks, strict=True)]
    gradient = Line2D([], [], color=style.COLOURS[1], label="gradient, end", **marked)
    keys += [gradient, *LABELS, NULL]
    title = "Each layer's update in its own leading eigenvectors"
    return per_setting(results, title, "share of the squared length", draw, keys)


def weights_by_layer(results: Results) -> Figure:
    """Share of each layer's weights in that layer's k leading eigenvectors, after training.

    The eigenvectors are those of the layer's own G at the end; the weights are those at the end
    and, in the same eigenvectors, those at the start. The last layer is the readout. Solid:
    correct labels; dotted: shuffled ones. Grey: random directions.
    """
    looks = {"weights": "weights at the end", "start": "weights at the start"}

    def draw(axes: Axes, points: list[Point]) -> None:
        for point in points:
            share, layers = point.measured.block_share.isel(step=-1), point.measured.block.values
            line = {"linestyle": STYLES[point.labels], "marker": "o", "markersize": 2}
            for colour, direction in zip(style.COLOURS, looks, strict=False):
                values = np.maximum(share.sel(direction=direction), SMALLEST)
                panels.geometric_curve(axes, layers, values, color=colour, **line)
            axes.plot(layers, point.predicted.random_block_share, **style.NULL)
        axes.set(xlabel="layer of weights", yscale="log")
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))

    marked: dict[str, Any] = {"marker": "o", "markersize": 2}
    keys = [
        Line2D([], [], color=colour, label=label, **marked)
        for colour, label in zip(style.COLOURS, looks.values(), strict=False)
    ]
    title = "Each layer's weights in its own leading eigenvectors"
    keys = [*keys, *LABELS, NULL]
    return per_setting(results, title, "share of the squared length", draw, keys)


def relative_updates(results: Results) -> Figure:
    """How far the weights of each layer end from their start, over the start's length.

    Over the factor of the standard deviation of all initial weights, on two logarithmic axes; one
    colour per layer. Solid: correct labels; dotted: shuffled ones. Grey: weights that move as far
    from every start, through the first layer's mark at the smallest scale.
    """
    free = results.where(switch_step=0)
    groups: dict[str, list[Family]] = {}
    for family in free.families("initial_scale", ignoring=("learning_rate",)):
        groups.setdefault(plain_setting(family[0]), []).append(family)
    if not groups:
        return panels.nothing("No point of the grid scales its initial weights.")
    figure, grid = panel_grid("Lengths of updates", len(groups), "relative update")
    layers = max(family[0].depth + 1 for families in groups.values() for family in families)
    for axes, (name, families) in zip(grid, groups.items(), strict=False):
        for family in families:
            moved = [point.measured.relative_update.isel(step=-1) for point in family]
            look = {"linestyle": STYLES[family[0].labels], "marker": "o", "markersize": 2}
            for colour, block in zip(style.COLOURS, moved[0].block.values, strict=False):
                values = np.stack([one.sel(block=block) for one in moved], axis=1)
                panels.curve(axes, family.sizes, values, color=colour, **look)
            first = float(moved[0].isel(block=0).mean())
            axes.plot(family.sizes, first * family.sizes[0] / family.sizes, **style.NULL)
        axes.set(xlabel="initial scale", title=name, xscale="log", yscale="log")
        ticks = sorted({float(size) for family in families for size in family.sizes})
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
    marked: dict[str, Any] = {"marker": "o", "markersize": 2}
    keys = [
        Line2D([], [], color=colour, label=f"layer {layer}", **marked)
        for layer, colour in zip(range(1, layers + 1), style.COLOURS, strict=False)
    ]
    null = Line2D([], [], label="the same distance", **style.NULL)
    panels.legend_below(figure, [*keys, *LABELS, null], columns=2)
    return figure


def misalignment(results: Results) -> Figure:
    """Share of the first layer's update outside its units' leading eigenvectors, over lambda.

    The k leading eigenvectors of G of each unit's weights, at the end of training. Lambda is the
    squared length of class means over the variance within classes per dimension, which noise on the
    images raises. Dashed: 1 / lambda, through the mark of the smallest. Grey: random directions.
    """
    noisy = results.where(lambda point: point.noise > 0, switch_step=0)
    families = list(noisy.families("noise"))
    if not families:
        return panels.nothing("No point of the grid adds noise to its images.")
    figure, grid = panel_grid(
        "The first layer's update outside its units' eigenvectors", len(families), "share outside"
    )
    for axes, family in zip(grid, families, strict=False):
        ratios = np.array([float(point.measured.signal_to_noise.mean()) for point in family])
        outside = np.stack([point.measured.unit_misalignment for point in family], axis=1)
        line: dict[str, Any] = {"color": style.COLOURS[0], "marker": "o", "markersize": 3}
        panels.geometric_curve(axes, ratios, outside, **line)
        panels.theory(axes, ratios, outside[:, -1].mean() * ratios[-1] / ratios)
        axes.axhline(1 - float(family[0].predicted.random_unit_share), **style.NULL)
        axes.set(xlabel=r"signal to noise, $\lambda$", title=plain_setting(family[0]))
        axes.set(xscale="log", yscale="log")
        axes.set_xticks(ratios, [f"{ratio:.0f}" for ratio in ratios])
        axes.set_yticks(SHARE_TICKS, [f"{tick:g}" for tick in SHARE_TICKS])
        axes.minorticks_off()
    law = panels.theory_handle(r"$1/\lambda$")
    found = Line2D([], [], label="measured", **line)
    panels.legend_below(figure, [found, law, NULL], columns=2)
    return figure


def confined_training(results: Results) -> Figure:
    """Training loss when steps are confined to few directions, or to the rest.

    All networks train freely up to the switch, the vertical line; after it they take all of the
    gradient, its part in the k leading eigenvectors of the Gauss-Newton matrix, the rest, or its
    part in k random directions. The panels say which labels are learnt.
    """
    groups = [family for family in results.families("steps_in") if len(family) > 1]
    if not groups:
        return panels.nothing("No point of the grid confines its steps.")
    figure, grid = panel_grid("Confined steps", len(groups), "training loss / nat")
    parts = {"all": "all of the gradient", "dominant": "dominant", "bulk": "bulk"}
    parts |= {"random": "random directions"}
    for axes, family in zip(grid, groups, strict=False):
        for point in family:
            line = {"color": style.COLOURS[list(parts).index(point.steps_in)], "linestyle": "-"}
            over_steps(axes, point, point.measured.training_loss, **line)
        axes.axvline(family[0].switch_step, **style.NULL)
        title = f"{setting(family[0])}, {family[0].labels}"
        axes.set(xlabel="training step", title=title, yscale="log")
    switch = Line2D([], [], label="switch", **style.NULL)
    panels.legend_below(figure, [*colour_keys(parts.values()), switch], columns=2)
    return figure
