"""Figures of a study of saved adapters."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import xarray as xr
from matplotlib.figure import Figure

from rankscope.drawing import style


def ranks(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Soft ranks of the updates of every adapter, one point per matrix."""
    names = ["stable_rank", "effective_rank", "rank_90", "rank_99"]
    data = pd.concat(
        [_frame(simulated, name).assign(kind=name.replace("_", " ")) for name in names],
        ignore_index=True,
    )
    figure, axes = plt.subplots(figsize=(style.TWO_COLUMNS, 3.4))
    sns.stripplot(
        data, x="adapter", y="value", hue="kind", dodge=True, size=3, alpha=0.7, jitter=0.2, ax=axes
    )
    axes.set(yscale="log", xlabel="", ylabel="rank", title="Directions that the updates use")
    axes.tick_params(axis="x", rotation=30)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def alignment(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Base weight in the updates' directions over that in random ones.

    Means over matrices of every adapter; dashed with grey band: random directions, mean and
    two standard deviations for one matrix.
    """
    figure, axes = plt.subplots(figsize=(style.TWO_COLUMNS * 0.8, 3.4))
    rank = simulated.probed_rank.values
    for index, name in enumerate(_names(simulated)):
        values = simulated.alignment.isel(point=index).mean("matrix").values
        axes.plot(rank, values, "o-", ms=3, lw=1.0, label=name)
    null = predicted.isel(point=0, missing_dims="ignore")
    mean, spread = null.alignment.values, 2 * null.alignment_sd.values
    axes.plot(rank, mean, **style.THEORY, label="random directions")
    axes.fill_between(rank, np.maximum(mean - spread, 0), mean + spread, color="0.5", alpha=0.2)
    axes.set_xscale("log", base=2)
    axes.set_xticks(rank, rank)
    axes.set(xlabel="leading directions", ylabel="alignment", ylim=(0, None))
    axes.set_title("Base weight in the updates' directions")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def intruder_counts(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Intruders of every adapter against those of the same spectra in random directions.

    One point per matrix, the control averaged over replicates; on the line they are equal.
    """
    figure, axes = plt.subplots(figsize=(style.ONE_COLUMN * 1.4, 3.4))
    data = _frame(simulated, "intruder_count")
    control = simulated.assign(mean=simulated.intruder_count_control.mean("replicate"))
    data["control"] = _frame(control, "mean").value
    sns.scatterplot(data, x="control", y="value", hue="adapter", s=18, alpha=0.7, ax=axes)
    end = max(data.value.max(), data.control.max(), 1.0)
    axes.plot([0, end], [0, end], **style.THEORY)
    axes.set(xlabel="intruders, random directions", ylabel="intruders, adapter")
    axes.set_title("Intruders and their control")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def _names(simulated: xr.Dataset) -> list[str]:
    return [str(name) for name in np.atleast_1d(simulated.adapter.values)]


def _frame(simulated: xr.Dataset, name: str) -> pd.DataFrame:
    values = simulated[name].transpose("point", "matrix").values
    rows = [
        (adapter, value)
        for adapter, row in zip(_names(simulated), values, strict=True)
        for value in row
    ]
    return pd.DataFrame(rows, columns=["adapter", "value"])
