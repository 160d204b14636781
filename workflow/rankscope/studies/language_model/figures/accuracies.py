"""Figures of the language-model study; a function's docstring is its caption."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
import seaborn as sns
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, ScalarFormatter

from rankscope.drawing import style
from rankscope.studies.language_model import claims_tools as tools

METHODS = ("head", "full", "lora", "rslora", "randlora", "vera")
COLOURS = dict(zip(METHODS, style.COLOURS, strict=False))
ERROR = ("ci", 95)


def accuracy(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Test accuracy of every run. Small points: replicates; large points: their mean.

    Bars are 95 % bootstrap intervals of the mean over replicates, which differ in head, data
    order, adapter and test texts. Runs of a panel share those within a replicate, so paired
    differences are surer than these bars.
    """
    figure, panels = _panels(tools.points(simulated), height=0.24 * simulated.sizes["run"] + 1.2)
    for axes, point in panels:
        data = _frame(point, "test_accuracy")
        sns.stripplot(
            data, x="value", y="run", hue="method", palette=COLOURS, size=2.5, alpha=0.6, ax=axes,
            legend=False, jitter=0.15,
        )  # fmt: skip
        sns.pointplot(
            data, x="value", y="run", hue="method", palette=COLOURS, errorbar=ERROR, seed=0,
            linestyle="none", markersize=4, err_kws={"linewidth": 1.2}, legend=False, ax=axes,
        )  # fmt: skip
        label = f"test accuracy (largest class: {float(point.data.majority):.2f})"
        axes.set(xlabel=label, ylabel="", title=_title(point))
    figure.suptitle("Accuracy on texts never used before")
    return figure


def rank_and_parameters(
    simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame
) -> Figure:
    """Test accuracy against the number of trained parameters; labels are the ranks.

    Mean over replicates with 95 % bootstrap intervals; only runs on the point's own matrices.
    The dashed line is full fine-tuning, the dash-dotted one the head alone.
    """
    ranked = [p for p in tools.points(simulated) if len(p.of("lora", "randlora", "vera")) > 1]
    figure, panels = _panels(ranked or [_first(simulated, *METHODS)], height=3.0)
    for axes, point in panels:
        own = {run.name for run in point.of(*METHODS)}
        data = _frame(point, "test_accuracy")
        data = data[data.run.isin(own)]
        sns.lineplot(
            data[data.parameters > 0], x="parameters", y="value", hue="method", palette=COLOURS,
            marker="o", errorbar=ERROR, err_style="bars", seed=0, ax=axes, legend=False,
        )  # fmt: skip
        for name, line in (("full", "--"), ("head", "-.")):
            level = data.value[data.run == name].mean()
            if np.isfinite(level):
                axes.axhline(level, color=COLOURS[name], linestyle=line, linewidth=1.0)
        for run in point.of("lora", "rslora", "randlora", "vera"):
            chosen = data[data.run == run.name]
            axes.annotate(
                f"{run.method} {run.rank}",
                (chosen.parameters.iloc[0], chosen.value.mean()),
                xytext=(3, 4 if run.method == "lora" else -9), textcoords="offset points",
                fontsize=6,
            )  # fmt: skip
        if (data.parameters > 0).any():
            axes.set_xscale("log")
        axes.set(xlabel="trained parameters", ylabel="test accuracy", title=_title(point))
    figure.suptitle("Rank, size and accuracy")
    return figure


def learning_rates(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """The sweep of learning rates: loss on validation texts, one training run per point.

    Every run is tried with the same number of rates; the filled point is the chosen one.
    """
    figure, panels = _panels(tools.points(simulated), height=3.2)
    for axes, point in panels:
        for place, run in enumerate(point.runs):
            tried = point.run("tried_rate", run).values
            found = point.run("tried_loss", run).values
            colour = plt.get_cmap("tab20")(place % 20)
            axes.plot(tried, found, "o-", mfc="white", ms=4, lw=0.9, color=colour, label=run.name)
            chosen = tried == float(point.run("rate", run))
            axes.plot(tried[chosen], found[chosen], "o", ms=5, color=colour)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.tick_params(axis="x", labelsize=6)
        axes.set(xlabel="learning rate", ylabel="validation loss / nat", title=_title(point))
        _below(axes, columns=3)
    figure.suptitle("Choice of the learning rates")
    return figure


def learning_curves(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Training loss, mean over replicates, smoothed over a tenth of the steps."""
    figure, panels = _panels(tools.points(simulated), height=3.4)
    for axes, point in panels:
        for place, run in enumerate(point.runs):
            loss = pd.Series(point.run("training_loss", run).mean("replicate").values).dropna()
            smooth = loss.rolling(max(1, len(loss) // 10), min_periods=1).mean()
            axes.plot(
                np.arange(1, len(smooth) + 1), smooth, lw=1.0, label=run.name,
                color=plt.get_cmap("tab20")(place % 20),
            )  # fmt: skip
        axes.set(xlabel="step", ylabel="cross entropy / nat", title=_title(point))
        _below(axes, columns=3)
    figure.suptitle("Training loss")
    return figure


def spectra(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Singular values of the updates over the norm of the base weight.

    Geometric means over matrices and replicates. LoRA and VeRA end at their rank.
    """
    figure, panels = _panels(tools.points(simulated), height=3.4)
    for axes, point in panels:
        base = point.data.update_norm / point.data.relative_norm
        for place, run in enumerate(r for r in point.runs if r.method != "head"):
            values = point.run("singular_value", run) / point.run("relative_norm", run).where(
                lambda v: v > 0
            )
            relative = values * point.run("relative_norm", run) / _of(point, base, run)
            relative = relative.where(relative > 1e-7)
            curve = np.exp(np.log(relative).mean(("replicate", "matrix"))).values
            index = np.flatnonzero(np.isfinite(curve))
            axes.plot(
                index + 1, curve[index], ".-", ms=3 if len(index) > 1 else 8, lw=0.9,
                label=run.name, color=plt.get_cmap("tab20")(place % 20),
            )  # fmt: skip
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_yscale("log")
        axes.set(xlabel="index", ylabel=r"$\sigma_i(\Delta W) / \|W\|_F$", title=_title(point))
        _below(axes, columns=3)
    figure.suptitle("Spectra of the updates")
    return figure


def amplification(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Left: LoRA's amplification factor (lines) and that of random directions (dotted).

    Right: alignment, the second over the first; 1 is chance. Both against the number of
    leading directions, at the first point with such runs: geometric means over query
    matrices and replicates, bars one standard error over replicates.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(style.TWO_COLUMNS, 3.4))
    point = _first(simulated, "full", "randlora", "vera", "lora")
    names = point.letters("q") or point.matrices
    for place, run in enumerate(point.of("full", "lora", "rslora", "randlora", "vera")):
        colour = plt.get_cmap("tab10")(place % 10)
        for axes, variable, line in (
            (left, "amplification", "-"),
            (left, "amplification_null", ":"),
            (right, "alignment", "-"),
        ):
            logs = [np.log(point.matrix(point.run(variable, run), name)) for name in names]
            logs = xr.concat(logs, "which").mean("which")
            mean, error = logs.mean("replicate"), logs.std("replicate", ddof=1)
            error = error / np.sqrt(max(logs.sizes["replicate"], 1))
            kept = np.isfinite(mean.values)
            centre, half = np.exp(mean.values[kept]), np.nan_to_num(error.values[kept])
            spread = centre * np.stack([1 - np.exp(-half), np.exp(half) - 1])
            axes.errorbar(
                point.data.probed_rank.values[kept], centre, yerr=spread if line == "-" else None,
                fmt=f"o{line}" if line == "-" else line, ms=3, lw=1.0, color=colour,
                label=run.name if line == "-" else None,
            )  # fmt: skip
    right.axhline(1.0, **style.THEORY)
    for axes in (left, right):
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xlabel("leading directions of the update")
        axes.set_xticks(point.data.probed_rank.values, point.data.probed_rank.values)
    right.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    right.yaxis.set_major_formatter(ScalarFormatter())
    right.yaxis.set_minor_formatter(NullFormatter())
    left.set(ylabel="amplification factor", title="Amplification and its null (dotted)")
    right.set(ylabel="alignment", title="Base weight in the update's directions")
    _below(left, columns=3)
    return figure


def similarity(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    r"""Subspace similarity $\phi(i, i)$ of pairs of updates, query and value matrices.

    LoRA's pairs are compared through the factor A, as in the paper's figures 3 and 4, full
    fine-tuning through the update. Mean over replicates and layers with one standard error
    over replicates; dashed with grey band: random directions, mean and two standard
    deviations of one draw; red dotted: the paper's 0.5. "Same seed" shares head and data.
    """
    point = _first(simulated, "lora", "full")
    letters = [letter for letter in "qv" if point.letters(letter)] or [point.matrices[0][-1]]
    figure, panels = plt.subplots(
        1, len(letters), figsize=(style.TWO_COLUMNS, 3.6), sharey=True, squeeze=False
    )
    for axes, letter in zip(panels[0], letters, strict=True):
        names = point.letters(letter)
        for place, pair in enumerate(str(p) for p in point.data.pair.values):
            side = "update" if pair.startswith("full") else "A"
            values = point.data.phi.sel(pair=pair, side=side)
            diagonal = _diagonal(xr.concat([point.matrix(values, n) for n in names], "which"))
            kept = np.isfinite(diagonal).any(axis=0)
            if kept.any():
                _curve(axes, np.flatnonzero(kept) + 1, diagonal[:, kept], place, pair)
        null = predicted.isel(point=simulated.point.values.tolist().index(point.data.point.item()))
        mean, deviation = (
            np.diagonal(point.matrix(null[name].sel(side="A"), names[0]).values)
            for name in ("phi_null", "phi_null_sd")
        )
        index = np.arange(1, len(mean) + 1)
        axes.plot(index, mean, **style.THEORY, label="random, closed form")
        axes.fill_between(
            index, np.maximum(mean - 2 * deviation, 0), mean + 2 * deviation,
            color="0.5", alpha=0.25, lw=0,
        )  # fmt: skip
        axes.axhline(0.5, **style.PAPER)
        axes.set_xscale("log", base=2)
        ticks = [2**power for power in range(7)]
        axes.set_xticks(ticks, ticks)
        axes.set(xlabel="leading directions $i$", ylim=(0, 1), title=f"$W_{letter}$")
    panels[0, 0].set_ylabel(r"$\phi(i, i)$")
    _below(panels[0, 0], columns=2)
    figure.suptitle("Directions that two updates share")
    return figure


def intruders(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Intruders among the ten leading directions of the tuned weight, mean over matrices.

    Beside each count: an update of the same singular values in random directions, and the
    update scaled to the norm of full fine-tuning's. Bars are 95 % bootstrap intervals over
    replicates; the numbers are the relative norms of the updates.
    """
    kinds = {
        "intruders": "as trained",
        "intruders_random": "random directions",
        "intruders_full_norm": "at full fine-tuning's norm",
    }
    figure, panels = _panels(tools.points(simulated), height=0.42 * simulated.sizes["run"] + 1.3)
    for axes, point in panels:
        parts = [_frame(point, name, ("matrix",)).assign(kind=kind) for name, kind in kinds.items()]
        data = pd.concat(parts, ignore_index=True)
        data = data[data.method != "head"]
        data["run"] = data.run.cat.remove_unused_categories()
        sns.barplot(
            data, x="value", y="run", hue="kind", errorbar=ERROR, seed=0, ax=axes,
            err_kws={"linewidth": 1.0}, palette=[style.COLOURS[0], "0.7", style.COLOURS[1]],
        )  # fmt: skip
        norms = [float(point.run("relative_norm", r).mean()) for r in point.runs]
        ticks = [
            f"{run.name}\n|dW|/|W| = {norm:.2f}"
            for run, norm in zip(point.runs, norms, strict=True)
            if run.method != "head"
        ]
        axes.set_yticks(range(len(ticks)), ticks, fontsize=6)
        axes.set(xlabel="intruders of 10", ylabel="", xlim=(0, 10.2), title=_title(point))
        _below(axes, columns=1)
    figure.suptitle("Intruder dimensions, and what size alone explains")
    return figure


def truncation(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Validation accuracy when each trained update keeps its leading directions only.

    No retraining, the trained head throughout; mean and one standard error over replicates.
    The texts are the same in all replicates and few, so compare along a line only.
    """
    figure, panels = _panels(tools.points(simulated), height=3.4)
    for axes, point in panels:
        kept = point.data.kept.values
        adapted = [run for run in point.runs if run.method != "head"]
        for place, run in enumerate(adapted):
            shift = 0.4 * ((place + 0.5) / len(adapted) - 0.5)
            values = point.run("truncated_accuracy", run)
            error = values.std("replicate", ddof=1) / np.sqrt(values.sizes["replicate"])
            axes.errorbar(
                np.arange(len(kept)) + shift, values.mean("replicate"), yerr=error, fmt="o-", ms=3,
                lw=0.9, color=plt.get_cmap("tab20")(place % 20), label=run.name,
            )  # fmt: skip
        axes.set_xticks(range(len(kept)), kept)
        axes.set(xlabel="directions kept", ylabel="validation accuracy", title=_title(point))
        _below(axes, columns=3)
    figure.suptitle("Accuracy of truncated updates")
    return figure


def representations(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Linear CKA with the fully fine-tuned model after each block, on validation tokens.

    Mean and one standard error over replicates. The band is full fine-tuning from another
    seed, the dotted line the pretrained model: what lies between them is what a method adds.
    """
    point = _first(simulated, "full", "lora")
    figure, axes = plt.subplots(figsize=(style.TWO_COLUMNS * 0.8, 3.6))
    blocks = [str(name) for name in point.data.block.values if str(name)]
    place = np.arange(len(blocks))
    others = point.of("head", "lora", "rslora", "randlora", "vera")
    for number, run in enumerate(others):
        mean, error = _mean_error(point.run("cka", run))
        shift = 0.5 * (number - (len(others) - 1) / 2) / max(len(others), 1)
        axes.errorbar(place + shift, mean, yerr=error, fmt="o", ms=4, label=run.name)
    mean, error = _mean_error(point.data.cka_full)
    if np.isfinite(mean).any():
        for x, centre, half in zip(place, mean, np.nan_to_num(error), strict=True):
            label = "full, other seed" if x == 0 else None
            axes.fill_between(
                [x - 0.4, x + 0.4], centre - half, centre + half, color="0.4", alpha=0.4, lw=1,
                label=label,
            )  # fmt: skip
    mean, _ = _mean_error(point.data.cka_pretrained)
    for x, level in zip(place, mean, strict=True):
        label = "pretrained" if x == 0 else None
        axes.plot([x - 0.4, x + 0.4], [level, level], **style.PAPER, label=label)
    axes.set_xticks(place, [_block(name) for name in blocks])
    axes.set(ylabel="linear CKA with full fine-tuning", title="How close the representations are")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def loss_plane(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Training loss on the plane through LoRA, full fine-tuning and RandLoRA.

    Mean over replicates, whose planes differ. Updates and heads are mixed linearly; loss is
    that of a fixed part of the training texts.
    """
    point = _first(simulated, "full", "randlora")
    figure, axes = plt.subplots(figsize=(style.TWO_COLUMNS * 0.6, 3.4))
    loss = point.data.plane_loss.mean("replicate")
    loss = loss.dropna("plane_x", how="all").dropna("plane_y", how="all")
    axes.set(xlabel="from LoRA to full fine-tuning", ylabel="towards RandLoRA")
    axes.set_xticks([-0.5, 0, 0.5, 1, 1.5])
    axes.set_title("Loss between the three models")
    if loss.size < 4:
        axes.text(0.5, 0.5, "not computed", ha="center", transform=axes.transAxes)
        return figure
    surface = axes.contourf(loss.plane_x, loss.plane_y, loss, levels=15, cmap="viridis")
    figure.colorbar(surface, label="cross entropy / nat")
    for name, x, y in (("LoRA", 0.0, 0.0), ("full", 1.0, 0.0), ("RandLoRA", 0.5, 1.0)):
        axes.plot(x, y, "o", color="white", mec="black")
        axes.annotate(name, (x, y), xytext=(5, 5), textcoords="offset points", color="white")
    return figure


def _panels(chosen: Iterable[tools.Point], height: float) -> tuple[Figure, Iterator]:
    """Return a figure with a panel per point, two in a row, and the pairs of both."""
    chosen = list(chosen)
    count = len(chosen)
    columns = min(count, 2)
    rows = -(-count // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(style.TWO_COLUMNS, height * rows + 0.4), squeeze=False
    )
    for spare in axes.flat[count:]:
        spare.axis("off")
    return figure, zip(axes.flat, chosen, strict=False)


def _title(point: tools.Point) -> str:
    return point.label(f"{len(point.runs)} runs")


def _first(simulated: xr.Dataset, *methods: str) -> tools.Point:
    """Return the point that has the most of these methods, the first of equals."""
    return max(tools.points(simulated), key=lambda p: len({r.method for r in p.of(*methods)}))


def _frame(point: tools.Point, variable: str, averaged: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return a variable as rows of run, method, parameters, replicate and value."""
    rows = []
    for run in point.runs:
        values = point.run(variable, run)
        values = values.mean(averaged) if averaged else values
        size = float(point.run("trainable_parameters", run))
        rows += [(run.name, run.method, size, value) for value in values.values]
    data = pd.DataFrame(rows, columns=["run", "method", "parameters", "value"])
    data["run"] = pd.Categorical(data.run, [run.name for run in point.runs])
    return data


def _of(point: tools.Point, values: xr.DataArray, run: object) -> xr.DataArray:
    return values.isel(run=[r.name for r in point.runs].index(run.name))


def _diagonal(phi: xr.DataArray) -> np.ndarray:
    """Return ``phi(i, i)``, mean over matrices, shape ``(replicate, i)``."""
    values = phi.transpose("replicate", "which", "phi_i", "phi_j").values
    return np.diagonal(values, axis1=2, axis2=3).mean(axis=1)


def _curve(axes: plt.Axes, x: np.ndarray, values: np.ndarray, place: int, label: str) -> None:
    mean = values.mean(axis=0)
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0 * mean
    colour = style.COLOURS[place]
    axes.plot(x, mean, ".-", ms=3, lw=1.0, color=colour, label=label)
    axes.fill_between(x, mean - error, mean + error, color=colour, alpha=0.25, lw=0)


def _mean_error(values: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
    values = values.dropna("block", how="all") if values.isnull().all() else values
    error = values.std("replicate", ddof=1) / np.sqrt(values.sizes["replicate"])
    return values.mean("replicate").values, error.values


def _block(name: str) -> str:
    layer, part = name.split()
    return f"layer {layer}: {'output' if part == 'layer' else part}"


def _below(axes: plt.Axes, columns: int) -> None:
    axes.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=columns, fontsize=6, title=None
    )
