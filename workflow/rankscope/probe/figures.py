"""Figures of a probe; each public function is one, its docstring says what is seen."""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import seaborn as sns
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rankscope.drawing import style


def spectrum(dataset: xr.Dataset) -> Figure:
    """Singular values of each matrix's update over its largest, one line per matrix."""
    relative = dataset.singular_value / dataset.singular_value.max("index")
    data = relative.to_dataframe("value").reset_index().merge(_kinds(dataset), on="matrix")
    data["index"] += 1
    data = data[data.value > np.finfo(np.float32).eps]
    figure, axes = plt.subplots(figsize=(style.TWO_COLUMNS, 3.2))
    axes.set(yscale="log", xlabel="index $i$", ylabel=r"$\sigma_i / \sigma_1$")
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(ticker.StrMethodFormatter("{x:g}"))
    sns.lineplot(
        data, x="index", y="value", hue="kind", units="matrix", estimator=None, lw=0.8, ax=axes
    )
    axes.set_title(f"Spectra of the updates ({dataset.attrs['kind']})")
    _legend_outside(axes)
    return figure


def ranks(dataset: xr.Dataset) -> Figure:
    """Numerical and soft ranks of the update of each matrix, in the order of the layers."""
    names = {
        "numerical_rank": "numerical",
        "effective_rank": "effective",
        "stable_rank": "stable",
        "rank_90": "90 % of energy",
        "rank_99": "99 % of energy",
    }
    data = dataset[list(names)].rename(names).to_dataframe()[list(names.values())]
    figure, axes = _over_matrices(dataset)
    for place, name in enumerate(data):
        axes.plot(data[name].to_numpy(), marker="osD^v"[place], ms=3, lw=0.8, label=name, alpha=0.9)
    axes.set_yscale("log", base=2)
    axes.yaxis.set_major_formatter(ticker.StrMethodFormatter("{x:g}"))
    axes.set(ylabel="rank", title="How many directions the updates use")
    _legend_outside(axes)
    return figure


def relative_norm(dataset: xr.Dataset) -> Figure:
    """Frobenius norm of each update over that of its base weight."""
    figure, axes = _over_matrices(dataset)
    data = _kinds(dataset)
    data["value"] = dataset.relative_norm.values
    data["place"] = np.arange(len(data))
    sns.scatterplot(data, x="place", y="value", hue="kind", ax=axes, s=18)
    axes.set(ylim=(0, None), xlabel="", ylabel=r"$\|\Delta W\|_F / \|W\|_F$")
    axes.set_title("Size of the updates")
    _legend_outside(axes)
    return figure


def amplification(dataset: xr.Dataset) -> Figure:
    """Left: amplification factor and its null. Right: alignment, the null over the factor.

    Lines are medians over matrices, bands reach from the smallest to the largest. The null
    is an update of the same norm in random directions. Alignment 1 is the root mean square
    of chance, the dashed band its central 95 % for one matrix.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(style.TWO_COLUMNS, 2.9))
    dataset = dataset.sel(probed_rank=dataset.alignment.notnull().any("matrix"))
    rank = dataset.probed_rank.values
    _band(left, rank, dataset.amplification, style.COLOURS[0], "adapter")
    _band(left, rank, dataset.amplification_null, "0.4", "random directions")
    left.set(xscale="log", yscale="log", ylabel="amplification factor")
    left.set_title("Amplification factor")
    left.legend()
    _band(right, rank, dataset.alignment, style.COLOURS[0], "adapter")
    right.plot(rank, dataset.alignment_chance_lower.mean("matrix"), **style.THEORY, label="chance")
    right.plot(rank, dataset.alignment_chance_upper.mean("matrix"), **style.THEORY)
    if "alignment_task" in dataset:
        _band(right, rank, dataset.alignment_task, style.COLOURS[1], "random gradients")
    right.set(xscale="log", ylabel="alignment")
    right.set_title("Base weight in the update's directions")
    right.legend()
    for axes in (left, right):
        axes.set_xlabel("leading directions $r$")
        axes.set_xticks(rank, [str(r) for r in rank])
        axes.minorticks_off()
    return figure


def heat_map(dataset: xr.Dataset) -> Figure:
    """Effective rank of the update of each kind of matrix (rows) in each layer (columns)."""
    data = _kinds(dataset)
    data["layer"] = [_layer(str(name)) for name in dataset.matrix.values]
    data["value"] = dataset.effective_rank.values
    wide = data.pivot_table(index="kind", columns="layer", values="value", sort=False)
    wide = wide[sorted(wide.columns)]
    height = 1.2 + 0.22 * len(wide)
    figure, axes = plt.subplots(figsize=(style.TWO_COLUMNS, height))
    sns.heatmap(wide, ax=axes, cmap="viridis", cbar_kws={"label": "effective rank"})
    axes.set(
        xlabel="layer (-1: none)" if -1 in wide else "layer",
        ylabel="",
        title="Effective rank of the updates",
    )
    axes.tick_params(axis="y", rotation=0)
    return figure


def adapters(dataset: xr.Dataset) -> Figure:
    """Similarity of all adapters, averaged over matrices: input directions and whole updates.

    Chance is written above; a whole update's cosine is 0 by chance.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(style.TWO_COLUMNS, 3.2))
    mean = dataset[["similarity", "similarity_null", "update_cosine"]].mean("matrix")
    null = float(mean.similarity_null.mean())
    names = [str(name) for name in dataset.compared.values]
    values = (mean.similarity.sel(side="right"), mean.update_cosine)
    for axes, one, title in zip(
        (left, right), values, (f"input directions (chance {null:.2g})", "updates"), strict=True
    ):
        sns.heatmap(
            one.values, ax=axes, annot=True, fmt=".2f", cmap="viridis", vmin=0, vmax=1,
            xticklabels=names, yticklabels=names, square=True,
        )  # fmt: skip
        axes.set_title(title)
    return figure


def similarity(dataset: xr.Dataset) -> Figure:
    """Subspace similarity phi(i, j) of two adapters, averaged over matrices, and chance.

    Top: input directions (LoRA's ``A``), bottom: output directions; left: measured, right:
    mean for random directions of the same widths.
    """
    figure, axes = plt.subplots(
        2, 2, figsize=(style.TWO_COLUMNS * 0.75, 5.2), sharex=True, sharey=True
    )
    for row, side in zip(axes, ("right", "left"), strict=True):
        pair = (dataset.phi, dataset.phi_null.where(dataset.phi.notnull()))
        for one, values, name in zip(row, pair, ("adapters", "chance"), strict=True):
            mean = values.sel(side=side).mean("matrix")
            image = one.pcolormesh(
                mean.other_direction, mean.direction, mean, vmin=0, vmax=1, cmap="viridis"
            )
            word = "input" if side == "right" else "output"
            one.set_title(f"{word} directions, {name}")
    for one in axes[1]:
        one.set_xlabel(f"j ({dataset.attrs['other']})")
    for one in axes[:, 0]:
        one.set_ylabel(f"i ({dataset.attrs['adapter']})")
    figure.colorbar(image, ax=axes, label=r"$\phi(i, j)$", shrink=0.6)
    return figure


def intruders(dataset: xr.Dataset) -> Figure:
    """Intruders among the leading directions of each tuned weight, and of the controls.

    The control (mean and range over its draws) is an update of the same singular values in
    random directions.
    """
    figure, axes = _over_matrices(dataset)
    place = np.arange(dataset.sizes["matrix"])
    axes.plot(place, dataset.intruders.values, "o", ms=4, color=style.COLOURS[0], label="adapter")
    if "intruders_control" in dataset:
        _draw_control(axes, place, dataset.intruders_control)
    count = dataset.sizes["tuned_direction"]
    axes.set(ylim=(-0.5, count + 0.5), ylabel=f"intruders of {count}")
    axes.set_title("Directions of the tuned weight that match none of the base weight")
    _legend_outside(axes)
    return figure


def _draw_control(axes: Axes, place: np.ndarray, control: xr.DataArray) -> None:
    mean = control.mean("control").values
    spread = np.abs(np.stack([control.min("control"), control.max("control")]) - mean)
    axes.errorbar(
        place, mean, yerr=spread, fmt="s", ms=3, color="0.5", lw=0.8, label="random directions"
    )


def available(dataset: xr.Dataset) -> list[Callable[[xr.Dataset], Figure]]:
    """Return the figures that the dataset has the values for."""
    found: list[Callable[[xr.Dataset], Figure]] = []
    if (dataset.update_norm > 0).any():  # an untrained adapter has nothing to be drawn
        found += [spectrum, ranks, heat_map]
    if "relative_norm" in dataset:
        found.append(relative_norm)
    if "alignment" in dataset and bool(np.isfinite(dataset.alignment).any()):
        found.append(amplification)
    if "similarity" in dataset and dataset.sizes["compared"] > 2:
        found.append(adapters)
    if "phi" in dataset:
        found.append(similarity)
    if "intruders" in dataset:
        found.append(intruders)
    return found


def _kinds(dataset: xr.Dataset) -> pd.DataFrame:
    """Name each matrix without its layer's number: what kind of matrix it is."""
    return pd.DataFrame({"matrix": dataset.matrix.values, "kind": _short(dataset, layer=False)})


def _layer(name: str) -> int:
    number = re.search(r"(?:^|\.)(\d{1,6})(?:\.|$)", name)
    return int(number[1]) if number else -1


def _short(dataset: xr.Dataset, *, layer: bool) -> list[str]:
    """Shorten module names: the layer's number and what differs between the modules."""
    names = [str(name) for name in dataset.matrix.values]
    generic = {part for part in names[0].split(".") if all(part in n.split(".") for n in names)}
    short = []
    for name in names:
        number = re.search(r"\.(\d+)\.", name)
        parts = [p for p in name.split(".") if not p.isdigit() and p not in generic]
        label = ".".join(parts) or name.split(".")[-1]
        short.append(f"{number[1]} {label}" if layer and number else label)
    return short


def _over_matrices(dataset: xr.Dataset) -> tuple[Figure, Axes]:
    figure, axes = plt.subplots(figsize=(style.TWO_COLUMNS, 3.4))
    labels = _short(dataset, layer=True)
    step = max(1, -(-len(labels) // 40))
    axes.set_xticks(range(0, len(labels), step), labels[::step], rotation=90, fontsize=6)
    return figure, axes


def _band(axes: Axes, x: np.ndarray, values: xr.DataArray, colour: object, label: str) -> None:
    axes.plot(x, values.median("matrix"), "o-", ms=3, color=colour, label=label)
    axes.fill_between(
        x, values.min("matrix"), values.max("matrix"), color=colour, alpha=0.2, linewidth=0
    )


def _legend_outside(axes: Axes) -> None:
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
