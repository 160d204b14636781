"""Figures of the study; a function's docstring is its caption."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from rankscope.drawing import panels, style
from rankscope.evidence.results import Results
from rankscope.evidence.samples import crossed
from rankscope.studies.rank_budget import display
from rankscope.studies.rank_budget.claims import difference, gaining, rank_interval
from rankscope.studies.rank_budget.parameters import CLASSES, PREDICTORS, SIDES, SOURCES

MARKERS = "os^vDP"
LETTERS = "qkvoud"
NOTHING = "No matrix's update clearly gains something."
ASIDE = 0.15
"""How far marks of one matrix stand to either side of its place."""


def kept_gain(results: Results) -> Figure:
    """Share of a matrix's gain that its leading directions keep, the other updates left whole.

    Full fine-tuning, cut after training; test loss without the update minus that with so many
    directions, over that with all: ratios of means. Matrices whose gain is clear. Grey: 90 %.
    """
    figure, grid = panels.grid(
        "What a matrix's leading directions keep", len(results), 2.6, columns=2
    )
    for axes, point in zip(grid, results, strict=True):
        looks = {name: _look(name) | {"ms": 3.5, "capsize": 2} for name in gaining(point)}
        display.kept_shares(axes, point, looks)
        kept = point.measured.kept.values
        axes.set_xticks(range(len(kept)), kept)
        axes.set_title(point.label("task"))
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
    largest = 2 * max(float(point.predicted.largest_rank.max()) for point in results)
    for axes, predictor in zip(grid, predictors, strict=True):
        display.factor_two(axes, largest)
        axes.set_title(predictor)
        for point, name, needed in shown:
            said = point.measured.said_rank.sel(predictor=predictor, matrix=name)
            look = _look(name) | {"marker": MARKERS[tasks.index(point.task)], "capsize": 2}
            look["label"] = f"{name}, {point.task}" if len(tasks) > 1 else name
            display.said_mark(axes, needed, said, **look)
    handles = [*panels.labelled(figure), *display.factor_two_handles()]
    panels.legend_below(figure, handles, bars=display.NEEDED_BARS)
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
    display.same_heights(grid)
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
        losses = [crossed(difference(point, even, arm)) for arm in arms]
        texts = [crossed(correct.sel(arm=arm) - correct.sel(arm=even)) for arm in arms]
        left, right = grid[2 * number : 2 * number + 2]
        display.arms(left, arms, losses)
        display.arms(right, [""] * len(arms), texts)
        for axes, kind in ((left, "loss / nat"), (right, "accuracy")):
            axes.set(xlabel=f"{kind} gained", title=f"{point.task}, against {even}")
    panels.legend_below(
        figure,
        display.arms_handles(),
        bars="bars: 95 % intervals over replicates and test texts",
    )
    return figure


def _look(name: str) -> dict[str, Any]:
    """Return label, colour and marker of a matrix, the same in all figures."""
    place = LETTERS.index(name[-1])
    return {"label": name, "color": style.COLOURS[place], "marker": MARKERS[place]}
