"""Figures about accuracy, and about the training that it comes from."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from rankscope.drawing import panels, style
from rankscope.evidence import samples
from rankscope.evidence.results import Results
from rankscope.studies.language_model.claims.accuracy import NOT_WORSE, gain
from rankscope.studies.language_model.figures.layout import METHODS, ROWS, grid, looks, spread
from rankscope.studies.language_model.parameters import ADAPTERS
from rankscope.studies.language_model.selection import all_runs, of, runs


def accuracy(results: Results) -> Figure:
    """Test accuracy of every run.

    Small points: replicates, which differ in training texts, their order, head and adapter, the
    first on top; large points: their mean. Runs of a panel share texts and heads within a
    replicate, so paired differences are surer than the bars. The axis names the share of the
    largest class, which guessing would reach.
    """
    most = max(len(all_runs(point)) for point in results)
    figure, pairs = grid("Test accuracy of each run", results.points, height=0.24 * most + 1.0)
    for axes, point in pairs:
        chosen = all_runs(point)
        for place, run in enumerate(chosen):
            values = of(point, "correct", run).mean("text").values
            axes.plot(values, place + spread(len(values), 0.5), ".", ms=3, color=ROWS)
            mean, half = panels.interval(values)
            axes.errorbar(mean, place, xerr=np.nan_to_num(half), fmt="o", ms=5, color=ROWS)
        axes.set_yticks(range(len(chosen)), [run.name for run in chosen])
        axes.invert_yaxis()
        share = float(point.measured.majority)
        axes.set_xlabel(f"test accuracy (largest class: {share:.2f})")
    marks = [
        Line2D([], [], color=ROWS, marker=marker, ls="none", ms=size, label=label)
        for marker, size, label in ((".", 3, "replicate"), ("o", 5, "mean"))
    ]
    panels.legend_below(figure, marks)
    return figure


def rank_and_parameters(results: Results) -> Figure:
    """Test accuracy against the number of trained parameters.

    Means over replicates of the runs on a point's own matrices; a grey line joins the ranks of
    one method. Horizontal lines: full fine-tuning and the head alone.
    """
    ranked = results.where(lambda point: len(runs(point, *ADAPTERS)) > 1).points
    if not ranked:
        return panels.nothing("No point has two adapters of the same matrices.")
    figure, pairs = grid("Accuracy by number of trained parameters", ranked, height=2.8)
    look = looks(results)
    for axes, point in pairs:
        for method in ADAPTERS:
            of_method = runs(point, method)
            sizes = [float(of(point, "trainable_parameters", run)) for run in of_method]
            values = [of(point, "correct", run).mean("text").values for run in of_method]
            means = [value.mean() for value in values]
            axes.plot(sizes, means, color="0.7", lw=0.8, zorder=0, label="ranks of a method")
            for run, size, value in zip(of_method, sizes, values, strict=True):
                drawn = look[run.name] | {"linestyle": "none"}
                panels.marks(axes, [size], value[:, None], **drawn)
        for run in runs(point, "full", "head"):
            level = float(of(point, "correct", run).mean())
            axes.axhline(level, lw=1.0, **look[run.name] | {"marker": None})
        axes.set(xscale="log", xlabel="trained parameters", ylabel="test accuracy")
    panels.legend_below(figure)
    return figure


def rank_curve(results: Results) -> Figure:
    """How much rank is enough: accuracy on the test texts minus that of LoRA's largest rank.

    Rank 0 is the head alone, the last place full fine-tuning.
    """
    ranked = results.where(lambda point: len(runs(point, "lora")) > 1).points
    if not ranked:
        return panels.nothing("No point has two ranks of LoRA.")
    figure, pairs = grid("How much rank is enough", ranked, height=2.8)
    for axes, point in pairs:
        largest = runs(point, "lora")[-1]
        shown = runs(point, "head", "lora", "full")
        shown = sorted(shown, key=lambda run: (run.method == "full", run.rank))
        for place, run in enumerate(shown):
            found = samples.crossed(gain(point, run, largest))
            half = found.half_width
            bar = 0.0 if run == largest else half
            name = METHODS[run.method]
            colour, label = style.METHODS[name], "head alone" if name == "head" else name
            axes.errorbar(place, found.value, yerr=bar, fmt="o", ms=4, color=colour, label=label)
        bound, label = NOT_WORSE.lower, "taken for as good"
        axes.axhspan(bound, -bound, color="0.5", alpha=0.2, lw=0, label=label)
        names = ["full" if run.method == "full" else str(run.rank) for run in shown]
        axes.set_xticks(range(len(shown)), names)
        axes.set(xlabel="rank", ylabel=f"accuracy minus that of {largest.name}")
    panels.legend_below(figure, bars="bars: 95 % intervals over replicates and test texts")
    return figure


def learning_rates(results: Results) -> Figure:
    """The search for learning rates: accuracy and loss on the validation texts.

    Means over the tuning seeds (which are not kept one by one, so there are no bars) against the
    rate of the body, at the best rate of the head; of the head alone against the head's rate.
    Filled: what replicates chose, by the loss on tuning seeds drawn anew; off the line at
    another rate of the head.
    """
    points = [point for point in results for _ in range(2)]
    figure, pairs = grid("The search for learning rates", points, height=2.8)
    look = looks(results)
    for number, (axes, point) in enumerate(pairs):
        kind, words = (("accuracy", "accuracy"), ("loss", "loss / nat"))[number % 2]
        for run in all_runs(point):
            body, head, values = (
                of(point, name, run).values
                for name in ("tried_rate", "tried_head_rate", f"tried_{kind}")
            )
            best = np.nanargmin(of(point, "tried_loss", run))
            rates = head if run.method == "head" else body
            shown = np.flatnonzero(np.isclose(head, head[best]) | (run.method == "head"))
            shown = shown[np.isfinite(rates[shown])]
            shown = shown[np.argsort(rates[shown])]
            axes.plot(rates[shown], values[shown], ms=4, lw=0.9, mfc="white", **look[run.name])
            trials, times = np.unique(of(point, "chosen", run) - 1, return_counts=True)
            filled = look[run.name] | {"label": None, "linestyle": ""}
            for trial, share in zip(trials, times / times.sum(), strict=True):
                axes.plot(rates[trial], values[trial], ms=6 * np.sqrt(share), **filled)
        axes.set(xscale="log", xlabel="learning rate", ylabel=f"validation {words}")
        _few_ticks(axes)
    mark: dict[str, Any] = {"color": "0.3", "marker": "o", "ls": ""}
    meaning = [
        Line2D([], [], **mark, ms=4, mfc="white", label="tried"),
        Line2D([], [], **mark, ms=3, label="chosen by few replicates"),
        Line2D([], [], **mark, ms=6, label="chosen by all"),
    ]
    names = {run.name for point in results for run in all_runs(point)}
    handles = [Line2D([], [], mfc="white", ms=4, **look[name]) for name in look if name in names]
    panels.legend_below(figure, [*handles, *meaning], columns=5, bars=False)
    return figure


def learning_curves(results: Results) -> Figure:
    """Training loss, smoothed over a tenth of the steps: means over replicates with their bands."""
    figure, pairs = grid("Training loss", results.points, height=2.8)
    look = looks(results)
    for axes, point in pairs:
        for run in all_runs(point):
            loss = pd.DataFrame(of(point, "training_loss", run).transpose("step", ...).values)
            smooth = loss.rolling(max(1, len(loss) // 10), min_periods=1).mean().to_numpy().T
            every = max(1, len(loss) // 8)
            line = {**look[run.name], "lw": 1.0, "ms": 3, "markevery": every}
            panels.curve(axes, point.measured.step, smooth, **line)
        axes.set(xlabel="step", ylabel="cross entropy / nat")
    panels.legend_below(figure)
    return figure


def truncation(results: Results) -> Figure:
    """Test accuracy when each trained update keeps its leading directions only.

    No retraining, the trained head throughout, whole test set; means over replicates, with
    intervals over them. Right of the line the whole updates.
    """
    figure, pairs = grid("Test accuracy of updates that are cut", results.points, height=2.8)
    look = looks(results)
    for axes, point in pairs:
        kept = point.measured.kept.values.tolist()
        adapted = runs(point, "full", *ADAPTERS)
        places = np.arange(len(kept) + 1)
        for run, shift in zip(adapted, spread(len(adapted), 0.4), strict=True):
            cut = of(point, "truncated_correct", run).mean("text").transpose("replicate", "kept")
            whole = of(point, "correct", run).mean("text")
            values = np.concatenate([cut.values, whole.values[:, None]], axis=1)
            panels.marks(axes, places + shift, values, lw=0.9, **look[run.name])
        axes.axvline(len(kept) - 0.5, color="0.7", lw=0.6, label="whole updates from here on")
        axes.set_xticks(places, [*kept, "all"])
        axes.set(xlabel="directions kept", ylabel="test accuracy")
    panels.legend_below(figure)
    return figure


def _few_ticks(axes: Axes) -> None:
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    panels.plain_ticks(axes)
