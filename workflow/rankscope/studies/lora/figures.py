"""Figures of the study: every public function is one, and its docstring is its caption."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, StrMethodFormatter

from rankscope.drawing import style
from rankscope.studies.lora import claims_directions
from rankscope.studies.lora import claims_tools as tools

RED = style.COLOURS[3]
METHODS = {
    ("sgd", "rank"): ("SGD, alpha / r", style.COLOURS[0], "o"),
    ("sgd", "root-rank"): ("SGD, alpha / sqrt r", style.COLOURS[1], "s"),
    ("adam", "rank"): ("Adam, alpha / r", style.COLOURS[2], "^"),
    ("adam", "root-rank"): ("Adam, alpha / sqrt r", style.COLOURS[4], "D"),
}


def optimum(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Training an adapter finds the best update of its rank, in the metric of the inputs.

    Squared output error of adapters trained on fresh minibatches, against the least error of
    any update of their rank (Eckart and Young, weighed by the inputs' second moment), both
    relative to no update. Filled: trained; open: the truncated singular value decomposition
    of the true update, which is optimal only for isotropic inputs. Mean over replicates,
    error bars are two standard errors; the dashed line is equality.
    """
    del predicted, verdicts
    figure, axis = plt.subplots(figsize=(style.ONE_COLUMN, 3.6))
    for i in tools.chosen(simulated, "teacher"):
        adam = tools.value(simulated, "optimiser", i) == "adam"
        isotropic = tools.value(simulated, "input_decay", i) == 0
        colour = style.COLOURS[0 if isotropic else 1]
        best = tools.sample(simulated, "best_error", i).mean()
        for name, fill in (("weight_optimum_error", "none"), ("trained_error", colour)):
            if name == "trained_error" or not isotropic:
                mean, error = _mean(tools.sample(simulated, name, i))
                axis.errorbar(
                    best,
                    mean,
                    2 * error,
                    color=colour,
                    marker="o" if adam else "s",
                    markerfacecolor=fill,
                    markersize=5,
                    linestyle="none",
                )
    axis.plot([0, 1], [0, 1], **style.THEORY)
    for colour, text in ((0, "isotropic inputs"), (1, "anisotropic inputs")):
        axis.plot([], [], "o", color=style.COLOURS[colour], label=text)
    axis.plot([], [], "o", color="0.4", label="Adam")
    axis.plot([], [], "s", color="0.4", label="SGD")
    axis.plot([], [], "o", color="0.4", markerfacecolor="none", label="weight-space optimum")
    axis.plot([], [], label="equality", **style.THEORY)
    axis.set(xlabel="least error of that rank", ylabel="error reached")
    axis.set_title("Trained adapters reach the optimum that\nweighs the inputs", fontsize=8)
    figure.legend(loc="outside lower center", ncols=2, fontsize=7)
    return figure


def truncation(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Cutting a trained update to its leading directions costs what the spectrum says.

    Squared output error, relative to no update, when only the leading directions of the
    trained update are kept. Solid: mean over replicates, bands are two standard errors.
    Dashed: the tail of the target's squared singular values (isotropic inputs only).
    """
    del verdicts
    figure, axes = plt.subplots(1, 2, figsize=(style.TWO_COLUMNS, 2.9), sharey=True)
    ranks = sorted({int(tools.value(simulated, "rank", i)) for i in _teachers(simulated)})
    for axis, isotropic in zip(axes, (True, False), strict=True):
        for i in _teachers(simulated):
            if (tools.value(simulated, "input_decay", i) == 0) != isotropic:
                continue
            rank = int(tools.value(simulated, "rank", i))
            kept = np.arange(rank + 1)
            colour = style.COLOURS[ranks.index(rank)]
            adam = tools.value(simulated, "optimiser", i) == "adam"
            values = simulated.truncation_error.isel(point=i).values[:, kept]
            _band(axis, kept, values, color=colour, marker="o" if adam else "s", markersize=3)
            if isotropic:
                axis.plot(kept, predicted.truncation_error.isel(point=i)[kept], **style.THEORY)
        axis.set_title("isotropic inputs" if isotropic else "anisotropic inputs", fontsize=8)
        axis.set_xlabel("directions kept")
    axes[0].set_ylabel("error / error of no update")
    for colour, rank in zip(style.COLOURS, ranks, strict=False):
        axes[0].plot([], [], color=colour, label=f"trained rank {rank}")
    axes[0].plot([], [], "o", color="0.4", label="Adam")
    axes[0].plot([], [], "s", color="0.4", label="SGD")
    axes[0].plot([], [], label="Eckart and Young", **style.THEORY)
    figure.legend(loc="outside lower center", ncols=6, fontsize=7)
    figure.suptitle("Truncating a trained update costs its spectrum's tail", fontsize=9)
    return figure


def risk(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """On finite samples a low rank saves variance, and a rank above the true one wastes it.

    Expected squared output error of reduced-rank regression, the exact optimum of a LoRA
    update on the training set, by its rank. Solid: mean over replicates, bands two standard
    errors. Dashed: asymptotic theory, which supposes a true rank well below the width. Red
    dots: tail energy plus variance per parameter of a matrix of that rank. Grey: full least
    squares, sigma^2 D d / (n - d - 1). The tick on the axis marks the true rank k.
    """
    del verdicts
    points = tools.chosen(simulated, "risk")[:8]
    rows = 1 if len(points) <= 4 else 2
    columns = max(1, -(-len(points) // rows))
    figure, axes = plt.subplots(
        rows, columns, figsize=(style.TWO_COLUMNS, 1 + 1.9 * rows), squeeze=False, sharex=True
    )
    for axis, i in zip(axes.flat, points, strict=False):
        ranks = simulated.fitted_rank.values[: int(simulated.columns[i]) + 1]
        ranks = ranks[: min(len(ranks), int(simulated.rows[i]) + 1)]
        _band(axis, ranks, simulated.risk.isel(point=i).values[:, : len(ranks)], color="C0")
        axis.plot(ranks, predicted.risk.isel(point=i)[: len(ranks)], **style.THEORY)
        axis.plot(ranks, predicted.risk_simple.isel(point=i)[: len(ranks)], **style.PAPER)
        axis.axhline(float(predicted.full_risk[i]), color="0.6", linewidth=1)
        axis.axvline(float(simulated.teacher_rank[i]), ymax=0.06, color="black", linewidth=2)
        axis.set_yscale("log")
        title = f"k = {int(simulated.teacher_rank[i])}, n = {int(simulated.samples[i])}, "
        axis.set_title(f"{title}noise {float(simulated.noise[i]):g}", fontsize=7)
    for axis in axes[-1]:
        axis.set_xlabel("fitted rank")
    for axis in axes[:, 0]:
        axis.set_ylabel("excess risk / |target|$^2$")
    axes[0, 0].plot([], [], color="C0", label="reduced-rank regression")
    axes[0, 0].plot([], [], label="asymptotic theory", **style.THEORY)
    axes[0, 0].plot([], [], label="simple count", **style.PAPER)
    axes[0, 0].plot([], [], color="0.6", label="full least squares")
    figure.legend(loc="outside lower center", ncols=4, fontsize=7)
    figure.suptitle("The true rank is best; above it variance is wasted", fontsize=9)
    return figure


def similarity(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Subspace similarity phi(i, j) of trained adapters beside its null.

    Mean over replicates of phi between the right singular vectors of two trained updates, a
    smaller rank (rows, i) against a larger (columns, j): from one seed (same start and order
    of batches), from two seeds, and what random directions give, max(i, j) / d. One row per
    spectrum of the planted update (flat or i^-a), longest training; updates unrelated to
    the base weight.
    """
    del verdicts
    points = _longest(simulated)
    figure, axes = plt.subplots(
        max(1, len(points)),
        3,
        figsize=(style.TWO_COLUMNS, 0.6 + 1.5 * max(1, len(points))),
        squeeze=False,
    )
    image = None
    for row, i in zip(axes, points, strict=False):
        i_size, j_size = int(simulated["rank"][i]), int(simulated.other_rank[i])
        panels = {
            "one seed": simulated.phi_shared.isel(point=i).mean("replicate"),
            "two seeds": simulated.phi_unshared.isel(point=i).mean("replicate"),
            "random directions": predicted.phi_null.isel(point=i),
        }
        decay = float(simulated.decay[i])
        for axis, (title, values) in zip(row, panels.items(), strict=True):
            image = axis.imshow(
                values.values[:i_size, :j_size],
                vmin=0,
                vmax=1,
                cmap="viridis",
                aspect="auto",
                extent=(0.5, j_size + 0.5, i_size + 0.5, 0.5),
            )
            spectrum = "flat" if decay == 0 else f"i^-{decay:g}"
            first = f"phi(1, 1) = {float(values.values[0, 0]):.2f}"
            axis.set_title(f"{title}, {spectrum}: {first}", fontsize=6.5)
        row[0].set_ylabel("i (smaller rank)")
    for axis in axes[-1]:
        axis.set_xlabel("j (larger rank)")
    if image is not None:
        figure.colorbar(image, ax=axes, label="phi(i, j)", shrink=0.8)
    figure.suptitle("Adapters share directions that the task's spectrum tells apart", fontsize=9)
    return figure


def amplification(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """A large amplification factor is no evidence: only the alignment tells tasks apart.

    Left: amplification factor |dW| / |U^T W V| of trained adapters (filled) and that of
    random directions of the same norm and rank (open), by rank. Right: their ratio, the
    alignment; 1 is chance (dashed). By how the planted update lies to the base weight:
    unrelated to it, in its leading, or in its trailing singular directions. One mark per
    point of the grid; mean over replicates, error bars are two standard errors.
    """
    del predicted, verdicts
    figure, axes = plt.subplots(1, 2, figsize=(style.TWO_COLUMNS, 2.9), sharex=True)
    bases = ("independent", "leading", "trailing")
    for i in tools.chosen(simulated, "probe"):
        base = bases.index(str(simulated.base.values[i]))
        colour = style.COLOURS[base]
        for adapter, rank in (("small", "rank"), ("large", "other_rank")):
            x = float(simulated[rank][i]) * 1.12 ** (base - 1)
            factor = tools.sample(simulated, "amplification", i, adapter=adapter)
            alignment = tools.sample(simulated, "alignment", i, adapter=adapter)
            _mark(axes[0], x, factor, colour)
            _mark(axes[0], x, factor * alignment, colour, filled=False)
            _mark(axes[1], x, alignment, colour)
    for axis in axes:
        axis.set(xscale="log", yscale="log", xlabel="rank of the adapter")
        ranks = sorted({*_values(simulated, "rank"), *_values(simulated, "other_rank")})
        axis.set_xticks(ranks, [f"{rank:g}" for rank in ranks])
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.minorticks_off()
    axes[0].set_ylabel("amplification factor")
    axes[1].axhline(1, **style.THEORY)
    axes[1].set_ylabel("alignment")
    for base, colour in zip(bases, style.COLOURS, strict=False):
        text = "unrelated to W" if base == "independent" else f"{base} directions of W"
        axes[0].plot([], [], "o", color=colour, label=text)
    axes[0].plot([], [], "o", color="0.4", markerfacecolor="none", label="random directions")
    figure.legend(loc="outside lower center", ncols=4, fontsize=7)
    figure.suptitle("The alignment, not the amplification factor, tells tasks apart", fontsize=9)
    return figure


def table_7(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """LoRA's table 7 beside random directions: its amplification factors are below chance.

    Left: |U^T W V| for GPT-3's W_q (Frobenius norm 61.95, width 12288), as printed for the
    update's directions and for random ones, and as simulated for random ones (error bars:
    two standard errors) with the closed form r |W| / sqrt(D d) (dashes). Right: the
    amplification factors that follow, printed and of random directions of the same norm.
    """
    del verdicts
    figure, axes = plt.subplots(1, 2, figsize=(style.TWO_COLUMNS, 2.9))
    ranks = []
    for i in _table_7_points(simulated):
        rank = int(simulated["rank"][i])
        position = len(ranks)
        ranks.append(rank)
        printed, norm, held = claims_directions.TABLE_7[rank]
        mean, error = _mean(np.sqrt(tools.sample(simulated, "captured_square", i)))
        exact = np.sqrt(float(predicted.captured_square[i]))
        axes[0].bar(position - 0.27, held, 0.25, color=style.COLOURS[1])
        axes[0].bar(position, printed, 0.25, color=style.COLOURS[2])
        axes[0].bar(position + 0.27, mean, 0.25, yerr=2 * error, color=style.COLOURS[0])
        axes[0].plot([position + 0.13, position + 0.41], [exact, exact], **style.THEORY)
        for shift, value, colour in ((-0.18, norm / held, 1), (0.18, norm / mean, 0)):
            axes[1].bar(position + shift, value, 0.33, color=style.COLOURS[colour])
            axes[1].text(position + shift, value * 1.1, f"{value:.3g}", ha="center", fontsize=7)
    for axis in axes:
        axis.set_yscale("log")
        axis.set_xticks(range(len(ranks)), [f"rank {rank}" for rank in ranks])
    axes[0].set_ylabel("|U$^T$ W V|")
    axes[1].set_ylabel("amplification factor")
    for colour, text in (
        (1, "directions of the update (printed)"),
        (2, "random directions (printed)"),
        (0, "random directions (simulated)"),
    ):
        axes[0].bar([0], [np.nan], color=style.COLOURS[colour], label=text)
    axes[0].plot([], [], label="r |W| / sqrt(D d)", **style.THEORY)
    figure.legend(loc="outside lower center", ncols=2, fontsize=7)
    figure.suptitle(
        "GPT-3's amplification factors are below those of random directions", fontsize=9
    )
    return figure


def nulls(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """What random directions give: similarity, captured energy, and appendix G's identity.

    Left: mean phi(i, j) of random frames, error bars one standard deviation of a draw, with
    the predicted mean and standard deviation as open boxes; labels are (i, j; d). Middle: captured
    energy |U^T W V|^2 over r^2 |W|^2 / (D d), error bars two standard errors. Right: largest error
    of the identity between phi and the projection metric, as printed and corrected.
    """
    del verdicts
    figure, axes = plt.subplots(1, 3, figsize=(style.TWO_COLUMNS, 3.1))
    points = tools.chosen(simulated, "frames")
    names = [
        f"{int(simulated['rank'][i])}, {int(simulated.other_rank[i])}; {int(simulated.columns[i])}"
        for i in points
    ]
    for position, i in enumerate(points):
        mean = float(simulated.similarity.isel(point=i).mean())
        spread = float(np.sqrt(simulated.similarity_variance.isel(point=i).mean()))
        axes[0].errorbar(position, mean, spread, color="C0", marker="o", markersize=4)
        null, sd = float(predicted.similarity[i]), np.sqrt(float(predicted.similarity_variance[i]))
        box = [null - sd, null - sd, null + sd, null + sd, null - sd]
        sides = [position + side for side in (-0.3, 0.3, 0.3, -0.3, -0.3)]
        axes[0].plot(sides, box, color="black", linewidth=0.8)
        ratio = tools.sample(simulated, "captured_square", i) / float(predicted.captured_square[i])
        mean, error = _mean(ratio)
        axes[1].errorbar(position, mean, 2 * error, color="C0", marker="o", markersize=4)
        for name, colour in (("printed_identity_error", RED), ("identity_error", "C0")):
            value = max(float(simulated[name].isel(point=i).max()), 1e-17)
            axes[2].plot(position, value, "o", color=colour, markersize=4)
    axes[0].set(yscale="log", ylabel="phi(i, j)")
    axes[1].axhline(1, **style.THEORY)
    axes[1].set_ylabel("captured / null")
    axes[2].set(yscale="log", ylabel="error of the identity")
    for axis in axes:
        axis.set_xticks(range(len(points)), names, rotation=60, ha="right", fontsize=6)
        axis.set_xlabel("i, j; d")
    axes[0].plot([], [], "o", color="C0", label="measured")
    axes[0].plot([], [], color="black", linewidth=0.8, label="predicted mean and spread")
    axes[2].plot([], [], "o", color=RED, label="identity as printed")
    axes[2].plot([], [], "o", color="C0", label="identity corrected")
    figure.legend(loc="outside lower center", ncols=4, fontsize=7)
    figure.suptitle("Random directions follow their closed-form nulls", fontsize=9)
    return figure


def scaling(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Which scaling keeps its learning rate depends on the optimiser.

    Left: share of the target that the first step covers at a fixed learning rate, by rank;
    dashed: closed form. Right: the learning rate with the least error after training, over
    that of the smallest rank; dashed: the power of r that would undo the first step's; red
    dots: one over the scaling, set by the curvature at the solution (SGD). alpha is fixed.
    Geometric mean over replicates, bands two standard errors.
    """
    del verdicts
    figure, axes = plt.subplots(1, 2, figsize=(style.TWO_COLUMNS, 3.1))
    for key, (text, colour, marker) in METHODS.items():
        points = tools.chosen(simulated, "scaling", optimiser=key[0], scaling=key[1])
        points.sort(key=lambda i: float(simulated["rank"][i]))
        if not points:
            continue
        ranks = simulated["rank"].values[points].astype(float)
        look = {"color": colour, "marker": marker, "markersize": 4}
        _log_band(axes[0], ranks, simulated.first_step.values[points].T, **look)
        axes[0].plot(ranks, predicted.first_step.values[points], **style.THEORY)
        rates = simulated.best_learning_rate.values[points].T
        rates = rates / np.exp(np.nanmean(np.log(rates[:, 0])))
        _log_band(axes[1], ranks, rates, label=text, **look)
        exponent = float(predicted.learning_rate_exponent.values[points[0]])
        axes[1].plot(ranks, (ranks / ranks[0]) ** exponent, **style.THEORY)
        sharpness = float(predicted.sharpness_exponent.values[points[0]])
        axes[1].plot(ranks, (ranks / ranks[0]) ** sharpness, **style.PAPER)
    for axis in axes:
        axis.set(xscale="log", yscale="log", xlabel="rank r")
        axis.set_xticks(_values(simulated, "rank", "scaling"))
        axis.set_xticklabels([f"{rank:g}" for rank in _values(simulated, "rank", "scaling")])
        axis.minorticks_off()
    axes[0].set_ylabel("share covered by the first step")
    axes[1].set_ylabel("best rate / rate at smallest r")
    axes[1].plot([], [], label="theory of the first step", **style.THEORY)
    axes[1].plot([], [], label="sharpness (SGD)", **style.PAPER)
    figure.legend(loc="outside lower center", ncols=3, fontsize=7)
    figure.suptitle("No scaling keeps its learning rate for both optimisers", fontsize=9)
    return figure


def product(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Ranks add up over the layers of a linear network.

    Least Frobenius error found by L-BFGS over rank-R updates of each of L layers, against
    the best approximation of rank L R of the gap between target and frozen product. One
    mark per replicate; open marks did not meet the search's tolerance. Dashed: equality.
    """
    del verdicts
    figure, axis = plt.subplots(figsize=(style.ONE_COLUMN, 3.4))
    labels = set()
    for i in tools.chosen(simulated, "product"):
        rank = int(predicted.product_rank[i])
        tail = simulated.gap_spectrum.isel(point=i).sel(gap=slice(rank + 1, None))
        least = np.sqrt((tail**2).sum("gap")).values
        depth = int(simulated.depth[i])
        colour = style.COLOURS[(depth - 1) % len(style.COLOURS)]
        marker = "os^D"[(int(simulated["rank"][i]) - 1) % 4]
        done = simulated.converged.isel(point=i).values.astype(bool)
        error = simulated.product_error.isel(point=i).values
        axis.plot(least[done], error[done], marker, color=colour, markersize=4)
        axis.plot(least[~done], error[~done], marker, color=colour, mfc="none", markersize=4)
        labels.add((f"L = {depth}, R = {int(simulated['rank'][i])}", colour, marker))
    for text, colour, marker in sorted(labels):
        axis.plot([], [], marker, color=colour, label=text)
    ends = axis.get_xlim()
    axis.plot(ends, ends, label="equality", **style.THEORY)
    axis.set(xlabel="tail of the gap beyond rank L R", ylabel="least error found")
    axis.set_title("Low-rank updates of L layers reach rank L R", fontsize=8)
    figure.legend(loc="outside lower center", ncols=3, fontsize=7)
    return figure


def intruders(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """New singular directions appear at a threshold; their number follows how norm is spread.

    A spike is added to a random weight. Left: leading singular value; middle: squared overlap of
    its left vector with the spike's; dashed: spiked-matrix theory, with a tick at the
    threshold. Right: intruder dimensions among the ten leading directions (no cosine of 0.5
    or more with any of the base weight's) for updates of equal norm: the spike, eight
    weaker new directions, and the base weight's own leading directions. Mean over
    replicates, error bars two standard errors; one colour per shape.
    """
    del verdicts
    figure, axes = plt.subplots(1, 3, figsize=(style.TWO_COLUMNS, 3.0))
    points = tools.chosen(simulated, "intruder")
    shapes = sorted({(int(simulated.rows[i]), int(simulated.columns[i])) for i in points})
    for shape, colour in zip(shapes, style.COLOURS, strict=False):
        own = [i for i in points if (int(simulated.rows[i]), int(simulated.columns[i])) == shape]
        own.sort(key=lambda i: float(simulated.spike[i]))
        spikes = simulated.spike.values[own]
        for axis, name in zip(axes, ("spike_value", "left_overlap"), strict=False):
            for i, spike in zip(own, spikes, strict=True):
                _mark(axis, spike, tools.sample(simulated, name, i), colour)
            axis.plot(spikes, predicted[name].values[own], **style.THEORY)
            if own:
                axis.axvline(float(predicted.threshold[own[0]]), ymax=0.06, color=colour)
        for control, marker in zip(simulated.control.values if own else (), "o^x", strict=False):
            counts = simulated.intruders.isel(point=own).sel(control=control)
            axes[2].plot(
                spikes, counts.mean("replicate"), color=colour, marker=marker, markersize=4
            )
        axes[0].plot([], [], "o", color=colour, label=f"{shape[0]} x {shape[1]}")
    for text, marker in (("one new direction", "o"), ("eight weaker ones", "^"), ("own", "x")):
        axes[2].plot([], [], marker, color="0.4", linestyle="none", label=text)
    axes[1].plot([], [], label="theory", **style.THEORY)
    axes[0].set_ylabel("leading singular value")
    axes[1].set_ylabel("squared overlap, left")
    axes[2].set_ylabel("intruders of 10")
    for axis in axes:
        axis.set_xlabel("norm of the update")
    figure.legend(loc="outside lower center", ncols=6, fontsize=7)
    figure.suptitle("Intruders count new directions above a threshold", fontsize=9)
    return figure


def accounting(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Parameters that adapters of published models train, and what that saves.

    Left: trained parameters by model and adapted matrices, at the rank given; enumerated
    factor by factor (the closed form agrees). Right: memory of full over adapter training
    for weights and optimiser states, activations left out, under three conventions; the
    paper says "3 times".
    """
    del predicted, verdicts
    figure, axes = plt.subplots(1, 2, figsize=(style.TWO_COLUMNS, 3.6))
    rows = []
    for i in tools.chosen(simulated, "accounting"):
        data = simulated.isel(point=i, replicate=0)
        name = f"{tools.value(simulated, 'targets', i)}, rank {int(simulated['rank'][i])}"
        shared = {"model": str(tools.value(simulated, "model", i)), "adapter": name}
        trained = float(data.trained_parameters) / 1e6
        for memory in data.memory.values:
            ratio = float(data.memory_ratio.sel(memory=memory))
            rows.append(shared | {"trained": trained, "memory": str(memory), "ratio": ratio})
    if rows:
        table = pd.DataFrame(rows)
        common = table.groupby("adapter").model.nunique()
        table = table[table.adapter.isin(common[common == common.max()].index)]
        sns.stripplot(
            table.drop_duplicates(["model", "adapter"]),
            x="trained",
            y="model",
            hue="adapter",
            ax=axes[0],
            jitter=False,
            size=5,
        )
        first = table[table.adapter == table.adapter.iloc[0]]
        sns.stripplot(
            first, x="ratio", y="model", hue="memory", ax=axes[1], jitter=False, palette="dark"
        )
        axes[0].set(xscale="log")
        for axis in axes:
            sns.move_legend(
                axis, "upper center", bbox_to_anchor=(0.4, -0.2), title=None, fontsize=7
            )
    axes[0].set(xlabel="trained parameters, millions", ylabel="")
    axes[1].axvline(3, **style.PAPER)
    axes[1].set(xlabel="memory, full / adapter", ylabel="", yticklabels=[], xlim=(0, None))
    figure.suptitle("What adapters train and save", fontsize=9)
    return figure


def _teachers(simulated: xr.Dataset) -> list[int]:
    return tools.chosen(simulated, "teacher")


def _longest(simulated: xr.Dataset) -> list[int]:
    """The longest training of each spectrum, for updates unrelated to the base weight."""
    best: dict[float, int] = {}
    for i in tools.chosen(simulated, "probe", base="independent"):
        decay = float(simulated.decay[i])
        if decay not in best or simulated.steps[i] > simulated.steps[best[decay]]:
            best[decay] = i
    return [best[decay] for decay in sorted(best)]


def _table_7_points(simulated: xr.Dataset) -> list[int]:
    width, norm = claims_directions.GPT3_WIDTH, claims_directions.GPT3_NORM
    points = tools.chosen(simulated, "frames", rows=width, columns=width, base_norm=norm)
    return [i for i in points if int(simulated["rank"][i]) in claims_directions.TABLE_7]


def _values(simulated: xr.Dataset, name: str, experiment: str = "probe") -> list[float]:
    points = tools.chosen(simulated, experiment)
    return sorted({float(tools.value(simulated, name, i)) for i in points})


def _mean(values: np.ndarray) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))


def _mark(axis: Axes, x: float, values: np.ndarray, colour: object, *, filled: bool = True) -> None:
    mean, error = _mean(values)
    axis.errorbar(
        x,
        mean,
        2 * error,
        color=colour,
        marker="o",
        markersize=4,
        markerfacecolor=colour if filled else "none",
        linestyle="none",
    )


def _band(axis: Axes, x: np.ndarray, values: np.ndarray, **look: object) -> None:
    """Draw the mean over replicates (the first axis) with two standard errors."""
    mean = values.mean(axis=0)
    error = 2 * values.std(axis=0, ddof=1) / np.sqrt(len(values))
    axis.plot(x, mean, **look)
    axis.fill_between(x, mean - error, mean + error, color=look["color"], alpha=0.25, linewidth=0)


def _log_band(axis: Axes, x: np.ndarray, values: np.ndarray, **look: object) -> None:
    """Draw the geometric mean over replicates with two standard errors of the logarithm."""
    logs = np.ma.masked_invalid(np.log(values))
    mean = logs.mean(axis=0)
    error = 2 * logs.std(axis=0, ddof=1) / np.sqrt(logs.count(axis=0))
    axis.plot(x, np.exp(mean), **look)
    axis.fill_between(
        x, np.exp(mean - error), np.exp(mean + error), color=look["color"], alpha=0.25, linewidth=0
    )
