"""Figures of the study; a function's docstring is its caption."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from rankscope.drawing import panels, style
from rankscope.evidence.results import Family, Point, Results

COLUMNS = 4
STYLES: dict[str, Any] = {"correct": "-", "shuffled": ":"}
LABELS = [
    Line2D([], [], color="0.3", linestyle=line, label=f"{name} labels")
    for name, line in STYLES.items()
]
NULL = Line2D([], [], label="random direction", **style.NULL)
HESSIAN: dict[str, Any] = {"color": "black", "markersize": 4, "linestyle": "", "mfc": "white"}
HESSIAN_MARKS = {"correct": "x", "shuffled": "D"}
LINEAR = 1e-3
"""Below it an axis that shows zero is linear."""
SMALLEST = 1e-7
"""Eigenvalues over the largest below single precision are rounding."""
FAINTEST = 1e-5
"""Densities below it are those of no eigenvalue at all."""
SHARES = (style.COLOURS[9], style.COLOURS[0], style.COLOURS[2])
ACTIVATIONS = {"relu": "ReLU", "tanh": "tanh"}
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
    groups = _by_setting(results)
    figure, grid = _panels(len(groups), "centred participation ratio")
    for axes, (name, points) in zip(grid, groups.items(), strict=False):
        for point in points:
            _layers(axes, point)
        axes.set(xlabel="hidden layer", title=name)
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    last = max((p.measured.sizes["step"] - 1 for ps in groups.values() for p in ps), default=0)
    shades = [
        Line2D([], [], color=_shade(step / max(last, 1)), marker="o", markersize=2, label=label)
        for step in range(last + 1)
        for label in ["start" if step == 0 else "end" if step == last else f"{step} of {last}"]
    ]
    collapsed = Line2D([], [], label="$k - 1$", **style.NULL)
    panels.legend_below(figure, [*shades, *LABELS, panels.theory_handle(), collapsed])
    return figure


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
            _over_steps(axes, point, point.measured[name].isel(layer=-1), color=colour)
        axes.axhline(float(point.predicted.collapsed_participation_ratio), **style.NULL)

    collapsed = Line2D([], [], label="$k - 1$", **style.NULL)
    keys = [*_keys(notions.values()), *LABELS, collapsed]
    return _over_training(results, "rank of the last hidden layer", draw, keys, floor=1)


def collapse(results: Results) -> Figure:
    """Five distances from neural collapse over training, of the last hidden layer.

    Training images; each distance over its mean at the start; the axis is linear below 0.001.
    Solid: correct labels; dotted: shuffled ones, by which the labels themselves are meant.
    """

    def draw(axes: Axes, point: Point) -> None:
        for colour, name in zip(style.COLOURS, COLLAPSE, strict=False):
            values = point.measured[name]
            start = float(values.isel(step=0).mean())
            _over_steps(axes, point, values / start, color=colour)

    keys = [*_keys(COLLAPSE.values()), *LABELS]
    return _over_training(results, "distance / that at the start", draw, keys, linear=True)


def training(results: Results) -> Figure:
    """Loss and accuracy over training: how far each setting gets.

    Cross entropy on the training images, and accuracy on training and held-out images; the axis
    is linear below 0.001. Solid: correct labels; dotted: shuffled ones.
    """

    def draw(axes: Axes, point: Point) -> None:
        names = ("training_loss", "training_accuracy", "held_out_accuracy")
        for colour, name in zip(style.COLOURS, names, strict=False):
            _over_steps(axes, point, point.measured[name], color=colour)

    keys = _keys(["training loss / nat", "training accuracy", "held-out accuracy"])
    return _over_training(results, "loss and accuracy", draw, [*keys, *LABELS], linear=True)


def outliers(results: Results) -> Figure:
    """Outliers of the second moment of gradients over training, against the number of classes.

    Whole network; colour: matrix and rule; crosses: the Hessian's, before the largest gap;
    diamonds, a little to the left: with shuffled labels. The edge is measured, as the largest
    eigenvalue within groups. Solid: correct labels; dotted: shuffled ones. Grey: k.
    """
    rules = [(m, r) for m in ("Gauss-Newton", "G") for r in ("largest gap", "above the edge")]

    def draw(axes: Axes, point: Point) -> None:
        for colour, (matrix, rule) in zip(style.COLOURS, rules, strict=False):
            found = point.measured.outliers.sel(matrix=matrix, rule=rule)
            _over_steps(axes, point, found, color=colour)
        if "hessian_outliers" in point.measured:
            found = point.measured.hessian_outliers
            aside = 0.6 if point.labels == "shuffled" else 1.0
            look = {**HESSIAN, "marker": HESSIAN_MARKS[point.labels]}
            panels.marks(axes, found.later_step * aside, found, **look)
        axes.axhline(point.classes, **style.NULL)

    classes = Line2D([], [], label="$k$", **style.NULL)
    found = [
        Line2D([], [], label=f"Hessian, largest gap, {labels}", marker=mark, **HESSIAN)
        for labels, mark in HESSIAN_MARKS.items()
        if any("hessian_outliers" in p.measured for p in results.where(labels=labels))
    ]
    keys = [*_keys([f"{m}, {r}" for m, r in rules]), *found, *LABELS, classes]
    return _over_training(results, "outliers", draw, keys)


def spectra(results: Results) -> Figure:
    """Leading eigenvalues of the Gauss-Newton matrix and of G, at the start and at the end.

    Whole network, over the largest; geometric means over networks. The grey line stands at the
    number of classes, horizontal marks at the measured edge. Solid: correct labels; dotted:
    shuffled ones.
    """
    groups = _by_setting(results)
    figure, grid = _panels(len(groups), "eigenvalue / largest")
    looks = [("Gauss-Newton", 0), ("Gauss-Newton", -1), ("G", 0), ("G", -1)]
    for axes, (name, points) in zip(grid, groups.items(), strict=False):
        for point in points:
            for colour, (matrix, step) in zip(style.COLOURS, looks, strict=False):
                found = point.measured.isel(step=step).sel(matrix=matrix)
                values = found.eigenvalue.values
                ratio = np.maximum(values / values[:, :1], SMALLEST)
                index = np.arange(1, ratio.shape[1] + 1)
                line = {"color": colour, "linestyle": STYLES[point.labels], "linewidth": 1.0}
                axes.plot(index, np.exp(np.log(ratio).mean(axis=0)), **line)
                edge = float((found.edge / values[:, 0]).mean())
                axes.plot([index[-1] + 1], [edge], "_", color=colour, markersize=7)
        axes.axvline(points[0].classes + 0.5, **style.NULL)
        axes.set(yscale="log", xlabel="index", title=name)
    names = [f"{m}, {'start' if s == 0 else 'end'}" for m, s in looks]
    classes = Line2D([], [], label="$k$", **style.NULL)
    edges = Line2D([], [], color="0.3", marker="_", linestyle="", label="edge")
    panels.legend_below(figure, [*_keys(names), *LABELS, classes, edges], bars=False)
    return figure


def class_structure(results: Results) -> Figure:
    """Parts of the Gauss-Newton matrix over training, and what of its outliers class means make.

    Coloured: shares of the trace. Black: the k - 1 leading eigenvalues of the part between classes
    over those of the whole matrix; grey: the same for images mixed among the classes. Solid:
    correct labels; dotted: shuffled ones.
    """
    parts = ("between classes", "across outputs", "within")
    ratios = {"classes": "black", "mixed images": "0.6"}

    def draw(axes: Axes, point: Point) -> None:
        found = point.measured
        for colour, part in zip(style.COLOURS, parts, strict=False):
            share = found.class_share.sel(grouping="classes", part=part)
            _over_steps(axes, point, share, color=colour)
        for grouping, grey in ratios.items():
            _over_steps(axes, point, found.class_ratio.sel(grouping=grouping), color=grey)
        axes.set_ylim(0, 1)

    lines = [
        Line2D([], [], color=colour, label=f"leading eigenvalues, {grouping}")
        for grouping, colour in ratios.items()
    ]
    keys = [*_keys([f"trace, {part}" for part in parts]), *lines, *LABELS]
    return _over_training(results, "share", draw, keys)


def alignment(results: Results) -> Figure:
    """Share of gradients and of the update in the k leading eigenvectors, over training.

    Whole network. The gradients are of images whose own gradients are not in the matrix; the update
    is that from the start. Solid: correct labels; dotted: shuffled ones; grey: random directions.
    """
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
            _over_steps(axes, point, found, color=colour)
        axes.axhline(float(point.predicted.random_share), **style.NULL)
        axes.set_ylim(0, 1)

    keys = [*_keys([f"{d} in {m}" for m, d in looks]), *LABELS, NULL]
    return _over_training(results, "share of the squared length", draw, keys)


def alignment_by_layer(results: Results) -> Figure:
    """Share of each layer's update in that layer's k leading eigenvectors, from first step to last.

    The eigenvectors are those of the layer's own G at that step, the update is that from the start,
    the last layer is the readout; correct labels, and shuffled ones dotted. Orange: the gradient
    at the end, of images that are not in the matrix. Grey: random directions.
    """
    groups = _by_setting(results)
    figure, grid = _panels(len(groups), "share of the squared length")
    looks = {"update, first step": 1, "update, half of the steps' logarithm": -3, "update, end": -1}
    for axes, (name, points) in zip(grid, groups.items(), strict=False):
        for point in points:
            share, layers = point.measured.block_share, point.measured.block.values
            line = {"linestyle": STYLES[point.labels], "marker": "o", "markersize": 2}
            for colour, step in zip(SHARES, looks.values(), strict=True):
                values = share.isel(step=step).sel(direction="update")
                panels.curve(axes, layers, values, color=colour, **line)
            values = share.isel(step=-1).sel(direction="gradient")
            panels.curve(axes, layers, values, color=style.COLOURS[1], **line)
            axes.plot(layers, point.predicted.random_block_share, **style.NULL)
        axes.set(xlabel="layer of weights", title=name, ylim=(0, 1))
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    marked: dict[str, Any] = {"marker": "o", "markersize": 2}
    keys = [Line2D([], [], color=c, label=n, **marked) for c, n in zip(SHARES, looks, strict=True)]
    gradient = Line2D([], [], color=style.COLOURS[1], label="gradient, end", **marked)
    panels.legend_below(figure, [*keys, gradient, *LABELS, NULL])
    return figure


def weights_by_layer(results: Results) -> Figure:
    """Share of each layer's weights in that layer's k leading eigenvectors, after training.

    The eigenvectors are those of the layer's own G at the end; the weights are those at the end
    and, in the same eigenvectors, those at the start. The last layer is the readout. Solid:
    correct labels; dotted: shuffled ones. Grey: random directions.
    """
    groups = _by_setting(results)
    figure, grid = _panels(len(groups), "share of the squared length")
    looks = {"weights": "weights at the end", "start": "weights at the start"}
    for axes, (name, points) in zip(grid, groups.items(), strict=False):
        for point in points:
            share, layers = point.measured.block_share.isel(step=-1), point.measured.block.values
            line = {"linestyle": STYLES[point.labels], "marker": "o", "markersize": 2}
            for colour, direction in zip(style.COLOURS, looks, strict=False):
                values = np.maximum(share.sel(direction=direction), SMALLEST)
                panels.geometric_curve(axes, layers, values, color=colour, **line)
            axes.plot(layers, point.predicted.random_block_share, **style.NULL)
        axes.set(xlabel="layer of weights", title=name, yscale="log")
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    marked: dict[str, Any] = {"marker": "o", "markersize": 2}
    keys = [
        Line2D([], [], color=colour, label=label, **marked)
        for colour, label in zip(style.COLOURS, looks.values(), strict=False)
    ]
    panels.legend_below(figure, [*keys, *LABELS, NULL])
    return figure


def relative_updates(results: Results) -> Figure:
    """How far the weights of each layer end from their start, over the start's length.

    Over the factor of the standard deviation of all initial weights, on two logarithmic axes; one
    colour per layer. Solid: correct labels; dotted: shuffled ones. Grey: weights that move as far
    from every start, through the first layer's mark at the smallest scale.
    """
    free = results.where(switch_step=0)
    groups: dict[str, list[Family]] = {}
    for family in free.families("initial_scale", ignoring=("learning_rate",)):
        groups.setdefault(_title(family[0]), []).append(family)
    if not groups:
        return panels.nothing("No point of the grid scales its initial weights.")
    figure, grid = _panels(len(groups), "relative update")
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
    images raises. Dashed: 1 / lambda, through the mark of the largest. Grey: random directions.
    """
    noisy = results.where(lambda point: point.noise > 0, switch_step=0)
    families = list(noisy.families("noise"))
    if not families:
        return panels.nothing("No point of the grid adds noise to its images.")
    figure, grid = _panels(len(families), "share outside")
    for axes, family in zip(grid, families, strict=False):
        ratios = np.array([float(point.measured.signal_to_noise.mean()) for point in family])
        outside = np.stack([point.measured.unit_misalignment for point in family], axis=1)
        line: dict[str, Any] = {"color": style.COLOURS[0], "marker": "o", "markersize": 3}
        panels.geometric_curve(axes, ratios, outside, **line)
        panels.theory(axes, ratios, outside[:, 0].mean() * ratios[0] / ratios)
        axes.axhline(1 - float(family[0].predicted.random_unit_share), **style.NULL)
        axes.set(xlabel=r"signal to noise, $\lambda$", title=_title(family[0]))
        axes.set(xscale="log", yscale="log", ylim=(None, 1.1))
    law = panels.theory_handle(r"$1/\lambda$")
    found = Line2D([], [], label="measured", **line)
    panels.legend_below(figure, [found, law, NULL], columns=2)
    return figure


def hessian(results: Results) -> Figure:
    """The Hessian beside the Gauss-Newton matrix of the same images, after a twentieth of training.

    Leading eigenvalues over the largest of Gauss-Newton's, geometric means over networks, from
    the largest on as far as they are positive; the grey line stands at the number of classes.
    Solid: correct labels; dotted: shuffled ones. Above each panel: the share of the
    Hessian's k - 1 leading eigenvectors in the k leading ones of Gauss-Newton.
    """
    groups = _by_setting(results.where(hessian=True))
    if not groups:
        return panels.nothing("The Hessian is found at no point of the grid.")
    figure, grid = _panels(len(groups), "relative eigenvalue")
    names = ("Gauss-Newton", "Hessian")
    for axes, (name, points) in zip(grid, groups.items(), strict=False):
        shares = []
        for point in points:
            step = int(point.measured.later_step[0])
            found = point.measured.sel(step=step, later_step=step)
            unit = found.eigenvalue.sel(matrix="Gauss-Newton")
            both = ((unit.values, 2.4), (found.hessian_eigenvalue.values, 1.0))
            for colour, (values, width) in zip(style.COLOURS, both, strict=False):
                ratio = values[:, : 2 * point.classes + 1] / unit.values[:, :1]
                index = np.arange(1, ratio.shape[1] + 1)
                line = {"color": colour, "linestyle": STYLES[point.labels], "linewidth": width}
                panels.geometric_curve(axes, index, np.maximum(ratio, SMALLEST), **line)
            inside = float(found.hessian_in_gauss_newton.mean())
            shares.append(f"{point.labels}: {inside:.2f}")
        axes.axvline(points[0].classes + 0.5, **style.NULL)
        axes.set(yscale="log", xlabel="index", title=f"{name}\n{', '.join(shares)}")
    classes = Line2D([], [], label="$k$", **style.NULL)
    panels.legend_below(figure, [*_keys(names), *LABELS, classes], columns=2)
    return figure


def hessian_density(results: Results) -> Figure:
    """Density of the Hessian's eigenvalues over the largest, and where the outliers stand.

    After a twentieth of training and at its end; stochastic Lanczos quadrature, each node a normal
    density of deviation 0.01; geometric means over networks. Ticks: the k largest eigenvalues by
    Lanczos, mean ratios to the largest; correct labels. Solid: correct labels; dotted: shuffled.
    """
    groups = _by_setting(results.where(hessian=True))
    if not groups:
        return panels.nothing("The Hessian is found at no point of the grid.")
    figure, grid = _panels(len(groups), "density")
    looks = {"after a twentieth": 0, "at the end": -1}
    for axes, (name, points) in zip(grid, groups.items(), strict=False):
        for point in points:
            for height, (colour, step) in enumerate(
                zip(style.COLOURS, looks.values(), strict=False)
            ):
                found = point.measured.isel(later_step=step)
                line = {"color": colour, "linestyle": STYLES[point.labels], "linewidth": 1.0}
                density = np.maximum(found.hessian_density, FAINTEST)
                panels.geometric_curve(axes, found.relative_eigenvalue, density, **line)
                if point.labels == "correct":
                    values = found.hessian_eigenvalue.values[:, : point.classes]
                    ratio = (values / values[:, :1]).mean(axis=0)
                    place = np.full(point.classes, FAINTEST * 4.0 ** (height + 1))
                    axes.plot(ratio, place, "|", color=colour, markersize=5)
        axes.set(yscale="log", xlabel="eigenvalue / largest", title=name)
        axes.set_ylim(bottom=FAINTEST)
    ticks = Line2D([], [], color="0.3", marker="|", linestyle="", label="$k$ largest")
    panels.legend_below(figure, [*_keys(looks), *LABELS, ticks], columns=2)
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
    figure, grid = _panels(len(groups), "training loss / nat")
    parts = {"all": "all of the gradient", "dominant": "dominant", "bulk": "bulk"}
    parts |= {"random": "random directions"}
    for axes, family in zip(grid, groups, strict=False):
        for point in family:
            line = {"color": style.COLOURS[list(parts).index(point.steps_in)], "linestyle": "-"}
            _over_steps(axes, point, point.measured.training_loss, **line)
        axes.axvline(family[0].switch_step, **style.NULL)
        title = f"{_setting(family[0])}, {family[0].labels}"
        axes.set(xlabel="training step", title=title, yscale="log")
    switch = Line2D([], [], label="switch", **style.NULL)
    panels.legend_below(figure, [*_keys(parts.values()), switch], columns=2)
    return figure


def _over_training(
    results: Results,
    ylabel: str,
    draw: Callable[[Axes, Point], None],
    keys: Sequence[Line2D],
    floor: float = 0.0,
    *,
    linear: bool = False,
) -> Figure:
    """Draw a panel per setting over training steps.

    Logarithmic if it has a floor, or, with ``linear``, down to where the axis to zero is linear.
    """
    groups = _by_setting(results)
    figure, grid = _panels(len(groups), ylabel)
    for axes, (name, points) in zip(grid, groups.items(), strict=False):
        for point in points:
            draw(axes, point)
        axes.set_xscale("symlog", linthresh=1)
        axes.set_xlim(left=0)
        axes.set(xlabel="training step", title=name)
        if floor:
            axes.set_yscale("log")
        if linear:
            axes.set_yscale("symlog", linthresh=LINEAR, linscale=0.5)
        axes.set_ylim(bottom=floor)
    panels.legend_below(figure, keys)
    return figure


def _over_steps(axes: Axes, point: Point, values: xr.DataArray, **line: Any) -> None:
    look = {"linestyle": STYLES[point.labels], "linewidth": 1.0, **line}
    panels.curve(axes, point.measured.step.values, values, floor=0, **look)


def _by_setting(results: Results) -> dict[str, list[Point]]:
    """Group points of free training that differ in their labels alone, by a panel's title."""
    groups: dict[str, list[Point]] = {}
    for point in results.where(switch_step=0):
        groups.setdefault(_setting(point), []).append(point)
    return groups


def _setting(point: Point) -> str:
    """Name all that sets a point apart, but for its labels."""
    scale = f"\ninitial scale {point.initial_scale:g}" if point.initial_scale != 1 else ""
    noise = f"\nnoise {point.noise:g}" if point.noise else ""
    return _title(point) + scale + noise


def _title(point: Point) -> str:
    images = "digits" if point.images == "digits" else "MNIST"
    optimiser = {"sgd": "SGD", "adam": "Adam"}[point.optimiser]
    decay = " + decay" if point.weight_decay else ""
    return (
        f"{images}, $k = {point.classes}$, {ACTIVATIONS[point.activation]}\n"
        f"$L = {point.depth}$, $n = {point.width}$, {optimiser}{decay}"
    )


def _panels(count: int, ylabel: str) -> tuple[Figure, list[Axes]]:
    columns = min(count, COLUMNS)
    rows = -(-count // columns)
    width = style.ONE_COLUMN if columns == 1 else style.TWO_COLUMNS
    figure = Figure(figsize=(width, 1.75 * rows + 0.9), layout="constrained")
    grid = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for axes in grid:
        axes.tick_params(labelsize=7)
        axes.title.set_fontsize(7)
        axes.xaxis.label.set_fontsize(7)
    for axes in grid[count:]:
        axes.set_axis_off()
    figure.supylabel(ylabel, fontsize=8)
    return figure, grid


def _keys(labels: Iterable[str]) -> list[Line2D]:
    return [
        Line2D([], [], color=colour, label=label)
        for colour, label in zip(style.COLOURS, labels, strict=False)
    ]


def _shade(share: float) -> tuple[float, float, float]:
    """Return dark blue at 0 and light orange at 1."""
    first, last = np.array([0.0, 0.13, 0.35]), np.array([0.95, 0.6, 0.1])
    red, green, blue = first + share * (last - first)
    return float(red), float(green), float(blue)
