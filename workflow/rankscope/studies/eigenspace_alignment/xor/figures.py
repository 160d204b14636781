"""The figures of XOR."""

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from rankscope.drawing import panels
from rankscope.drawing.style import ACTIVATIONS, COLOURS, PAPER, TWO_COLUMNS
from rankscope.evidence.results import Point, Results
from rankscope.studies.eigenspace_alignment.axes import (
    OTHER,
    Style,
    describe,
    half_life,
    look,
    over_time,
    row,
    stacked,
)
from rankscope.studies.eigenspace_alignment.points import MATRICES
from rankscope.studies.eigenspace_alignment.xor.claims import orders as claimed
from rankscope.studies.eigenspace_alignment.xor.claims import theorems
from rankscope.studies.eigenspace_alignment.xor.claims.theorems import WORST
from rankscope.studies.eigenspace_alignment.xor.selection import (
    NEURONS,
    Neurons,
    alive,
    gaussian,
    living,
)

LAST = {**MATRICES, "regularised g": "G with the ridge"}
SHOWN = 6  # leading eigenvalues of a wide last layer
AXES = {"snr": r"$\lambda$", "samples_per_dimension": r"$\phi = M / d$"}
STEP: Style = {"marker": "_", "ls": "", "ms": 16, "mew": 1.5, "color": "black"}


def dynamics(results: Results) -> Figure:
    """Overlaps of the living neurons and effective dynamics, from a planted start.

    Left: length of W_i along mu and nu; middle: |v_i|; right: squared length of W_i outside
    their span. Means over neurons and replicates, one colour per signal-to-noise ratio;
    crosses: the ODE.
    """
    chosen = results.where(planted_cells=4, activation="relu", matrices="blocks")
    if not len(chosen):
        return panels.nothing("no planted start with four cells")
    figure, axes = row(3, "Overlaps and effective dynamics")
    for order, point in enumerate(chosen):
        time = point.measured.training_time
        for axis, name in zip(
            axes, ("first_layer", "second_layer", "first_layer_outside"), strict=True
        ):
            found, theory = (
                _length(data[name]) for data in (point.measured.isel(run=0), point.predicted)
            )
            panels.marks(axis, time, found, **look(order, describe(point, "snr")))
            panels.theory_at(axis, time, theory, "ODE")
    labels = (r"$|(W_i\cdot\mu, W_i\cdot\nu)|$", "$|v_i|$", r"$|W_{i\perp}|^2$")
    for axis, label in zip(axes, labels, strict=True):
        axis.set(ylabel=label)
        over_time(axis)
    axes[2].set_yscale("log")
    panels.legend_below(figure)
    return figure


def _length(values: xr.DataArray) -> xr.DataArray:
    size = abs(values) if "feature" not in values.dims else (values**2).sum("feature") ** 0.5
    return size.mean("neuron")


def error_law(results: Results) -> Figure:
    """Misalignment of the first layer at the end against the signal-to-noise ratio.

    1 - rho(W_i, E_2) from a planted start in four cells, means over living neurons and
    replicates. Crosses: effective spectrum; red: the closed form of order 1 / lambda.
    """
    chosen = results.where(planted_cells=4, activation="relu", matrices="blocks")
    families = list(chosen.families("snr", ignoring=("checkpoints",)))
    if not families:
        return panels.nothing("no points with a planted start differ in lambda alone")
    figure, axes = row(1, "Misalignment of the first layer")
    for number, family in enumerate(families):
        rho = [living(point, "alignment") for point in family]
        theory = [point.predicted.isel(checkpoint=-1) for point in family]
        for order, (matrix, name) in enumerate(MATRICES.items()):
            error = stacked([1 - one.sel(matrix=matrix) for one in rho])
            label = name if len(families) == 1 else f"{name}, {describe(family[0], 'width')}"
            panels.marks(axes[0], family.sizes, error, **look(2 * number + order, label))
            expected = [1 - one.alignment.sel(matrix=matrix).mean() for one in theory]
            panels.theory_at(axes[0], family.sizes, expected, "effective spectrum")
        law = [one.misalignment_law for one in theory]
        panels.theory_at(axes[0], family.sizes, law, "closed form", **OTHER)
    axes[0].set(xscale="log", yscale="log", xlabel=r"$\lambda$", ylabel=r"$1 - \rho(W_i, E_2)$")
    panels.legend_below(figure, columns=2)
    return figure


def orders(results: Results) -> Figure:
    """How errors of the theorems fall, from the Gaussian start, at all times from 12 / beta.

    Left: 1 - rho(W_i, E_2) over lambda; middle: the part of it that the samples of the matrices
    add, over phi; right: |A - P A P| / |A| over phi. Means over neurons and times, at the left
    geometric. Dashed: the laws (2 / phi + 2 beta c) / lambda, 2 / (phi lambda) and
    2 (phi lambda)^(-1/2).
    """
    points = theorems.first_layers(results)
    noises, samples = (max(points.families(axis), key=len, default=None) for axis in AXES)
    if noises is None or samples is None:
        return panels.nothing("no Gaussian starts of many samples differ in lambda or phi alone")
    figure, axes = row(3, "How the errors of the theorems fall")
    kinds = (
        (noises, _misaligned, _error_law, r"$1 - \rho(W_i, E_2)$"),
        (samples, claimed.added, _added_law, "what the samples add"),
        (samples, _outside, _cross_law, "$|A - PAP| / |A|$"),
    )
    for axis, (family, measure, law, label) in zip(axes, kinds, strict=True):
        for number, neurons in enumerate(NEURONS):
            values = [measure(point, neurons) for point in family]
            for order, (matrix, name) in enumerate(MATRICES.items()):
                found = stacked([each.sel(matrix=matrix) for each in values])
                style = look(2 * number + order, f"{name}, {neurons.name}")
                panels.marks(axis, family.sizes, found, **style)
        panels.theory(axis, family.sizes, [law(point) for point in family])
        axis.set(xscale="log", yscale="log", xlabel=AXES[family.axis], ylabel=label)
        axis.set_xticks(family.sizes, [f"{size:g}" for size in family.sizes])
        axis.xaxis.set_minor_formatter(NullFormatter())
    handles, _ = axes[0].get_legend_handles_labels()
    panels.legend_below(figure, [*handles, panels.theory_handle("law")], columns=3)
    return figure


def _misaligned(point: Point, neurons: Neurons) -> xr.DataArray:
    error = 1 - theorems.late_values(point, neurons, "alignment")
    logarithm = xr.apply_ufunc(np.log, error).mean(WORST)
    geometric: xr.DataArray = xr.apply_ufunc(np.exp, logarithm)
    return geometric


def _outside(point: Point, neurons: Neurons) -> xr.DataArray:
    return theorems.late_values(point, neurons, "outside").mean(WORST)


def _error_law(point: Point) -> float:
    return float(point.predicted.misalignment_law.isel(checkpoint=-1))


def _added_law(point: Point) -> float:
    return float(2 / (point.samples_per_dimension * point.snr))


def _cross_law(point: Point) -> float:
    return float(2 * (point.samples_per_dimension * point.snr) ** -0.5)


def last_layer(results: Results) -> Figure:
    """Last-layer eigenvalues for each number of occupied cells, at one lambda.

    Every dot is an eigenvalue of a network at the end of training from a planted start,
    replicates side by side. Dotted: the limits beta (1 - 4 beta) C and 4 beta^2 C; black:
    beta^2 C (4 - r), the value of the regularised G along v, which vanishes at r = 4.
    """
    planted = results.where(lambda point: point.planted_cells > 0, activation="relu")
    fewer = planted.where(lambda point: point.planted_cells < 4)
    chosen = planted.where(snr=next((point.snr for point in fewer), None), runs=1)
    if not len(chosen):
        return panels.nothing("no planted start with fewer than four cells")
    figure, axes = row(3, f"Last-layer eigenvalues ({describe(chosen.points[0], 'width', 'snr')})")
    for axis, (matrix, name) in zip(axes, LAST.items(), strict=True):
        for point in chosen:
            last = point.measured.isel(checkpoint=-1, run=0)
            values = last.last_eigenvalues.sel(last_matrix=matrix)
            aside = np.linspace(-0.3, 0.3, values.sizes["replicate"])
            for number in range(min(4, point.width)):
                axis.plot(
                    last.groups_found + aside,
                    values.isel(eigenvalue_index=number),
                    **{**look(number, f"eigenvalue {number + 1}"), "ls": "", "ms": 3},
                )
        axis.set(title=name, xlabel="occupied cells $r$", ylabel="eigenvalue")
    point = chosen.points[0]
    for axis, matrix in zip(axes, ("hessian", "g", "g"), strict=True):
        limit = point.predicted.last_limit.sel(matrix=matrix).item()
        axis.axhline(limit, **PAPER, label="limit without noise")
    cells = np.arange(1, 5)
    along = point.ridge**2 * point.predicted.cell_length.item() * (4 - cells)
    axes[2].plot(cells, along, **STEP, label=r"$\beta^2 C (4 - r)$")
    panels.legend_below(figure, bars=False)
    return figure


def occupied_cells(results: Results) -> Figure:
    """Law of the number of last-layer outliers over Gaussian starts.

    Columns: share of networks with r outliers in the last-layer Hessian after training;
    black: the law of K neurons that pick one of four cells each.
    """
    chosen = results.where(gaussian, lambda point: point.runs > 1, matrices="none")
    if not len(chosen):
        return panels.nothing("no Gaussian start with several networks per replicate")
    rows, columns = -(-len(chosen) // 3), min(3, len(chosen))
    size = TWO_COLUMNS * columns / 3, 1 + 1.7 * rows
    figure, grid = plt.subplots(rows, columns, figsize=size, sharey=True, squeeze=False)
    figure.suptitle("Numbers of last-layer outliers")
    numbers = np.arange(5)
    for axis in grid.flat[len(chosen) :]:
        axis.set_visible(False)
    for axis, point in zip(grid.flat, chosen, strict=False):
        rank = point.measured.last_outliers.isel(checkpoint=-1).sel(last_matrix="hessian")
        share = np.stack([(rank == number).mean("run") for number in numbers], axis=1)
        axis.bar(numbers, share.mean(axis=0), color=COLOURS[0], alpha=0.4)
        panels.marks(axis, numbers, share, color=COLOURS[0], label="networks")
        axis.plot(numbers, point.predicted.occupancy, **STEP, label="law")
        axis.set(xlabel="outliers $r$", ylim=(0, 1), xticks=numbers)
        axis.set_title(f"{describe(point, 'width', 'snr')}; {rank.size} networks", fontsize=8)
    for axis in grid[:, 0]:
        axis.set_ylabel("$P(r)$")
    panels.legend_below(figure)
    return figure


def emergence(results: Results) -> Figure:
    """A wide network from the Gaussian start along training.

    Left: the six leading eigenvalues of the last-layer Hessian. Middle: alignment of v with
    E_4 and of W_i with E_2 of the Hessian, neurons that are alive at the end apart from those
    that died. Right: numbers of outliers, occupied cells and living neurons. Means over
    neurons and replicates.
    """
    chosen = results.where(gaussian, matrices="blocks", measured_from=0.0)
    if not len(chosen):
        return panels.nothing("no Gaussian start with matrices along training")
    point = max(chosen, key=lambda point: point.width)
    data, lives = point.measured.isel(run=0), alive(point)
    figure, axes = row(3, f"Along training ({describe(point, 'width', 'snr')})")
    time = data.training_time
    values = data.last_eigenvalues.sel(last_matrix="hessian")
    shades = sns.color_palette("viridis", SHOWN)
    for number in range(min(SHOWN, point.width)):
        style = {**look(number, f"eigenvalue {number + 1}"), "color": shades[number]}
        panels.curve(axes[0], time, values.isel(eigenvalue_index=number), **style, ms=3)
    second = data.second_in_four.sel(last_matrix="hessian")
    panels.curve(axes[1], time, second, **look(0, "$v$ in $E_4$"), ms=3)
    first = data.alignment.sel(matrix="hessian")
    for mask, order, name in ((lives, 1, "living"), (~lives, 2, "dead")):
        if mask.any():
            style = look(order, f"$W_i$ in $E_2$, {name}")
            panels.curve(axes[1], time, first.where(mask).mean("neuron"), **style, ms=3)
    outliers = data.last_outliers.sel(last_matrix="hessian")
    panels.curve(axes[2], time, outliers, **look(3, "outliers"), ms=3)
    panels.curve(axes[2], time, data.groups_found, **look(4, "occupied cells"), ms=3)
    panels.curve(axes[2], time, data.alive.sum("neuron"), **look(5, "living neurons"), ms=3)
    axes[0].set(title="last-layer Hessian", ylabel="eigenvalue", yscale="log")
    axes[1].set(title="alignment", ylabel=r"$\rho$", ylim=(0, 1.03))
    axes[2].set(title="counts", ylabel="number", ylim=(0, None))
    for axis in axes:
        over_time(axis)
    panels.legend_below(figure)
    return figure


def gradient_share(results: Results) -> Figure:
    """Share of the test gradient of the first layer in the leading eigenspaces.

    The share of the gradient of W_i that lies in E_2 of the Hessian, means over neurons and
    replicates. Left: planted starts; right: Gaussian starts. Vertical line: 1 / (2 beta).
    """
    chosen = results.where(matrices="blocks", activation="relu", measured_from=0.0)
    if not len(chosen):
        return panels.nothing("no point with ReLU has matrices along training")
    figure, axes = row(2, "Gradient in the leading eigenspaces")
    names = list(dict.fromkeys(describe(point, "width", "snr") for point in chosen))
    for point in chosen:
        axis, name = axes[gaussian(point)], describe(point, "width", "snr")
        share = point.measured.gradient_share.sel(matrix="hessian").mean("neuron")
        style = look(names.index(name), name)
        panels.marks(axis, point.measured.training_time, share, **style)
        half_life(axis, point)
    for axis, title in zip(axes, ("planted start", "Gaussian start"), strict=True):
        axis.set(title=title, ylabel="share of the gradient", ylim=(0, 1.03))
        over_time(axis)
    panels.legend_below(figure)
    return figure


def kink(results: Results) -> Figure:
    """Curvature of the population risk across a neuron's kink, two ways.

    Finite differences of the population gradient, and the almost-everywhere Hessian, at the
    end of training from a planted start in four cells; means over living neurons and
    replicates. Crosses: the almost-everywhere value of ReLU plus the kink term of the ODE's
    last state; red: plus its limit 2 beta sqrt(lambda / (2 pi)).
    """
    chosen = results.where(planted_cells=4, matrices="blocks")
    relu = sorted(chosen.where(activation="relu"), key=lambda point: point.snr)
    if not relu:
        return panels.nothing("no planted start with four cells and ReLU")
    figure, axes = row(1, "Curvature across a kink")
    ways = {"difference": "finite difference", "almost_everywhere": "almost everywhere"}
    for activation, kind in (("relu", "ReLU"), ("softplus", "softplus")):
        for point in chosen.where(activation=activation):
            for order, (way, name) in enumerate(ways.items()):
                found = stacked([living(point, f"curvature_{way}")])
                style = look(order, f"{kind}, {name}") | {"color": ACTIVATIONS[kind]}
                panels.marks(axes[0], [point.snr], found, **style)
    snr = [point.snr for point in relu]
    base = np.array([living(p, "curvature_almost_everywhere").mean() for p in relu])
    of_state = np.array([point.predicted.kink_of_state.mean() for point in relu])
    of_limit = np.array([point.predicted.kink_term for point in relu])
    panels.theory_at(axes[0], snr, base + of_state, "with kink term")
    panels.theory_at(axes[0], snr, base + of_limit, "with its limit", **OTHER)
    axes[0].set(xscale="log", yscale="log", xlabel=r"$\lambda$", ylabel="curvature")
    panels.legend_below(figure, columns=2)
    return figure
