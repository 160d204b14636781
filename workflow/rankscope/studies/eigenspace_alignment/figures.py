"""The figures of the study."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rankscope.studies.eigenspace_alignment.selection import (
    at,
    families,
    last,
    lengths,
    parameter,
    points,
    test_blocks,
    value,
)
from rankscope.drawing.style import COLOURS, PAPER, THEORY, TWO_COLUMNS

_MATRICES = {"hessian": "Hessian", "g": "G"}
_MARKERS = "osD^vP*X"


def dynamics(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Overlaps of SGD on the mixture against the effective ODEs.

    Left and middle: x^1 . mu_1 and x^1 . mu_2; points are means over all networks, bars one
    standard deviation of a network, dashes the ODE. Right: the standard deviation over
    networks times sqrt(d), root mean square over all overlaps at the end; bars are standard
    errors over replicates. It is level if fluctuations are of order d^(-1/2).
    """
    del verdicts
    figure, axes = _panels(3)
    chosen = _trained(simulated, matrices="none")
    chosen = chosen[parameter(simulated, "runs")[chosen] > 1]
    for order, index in enumerate(sorted(chosen, key=lambda i: _key(simulated, i))):
        time = at(simulated, index, "training_time").values
        overlap = at(simulated, index, "mean_overlap")
        theory = at(predicted, index, "mean_overlap")
        style = {"color": COLOURS[order % 10], "marker": _MARKERS[order % 8]}
        name = _describe(simulated, index, "dimension", "snr", "step_scale")
        for axis, mean in zip(axes[:2], (0, 1), strict=True):
            one = overlap.isel(label=0, mean=mean)
            centre, bar = one.mean(("replicate", "run")), one.std(("replicate", "run"))
            axis.errorbar(time, centre, bar, **style, ls="", ms=3.5, label=name)
            axis.plot(time, theory.isel(label=0, mean=mean), **THEORY)
        variance = overlap.isel(checkpoint=-1).var("run", ddof=1).mean(("label", "mean"))
        d = value(simulated, index, "dimension")
        scaled = np.sqrt(variance * d).values
        error = scaled.std(ddof=1) / np.sqrt(len(scaled)) if len(scaled) > 1 else 0.0
        axes[2].errorbar(d, scaled.mean(), error, **style, ls="", ms=4)
    axes[0].set(title="own class", ylabel=r"overlap $x^1\!\cdot\mu_1$", xlabel="training time")
    axes[1].set(title="other class", ylabel=r"overlap $x^1\!\cdot\mu_2$", xlabel="training time")
    axes[2].set(title="fluctuations", xlabel="dimension $d$", xscale="log")
    axes[2].set(ylabel=r"std($M$) $\sqrt{d}$", ylim=(0, None))
    return _finish(figure, axes, "SGD follows the effective dynamics", _theory("ODE"))


def corrector(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Squared length of x^a outside the span of the means, with and without the corrector.

    Points: mean over classes and networks, bars two standard errors over replicates. Dashes:
    ODE with the term c / lambda that a step size of order 1 / d adds; dots: without it.
    """
    del verdicts
    figure, axes = _panels(1)
    chosen = _trained(simulated, matrices="none")
    chosen = chosen[parameter(simulated, "runs")[chosen] > 1]
    for order, index in enumerate(sorted(chosen, key=lambda i: _key(simulated, i))):
        time = at(simulated, index, "training_time").values
        weight, inside = (at(simulated, index, n) for n in ("weight_gram", "weights_in_means"))
        outside = (lengths(weight) * (1 - inside**2)).mean(("label", "run"))
        _points(axes[0], time, outside, order, _describe(simulated, index, "dimension", "snr"))
        axes[0].plot(time, at(predicted, index, "weights_outside").mean("label"), **THEORY)
        without = at(predicted, index, "weights_outside_without_corrector").mean("label")
        axes[0].plot(time, without, **PAPER)
    axes[0].set(xlabel="training time", ylabel=r"$|x^a_\perp|^2$", yscale="log")
    handles = [*_theory("ODE with corrector"), Line2D([], [], label="without", **PAPER)]
    return _finish(figure, axes, "The step size adds noise that stays", handles)


def alignment(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Alignment of class weights with leading eigenspaces along training.

    One colour per signal-to-noise ratio lambda, the other parameters fixed. Means over
    classes and replicates; bars are two standard errors over replicates (most are smaller
    than the points); dashes are the effective spectrum at the ODE. The dotted line is sqrt((k
    - 1) / k), the limit of the alignment with the single top eigenvector.
    """
    del verdicts
    figure, axes = _panels(3)
    family = _main_family(simulated)
    for order, index in enumerate(family):
        time = at(simulated, index, "training_time").values
        name = rf"$\lambda$ = {value(simulated, index, 'snr'):g}"
        panels = (("alignment", "hessian"), ("alignment", "g"), ("alignment_first", "hessian"))
        for axis, (variable, matrix) in zip(axes, panels, strict=True):
            found = test_blocks(simulated, index, variable).sel(matrix=matrix).mean("label")
            theory = at(predicted, index, variable).sel(matrix=matrix).mean("label")
            _points(axis, time, found, order, name)
            axis.plot(time, theory, **THEORY)
    if family and "limit_alignment_first" in predicted:
        axes[2].axhline(predicted.limit_alignment_first.values[family[0]], **PAPER)
    titles = (r"$E_k$ of the Hessian", r"$E_k$ of G", r"$E_1$ of the Hessian")
    for axis, title in zip(axes, titles, strict=True):
        axis.set(title=title, xlabel="training time", ylabel="alignment of $x^a$", ylim=(0, 1.03))
        _from_zero(axis)
    handles = [*_theory("effective spectrum"), Line2D([], [], label=r"$\sqrt{(k-1)/k}$", **PAPER)]
    return _finish(figure, axes, "Weights enter the leading eigenspaces", handles)


def eigenvalues(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Leading eigenvalues of the class blocks along training, with the effective edge.

    Points: means over classes and replicates, bars two standard errors over replicates.
    Dashes: effective outliers; grey: the bulk below its effective upper edge. Dotted lines:
    outlier and mini-bulk at the fixed point without noise. The point of the grid is the one
    with most measured times.
    """
    del verdicts
    figure, axes = _panels(2)
    family = _main_family(simulated)
    if family:
        index = max(family, key=lambda i: value(simulated, i, "checkpoints"))
        time = at(simulated, index, "training_time").values
        k = int(value(simulated, index, "classes"))
        for axis, matrix in zip(axes, _MATRICES, strict=True):
            found = test_blocks(simulated, index, "eigenvalues").sel(matrix=matrix).mean("label")
            theory = at(predicted, index, "eigenvalues").sel(matrix=matrix).mean("label")
            edge = at(predicted, index, "edge").sel(matrix=matrix).mean("label")
            for number in range(k + 2):
                label = "outlier" if number == 0 else "mini-bulk" if number < k else "bulk"
                one = found.isel(eigenvalue=number)
                _points(axis, time, one, {"outlier": 0, "mini-bulk": 1, "bulk": 7}[label], label)
                if number < k:
                    axis.plot(time, theory.isel(eigenvalue=number), **THEORY)
            axis.fill_between(time, 0, edge, color="0.9", lw=0, zorder=0)
            for limit in predicted.limit_eigenvalues.isel(point=index).sel(matrix=matrix).values:
                axis.axhline(limit, **PAPER)
            axis.set(title=_MATRICES[matrix], xlabel="training time", yscale="log")
            axis.set(ylabel="eigenvalue", ylim=(found.min().item() / 2, None))
            _from_zero(axis)
        title = f"Outlier, mini-bulk, bulk ({_describe(simulated, index, 'classes', 'snr')})"
    else:
        title = "Outlier, mini-bulk, bulk"
    handles = [*_theory("effective spectrum"), Line2D([], [], label="limit", **PAPER)]
    return _finish(figure, axes, title, handles)


def outliers_against_snr(
    simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame
) -> Figure:
    """Number of outliers of a class block against the signal-to-noise ratio.

    Left: at x = 0, with the thresholds as dotted lines. Right: at the end of training.
    Means over classes and replicates, counted above the effective edge times 1 + 3 d^(-2/3);
    bars are two standard errors over replicates; crosses are the count of the effective
    spectrum.
    """
    del verdicts
    figure, axes = _panels(2)
    start = points(simulated, model="mixture", start="zero", duration=0.0)
    for axis, chosen in zip(axes, (start, np.array(_main_family(simulated), int)), strict=True):
        for order, (matrix, name) in enumerate(_MATRICES.items()):
            for index in chosen:
                edge = last(predicted, index, "edge").sel(matrix=matrix)
                level = edge * (1 + 3 * value(simulated, index, "dimension") ** (-2 / 3))
                found = test_blocks(simulated, index, "eigenvalues").isel(checkpoint=-1)
                count = (found.sel(matrix=matrix) > level).sum("eigenvalue").mean("label")
                # G a little to the right, so that equal counts are both seen
                snr = np.array([value(simulated, index, "snr") * 1.08**order])
                _points(axis, snr, count.expand_dims("x"), order, name)
                expected = last(predicted, index, "outliers").sel(matrix=matrix).mean("label")
                axis.plot(snr, expected, "x", color=COLOURS[order], ms=9, mew=1)
        axis.set(xscale="log", xlabel=r"$\lambda$", ylabel="number of outliers")
    for index in start[:1]:
        for order, matrix in enumerate(_MATRICES):
            for threshold in predicted.start_threshold.isel(point=index).sel(matrix=matrix).values:
                axes[0].axvline(threshold, color=COLOURS[order], ls=":", lw=1.2)
    axes[0].set(title="at $x = 0$")
    axes[1].set(title="after training")
    handles = [Line2D([], [], marker="x", ls="", color="0.3", label="effective spectrum")]
    return _finish(figure, axes, "Outliers leave the bulk as the noise falls", handles)


def error_law(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Misalignment at the end of training against the signal-to-noise ratio.

    Left: 1 - rho(x^a, E_k) of the mixture, for each step scale c, after 4 / beta. Middle: 1 -
    rho(W_i, E_2) of XOR with a planted start, living neurons. Right: |A - P A P| / |A| of the
    class blocks, P the projector on the span of the means. Means over classes or neurons and
    replicates, bars two standard errors over replicates. Dashes: effective spectrum; dots:
    closed forms of order 1 / lambda (left, middle) and a slope of -1/2 (right).
    """
    del verdicts
    figure, axes = _panels(3)
    families_ = [f for f in _snr_families(simulated) if _is_steady(simulated, f[0])]
    for order, family in enumerate(families_):
        c = value(simulated, family[0], "step_scale")
        k = value(simulated, family[0], "classes")
        for matrix, shift in (("hessian", 0), ("g", 4)):
            name = f"{_MATRICES[matrix]}, k = {k}, c = {c:g}"
            snr = np.array([value(simulated, i, "snr") for i in family])
            error = _over_points([1 - _final(simulated, i, "alignment", matrix) for i in family])
            _points(axes[0], snr, error, order + shift, name)
            theory = [1 - _final(predicted, i, "alignment", matrix).item() for i in family]
            axes[0].plot(snr, theory, **THEORY)
            outside = _over_points([_final(simulated, i, "outside", matrix) for i in family])
            _points(axes[2], snr, outside, order + shift, name)
        if "misalignment_law" in predicted:
            law = [last(predicted, index, "misalignment_law").item() for index in family]
            axes[0].plot(snr, law, **PAPER)
        if matrix == "g" and order == 0:
            axes[2].plot(
                snr, outside.mean("replicate").values[-1] * (snr / snr[-1]) ** -0.5, **PAPER
            )
    chosen = points(simulated, model="xor", start="planted", groups=4, activation="relu")
    chosen = [i for i in chosen if value(simulated, i, "matrices") == "blocks"]
    for family in families(simulated, chosen, "snr"):
        snr = np.array([value(simulated, i, "snr") for i in family])
        for matrix, order in (("hessian", 0), ("g", 4)):
            error = _over_points(
                [1 - _living(simulated, i, "alignment_two", matrix) for i in family]
            )
            _points(axes[1], snr, error, order, f"{_MATRICES[matrix]}")
            theory = [
                1 - last(predicted, i, "alignment_two").sel(matrix=matrix).mean().item()
                for i in family
            ]
            axes[1].plot(snr, theory, **THEORY)
        law = [last(predicted, i, "misalignment_two_law").item() for i in family]
        axes[1].plot(snr, law, **PAPER)
    labels = (r"$1 - \rho(x^a, E_k)$", r"$1 - \rho(W_i, E_2)$", r"$|A - PAP|\,/\,|A|$")
    for axis, label, title in zip(axes, labels, ("mixture", "XOR", "mixture"), strict=True):
        axis.set(xscale="log", yscale="log", xlabel=r"$\lambda$", ylabel=label, title=title)
    handles = [*_theory("effective spectrum"), Line2D([], [], label="closed form", **PAPER)]
    return _finish(
        figure, axes, r"Vectors align at rate $1/\lambda$, matrices at its root", handles
    )


def collapse(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Burn-in in training time for several dimensions, at large lambda.

    Left: alignment with E_k of the Hessian. Right: alignment with the span of the means, of
    which x^a leaves exp(-2 beta t) outside; this needs no matrix, so d is larger. Means over
    classes, networks and replicates, bars two standard errors over replicates; dashes are
    the effective theory of the largest d.
    """
    del verdicts
    figure, axes = _panels(2)
    chosen = _trained(simulated)
    chosen = [i for i in chosen if value(simulated, i, "snr") >= 1000]
    order = 0
    for family in families(simulated, chosen, "dimension"):
        none = value(simulated, family[0], "matrices") == "none"
        axis, variable = axes[int(none)], "weights_in_means" if none else "alignment"
        for index in family:
            time = at(simulated, index, "training_time").values
            if none:
                found = at(simulated, index, variable).mean(("label", "run"))
                theory = at(predicted, index, variable).mean("label")
            else:
                found = test_blocks(simulated, index, variable).sel(matrix="hessian").mean("label")
                theory = at(predicted, index, variable).sel(matrix="hessian").mean("label")
            _points(axis, time, found, order, _describe(simulated, index, "dimension"))
            order += 1
        axis.plot(time, theory, **THEORY)
    axes[0].set(title=r"leading eigenspace", ylabel=r"$\rho(x^a, E_k)$")
    axes[1].set(title=r"span of the means", ylabel=r"$\rho(x^a, \mathrm{Span}\,\mu)$")
    for axis in axes:
        axis.set(xlabel="training time", ylim=(0, 1.03))
    return _finish(figure, axes, "Burn-in does not depend on the dimension", _theory("theory"))


def full_spectra(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Leading eigenvalues of the full matrices after training, against the effective theory.

    Points: means over replicates, bars two standard errors. Dashes: effective outliers;
    grey: below the effective edge. The Hessian has k (k - 1) outliers, G has k.
    """
    del verdicts
    figure, axes = _panels(2)
    for order, index in enumerate(_trained(simulated, matrices="full")):
        for axis, matrix in zip(axes, _MATRICES, strict=True):
            k = int(value(simulated, index, "classes"))
            number = np.arange(1, k * (k - 1) + 3)
            keep = slice(len(number))
            found = last(simulated, index, "full_eigenvalues").sel(matrix=matrix)
            theory = last(predicted, index, "full_eigenvalues").sel(matrix=matrix)
            name = _describe(simulated, index, "classes", "snr")
            _points(axis, number, found.isel(full_eigenvalue=keep), order, name)
            axis.plot(number, theory.isel(full_eigenvalue=keep), **THEORY)
            edge = last(predicted, index, "full_edge").sel(matrix=matrix).item()
            axis.axhline(edge, color=COLOURS[order], lw=1)
            axis.set(title=f"full {_MATRICES[matrix]}", yscale="log")
            axis.set(xlabel="index", ylabel="eigenvalue")
    handles = [*_theory("effective spectrum"), Line2D([], [], color="0.4", lw=1, label="edge")]
    return _finish(figure, axes, "The full matrices have more outliers than classes", handles)


def training_samples(
    simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame
) -> Figure:
    """Alignment with matrices from training samples and from test samples.

    Left: rho(x^a, E_k) of both at the end of training. Right: their difference against M /
    d. Means over classes and replicates, bars two standard errors over replicates; dashes
    are the effective spectrum of test samples, dots a slope of -1.
    """
    del verdicts, predicted
    figure, axes = _panels(2)
    for family in families(simulated, points(simulated, samples="train"), "samples_per_dimension"):
        phi = np.array([value(simulated, i, "samples_per_dimension") for i in family])
        for order, matrix in enumerate(_MATRICES):
            rho = [last(simulated, i, "alignment").sel(matrix=matrix).mean("label") for i in family]
            for source, name in enumerate(("test", "training")):
                values = _over_points([each.isel(source=source) for each in rho])
                label = f"{_MATRICES[matrix]}, {name}"
                _points(axes[0], phi, values, 2 * order + source, label, line=True)
            gap = _over_points([each.isel(source=1) - each.isel(source=0) for each in rho])
            _points(axes[1], phi, gap, 2 * order + 1, "")
            axes[1].plot(phi, np.abs(gap.mean("replicate").values[-1]) * phi[-1] / phi, **PAPER)
    axes[0].set(xscale="log", xlabel="$M / d$", ylabel=r"$\rho(x^a, E_k)$", title="alignment")
    axes[1].set(xscale="log", yscale="log", xlabel="$M / d$", title="difference")
    axes[1].set(ylabel="training minus test")
    handles = [Line2D([], [], label="slope $-1$", **PAPER)]
    return _finish(figure, axes, "Training samples show the alignment a little better", handles)


def projected_descent(
    simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame
) -> Figure:
    """Test loss under SGD, and under steps projected into or out of the leading eigenspaces.

    The eigenspaces are those of the class blocks of the Hessian on fresh samples, refreshed
    once per unit of training time. Means over replicates, bars two standard errors.
    """
    del verdicts, predicted
    groups = list(families(simulated, points(simulated, matrices="blocks"), "update"))
    figure, axes = _panels(max(1, len(groups)))
    for axis, family in zip(axes, groups, strict=False):
        for order, kind in enumerate(("full", "dominant", "bulk")):
            for index in family:
                if value(simulated, index, "update") == kind:
                    time = at(simulated, index, "training_time").values
                    loss = at(simulated, index, "loss").isel(run=0)
                    _points(axis, time, loss, order, f"{kind} steps", line=True)
        axis.set(title=rf"$\lambda$ = {value(simulated, family[0], 'snr'):g}")
        axis.set(xlabel="training time", ylabel="test loss")
    return _finish(figure, axes, "The dominant space trains, the bulk does not", [])


def last_layer(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Last-layer eigenvalues of XOR for each number of occupied cells, at four neurons.

    Every dot is an eigenvalue of a network at the end of training (planted starts); a
    network with r cells has r outliers. Dotted lines: limits beta (1 - 4 beta) C and 4 beta^2
    C, and for the regularised G the value beta^2 C (4 - r) along v, which vanishes at r = 4.
    """
    del verdicts
    figure, axes = _panels(3)
    names = {"hessian": "Hessian", "g": "G", "regularised g": "G with the ridge"}
    rows = []
    family = _fixed_points(simulated)
    for index in family:
        found = last(simulated, index, "last_eigenvalues").isel(run=0)
        groups = last(simulated, index, "groups_found").isel(run=0)
        for matrix in names:
            for one, r in zip(found.sel(last_matrix=matrix).values, groups.values, strict=True):
                finite = one[np.isfinite(one)]
                rows += [
                    {"matrix": matrix, "cells": int(r), "value": v, "index": f"{n + 1}"}
                    for n, v in enumerate(finite)
                ]
    table = pd.DataFrame(rows, columns=["matrix", "cells", "value", "index"])
    for axis, (matrix, name) in zip(axes, names.items(), strict=True):
        part = table[table.matrix == matrix]
        if len(part):
            sns.stripplot(
                data=part,
                x="cells",
                y="value",
                hue="index",
                ax=axis,
                size=3,
                jitter=0.2,
                zorder=2,
                legend=False,
            )
        axis.set(title=name, xlabel="occupied cells $r$", ylabel="eigenvalue")
    if len(table):
        index = family[0]
        c, ridge = predicted.cell_length.values[index], value(simulated, index, "ridge")
        levels = predicted.last_limit.isel(point=index).values
        axes[0].axhline(levels[0], **PAPER)
        for axis in axes[1:]:
            axis.axhline(levels[1], **PAPER)
        cells = sorted(table.cells.unique())
        axes[2].plot(
            range(len(cells)),
            [ridge**2 * c * (4 - r) for r in cells],
            **THEORY | {"linestyle": ""},
            marker="_",
            ms=18,
        )
    handles = [
        Line2D([], [], label="limit", **PAPER),
        Line2D([], [], color="black", marker="_", ls="", ms=12, label=r"$\beta^2 C (4 - r)$"),
        *(
            Line2D([], [], marker="o", ls="", ms=3, color=COLOURS[i], label=f"eigenvalue {i + 1}")
            for i in range(4 if len(table) else 0)
        ),
    ]
    return _finish(figure, axes, "One last-layer outlier per occupied cell", handles)


def occupied_cells(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Law of the number of last-layer outliers over Gaussian starts of XOR.

    Bars: share of networks with r outliers in the last-layer Hessian after training, with 95
    percent Wilson intervals; black: the law of K neurons that pick one of four cells each.
    """
    del verdicts
    chosen = points(simulated, model="xor", start="gaussian", matrices="none")
    chosen = [i for i in chosen if value(simulated, i, "runs") > 1]
    figure, axes = _panels(max(1, len(chosen)))
    for axis, index in zip(axes, chosen, strict=False):
        rank = last(simulated, index, "last_outliers").sel(last_matrix="hessian").values.ravel()
        count = np.bincount(rank.astype(int), minlength=5)[:5]
        n = len(rank)
        share, z = count / n, 1.96
        centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
        axis.bar(range(5), share, color=COLOURS[0], alpha=0.6, label="networks")
        axis.errorbar(range(5), centre, half, color=COLOURS[0], ls="", lw=1)
        law = predicted.occupancy.isel(point=index).values
        axis.plot(range(5), law, color="black", marker="_", ms=16, ls="", mew=1.5, label="law")
        width = int(value(simulated, index, "width"))
        axis.set_title(rf"K = {width}, $\lambda$ = {value(simulated, index, 'snr'):g}, n = {n}")
        axis.set(xlabel="outliers $r$", ylabel="$P(r)$", ylim=(0, 1))
    return _finish(figure, axes, "How many cells the neurons occupy", [])


def emergence(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """A wide XOR network from the Gaussian start: outliers emerge, layers align, neurons die.

    Left: the six leading eigenvalues of the last-layer Hessian, mean over replicates. Middle:
    alignment of v with E_4 and of W_i with E_2 of the Hessian; neurons that are alive at the
    end (median, band from 10 to 90 percent) apart from those that died, which are not
    averaged with them. Right: numbers of outliers, occupied cells and living neurons. Bars
    are two standard errors over replicates.
    """
    del verdicts, predicted
    figure, axes = _panels(3)
    chosen = points(simulated, model="xor", start="gaussian", matrices="blocks")
    if len(chosen):
        index = max(chosen, key=lambda i: value(simulated, i, "width"))
        time = at(simulated, index, "training_time").values
        values = at(simulated, index, "last_eigenvalues").isel(run=0).sel(last_matrix="hessian")
        for number in range(min(6, values.sizes["eigenvalue_index"])):
            one = values.isel(eigenvalue_index=number)
            _points(axes[0], time, one, min(number, 4), "", line=True)
        second = at(simulated, index, "second_in_four").isel(run=0).sel(last_matrix="hessian")
        _points(axes[1], time, second, 2, r"$v$ in $E_4$", line=True)
        alive = last(simulated, index, "alive").isel(run=0) > 0
        first = at(simulated, index, "alignment_two").sel(matrix="hessian")
        for mask, order, name in ((alive, 0, "living"), (~alive, 3, "dead")):
            part = first.where(mask)
            if mask.any():
                low, middle, high = (
                    part.quantile(q, ("replicate", "neuron")) for q in (0.1, 0.5, 0.9)
                )
                axes[1].plot(time, middle, color=COLOURS[order], marker=".", label=f"$W_i$, {name}")
                axes[1].fill_between(time, low, high, color=COLOURS[order], alpha=0.2, lw=0)
        outliers = at(simulated, index, "last_outliers").isel(run=0).sel(last_matrix="hessian")
        cells = at(simulated, index, "groups_found").isel(run=0)
        living = at(simulated, index, "alive").isel(run=0).sum("neuron")
        for order, (data, name) in enumerate(
            ((outliers, "outliers"), (cells, "occupied cells"), (living, "living neurons"))
        ):
            _points(axes[2], time, data, (5, 6, 0)[order], name, line=True)
    axes[0].set(title="last-layer Hessian", ylabel="eigenvalue", yscale="log")
    axes[1].set(title="alignment", ylabel=r"$\rho$", ylim=(0, 1.03))
    axes[2].set(title="counts", ylabel="number", ylim=(0, None))
    for axis in axes:
        axis.set(xlabel="training time")
        _from_zero(axis)
    return _finish(figure, axes, "The second layer aligns first, dying neurons last", [])


def kink(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Curvature of the population risk across a neuron's kink, two ways.

    Finite differences of the population gradient against the almost-everywhere Hessian, at
    the end of training from the planted optimal classifier, living neurons; squares are the
    softplus control. Means over neurons and replicates, bars two standard errors over
    replicates. Dashes: the almost-everywhere value plus the kink term of the ODE's last state;
    dots: plus its limit 2 beta sqrt(lambda / (2 pi)).
    """
    del verdicts
    figure, axes = _panels(1)
    chosen = points(simulated, model="xor", start="planted", groups=4, matrices="blocks")
    chosen = sorted(chosen, key=lambda i: value(simulated, i, "snr"))
    line: list[tuple[float, float, float]] = []
    for index in chosen:
        snr = np.array([value(simulated, index, "snr")])
        alive = last(simulated, index, "alive").isel(run=0) > 0
        relu = value(simulated, index, "activation") == "relu"
        kind = "ReLU" if relu else "softplus"
        for order, (variable, name) in enumerate(
            (
                ("curvature_difference", "finite difference"),
                ("curvature_almost_everywhere", "almost everywhere"),
            )
        ):
            found = last(simulated, index, variable).where(alive).mean("neuron")
            _points(axes[0], snr, found.expand_dims("x"), order + 4 * (not relu), f"{kind}, {name}")
        if relu:
            kinks = predicted.kink_of_state.isel(point=index).mean().item()
            base = found.mean().item()
            line.append((snr[0], base + kinks, base + predicted.kink_term.values[index]))
    if line:
        x, of_state, of_limit = np.array(line).T
        axes[0].plot(x, of_state, **THEORY)
        axes[0].plot(x, of_limit, **PAPER)
    axes[0].set(xscale="log", yscale="log", xlabel=r"$\lambda$", ylabel="curvature")
    handles = [*_theory("with kink term"), Line2D([], [], label="with its limit", **PAPER)]
    return _finish(figure, axes, "The almost-everywhere Hessian misses the kink", handles)


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    width = TWO_COLUMNS * (0.62 if count == 1 else 1.0 if count <= 3 else count / 3)
    figure, axes = plt.subplots(1, count, figsize=(width, 3.1), squeeze=False)
    return figure, list(axes[0])


def _finish(figure: Figure, axes: list[Axes], title: str, extra: list[Line2D]) -> Figure:
    """Put one legend for all panels below them, and a title above."""
    handles, labels = [], []
    for axis in axes:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            if label not in labels:
                handles.append(handle)
                labels.append(label)
    handles += extra
    labels += [handle.get_label() for handle in extra]
    if handles:
        columns = min(4, len(handles)) if len(axes) > 1 else min(2, len(handles))
        figure.legend(handles, labels, loc="outside lower center", ncols=columns)
    figure.suptitle(title)
    return figure


def _theory(name: str) -> list[Line2D]:
    return [Line2D([], [], label=name, **THEORY)]


def _from_zero(axis: Axes) -> None:
    """Make training time logarithmic from 1 on, and linear below."""
    axis.set_xscale("symlog", linthresh=1)
    axis.set_xlim(-0.05, 1.3 * max(axis.get_xlim()[1], 1.0))


def _points(
    axis: Axes, x: np.ndarray, values: xr.DataArray, order: int, name: str, line: bool = False
) -> None:
    """Draw means over replicates with bars of two standard errors."""
    mean = values.mean("replicate").values
    count = values.count("replicate").values
    error = 2 * values.std("replicate").values / np.sqrt(np.maximum(count - 1, 1))
    axis.errorbar(
        x,
        mean,
        error,
        color=COLOURS[order % 10],
        marker=_MARKERS[order % 8],
        ms=3.5,
        lw=1,
        ls="-" if line else "",
        label=name or None,
    )


def _describe(simulated: xr.Dataset, index: int, *fields: str) -> str:
    symbols = {"dimension": "d", "snr": r"$\lambda$", "step_scale": "c", "classes": "k"}
    return ", ".join(f"{symbols[field]} = {value(simulated, index, field):g}" for field in fields)


def _key(simulated: xr.Dataset, index: int) -> tuple[float, float]:
    return value(simulated, index, "snr"), value(simulated, index, "dimension")


def _trained(simulated: xr.Dataset, **required: object) -> np.ndarray:
    chosen = points(simulated, model="mixture", update="full", samples="test", **required)
    return chosen[parameter(simulated, "duration")[chosen] > 0]


def _snr_families(simulated: xr.Dataset) -> list[list[int]]:
    """Return families of points over lambda, the largest first."""
    chosen = _trained(simulated, matrices="blocks")
    return sorted(families(simulated, chosen, "snr"), key=len, reverse=True)


def _is_steady(simulated: xr.Dataset, index: int) -> bool:
    """Whether a point trains for at least ``4 / beta``, so that the transient is over."""
    return value(simulated, index, "ridge") * value(simulated, index, "duration") >= 4


def _main_family(simulated: xr.Dataset) -> list[int]:
    found = _snr_families(simulated)
    return found[0] if found else list(_trained(simulated, matrices="blocks")[:1])


def _fixed_points(simulated: xr.Dataset) -> list[int]:
    """Return planted ReLU points that differ in the number of cells, at one lambda."""
    chosen = points(simulated, model="xor", start="planted", activation="relu")
    fewer = [i for i in chosen if value(simulated, i, "groups") < 4]
    snr = value(simulated, (fewer or list(chosen) or [0])[0], "snr")
    return [i for i in chosen if value(simulated, i, "snr") == snr]


def _final(dataset: xr.Dataset, index: int, name: str, matrix: str) -> xr.DataArray:
    data = at(dataset, index, name)
    if "source" in data.dims:
        data = data.isel(source=0, drop=True)
    return data.isel(checkpoint=-1).sel(matrix=matrix).mean("label")


def _living(simulated: xr.Dataset, index: int, name: str, matrix: str) -> xr.DataArray:
    alive = last(simulated, index, "alive").isel(run=0) > 0
    return last(simulated, index, name).sel(matrix=matrix).where(alive).mean("neuron")


def _over_points(values: list[xr.DataArray]) -> xr.DataArray:
    return xr.concat([each.reset_coords(drop=True) for each in values], dim="x")
