"""Figures about accuracy, and about the training that it comes from."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from rankscope.drawing import panels
from rankscope.evidence.results import Results
from rankscope.studies.language_model.figures.layout import grid, looks, spread
from rankscope.studies.language_model.selection import all_runs, of, runs

ADAPTERS = ("lora", "rslora", "randlora", "vera")


def accuracy(results: Results) -> Figure:
    """Test accuracy of every run.

    Small points: replicates, which differ in head, data order, adapter and test texts, the
    first on top; large points: their mean. Runs of a panel share all of that within a
    replicate, so paired differences are surer than the bars. The axis names the share of the
    largest class, which guessing would reach.
    """
    most = max(len(all_runs(point)) for point in results)
    figure, pairs = grid(results.points, height=0.24 * most + 1.0)
    for axes, point in pairs:
        chosen = all_runs(point)
        for place, run in enumerate(chosen):
            values = of(point, "test_accuracy", run).values
            colour = looks(results)[run.name]["color"]
            axes.plot(values, place + spread(len(values), 0.5), ".", ms=3, alpha=0.6, color=colour)
            mean, half = panels.interval(values)
            axes.errorbar(mean, place, xerr=np.nan_to_num(half), fmt="o", ms=5, color=colour)
        axes.set_yticks(range(len(chosen)), [run.name for run in chosen])
        axes.invert_yaxis()
        share = float(point.measured.majority)
        axes.set_xlabel(f"test accuracy (largest class: {share:.2f})")
    marks = [
        Line2D([], [], color="0.3", marker=marker, ls="none", ms=size, label=label)
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
    figure, pairs = grid(ranked, height=2.8)
    look = looks(results)
    for axes, point in pairs:
        for method in ADAPTERS:
            of_method = runs(point, method)
            sizes = [float(of(point, "trainable_parameters", run)) for run in of_method]
            values = [of(point, "test_accuracy", run).values for run in of_method]
            axes.plot(sizes, [value.mean() for value in values], color="0.7", lw=0.8, zorder=0)
            for run, size, value in zip(of_method, sizes, values, strict=True):
                drawn = look[run.name] | {"linestyle": "none"}
                panels.marks(axes, [size], value[:, None], **drawn)
        for run in runs(point, "full", "head"):
            level = float(of(point, "test_accuracy", run).mean())
            axes.axhline(level, lw=1.0, **look[run.name] | {"marker": None})
        axes.set(xscale="log", xlabel="trained parameters", ylabel="test accuracy")
    panels.legend_below(figure)
    return figure


def learning_rates(results: Results) -> Figure:
    """The sweep of learning rates: loss on validation texts, one training run per mark.

    Every run is tried with the same number of rates; the filled mark is the chosen one.
    """
    figure, pairs = grid(results.points, height=2.8)
    look = looks(results)
    for axes, point in pairs:
        for run in all_runs(point):
            tried = of(point, "tried_rate", run).values
            found = of(point, "tried_loss", run).values
            chosen = [int(np.flatnonzero(tried == float(of(point, "rate", run)))[0])]
            axes.plot(tried, found, ms=4, lw=0.9, mfc="white", **look[run.name])
            axes.plot(
                tried[chosen],
                found[chosen],
                ms=4,
                **look[run.name] | {"label": None, "linestyle": ""},
            )
        axes.set(xscale="log", xlabel="learning rate", ylabel="validation loss / nat")
        _few_ticks(axes)
    panels.legend_below(figure, bars=False)
    return figure


def learning_curves(results: Results) -> Figure:
    """Training loss, mean over replicates, smoothed over a tenth of the steps."""
    figure, pairs = grid(results.points, height=2.8)
    look = looks(results)
    for axes, point in pairs:
        for run in all_runs(point):
            loss = pd.Series(of(point, "training_loss", run).mean("replicate").values)
            smooth = loss.rolling(max(1, len(loss) // 10), min_periods=1).mean()
            every = max(1, len(loss) // 8)
            axes.plot(point.measured.step, smooth, lw=1.0, ms=3, markevery=every, **look[run.name])
        axes.set(xlabel="step", ylabel="cross entropy / nat")
    panels.legend_below(figure, bars=False)
    return figure


def truncation(results: Results) -> Figure:
    """Validation accuracy when each trained update keeps its leading directions only.

    No retraining, the trained head throughout; means over replicates. The texts are the same
    in all replicates and few, so compare along a line only.
    """
    figure, pairs = grid(results.points, height=2.8)
    look = looks(results)
    for axes, point in pairs:
        kept = point.measured.kept.values
        adapted = [run for run in all_runs(point) if run.method != "head"]
        for run, shift in zip(adapted, spread(len(adapted), 0.4), strict=True):
            values = of(point, "truncated_accuracy", run).transpose("replicate", "kept")
            panels.marks(axes, np.arange(len(kept)) + shift, values, lw=0.9, **look[run.name])
        axes.set_xticks(range(len(kept)), kept)
        axes.set(xlabel="directions kept", ylabel="validation accuracy")
    panels.legend_below(figure)
    return figure


def _few_ticks(axes: Axes) -> None:
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    panels.plain_ticks(axes)
