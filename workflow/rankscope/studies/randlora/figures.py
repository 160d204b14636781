"""Figures of the study: every public function is one, and its docstring is its caption."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import xarray as xr
from matplotlib.figure import Figure

from rankscope.drawing import style
from rankscope.studies.lora import claims_tools as tools

METHOD_COLOURS = dict(
    zip(
        ("LoRA", "RandLoRA", "RandLoRA-a", "RandLoRA-b", "VeRA", "NoLA", "entries"),
        (*style.COLOURS[:6], style.COLOURS[7]),
        strict=True,
    )
)
DENSE = ("normal", "uniform", "binary")


def crossover(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Where full rank from random bases beats the best low rank at equal parameters.

    RandLoRA's relative squared error, fitted by alternating least squares, minus that of the
    best LoRA (Eckart and Young, fractional rank by interpolation) of as many parameters, in
    weight space; blue: RandLoRA wins, red: LoRA wins. Left: flat targets of rank k, with
    the rank k = D d / (D + d) where counting dimensions puts the crossover (dashed). Right:
    targets of full rank by spectrum, steeper to the right. Mean over replicates; widest
    weight of the grid.
    """
    del verdicts
    figure, axes = plt.subplots(
        1, 2, figsize=(style.TWO_COLUMNS, 2.9), width_ratios=(1.5, 1), sharey=True
    )
    points = _widest(
        simulated, [i for i in _fits(simulated) if float(simulated.input_decay[i]) == 0]
    )
    table = pd.DataFrame(
        [
            {
                "rank": int(simulated["rank"][i]),
                "kind": str(simulated.target.values[i]),
                "k": int(simulated.target_rank[i]),
                "decay": float(simulated.decay[i]),
                "columns": int(simulated.columns[i]),
                "gain": float(np.mean(_errors(simulated, i, "RandLoRA") - _lora(simulated, i))),
            }
            for i in points
        ],
        columns=["rank", "kind", "k", "decay", "columns", "gain"],
    )
    flat = table[table.kind == "flat"]
    full = table[(table.kind != "flat") | (table.k == table["columns"])].copy()
    full["name"] = [
        {"flat": "flat", "gaussian": "Gaussian", "power": f"i^-{decay:g}"}[kind]
        for kind, decay in zip(full.kind, full.decay, strict=True)
    ]
    order = ["flat", *(f"i^-{d:g}" for d in sorted(full.decay[full.kind == "power"].unique()))]
    order.insert(2, "Gaussian")
    look = {"cmap": "RdBu_r", "center": 0, "vmin": -0.3, "vmax": 0.3, "annot": True}
    look |= {"fmt": ".2f", "annot_kws": {"fontsize": 6}, "cbar": False, "linewidths": 0.5}
    if len(flat):
        grid = flat.pivot_table(index="rank", columns="k", values="gain")
        sns.heatmap(grid, ax=axes[0], **look)
        limit = float(predicted.crossover_rank.values[points[0]])
        axes[0].axvline(
            np.interp(limit, grid.columns, np.arange(len(grid.columns)) + 0.5), **style.THEORY
        )
    if len(full):
        grid = full.pivot_table(index="rank", columns="name", values="gain")
        sns.heatmap(grid[[name for name in order if name in grid]], ax=axes[1], **look)
    axes[0].set(xlabel="rank k of a flat target", ylabel="rank r of RandLoRA's bases")
    axes[1].set(xlabel="singular values of a full-rank target", ylabel="")
    axes[0].set_title("error of RandLoRA minus error of LoRA", fontsize=8)
    axes[1].set_title("blue: RandLoRA wins, red: LoRA wins", fontsize=8)
    figure.suptitle(
        "RandLoRA beats the best LoRA only for targets flatter than Gaussian", fontsize=9
    )
    return figure


def methods(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """All adapters at equal parameters, in weight space and in activation space.

    Relative squared error of each method on the same targets with the number of parameters
    of RandLoRA at the rank r given. LoRA is the exact optimum; the others are fitted by
    alternating least squares in the metric of the inputs; "entries" trains a random subset
    of the full weight. At its optimum a method's squared norm is one minus its error, so that the
    order is the same at equal norm. Dashed: 1 - P / (D d). Mean over replicates, error bars
    two standard errors.
    """
    del verdicts
    points = [i for i in _fits(simulated) if str(simulated.methods.values[i]) == "all"]
    rows = sorted({(float(simulated.input_decay[i]), int(simulated["rank"][i])) for i in points})
    figure, axes = plt.subplots(
        max(1, len(rows)),
        1,
        figsize=(style.TWO_COLUMNS, 1.2 + 1.35 * max(1, len(rows))),
        squeeze=False,
        sharex=True,
        sharey=True,
    )
    names: list[str] = []
    for axis, (decay, rank) in zip(axes[:, 0], rows, strict=False):
        own = [
            i
            for i in points
            if float(simulated.input_decay[i]) == decay and int(simulated["rank"][i]) == rank
        ]
        names = [_target(simulated, i) for i in own]
        for shift, (method, colour) in enumerate(METHOD_COLOURS.items()):
            for position, i in enumerate(own):
                values = _errors(simulated, i, method)
                error = 2 * values.std(ddof=1) / np.sqrt(len(values))
                axis.errorbar(
                    position + (shift - 3) * 0.1,
                    values.mean(),
                    error,
                    color=colour,
                    marker="o",
                    markersize=4,
                    linestyle="none",
                )
        for position, i in enumerate(own):
            sides = 1 / float(simulated.rows[i]) + 1 / float(simulated["columns"][i])
            count = 1 - float(predicted.equal_rank[i]) * sides
            axis.plot([position - 0.4, position + 0.4], [count, count], **style.THEORY)
        space = "weight space" if decay == 0 else f"activation space, input variances i^-{decay:g}"
        axis.set_title(f"{space}, r = {rank}", fontsize=8)
        axis.set(ylim=(0, 1), ylabel="relative error")
    axes[-1, 0].set_xticks(range(len(names)), names)
    for method, colour in METHOD_COLOURS.items():
        axes[0, 0].plot([], [], "o", color=colour, label=method)
    axes[0, 0].plot([], [], label="dimension count", **style.THEORY)
    figure.legend(loc="outside lower center", ncols=8, fontsize=7, columnspacing=1)
    figure.suptitle("Errors at equal parameters", fontsize=9)
    return figure


def activation(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """The more the inputs differ in variance, the less a full rank is worth.

    RandLoRA's relative squared output error minus that of the best LoRA of as many
    parameters, by the decay of the inputs' variances i^-a in random directions; below the
    dashed line RandLoRA wins. Flat targets of rank k; a = 0 is weight space. Mean over
    replicates, error bars two standard errors.
    """
    del predicted, verdicts
    figure, axis = plt.subplots(figsize=(style.ONE_COLUMN, 3.3))
    groups: dict[tuple[int, int, int], list[int]] = {}
    for i in _fits(simulated):
        if str(simulated.target.values[i]) == "flat":
            key = tuple(int(simulated[name][i]) for name in ("columns", "rank", "target_rank"))
            groups.setdefault(key, []).append(i)
    groups = {
        key: sorted(points, key=lambda i: float(simulated.input_decay[i]))
        for key, points in groups.items()
        if any(float(simulated.input_decay[i]) > 0 for i in points)
    }
    ranks = sorted({key[2] for key in groups})
    for (_, rank, target_rank), points in sorted(groups.items()):
        gains = np.stack([_errors(simulated, i, "RandLoRA") - _lora(simulated, i) for i in points])
        axis.errorbar(
            [float(simulated.input_decay[i]) for i in points],
            gains.mean(axis=1),
            2 * gains.std(axis=1, ddof=1) / np.sqrt(gains.shape[1]),
            marker="o" if rank == min(key[1] for key in groups) else "s",
            markersize=4,
            color=sns.color_palette("crest", len(ranks))[ranks.index(target_rank)],
            label=f"r = {rank}, k = {target_rank}",
        )
    axis.axhline(0, **style.THEORY)
    axis.set(xlabel="decay a of the inputs' variances", ylabel="error of RandLoRA - LoRA")
    axis.set_title("Anisotropic inputs favour low rank", fontsize=8)
    figure.legend(loc="outside lower center", ncols=2, fontsize=7)
    return figure


def convergence(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Alternating least squares settles within tens of sweeps.

    RandLoRA's relative squared error after each sweep, minus its last; one line per point
    (mean over the replicates still running), by rank r, weight space. Right: the error with
    the Gamma_j alone at the first half sweep against the prediction 1 - n / D (dashed:
    equality), error bars two standard errors.
    """
    del verdicts
    figure, axes = plt.subplots(1, 2, figsize=(style.TWO_COLUMNS, 2.9))
    points = [i for i in _fits(simulated) if float(simulated.input_decay[i]) == 0]
    ranks = sorted({int(simulated["rank"][i]) for i in points})
    for i in points:
        colour = style.COLOURS[ranks.index(int(simulated["rank"][i]))]
        path = simulated.error_path.isel(point=i).values
        mean = np.ma.masked_invalid(path - np.nanmin(path, axis=1, keepdims=True)).mean(axis=0)
        axes[0].plot(np.arange(1, len(mean) + 1), mean, color=colour, linewidth=0.7)
        values = simulated.gamma_error.isel(point=i).values
        axes[1].errorbar(
            float(predicted.gamma_error[i]),
            values.mean(),
            2 * values.std(ddof=1) / np.sqrt(len(values)),
            color=colour,
            marker="o",
            markersize=3,
        )
    for rank, colour in zip(ranks, style.COLOURS, strict=False):
        axes[0].plot([], [], color=colour, label=f"r = {rank}")
    axes[0].set(xlabel="sweep", ylabel="error above the last", yscale="log", ylim=(1e-5, 1))
    axes[1].plot([0.7, 1], [0.7, 1], label="equality", **style.THEORY)
    axes[1].set(xlabel="1 - n / D", ylabel="error with the Gamma_j alone")
    figure.legend(loc="outside lower center", ncols=5, fontsize=7)
    figure.suptitle("Alternating least squares converges", fontsize=9)
    return figure


def bound(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Theorem 4.1 bounds the error by more than no update at all.

    Norms relative to the target's: the theorem's n eps from blocks fitted one by one; the
    error of their sum; the error when the same bases are fitted jointly; and the least
    value of n eps for random bases, sqrt(n (1 - r / D)) (black). Above the grey line the
    bound is worse than the zero update. Mean over replicates; one panel per target.
    """
    del verdicts
    points = tools.chosen(simulated, "bound")
    kinds = sorted({_target(simulated, i) for i in points})
    figure, axes = plt.subplots(
        1, max(1, len(kinds)), figsize=(style.TWO_COLUMNS, 2.9), squeeze=False, sharey=True
    )
    lines = {
        "bound": ("n eps of theorem 4.1", style.COLOURS[3], "o"),
        "block_sum_error": ("sum of the blocks' fits", style.COLOURS[1], "^"),
        "joint_error": ("joint fit", style.COLOURS[0], "s"),
    }
    for axis, kind in zip(axes[0], kinds, strict=False):
        own = sorted(
            (i for i in points if _target(simulated, i) == kind), key=lambda i: simulated["rank"][i]
        )
        ranks = simulated["rank"].values[own].astype(float)
        for name, (text, colour, marker) in lines.items():
            mean = simulated[name].isel(point=own).mean("replicate")
            axis.plot(ranks, mean, color=colour, marker=marker, markersize=4, label=text)
        axis.plot(ranks, predicted.bound_floor.values[own], label="least n eps", **style.THEORY)
        axis.axhline(1, color="0.6", linewidth=1)
        axis.set(xscale="log", yscale="log", xlabel="rank r of the bases")
        axis.set_title(f"target: {kind}", fontsize=8)
        axis.set_xticks(ranks, [f"{rank:g}" for rank in ranks])
        axis.minorticks_off()
    axes[0, 0].set_ylabel("norm / norm of the target")
    handles = axes[0, 0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=4, fontsize=7)
    figure.suptitle("The bound of theorem 4.1 is worse than no update", fontsize=9)
    return figure


def ranks(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Full rank is nominal: most of the update lies in far fewer directions.

    Ranks of random RandLoRA updates over the number of columns, by how far the Gamma_j
    differ (0: all equal, as at initialisation, where the rank is r, dashed). Means over
    replicates and over dense kinds of bases, one line per base; one panel per rank r.
    """
    del predicted, verdicts
    points = [
        i
        for i in tools.chosen(simulated, "update")
        if str(simulated.distribution.values[i]) in DENSE
    ]
    sizes = sorted({int(simulated["rank"][i]) for i in points})
    figure, axes = plt.subplots(
        1, max(1, len(sizes)), figsize=(style.TWO_COLUMNS, 3.0), squeeze=False, sharey=True
    )
    notions = {
        "numerical_rank": "numerical rank",
        "energy_rank_99": "99 % of the energy",
        "effective_rank": "effective rank",
        "energy_rank_90": "90 % of the energy",
        "stable_rank": "stable rank",
    }
    for axis, size in zip(axes[0], sizes, strict=False):
        for (name, text), colour in zip(notions.items(), style.COLOURS, strict=False):
            for kind, line in zip(DENSE, ("-", "--", ":"), strict=True):
                own = [
                    i
                    for i in points
                    if int(simulated["rank"][i]) == size
                    and str(simulated.distribution.values[i]) == kind
                ]
                own.sort(key=lambda i: float(simulated.gamma_spread[i]))
                if own:
                    share = simulated[name].isel(point=own).mean("replicate")
                    share = share.values / simulated["columns"].values[own]
                    spread = simulated.gamma_spread.values[own]
                    axis.plot(
                        spread,
                        share,
                        line,
                        marker="o",
                        markersize=3,
                        color=colour,
                        label=text if kind == DENSE[0] else None,
                    )
        if len(points):
            axis.axhline(size / float(simulated["columns"][points[0]]), **style.THEORY)
        axis.set_title(f"bases of rank r = {size}", fontsize=8)
        axis.set(xlabel="spread of the Gamma_j", yscale="log")
        axis.set_xscale("symlog", linthresh=0.1)
        axis.set_xticks([0, 0.1, 1], ["0", "0.1", "1"])
    axes[0, 0].set_ylabel("rank / columns")
    for kind, line in zip(DENSE, ("-", "--", ":"), strict=True):
        axes[0, 0].plot([], [], line, color="0.4", label=f"{kind} bases")
    handles = axes[0, 0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=4, fontsize=7)
    figure.suptitle("Full rank is nominal", fontsize=9)
    return figure


def spectra(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Singular values of random RandLoRA updates, at the start and with random diagonals.

    Singular values over the Frobenius norm, mean over replicates, by kind of base and rank r
    (panels); solid: Gamma_j with a spread of one; dashed: all Gamma_j equal. The dotted
    line is a flat spectrum of full rank. Where a curve ends, the rank does.
    """
    del predicted, verdicts
    points = tools.chosen(simulated, "update")
    sizes = sorted({int(simulated["rank"][i]) for i in points})
    figure, axes = plt.subplots(
        1, max(1, len(sizes)), figsize=(style.TWO_COLUMNS, 3.0), squeeze=False, sharey=True
    )
    kinds = sorted({_base(simulated, i) for i in points})
    for i in points:
        spread = float(simulated.gamma_spread[i])
        if spread not in (0.0, 1.0):
            continue
        axis = axes[0, sizes.index(int(simulated["rank"][i]))]
        values = simulated.spectrum.isel(point=i).mean("replicate").values
        values = np.where(values > 1e-6, values, np.nan)
        colour = style.COLOURS[kinds.index(_base(simulated, i))]
        line = "-" if spread else "--"
        axis.plot(np.arange(1, len(values) + 1), values, line, color=colour, linewidth=1)
    for axis, size in zip(axes[0], sizes, strict=False):
        axis.axhline(1 / np.sqrt(float(simulated["columns"][points[0]])), color="0.5", ls=":")
        axis.set_title(f"bases of rank r = {size}", fontsize=8)
        axis.set(xlabel="direction", yscale="log")
    axes[0, 0].set_ylabel("singular value / norm")
    for kind, colour in zip(kinds, style.COLOURS, strict=False):
        axes[0, 0].plot([], [], color=colour, label=kind)
    figure.legend(loc="outside lower center", ncols=4, fontsize=7)
    figure.suptitle("Spectra of random RandLoRA updates", fontsize=9)
    return figure


def sparsity(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Sparse bases lose the columns that A leaves empty.

    Numerical rank of random updates with ternary bases, over the number of columns, by the
    share of zeros; the dashed lines are 1 - z^r. Open marks: effective rank. Mean over
    replicates, error bars two standard errors; the smaller r, the more columns of A are
    empty.
    """
    del verdicts
    figure, axis = plt.subplots(figsize=(style.ONE_COLUMN, 3.2))
    points = [
        i
        for i in tools.chosen(simulated, "update", distribution="ternary")
        if float(simulated.gamma_spread[i]) > 0
    ]
    sizes = sorted({int(simulated["rank"][i]) for i in points})
    for size, colour in zip(sizes, style.COLOURS, strict=False):
        zeros = np.linspace(0, 1, 400)
        axis.plot(zeros, 1 - zeros**size, **style.THEORY)
        for i in points:
            if int(simulated["rank"][i]) == size:
                for name, fill in (("effective_rank", "none"), ("numerical_rank", colour)):
                    values = tools.sample(simulated, name, i) / float(simulated["columns"][i])
                    axis.errorbar(
                        float(simulated["sparsity"][i]),
                        values.mean(),
                        2 * values.std(ddof=1) / np.sqrt(len(values)),
                        color=colour,
                        marker="o",
                        markersize=4,
                        markerfacecolor=fill,
                    )
        axis.plot([], [], "o", color=colour, label=f"r = {size}")
    axis.plot([], [], "o", color="0.4", markerfacecolor="none", label="effective rank")
    axis.plot([], [], label="1 - z$^r$", **style.THEORY)
    axis.set(xlabel="share z of zeros in the bases", ylabel="rank / columns", xlim=(0.5, 1.01))
    axis.set_title("Sparse bases do not keep full rank", fontsize=8)
    figure.legend(loc="outside lower center", ncols=2, fontsize=7)
    return figure


def collinear(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """The printed collinearity probability leaves out vectors of zeros.

    Share of linearly dependent pairs among random ternary vectors (marks, mean over
    replicates), the printed formula 2 q^d (red dots) and the exact one with vectors of
    zeros (dashed), by dimension d; one colour per share of zeros.
    """
    del verdicts
    figure, axis = plt.subplots(figsize=(style.ONE_COLUMN, 3.1))
    points = tools.chosen(simulated, "collinear")
    shares = sorted({float(simulated["sparsity"][i]) for i in points})
    for share, colour in zip(shares, style.COLOURS, strict=False):
        own = [i for i in points if float(simulated["sparsity"][i]) == share]
        own.sort(key=lambda i: float(simulated["columns"][i]))
        sizes = simulated["columns"].values[own]
        measured = simulated.dependent_share.isel(point=own).mean("replicate")
        axis.plot(sizes, measured, "o", color=colour, markersize=5, label=f"{share:g} zeros")
        axis.plot(sizes, predicted.dependent_share.values[own], **style.THEORY)
        axis.plot(sizes, predicted.printed_probability.values[own], **style.PAPER)
    axis.plot([], [], label="with vectors of zeros", **style.THEORY)
    axis.plot([], [], label="2 q$^d$, as printed", **style.PAPER)
    axis.set(xlabel="dimension d", ylabel="probability of dependence", yscale="log")
    axis.set_title("Dependent columns are mostly empty ones", fontsize=8)
    figure.legend(loc="outside lower center", ncols=2, fontsize=7)
    return figure


def _fits(simulated: xr.Dataset) -> list[int]:
    return tools.chosen(simulated, "fit")


def _widest(simulated: xr.Dataset, points: list[int]) -> list[int]:
    widths = [int(simulated["columns"][i]) for i in points]
    return [i for i, width in zip(points, widths, strict=True) if width == max(widths)]


def _errors(simulated: xr.Dataset, index: int, method: str) -> np.ndarray:
    return tools.sample(simulated, "error", index, adapter=method)


def _lora(simulated: xr.Dataset, index: int) -> np.ndarray:
    return _errors(simulated, index, "LoRA")


def _target(simulated: xr.Dataset, index: int) -> str:
    kind = str(simulated.target.values[index])
    if kind == "flat":
        return f"flat, k = {int(simulated.target_rank[index])}"
    return "Gaussian" if kind == "gaussian" else f"i^-{float(simulated.decay[index]):g}"


def _base(simulated: xr.Dataset, index: int) -> str:
    kind = str(simulated.distribution.values[index])
    return f"{kind} {simulated.sparsity.values[index]:.0%}" if kind == "ternary" else kind
