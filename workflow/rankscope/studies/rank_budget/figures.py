"""Figures of the study; a function's docstring is its caption."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rankscope.drawing import panels, style
from rankscope.evidence.results import Results
from rankscope.evidence.samples import crossed, ratio_of_means
from rankscope.studies.rank_budget.claims import BETTER, difference, gaining, rank_interval
from rankscope.studies.rank_budget.parameters import (
    CLASSES,
    KEPT,
    KEPT_SHARE,
    PREDICTORS,
    SIDES,
    SOURCES,
)

MARKERS = "os^vDP"
LETTERS = "qkvoud"
NOTHING = "No matrix's update clearly gains something."
LEAST = 0.5
"""Rank at which bars end."""
ASIDE = 0.15
"""How far marks of one matrix stand to either side of its place."""
ROWS = "0.25"
"""Colour of marks in figures whose rows name the arms."""


def kept_gain(results: Results) -> Figure:
    """Share of a matrix's gain that its leading directions keep, the other updates left whole.

    Full fine-tuning, cut after training; test loss without the update minus that with so many
    directions, over that with all: ratios of means. Matrices whose gain is clear. Grey: 90 %.
    """
    figure, grid = panels.grid(
        "What a matrix's leading directions keep", len(results), 2.6, columns=2
    )
    places = np.arange(len(KEPT) + 1)
    for axes, point in zip(grid, results, strict=True):
        for name in gaining(point):
            losses = point.measured.cut_loss.sel(matrix=name)
            gains = (losses.sel(kept="0") - losses).transpose("kept", "replicate").values
            shares = [ratio_of_means(gain, gains[-1]) for gain in gains]
            bars = np.nan_to_num([share.half_width for share in shares])
            values = [share.value for share in shares]
            axes.errorbar(places, values, yerr=bars, lw=0.9, ms=3.5, capsize=2, **_look(name))
        axes.axhline(KEPT_SHARE, **style.NULL, label="90 %")
        axes.set_xticks(places, point.measured.kept.values)
        axes.set(xlabel="directions kept", ylabel="share of the gain", title=point.label("task"))
    panels.legend_below(figure, bars="bars: 95 % intervals of the ratio of means")
    return figure


def said_and_needed(results: Results) -> Figure:
    """What is said before training against the rank that keeps 90 % of the gain afterwards.

    A mark per matrix whose gain is clear, colours by matrix; means over replicates. Dashed: equal;
    grey band: within a factor 2; bars end at one half.
    """
    predictors = [*PREDICTORS, CLASSES]
    figure, grid = panels.grid("Rank said and rank needed", len(predictors), 2.3, columns=3)
    tasks = results.values("task")
    shown = [
        (point, name, rank_interval(point, name)) for point in results for name in gaining(point)
    ]
    if not shown:
        return panels.nothing(NOTHING)
    largest = max(float(point.predicted.largest_rank.max()) for point in results)
    line = np.array([LEAST, 2 * largest])
    for axes, predictor in zip(grid, predictors, strict=True):
        axes.fill_between(line, line / 2, line * 2, color="0.5", alpha=0.2, lw=0)
        for point, name, (x, *ends) in shown:
            said = point.measured.said_rank.sel(predictor=predictor, matrix=name)
            y, height = panels.bar(said, LEAST)
            width = np.abs(np.subtract(ends, x))[:, None]
            look = _look(name) | {"marker": MARKERS[tasks.index(point.task)]}
            look["label"] = f"{name}, {point.task}" if len(tasks) > 1 else name
            look |= {"ms": 3.5, "elinewidth": 0.8, "linestyle": "none"}
            axes.errorbar(x, y, xerr=width, yerr=height, capsize=2, **look)
        panels.theory(axes, line, line)
        axes.set(xscale="log", yscale="log", title=predictor)
        axes.set(xlim=(0.9 * LEAST, 2 * largest), ylim=(0.9 * LEAST, 2 * largest))
        axes.set(xlabel="rank needed", ylabel="rank said")
        panels.plain_ticks(axes, "xy")
    handles = list({h.get_label(): h for a in grid for h in _handles(a)}.values())
    band = Patch(color="0.5", alpha=0.2, lw=0, label="within a factor 2")
    panels.legend_below(
        figure,
        [*handles, panels.theory_handle("equal"), band],
        bars="bars: 95 % intervals, of the rank needed by the jackknife",
    )
    return figure


def start(results: Results) -> Figure:
    """Spectra at the start over the task null's edge, and that of the update after training.

    Left: eigenvalues of G, the second moment of texts' gradients; middle: singular values of the
    mean gradient; right: singular values of full fine-tuning's update over their largest. Geometric
    means over replicates. Grey: the edge, the largest found with random output gradients.
    """
    figure, grid = panels.grid(
        "Before training, and the update after it", 3 * len(results), 2.6, columns=3
    )
    kinds = (
        ("g_eigenvalue", "g_edge", "G: eigenvalue / edge"),
        ("gradient_value", "gradient_edge", "mean gradient: value / edge"),
        ("update_value", "", "update: value / largest"),
    )
    for number, point in enumerate(results):
        data = point.measured
        for axes, (name, edge, title) in zip(grid[3 * number :], kinds, strict=False):
            unit = data[edge] if edge else data[name].isel(index=0)
            logs = xr.ufuncs.log(data[name] / unit).mean("replicate")
            for matrix in logs.matrix.values.tolist():
                row = np.exp(logs.sel(matrix=matrix)).dropna("index")
                axes.plot(row.index, row, lw=1.0, ms=3, markevery=0.15, **_look(matrix))
            if edge:
                axes.axhline(1.0, **style.NULL, label="edge")
            axes.set_xscale("log", base=2)
            axes.set(yscale="log", xlabel="index", ylabel=title, title=point.label("task"))
            panels.plain_ticks(axes)
    panels.legend_below(figure, bars=False)
    return figure


def directions(results: Results) -> Figure:
    """Share of an update's leading directions in the span of the start's, matrix by matrix.

    As many directions as there are outliers; left: of outputs, right: of inputs. Filled: the
    start's; open, a little to the right: random output gradients on the same activations; ticks: a
    random subspace of as many dimensions.
    """
    figure, grid = panels.grid("Directions that the start knows", 4 * len(results), 2.1, columns=2)
    wanted = [(point, source, side) for point in results for source in SOURCES for side in SIDES]
    for axes, (point, source, side) in zip(grid, wanted, strict=True):
        data = point.measured.sel(source=source)
        names = data.matrix.values.tolist()
        places = np.arange(len(names))
        chance = data.outliers.mean("replicate") * point.predicted.chance_share.sel(side=side)
        looks: tuple[dict[str, Any], ...] = (
            {"color": style.COLOURS[0], "label": "start"},
            {"color": "0.5", "mfc": "white", "label": "task null"},
        )
        shifts = (-ASIDE, ASIDE)
        for variable, look, shift in zip(("share", "null_share"), looks, shifts, strict=True):
            values = data[variable].sel(side=side).transpose("replicate", "matrix")
            panels.marks(axes, places + shift, values, **look)
        axes.plot(places, chance, "_", color="black", ms=9, label="chance")
        axes.set_xticks(places, names)
        axes.set(ylabel="share", title=f"{point.task}: {source}, {side}")
    limits = np.array([axes.get_ylim() for axes in grid])
    for axes in grid:
        axes.set_ylim(limits[:, 0].min(), limits[:, 1].max())
    panels.legend_below(figure)
    return figure


def allotments(results: Results) -> Figure:
    """LoRA with ranks allotted by what is said, beside the same parameters spread evenly.

    Left: test loss less than the even spread's; right: accuracy more than the even spread's. Bars:
    95 % intervals over replicates and test texts; grey: what is taken for better. The larger rank
    and full fine-tuning train more parameters.
    """
    figure, grid = panels.grid("Ranks allotted by what is said", 2 * len(results), 3.0, columns=2)
    for number, point in enumerate(results):
        _, full, even, more = point.runs.split("+")
        arms = [a for a in point.measured.arm.values.tolist() if a not in ("head", full, even)]
        arms = [full, more, *(arm for arm in arms if arm != more)]
        correct = point.measured.correct.transpose("replicate", "text", "arm")
        for axes, kind in zip(grid[2 * number :], ("loss / nat", "accuracy"), strict=False):
            for place, arm in enumerate(arms):
                better = correct.sel(arm=arm) - correct.sel(arm=even)
                found = crossed(difference(point, even, arm) if kind != "accuracy" else better)
                half = np.nan_to_num(found.half_width)
                axes.errorbar(found.value, place, xerr=half, fmt="o", ms=4, color=ROWS)
            axes.axvspan(BETTER.lower, 2 * BETTER.lower, color="0.5", alpha=0.2, lw=0)
            axes.axvline(0.0, **style.NULL)
            axes.set_yticks(range(len(arms)), arms if kind != "accuracy" else [""] * len(arms))
            axes.invert_yaxis()
            axes.set(xlabel=f"{kind} gained", title=f"{point.task}, against {even}")
    panels.legend_below(
        figure,
        [
            Line2D([], [], color=ROWS, marker="o", ls="none", ms=4, label="mean"),
            Line2D([], [], label="even spread", **style.NULL),
            Patch(color="0.5", alpha=0.2, lw=0, label="from here on better"),
        ],
        bars="bars: 95 % intervals over replicates and test texts",
    )
    return figure


def _look(name: str) -> dict[str, Any]:
    """Return label, colour and marker of a matrix, the same in all figures."""
    place = LETTERS.index(name[-1])
    return {"label": name, "color": style.COLOURS[place], "marker": MARKERS[place]}


def _handles(axes: Axes) -> list[Any]:
    return list(axes.get_legend_handles_labels()[0])
