"""Figures about single updates and about the directions that two of them share."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rankscope.drawing import panels, style
from rankscope.evidence.results import Point, Results
from rankscope.studies.language_model.claims.directions import same_seed
from rankscope.studies.language_model.figures.layout import grid, looks, richest, spread
from rankscope.studies.language_model.parameters import ADAPTERS, Run
from rankscope.studies.language_model.selection import all_runs, of, own_matrices, runs

INTRUDERS: dict[str, tuple[str, str, Any]] = {
    "intruders": ("as trained", "o", style.COLOURS[0]),
    "intruders_random": ("same singular values in random directions", "s", "0.6"),
    "intruders_full_norm": ("at full fine-tuning's norm", "^", style.COLOURS[1]),
    "intruders_equal_loss": ("at one loss of full and LoRA", "D", style.COLOURS[2]),
}
SPANS_LITTLE = 100
"""The ratio of an axis' ends from which decades are ticks enough."""
SMALLEST = 1e-7
"""Singular values below single precision of the base weight are rounding."""


def spectra(results: Results) -> Figure:
    """Singular values of the updates over the norm of the base weight.

    Geometric means over matrices and replicates. LoRA and VeRA end at their rank.
    """
    figure, pairs = grid("Singular values of updates", results.points, height=2.8)
    look = looks(results)
    for axes, point in pairs:
        for run in (run for run in all_runs(point) if run.method != "head"):
            base = of(point, "update_norm", run) / of(point, "relative_norm", run)
            relative = of(point, "singular_value", run) / base
            logs = xr.ufuncs.log(relative.where(relative > SMALLEST))
            mean = np.exp(logs.mean(("replicate", "matrix"))).dropna("index")
            axes.plot(mean.index, mean, ms=3, lw=0.9, markevery=0.1, **look[run.name])
        axes.set_xscale("log", base=2)
        axes.set(yscale="log", xlabel="index", ylabel=r"$\sigma_i(\Delta W) / \|W\|_F$")
        panels.plain_ticks(axes)
    panels.legend_below(figure, bars=False)
    return figure


def amplification(results: Results) -> Figure:
    """Amplification and alignment against the number of leading directions.

    Left: the amplification factor of each run (lines) and that of random directions (dotted).
    Right: alignment, the second over the first; 1 is chance. At the point with most methods:
    geometric means over query matrices and replicates.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(style.TWO_COLUMNS, 3.4))
    point = richest(results, "full", "randlora", "vera", "lora")
    look = looks(results)
    ranks = point.measured.probed_rank.values
    for run in runs(point, "full", *ADAPTERS):
        null = np.exp(_logarithms(point, "amplification_null", run).mean("replicate"))
        axes_of = {"amplification": left, "alignment": right}
        for variable, axes in axes_of.items():
            mean, half = panels.interval(_logarithms(point, variable, run))
            centre, half = np.exp(mean), np.nan_to_num(half)
            bars = np.stack([1 - np.exp(-half), np.exp(half) - 1]) * centre
            axes.errorbar(ranks, centre, yerr=bars, ms=3, lw=1.0, **look[run.name])
        left.plot(ranks, null, lw=1.0, ls=":", color=look[run.name]["color"])
    left.plot([], [], lw=1.0, ls=":", color="0.3", label="random directions")
    right.axhline(1.0, **style.THEORY, label="chance")
    for axes in (left, right):
        axes.set_xscale("log", base=2)
        axes.set(yscale="log", xlabel="leading directions of the update")
        axes.set_xticks(ranks, ranks)
    low, high = right.get_ylim()
    if high < SPANS_LITTLE * low:
        panels.log_ticks(right)
    left.set(ylabel="amplification factor", title="Amplification and its null (dotted)")
    right.set(ylabel="alignment", title="Base weight in the update's directions")
    figure.suptitle("What of a base weight lies in an update's directions")
    panels.legend_below(figure)
    return figure


def similarity(results: Results) -> Figure:
    """Subspace similarity of pairs of updates, query and value matrices.

    LoRA's pairs are compared through the factor A, as in the paper's figures 3 and 4, full
    fine-tuning through the update: means over layers and replicates. Dashed with grey band:
    random directions, mean and two standard deviations of one draw; red dotted: the paper's
    bound. "Same seed" shares head and data.
    """
    point = richest(results, "lora", "full")
    letters = [letter for letter in "qv" if own_matrices(point, letter)]
    if not letters:
        return panels.nothing("No query or value matrix is adapted.")
    figure, row = plt.subplots(
        1, len(letters), figsize=(style.TWO_COLUMNS, 3.4), sharey=True, squeeze=False
    )
    for axes, letter in zip(row[0], letters, strict=True):
        names = own_matrices(point, letter)
        for place, pair in enumerate(point.measured.pair.values.tolist()):
            phi = point.measured.phi.sel(pair=pair, matrix=names)
            phi = phi.mean("matrix", skipna=False).dropna("direction", how="all")
            colour = _colour(pair, place)
            panels.curve(axes, phi.direction, phi.transpose("replicate", "direction"), lw=1.0,
                         color=colour, label=pair)  # fmt: skip
        null = point.predicted.sel(matrix=names[0])
        mean, deviation = null.phi_null, null.phi_null_sd
        panels.theory(axes, mean.direction, mean, label="random, closed form")
        lowest = np.maximum(mean - 2 * deviation, 0)
        axes.fill_between(
            mean.direction, lowest, mean + 2 * deviation, color="0.5", alpha=0.25, lw=0
        )
        axes.axhline(same_seed.accepted.lower, **style.PAPER, label="LoRA, figure 3")
        axes.set_xscale("log", base=2)
        ticks = [2**power for power in range(7)]
        axes.set_xticks(ticks, ticks)
        axes.set(xlabel="leading directions $i$", ylim=(0, 1.02), title=f"$W_{letter}$")
    row[0, 0].set_ylabel(r"$\phi(i, i)$")
    figure.suptitle("Directions that two updates share")
    panels.legend_below(figure, columns=3)
    return figure


def intruders(results: Results) -> Figure:
    """Intruders among the ten leading directions of the tuned weight, mean over matrices.

    Beside each count that of an update of the same singular values in random directions, and
    of the update scaled to the norm of full fine-tuning's, and to a validation loss that full
    fine-tuning and all LoRA runs reach. Below each run the relative norm of its update, mean over
    matrices and replicates.
    """
    most = max(len(all_runs(point)) for point in results)
    figure, pairs = grid(
        "Intruders among leading directions of tuned weights",
        results.points,
        height=0.48 * most + 1.0,
    )
    for axes, point in pairs:
        adapted = [run for run in all_runs(point) if run.method != "head"]
        present = [name for name in INTRUDERS if name in point.measured]
        for name, shift in zip(present, spread(len(present), 0.5), strict=True):
            label, marker, colour = INTRUDERS[name]
            for place, run in enumerate(adapted):
                mean, half = panels.interval(of(point, name, run).mean("matrix"))
                axes.errorbar(
                    mean, place + shift, xerr=np.nan_to_num(half), fmt=marker, ms=4, lw=0.8,
                    color=colour, label=label,
                )  # fmt: skip
        norms = [float(of(point, "relative_norm", run).mean()) for run in adapted]
        ticks = [
            f"{run.name}\n" rf"$\|\Delta W\| / \|W\| = {norm:.2f}$"
            for run, norm in zip(adapted, norms, strict=True)
        ]
        axes.set_yticks(range(len(ticks)), ticks, fontsize=7)
        axes.invert_yaxis()
        axes.set(xlabel="intruders of 10")
    handles = [
        Line2D([], [], marker=marker, ls="none", ms=4, color=colour, label=label)
        for label, marker, colour in INTRUDERS.values()
    ]
    panels.legend_below(figure, handles)
    return figure


def _colour(pair: str, place: int) -> style.Colour | str:
    """Return the colour of the method that a pair is of; LoRA's pairs are its shades."""
    if pair == "random":
        return "0.5"
    if pair.startswith("full"):
        return style.METHODS["full"]
    return style.shade(style.METHODS["LoRA"], min(0.3 * place, 0.9))


def _logarithms(point: Point, variable: str, run: Run) -> xr.DataArray:
    """Return logarithms, mean over query matrices, or all if none is adapted."""
    values = of(point, variable, run)
    chosen = own_matrices(point, "q") or values.matrix.values
    mean = xr.ufuncs.log(values.sel(matrix=chosen)).mean("matrix", skipna=False)
    return mean.transpose("replicate", "probed_rank")
