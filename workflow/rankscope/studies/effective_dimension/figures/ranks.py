"""Figures of the study: every public function is one, and its docstring is its caption."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from rankscope.drawing import style

Label = tuple[str, str, float]
"""Title, variable and tolerance (0 for none)."""

NOTIONS: tuple[Label, ...] = (
    ("exact rank", "exact_rank", 0.0),
    ("rank at tolerance 0.001", "numerical_rank", 1e-3),
    ("rank at tolerance 0.01", "numerical_rank", 1e-2),
    ("rank at tolerance 0.1", "numerical_rank", 1e-1),
    ("effective rank (singular values)", "effective_rank", 0.0),
    ("participation ratio", "participation_ratio", 0.0),
    ("stable rank", "stable_rank", 0.0),
    ("centred participation ratio", "centred_participation_ratio", 0.0),
)
CHAIN_ONLY = ("numerical_rank", "effective_rank")
"""What infinite width does not describe at these widths, so that only the chain is drawn."""

ABSTRACT = "arXiv 2507.07675, known from its abstract only"


def ranks_by_layer(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Every notion of rank by layer, ReLU networks with Gaussian weights on orthonormal inputs.

    Solid: mean over networks, one colour per width n; bands are two standard errors over
    networks. Dashed: theory (exact rank from dead units; numerical and effective rank from
    the affine-Wishart chain, where it is defined; participation and stable rank from the
    chain too, or else from infinite width; centred participation ratio from the finite-width
    recursion). Red dots: the closed form of the abstract of arXiv 2507.07675, with its revival
    depths as ticks on the top edge (rho read as 1 - 2/pi); its full text was not available.
    All in units of the batch size m.
    """
    del verdicts
    points = _main_points(simulated)
    figure, axes = plt.subplots(2, 4, figsize=(style.TWO_COLUMNS, 4.6), sharex=True, sharey=True)
    colours = _colours(len(points))
    for axis, label in zip(axes.flat, NOTIONS, strict=True):
        for point, colour in zip(points, colours, strict=True):
            _measured(axis, simulated, label, point, colour)
            _theory(axis, predicted, label, point, colour)
        if len(points):
            _paper(axis, predicted, points[0])
        axis.set_title(label[0], fontsize=7.5)
        axis.set_xscale("log")
    _label(axes, "layer", "rank / m")
    size = _size(simulated, points)
    handles = [
        Line2D([], [], color=colour, label=f"n = {int(simulated.width[point])}")
        for point, colour in zip(points, colours, strict=True)
    ]
    handles += [Line2D([], [], color="0.4", linestyle="--", label="theory"), _paper_handle()]
    _legend_below(figure, handles)
    figure.suptitle(f"No notion of rank follows the closed form (orthonormal inputs, m = {size})")
    return figure


def ranks_under_other_laws(
    simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame
) -> Figure:
    """What orthogonal weights, leaky slopes and biases change, at one width and batch size.

    Mean over networks with bands of two standard errors; dashed: theory where there is one,
    as in the figure of ranks by layer. Orthonormal inputs, in units of the batch size m.
    """
    del verdicts
    points = _law_points(simulated)
    figure, axes = plt.subplots(2, 4, figsize=(style.TWO_COLUMNS, 4.8), sharex=True, sharey=True)
    colours = _colours(len(points), "colorblind")
    for axis, label in zip(axes.flat, NOTIONS, strict=True):
        for point, colour in zip(points, colours, strict=True):
            _measured(axis, simulated, label, point, colour)
            _theory(axis, predicted, label, point, colour)
        axis.set_title(label[0], fontsize=7.5)
        axis.set_xscale("log")
    _label(axes, "layer", "rank / m")
    handles = [
        Line2D([], [], color=colour, label=_law(simulated, point))
        for point, colour in zip(points, colours, strict=True)
    ]
    handles.append(Line2D([], [], color="0.4", linestyle="--", label="theory"))
    _legend_below(figure, handles)
    size = _size(simulated, points)
    width = int(simulated.width[points[0]]) if len(points) else 0
    figure.suptitle(f"Soft ranks fall under every law (n = {width}, m = {size})")
    return figure


def verdicts_by_definition(
    simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame
) -> Figure:
    """Verdicts on the abstract's claims under every definition of effective dimension.

    The numbers are the points at which the claim is supported, of those tested; the colour is
    the verdict over all points (one contradicted point contradicts a claim). Grey without a
    number: no point of this grid tests it. A: the closed form; B: concentration; C:
    revivals; D: the contrast with orthogonal weights, leaky slopes and large width; E:
    alternation. The paper (arXiv 2507.07675) is known from its abstract only: the verdicts
    are on the abstract's words under each definition, not on the unseen full text.
    """
    del simulated, predicted
    table = verdicts[verdicts.claim.str.match("[A-E][ :]") & ~verdicts.claim.str.match("A narrow")]
    parts = table.claim.str.split(": ", n=1, expand=True)
    table = table.assign(family=parts[0], definition=parts[1])
    families = list(dict.fromkeys(table.family))
    definitions = list(dict.fromkeys(table.definition))
    figure, axis = plt.subplots(figsize=(style.TWO_COLUMNS, 1.6 + 0.24 * len(definitions)))
    for row, definition in enumerate(definitions):
        for column, family in enumerate(families):
            cell = table[(table.family == family) & (table.definition == definition)]
            _verdict_cell(axis, column, row, cell.verdict)
    axis.set_xticks(np.arange(len(families)) + 0.5, families, rotation=40, ha="right")
    axis.set_yticks(np.arange(len(definitions)) + 0.5, definitions)
    axis.set_xlim(0, len(families))
    axis.set_ylim(len(definitions), 0)
    axis.tick_params(length=0)
    sns.despine(ax=axis, left=True, bottom=True)
    axis.set(xlabel="claim of the abstract", ylabel="definition of effective dimension")
    _legend_below(
        figure,
        [
            Line2D([], [], marker="s", linestyle="", color=colour, markersize=8, label=name)
            for name, colour in style.VERDICT_COLOURS.items()
        ],
    )
    figure.suptitle(f"Verdicts, and points that support of points tested ({ABSTRACT})", fontsize=9)
    return figure


def closed_form_by_point(
    simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame
) -> Figure:
    """How far each definition is from the abstract's closed form, at every point.

    Root mean square over layers 1 to 20 of the difference between mean rank / m and
    1 - (1 - 2/pi)^l. Framed: supported, that is at most 0.02. Full rank at every layer would
    give 0.087, wherever the formula is right 0. ReLU, Gaussian weights, no bias, n >= m; a
    blank cell was not measured. The paper is known from its abstract only.
    """
    del predicted, simulated
    table = verdicts[verdicts.claim.str.startswith("A: ")]
    table = table.assign(definition=table.claim.str.removeprefix("A: "))
    grid = table.pivot_table(index="definition", columns="point", values="estimate", sort=False)
    marks = table.pivot_table(
        index="definition", columns="point", values="verdict", aggfunc="first", sort=False
    )
    rows, columns = max(1, grid.shape[0]), max(1, grid.shape[1])
    figure, axis = plt.subplots(figsize=(style.TWO_COLUMNS, 3.1 + 0.22 * rows))
    if grid.size:
        sns.heatmap(
            grid,
            ax=axis,
            vmin=0,
            vmax=1,
            cmap="rocket_r",
            annot=columns <= 30,
            fmt=".2f",
            annot_kws={"fontsize": 4.5},
            linewidths=0.3,
            cbar_kws={"label": "RMSE to the closed form, in units of m", "pad": 0.02},
        )
        for row, column in zip(*np.nonzero((marks == "supported").values), strict=True):
            axis.add_patch(plt.Rectangle((column, row), 1, 1, fill=False, lw=1.5))
        labels = [_short(name) for name in grid.columns]
        axis.set_xticks(np.arange(columns) + 0.5, labels, rotation=60, ha="right", fontsize=5.5)
    axis.set(xlabel="point", ylabel="")
    axis.set_title("The closed form is far from every notion of rank at every point")
    return figure


def spectra(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Singular values by layer, relative to the largest, against two predictions.

    Solid: geometric mean over networks, bands are two standard deviations over networks of
    the logarithm. Dashed: the affine-Wishart chain. Dotted: infinite width, one large
    eigenvalue and a flat bulk. ReLU, Gaussian weights, orthonormal inputs.
    """
    del verdicts
    points = [p for p in _main_points(simulated) if _has(predicted, "chain_stable_rank", p)][-2:]
    points = points or list(_main_points(simulated)[-1:])
    figure, axes = plt.subplots(
        1, max(1, len(points)), figsize=(style.TWO_COLUMNS, 3.2), sharey=True, squeeze=False
    )
    layers = [layer for layer in (1, 5, 20, 60) if layer <= int(simulated.layer[-1])]
    colours = _colours(len(layers))
    for axis, point in zip(axes.flat, points, strict=False):
        for layer, colour in zip(layers, colours, strict=True):
            _spectrum(axis, simulated, predicted, point, layer, colour)
        title = f"n = {int(simulated.width[point])}, m = {int(simulated.batch_size[point])}"
        axis.set(yscale="log", xlabel="index of singular value", title=title)
    axes[0, 0].set_ylabel("singular value / largest")
    handles = [
        Line2D([], [], color=colour, label=f"layer {layer}")
        for layer, colour in zip(layers, colours, strict=True)
    ]
    handles.append(Line2D([], [], color="0.4", linestyle="--", label="affine-Wishart chain"))
    handles.append(Line2D([], [], color="0.4", linestyle=":", label="infinite width"))
    _legend_below(figure, handles)
    figure.suptitle("One value dominates; the bulk spreads with depth")
    return figure


def hump_depth(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """The one true revival: inputs of low dimension first gain, then lose effective dimension.

    Left: participation ratio of unit-length, batch-centred features, harmonic mean over
    networks, by layer; dashed: 1/PR = 1/PR_inf + V; triangles: its maximum. Right: depth of
    the maximum against width, measured with 95 % intervals (bootstrap over networks) and
    predicted. Inputs on spheres, in clusters, or images. There is one hump, not a sequence of
    revivals, and inputs of full effective dimension have none.
    """
    points = _hump_points(simulated)
    figure, (left, right) = plt.subplots(1, 2, figsize=(style.TWO_COLUMNS, 3.4))
    colours = _colours(len(points))
    for point, colour in zip(points, colours, strict=True):
        values = simulated["centred_participation_ratio"].isel(point=point)
        layers = simulated["layer"].values
        left.plot(layers, 1 / (1 / values).mean("replicate"), color=colour)
        theory = predicted["centred_participation_ratio"].isel(point=point)
        left.plot(layers, theory, color=colour, linestyle="--", linewidth=0.9)
        left.plot(predicted["hump_depth"].values[point], theory.max(), "v", color=colour, ms=4)
    left.set(xscale="log", xlabel="layer", ylabel="centred participation ratio")
    left.set_title("one hump, deeper at larger width")
    _hump_against_width(right, simulated, predicted, verdicts)
    handles = [
        Line2D([], [], color=colour, label=f"n = {int(simulated.width[point])}")
        for point, colour in zip(points, colours, strict=True)
    ]
    handles.append(Line2D([], [], color="0.4", linestyle="--", label="theory"))
    _legend_below(figure, handles)
    return figure


def exact_rank(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Exact rank is lost to dead units alone.

    Left: mean exact rank / m with bands of two standard errors over networks; circles:
    mean of the deterministic upper bound min(m, min(previous rank, linear units) + mixed
    units); dashed: E min(m, n - dead units) with the predicted number of dead units. Right:
    share of units that are off on the whole batch, and its prediction. ReLU, Gaussian
    weights, orthonormal inputs; rank at max(m, n) eps.
    """
    del verdicts
    points = _main_points(simulated)
    figure, (left, right) = plt.subplots(1, 2, figsize=(style.TWO_COLUMNS, 3.2), sharex=True)
    layers = simulated["layer"].values
    colours = _colours(len(points))
    for point, colour in zip(points, colours, strict=True):
        _measured(left, simulated, NOTIONS[0], point, colour)
        _theory(left, predicted, NOTIONS[0], point, colour)
        bound = simulated["exact_rank_bound"].isel(point=point).mean("replicate")
        bound = bound / simulated["batch_size"].values[point]
        left.plot(layers, bound, "o", color=colour, ms=3, fillstyle="none", markevery=6)
        width = int(simulated.width[point])
        dead = simulated["dead_units"].isel(point=point) / width
        _band(right, layers, dead, colour)
        if _has(predicted, "dead_units", point):
            right.plot(layers, predicted["dead_units"].isel(point=point) / width, "--", c=colour)
    left.set(xlabel="layer", ylabel="exact rank / m", title="rank, bound and prediction")
    right.set(xlabel="layer", ylabel="dead units / n", title="units that are off on the batch")
    handles = [
        Line2D([], [], color=colour, label=f"n = {int(simulated.width[point])}")
        for point, colour in zip(points, colours, strict=True)
    ]
    handles.append(Line2D([], [], color="0.4", linestyle="--", label="prediction"))
    handles.append(
        Line2D([], [], color="0.4", marker="o", linestyle="", fillstyle="none", label="bound")
    )
    _legend_below(figure, handles)
    figure.suptitle(
        f"Exact rank is lost only where n is near or below m = {_size(simulated, points)}"
    )
    return figure


def angles_and_norms(
    simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame
) -> Figure:
    """Angles between inputs and lengths of features, by layer.

    Left: 1 - mean cosine over pairs; dashed: the correlation map (infinite width); dotted:
    its leading asymptote, 9 pi^2 / (2 l^2). Middle: mean ln sin^2 of the angle; dashed:
    Jakub and Nica's expansion in 1/n. Right: variance over networks of the log mean squared
    feature of one input; dashed: 5 l / n (Hanin and Nica). Bands: two standard errors over
    networks. ReLU, Gaussian weights, orthonormal inputs.
    """
    del verdicts
    points = _main_points(simulated)
    figure, axes = plt.subplots(1, 3, figsize=(style.TWO_COLUMNS, 2.9), sharex=True)
    layers = simulated["layer"].values
    colours = _colours(len(points))
    for point, colour in zip(points, colours, strict=True):
        _band(axes[0], layers, 1 - simulated["cosine"].isel(point=point), colour)
        _band(axes[1], layers, simulated["log_squared_sine"].isel(point=point), colour)
        if _has(predicted, "log_squared_sine", point):
            axes[1].plot(
                layers, predicted["log_squared_sine"].isel(point=point), "--", color=colour
            )
        variance = simulated["first_log_norm"].isel(point=point).var("replicate", ddof=1)
        axes[2].plot(layers, variance, color=colour)
        if _has(predicted, "log_norm_variance", point):
            axes[2].plot(
                layers, predicted["log_norm_variance"].isel(point=point), "--", color=colour
            )
    if len(points):
        axes[0].plot(layers, 1 - predicted["cosine"].isel(point=points[0]), **style.THEORY)
        asymptote = 1 - predicted["cosine_asymptote"].isel(point=points[0])
        axes[0].plot(layers, asymptote, color="black", linestyle=":", linewidth=1.0)
        axes[0].set(ylim=(0.5 * float(1 - predicted["cosine"].isel(point=points[0]).max()), 2))
    axes[0].set(xscale="log", yscale="log", xlabel="layer", ylabel="1 - mean cosine")
    axes[1].set(xlabel="layer", ylabel="mean ln sin$^2$ of angle")
    axes[2].set(xlabel="layer", ylabel="variance of log norm", yscale="log")
    handles = [
        Line2D([], [], color=colour, label=f"n = {int(simulated.width[point])}")
        for point, colour in zip(points, colours, strict=True)
    ]
    handles.append(Line2D([], [], color="0.4", linestyle="--", label="theory"))
    handles.append(Line2D([], [], color="black", linestyle=":", label="leading asymptote"))
    _legend_below(figure, handles)
    figure.suptitle("Angles collapse, and at small width faster; norms keep a memory")
    return figure


def concentration(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Standard deviation over networks of three notions of rank against m, at n = m.

    Layers 10 and 20; error bars are 95 % intervals for a normal sample. Dashed: slope 1/2,
    what a sub-Gaussian bound of variance proxy proportional to m allows; dotted: slope 1, no
    concentration. Both are drawn through the middle of the data. ReLU, Gaussian weights,
    orthonormal inputs.
    """
    del verdicts, predicted
    points = _square_points(simulated)
    labels = (NOTIONS[0], NOTIONS[2], NOTIONS[4])
    figure, axes = plt.subplots(1, 3, figsize=(style.TWO_COLUMNS, 2.7), sharex=True)
    sizes = simulated["batch_size"].values[points].astype(float)
    for axis, label in zip(axes, labels, strict=True):
        for layer, colour in zip((10, 20), style.COLOURS, strict=False):
            if layer > int(simulated.layer[-1]) or len(points) == 0:
                continue
            sample = _values(simulated, label).isel(point=points).sel(layer=layer)
            spread = sample.std("replicate", ddof=1).values
            relative = 1.96 / np.sqrt(2 * max(1, simulated.sizes["replicate"] - 1))
            axis.errorbar(
                sizes, spread, relative * spread, fmt="o", color=colour, label=f"layer {layer}"
            )
            if layer == 20 and np.all(spread > 0):
                middle = np.exp(np.log(sizes).mean()), np.exp(np.log(spread).mean())
                axis.plot(sizes, middle[1] * (sizes / middle[0]) ** 0.5, **style.THEORY)
                axis.plot(sizes, middle[1] * sizes / middle[0], color="black", linestyle=":")
        axis.set(xscale="log", yscale="log", xlabel="m = n", title=label[0])
        _plain_ticks(axis, sizes)
    axes[0].set_ylabel("standard deviation")
    handles = [
        Line2D([], [], marker="o", linestyle="", color=colour, label=f"layer {layer}")
        for layer, colour in zip((10, 20), style.COLOURS, strict=False)
    ]
    handles.append(Line2D([], [], color="black", linestyle="--", label="slope 1/2"))
    handles.append(Line2D([], [], color="black", linestyle=":", label="slope 1"))
    _legend_below(figure, handles)
    figure.suptitle("Exact rank concentrates: its spread grows like the root of m")
    return figure


def _main_points(data: xr.Dataset) -> list[int]:
    """Return ReLU, Gaussian, orthonormal points of the commonest batch size, by width."""
    chosen = (
        (data["geometry"] == "orthonormal")
        & (data["initialisation"] == "gaussian")
        & (data["sampler"] == "reduced")
        & (data["negative_slope"] == 0)
        & (data["bias_variance"] == 0)
    ).values
    return _commonest(data, np.flatnonzero(chosen))


def _commonest(data: xr.Dataset, points: Sequence[int]) -> list[int]:
    """Return those of ``points`` with the commonest batch size, one per width, by width."""
    if len(points) == 0:
        return []
    sizes = data["batch_size"].values[points]
    values, counts = np.unique(sizes, return_counts=True)
    kept = [p for p in points if data["batch_size"].values[p] == values[counts.argmax()]]
    by_width = {int(data["width"].values[p]): int(p) for p in reversed(kept)}
    return [by_width[width] for width in sorted(by_width)]


def _law_points(data: xr.Dataset) -> list[int]:
    """Return points of one width and batch size, the most extreme of each kind of law."""
    chosen = ((data["geometry"] == "orthonormal") & (data["sampler"] == "reduced")).values
    points = np.flatnonzero(chosen)
    keys = [(int(data["width"].values[p]), int(data["batch_size"].values[p])) for p in points]
    if not keys:
        return []
    best = max(keys, key=keys.count)
    kinds: dict[str, int] = {}
    for point in (int(p) for p, key in zip(points, keys, strict=True) if key == best):
        kind, extremity = _kind(data, point)
        if kind not in kinds or extremity > _kind(data, kinds[kind])[1]:
            kinds[kind] = point
    return [kinds[kind] for kind in sorted(kinds)]


def _kind(data: xr.Dataset, point: int) -> tuple[str, float]:
    """Return the kind of a point's law, and how far along it is within that kind."""
    slope = float(data["negative_slope"].values[point])
    bias = float(data["bias_variance"].values[point])
    if data["initialisation"].values[point] == "orthogonal":
        return "2 orthogonal", -abs(slope)
    if bias > 0:
        return "3 bias", bias
    if slope < 0:
        return "4 negative", -slope
    bounds = ((0.0, "1 ReLU"), (0.5, "5 leaky"), (0.999, "6 strongly leaky"), (1.0, "7 linear"))
    return next((name, slope) for bound, name in bounds if slope <= bound)


def _hump_points(data: xr.Dataset) -> list[int]:
    """Return Gaussian ReLU points of the commonest sphere, by width."""
    chosen = (
        (data["geometry"] == "sphere")
        & (data["initialisation"] == "gaussian")
        & (data["negative_slope"] == 0)
        & (data["bias_variance"] == 0)
    ).values
    points = np.flatnonzero(chosen)
    if len(points) == 0:
        return []
    dimensions = data["input_dimension"].values[points]
    values, counts = np.unique(dimensions, return_counts=True)
    kept = points[dimensions == values[counts.argmax()]]
    return _commonest(data, kept)


def _square_points(data: xr.Dataset) -> list[int]:
    chosen = (
        (data["geometry"] == "orthonormal")
        & (data["initialisation"] == "gaussian")
        & (data["sampler"] == "reduced")
        & (data["negative_slope"] == 0)
        & (data["bias_variance"] == 0)
        & (data["width"] == data["batch_size"])
    ).values
    return sorted(np.flatnonzero(chosen).tolist(), key=lambda p: data["width"].values[p])


def _law(data: xr.Dataset, point: int) -> str:
    slope = float(data["negative_slope"].values[point])
    bias = float(data["bias_variance"].values[point])
    name = {0.0: "ReLU", 1.0: "linear", -1.0: "|x|"}.get(slope, f"slope {slope:g}")
    name += f", bias variance {bias:g}" if bias else ""
    return name + (", orthogonal" if data["initialisation"].values[point] == "orthogonal" else "")


def _short(name: str) -> str:
    kept = [part for part in name.split(",") if not part.startswith(("extras=", "depth="))]
    short = {"batch_size": "m", "width": "n", "input_dimension": "d"}
    pairs = [part.split("=", 1) for part in kept]
    named = [
        f"{short[key]}={value}" if key in short else value for key, value in pairs if len(key) > 0
    ]
    return ", ".join(named)


def _colours(count: int, palette: str = "viridis") -> list:
    return list(sns.color_palette(palette, max(1, count)))[:count]


def _size(data: xr.Dataset, points: Sequence[int]) -> int:
    return int(data["batch_size"].values[points[0]]) if len(points) else 0


def _values(data: xr.Dataset, label: Label, prefix: str = "") -> xr.DataArray:
    values = data[prefix + label[1]]
    # a mapping, for the keyword of this name is another one of sel
    return values.sel({"tolerance": label[2]}, method="nearest") if label[2] else values


def _has(data: xr.Dataset, name: str, point: int) -> bool:
    return name in data and bool(np.isfinite(data[name].isel(point=point)).any())


def _measured(axis: Axes, data: xr.Dataset, label: Label, point: int, colour: tuple) -> None:
    size = float(data["batch_size"].values[point])
    _band(axis, data["layer"].values, _values(data, label).isel(point=point) / size, colour)


def _band(axis: Axes, layers: np.ndarray, sample: xr.DataArray, colour: tuple) -> None:
    mean = sample.mean("replicate")
    error = 2 * sample.std("replicate", ddof=1) / np.sqrt(sample.count("replicate"))
    axis.plot(layers, mean, color=colour, linewidth=1.1)
    axis.fill_between(layers, mean - error, mean + error, color=colour, alpha=0.25, linewidth=0)


def _theory(axis: Axes, data: xr.Dataset, label: Label, point: int, colour: tuple) -> None:
    prefix = "chain_"
    if label[1] not in CHAIN_ONLY and not _has(data, prefix + label[1], point):
        prefix = ""
    if _has(data, prefix + label[1], point):
        size = float(data["batch_size"].values[point])
        values = _values(data, label, prefix).isel(point=point) / size
        axis.plot(data["layer"].values, values, color=colour, linestyle="--", linewidth=0.9)


def _paper(axis: Axes, data: xr.Dataset, point: int) -> None:
    size = float(data["batch_size"].values[point])
    layers = data["layer"].values
    axis.plot(layers, data["paper_rank"].isel(point=point) / size, **style.PAPER)
    depths = data["paper_revival_depth"]
    depths = depths.isel(point=point) if "point" in depths.dims else depths
    inside = [depth for depth in depths.values if depth <= layers[-1]]
    axis.plot(inside, np.full(len(inside), 1.06), "v", color=style.PAPER["color"], markersize=3)


def _paper_handle() -> Line2D:
    return Line2D([], [], **style.PAPER, label="closed form and revival depths (abstract)")


def _label(axes: np.ndarray, x: str, y: str) -> None:
    for axis in axes[-1]:
        axis.set_xlabel(x)
    for axis in axes[:, 0]:
        axis.set_ylabel(y)


def _plain_ticks(axis: Axes, positions: Sequence[float]) -> None:
    """Label a logarithmic x axis at the given positions, and y with plain numbers."""
    axis.set_xticks(positions, [f"{position:g}" for position in positions], fontsize=6.5)
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.yaxis.set_minor_formatter(NullFormatter())


def _legend_below(figure: Figure, handles: list[Line2D]) -> None:
    columns = min(len(handles), 5)
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, fontsize=7)


def _verdict_cell(axis: Axes, column: int, row: int, found: pd.Series) -> None:
    kinds = set(found)
    verdict = next(
        (kind for kind in ("contradicted", "undecided", "supported") if kind in kinds),
        "not tested",
    )
    colour = style.VERDICT_COLOURS[verdict]
    axis.add_patch(plt.Rectangle((column, row), 1, 1, facecolor=colour, edgecolor="white"))
    if len(found):
        share = (found == "supported").mean()
        text = f"{(found == 'supported').sum()}/{len(found)}"
        weight = "bold" if share == 1 else "normal"
        axis.text(
            column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=5.5, weight=weight
        )


def _spectrum(
    axis: Axes,
    simulated: xr.Dataset,
    predicted: xr.Dataset,
    point: int,
    layer: int,
    colour: tuple,
) -> None:
    values = simulated["singular_value"].isel(point=point).sel(layer=layer)
    count = min(int(simulated["width"].values[point]), int(simulated["batch_size"].values[point]))
    values = values.isel(index=slice(0, count))
    with np.errstate(divide="ignore"):
        logs = np.log(values / values.isel(index=0)).where(values > 0)
    mean, spread = logs.mean("replicate"), 2 * logs.std("replicate")
    index = np.arange(1, count + 1)
    axis.plot(index, np.exp(mean), color=colour, linewidth=1.1)
    axis.fill_between(
        index, np.exp(mean - spread), np.exp(mean + spread), color=colour, alpha=0.2, linewidth=0
    )
    if _has(predicted, "chain_log_singular_value", point):
        theory = predicted["chain_log_singular_value"].isel(point=point).sel(layer=layer)
        axis.plot(index, np.exp(theory.values[:count]), "--", color=colour, linewidth=0.9)
    wide = predicted["eigenvalue_infinite_width"].isel(point=point).sel(layer=layer).values[:count]
    axis.plot(index, np.sqrt(np.maximum(wide, 0) / wide[0]), ":", color=colour, linewidth=0.9)


def _hump_against_width(
    axis: Axes, simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame
) -> None:
    table = verdicts[verdicts.claim == "T8: hump depth"].set_index("point")
    names = [str(name) for name in simulated["point"].values]
    rows = []
    for point, name in enumerate(names):
        if name in table.index:
            depth = float(predicted["hump_depth"].values[point])
            geometry = str(simulated["geometry"].values[point])
            dimension = int(simulated["input_dimension"].values[point])
            label = f"{geometry}, d = {dimension}" if dimension else geometry
            if simulated["initialisation"].values[point] == "orthogonal":
                label += ", orthogonal"
            width = int(simulated["width"].values[point])
            bounds = table.loc[name, ["estimate", "interval_lower", "interval_upper"]]
            rows.append((label, width, depth, *(depth * np.exp(bounds.astype(float)))))
    for index, (label, group) in enumerate(pd.DataFrame(rows).groupby(0) if rows else []):
        colour = style.COLOURS[index % len(style.COLOURS)]
        group = group.sort_values(1)
        width, depth, found, low, high = (group[i].to_numpy() for i in range(1, 6))
        axis.plot(width, depth, "--_" if len(width) == 1 else "--", color=colour, linewidth=0.9)
        bars = np.abs(np.stack([found - low, high - found]))
        axis.errorbar(width, found, bars, fmt="o", color=colour, markersize=4, label=label)
    axis.set(xscale="log", yscale="log", xlabel="width n", ylabel="layer of the maximum")
    _plain_ticks(axis, sorted({row[1] for row in rows}))
    axis.set_title("depth of the maximum (dashes: theory)")
    if rows:
        axis.legend(fontsize=6, loc="upper left", bbox_to_anchor=(1.0, 1.0))
