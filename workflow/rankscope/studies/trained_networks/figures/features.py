"""Figures of features: their rank by layer and over training, their collapse, and the fit."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from rankscope.drawing import panels, style
from rankscope.evidence.results import Point, Results
from rankscope.studies.trained_networks.figures.settings import (
    LABELS,
    STYLES,
    by_setting,
    colour_keys,
    over_steps,
    over_training,
    per_setting,
)

COLLAPSE = {
    "within_over_between": "NC1: within / between",
    "distance_from_simplex": "NC2: angles",
    "spread_of_lengths": "NC2: lengths",
    "distance_from_duality": "NC3: readout",
    "disagreement": "NC4: nearest mean",
}


def ranks_by_layer(results: Results) -> Figure:
    """Rank of the hidden features of a held-out batch, layer by layer, from start to end.

    Centred participation ratio; one panel per setting, one colour per training step, from dark to
    light. Solid: correct labels; dotted: shuffled ones (start and end only). Dashed black: the
    finite-width theory of the start, up to layer n/8; grey: k - 1, that of collapsed classes.
    """
    return _ranks_by_layer(results, "Rank of the hidden features, layer by layer")


def varied_ranks_by_layer(results: Results) -> Figure:
    """Rank of the hidden features where weights start smaller or larger, or images are noisy.

    Centred participation ratio; one colour per training step, from dark to light. Solid: correct
    labels; dotted: shuffled ones (start and end only). Dashed black: the finite-width theory of the
    start, up to layer n/8; grey: k - 1, that of collapsed classes.
    """
    return _ranks_by_layer(
        results, "Rank of the hidden features: other starts, noisy images", varied=True
    )


def _ranks_by_layer(results: Results, title: str, *, varied: bool = False) -> Figure:
    def draw(axes: Axes, points: list[Point]) -> None:
        for point in points:
            _layers(axes, point)
        axes.set(xlabel="hidden layer")
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))

    groups = by_setting(results, varied=varied)
    last = max((p.measured.sizes["step"] - 1 for ps in groups.values() for p in ps), default=0)
    shades = [
        Line2D([], [], color=_shade(step / max(last, 1)), marker="o", markersize=2, label=label)
        for step in range(last + 1)
        for label in ["start" if step == 0 else "end" if step == last else f"{step} of {last}"]
    ]
    collapsed = Line2D([], [], label="$k - 1$", **style.NULL)
    keys = [*shades, *LABELS, panels.theory_handle(), collapsed]
    return per_setting(results, title, "centred participation ratio", draw, keys, varied=varied)


def _layers(axes: Axes, point: Point) -> None:
    ratio, layers = point.measured.centred_participation_ratio, point.measured.layer.values
    every = range(ratio.sizes["step"])
    steps = list(every) if point.labels == "correct" else [0, every[-1]]
    look = {"linestyle": STYLES[point.labels], "marker": "o", "markersize": 2}
    for step in steps:
        panels.curve(axes, layers, ratio.isel(step=step), color=_shade(step / every[-1]), **look)
    panels.theory(axes, layers, point.predicted.initial_centred_participation_ratio)
    axes.axhline(float(point.predicted.collapsed_participation_ratio), **style.NULL)


def last_layer(results: Results) -> Figure:
    """Rank of the last hidden layer over training, as each notion of rank has it.

    Means over networks, one colour per notion; held-out batch. Solid: correct labels; dotted:
    shuffled ones. Grey: k - 1, the centred participation ratio of collapsed classes.
    """
    notions = {
        "centred_participation_ratio": "centred participation ratio",
        "centred_effective_rank": "centred effective rank",
        "centred_numerical_rank": "centred rank at 0.01",
        "participation_ratio": "participation ratio",
        "stable_rank": "stable rank",
    }

    def draw(axes: Axes, point: Point) -> None:
        for colour, name in zip(style.COLOURS, notions, strict=False):
            over_steps(axes, point, point.measured[name].isel(layer=-1), color=colour)
        axes.axhline(float(point.predicted.collapsed_participation_ratio), **style.NULL)

    collapsed = Line2D([], [], label="$k - 1$", **style.NULL)
    keys = [*colour_keys(notions.values()), *LABELS, collapsed]
    title = "Rank of the last hidden layer over training"
    return over_training(results, title, "rank", draw, keys, floor=1)


def collapse(results: Results) -> Figure:
    """Five distances from neural collapse over training, of the last hidden layer.

    Training images; each distance over its mean at the start; the axis is linear below 0.001.
    Solid: correct labels; dotted: shuffled ones, by which the labels themselves are meant.
    """

    def draw(axes: Axes, point: Point) -> None:
        for colour, name in zip(style.COLOURS, COLLAPSE, strict=False):
            values = point.measured[name]
            start = float(values.isel(step=0).mean())
            over_steps(axes, point, values / start, color=colour)

    keys = [*colour_keys(COLLAPSE.values()), *LABELS]
    title = "Distances from neural collapse over training"
    return over_training(results, title, "distance / that at the start", draw, keys, linear=True)


def training(results: Results) -> Figure:
    """Loss and accuracy over training: how far each setting gets.

    Cross entropy on the training images, and accuracy on training and held-out images; the axis
    is linear below 0.001. Solid: correct labels; dotted: shuffled ones.
    """

    def draw(axes: Axes, point: Point) -> None:
        names = ("training_loss", "training_accuracy", "held_out_accuracy")
        for colour, name in zip(style.COLOURS, names, strict=False):
            over_steps(axes, point, point.measured[name], color=colour)

    keys = colour_keys(["training loss / nat", "training accuracy", "held-out accuracy"])
    keys = [*keys, *LABELS]
    return over_training(results, "Training", "loss and accuracy", draw, keys, linear=True)


def _shade(share: float) -> tuple[float, float, float]:
    """Return dark blue at 0 and light orange at 1."""
    first, last = np.array([0.0, 0.13, 0.35]), np.array([0.95, 0.6, 0.1])
    red, green, blue = first + share * (last - first)
    return float(red), float(green), float(blue)
