"""Figures of the study; a function's docstring is its caption."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rankscope.drawing import panels, style
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import mean
from rankscope.studies.new_classes.claims import judged, loss_saved, spreads
from rankscope.studies.new_classes.parameters import FULL, NULLS, OVER_LABELS, READOUT
from rankscope.studies.rank_budget import display
from rankscope.studies.rank_budget.claims import rank_interval
from rankscope.studies.rank_budget.parameters import CLASSES, PREDICTORS, SIDES, SOURCES

MARKERS = "os^vDPX*"
NULL_MARKERS = "sD"
LETTERS = {"left": "o", "right": "i"}
"""Of outputs and inputs."""
NOTHING = "No layer's update clearly gains something."
ASIDE = 0.2
"""How far marks of one layer stand to either side of its place."""
OPTIMISERS = {"sgd": "SGD", "adam": "Adam"}
IMAGES = {"digits": "digits", "mnist": "MNIST"}


def kept_gain(results: Results) -> Figure:
    """Share of a layer's gain that its leading directions keep, the other updates left whole.

    Full fine-tuning, cut after training; test loss without the update minus that with so many
    directions, over that with all: ratios of means. Layers whose gain is clear. Grey: 90 %.
    """
    if not len(results):
        return panels.nothing(NOTHING)
    figure, grid = panels.grid("What a layer's leading directions keep", len(results), 2.0)
    for axes, point in zip(grid, results, strict=True):
        look = {"marker": "o", "ms": 2.5, "capsize": 1.5}
        display.kept_shares(axes, point, {name: _look(name) | look for name in judged(point)})
        kept = point.measured.kept.values
        axes.set_xticks(range(0, len(kept), 2), kept[::2])
        axes.set_title(_title(point))
    panels.legend_below(figure, bars="bars: 95 % intervals of the ratio of means")
    return figure


def said_and_needed(results: Results) -> Figure:
    """What is said at the start against the rank that keeps 90 % of the gain afterwards.

    A mark per layer whose gain is clear; colours by layer, marks by setting; means over networks.
    Dashed: equal; grey band: within a factor 2; bars end at one half.
    """
    shown = [
        (point, name, rank_interval(point, name)) for point in results for name in judged(point)
    ]
    if not shown:
        return panels.nothing(NOTHING)
    predictors = [*PREDICTORS, *OVER_LABELS, CLASSES]
    figure, grid = panels.grid("Rank said and rank needed", len(predictors), 2.2)
    settings = list(dict.fromkeys(_setting(point) for point, _, _ in shown))
    largest = 2 * max(float(point.predicted.largest_rank.max()) for point in results)
    for axes, predictor in zip(grid, predictors, strict=True):
        display.factor_two(axes, largest)
        axes.set_title(predictor.replace(", over", "\nover"))
        for point, name, needed in shown:
            said = point.measured.said_rank.sel(predictor=predictor, matrix=name)
            marker = MARKERS[settings.index(_setting(point)) % len(MARKERS)]
            display.said_mark(axes, needed, said, **_look(name), marker=marker, capsize=1.5)
    layers = list(dict.fromkeys(name for _, name, _ in shown))
    marks = [
        Line2D([], [], color=display.ROWS, marker=marker, ls="none", ms=4, label=setting)
        for setting, marker in zip(settings, MARKERS, strict=False)
    ]
    panels.legend_below(
        figure,
        [
            *(Patch(**_look(name)) for name in sorted(layers)),
            *marks,
            *display.factor_two_handles(),
        ],
        columns=3,
        bars=display.NEEDED_BARS,
    )
    return figure


def start(results: Results) -> Figure:
    """Spectra at the start, and that of the update after fine-tuning.

    Solid: eigenvalues of G, the second moment of images' gradients; dotted: singular values of the
    mean gradient, both over the largest that random output gradients give (grey); dash-dotted:
    singular values of full fine-tuning's update over their largest. Geometric means over networks.
    """
    if not len(results):
        return panels.nothing("No network was trained.")
    figure, grid = panels.grid("Before fine-tuning, and the update after it", len(results), 2.0)
    kinds = {
        "eigenvalues of G / edge": ("g_value", "g_edge", "-"),
        "mean gradient / edge": ("gradient_value", "gradient_edge", ":"),
        "update / its largest": ("update_value", "", "-."),
    }
    for axes, point in zip(grid, results, strict=True):
        data = point.measured
        for name, edge, dash in kinds.values():
            unit = data[edge].sel(null=NULLS[0]) if edge else data[name].isel(index=0)
            # values of rounding are no part of a spectrum
            ratio = (data[name] / unit).where(data[name] > 1e-6 * data[name].isel(index=0))
            logs = xr.ufuncs.log(ratio).mean("replicate", skipna=False)
            for matrix in logs.matrix.values.tolist():
                row = np.exp(logs.sel(matrix=matrix)).dropna("index")
                look = {"color": _look(matrix)["color"], "linestyle": dash, "linewidth": 1.0}
                axes.plot(row.index, row, **look)
        axes.axhline(1.0, **style.NULL)
        axes.set_xscale("log", base=2)
        axes.set(yscale="log", xlabel="index", ylabel="value / edge or largest")
        axes.set_title(_title(point))
        panels.plain_ticks(axes)
    layers = sorted({name for point in results for name in point.measured.matrix.values.tolist()})
    panels.legend_below(
        figure,
        [
            *(Line2D([], [], color="0.3", ls=dash, label=n) for n, (*_, dash) in kinds.items()),
            Line2D([], [], label="edge", **style.NULL),
            *(Line2D([], [], **_look(name)) for name in layers),
        ],
        bars=False,
    )
    return figure


def directions(results: Results) -> Figure:
    """Share of an update's leading directions in the span of the start's, layer by layer.

    As many directions as there are outliers over random output gradients; o: of outputs, i: of
    inputs. Filled: the start's; open, beside them: the two nulls on the same activations; ticks: a
    random subspace of as many dimensions.
    """
    if not len(results):
        return panels.nothing("No network was trained.")
    figure, grid = panels.grid(
        "Directions that the start knows", len(SOURCES) * len(results), 1.7, columns=2
    )
    wanted = [(point, source) for point in results for source in SOURCES]
    for axes, (point, source) in zip(grid, wanted, strict=True):
        data = point.measured.sel(source=source)
        rows = [(name, side) for side in SIDES for name in data.matrix.values.tolist()]
        own = [data.share.sel(matrix=name, side=side) for name, side in rows]
        places = np.arange(len(rows))
        panels.marks(axes, places - ASIDE, np.transpose(own), color=style.COLOURS[0], label="start")
        for number, (null, marker) in enumerate(zip(NULLS, NULL_MARKERS, strict=True)):
            values = [data.null_share.sel(matrix=n, side=side, null=null) for n, side in rows]
            look = {"color": style.COLOURS[1 + number], "marker": marker, "mfc": "white"}
            panels.marks(axes, places + number * ASIDE, np.transpose(values), label=null, **look)
        counts = data.outliers.mean("replicate") * point.predicted.chance_share
        chance = [float(counts.sel(matrix=name, side=side)) for name, side in rows]
        axes.plot(places, chance, "_", color="black", ms=9, label="chance")
        labels = [f"{name.split()[1]}{LETTERS[side]}" for name, side in rows]
        axes.set_xticks(places, labels)
        axes.set(ylabel="share", xlabel="layer")
        axes.set_title(f"{source}\n{_setting(point)}")
    display.same_heights(grid)
    panels.legend_below(figure)
    return figure


def allotments(results: Results) -> Figure:
    """Factors with ranks allotted by what is said, beside the same parameters spread evenly.

    Test loss less than the even spread's: right of the dashed line is better. Bars: 95 % intervals
    over networks; grey: from what is taken for better to twice as much. Full fine-tuning and the
    larger rank train more parameters, the readout alone fewer; the axis is linear to 0.02.
    """
    if not len(results):
        return panels.nothing("No network was trained.")
    figure, grid = panels.grid("Ranks allotted by what is said", len(results), 2.4, columns=2)
    for place, (axes, point) in enumerate(zip(grid, results, strict=True)):
        even, more = spreads(point)
        others = [arm for arm in point.measured.arm.values.tolist() if arm not in (even, more)]
        arms = [READOUT, FULL, more, *(arm for arm in others if arm not in (READOUT, FULL))]
        names = arms if place % 2 == 0 else [""] * len(arms)
        display.arms(axes, names, [mean(loss_saved(point, even, arm)) for arm in arms])
        axes.set_xscale("symlog", linthresh=0.02)
        axes.set_xticks([-1, -0.1, -0.01, 0.01, 0.1], ["-1", "-0.1", "-0.01", "0.01", "0.1"])
        axes.set_xticks([], minor=True)
        axes.set(xlabel=f"loss less than {even}'s / nat", title=_setting(point))
    panels.legend_below(figure, display.arms_handles(), bars="bars: 95 % intervals over networks")
    return figure


def _setting(point: Point) -> str:
    return (
        f"{IMAGES[point.images]}, $k = {point.new_classes}$, "
        f"$L = {point.depth}$, $n = {point.width}$, {OPTIMISERS[point.optimiser]}"
    )


def _title(point: Point) -> str:
    """Return the setting on two lines."""
    images, classes, rest = _setting(point).split(", ", 2)
    return f"{images}, {classes}\n{rest}"


def _look(name: str) -> dict[str, Any]:
    """Return label and colour of a layer, the same in all figures."""
    return {"label": name, "color": style.COLOURS[(int(name.split()[1]) - 1) % len(style.COLOURS)]}
