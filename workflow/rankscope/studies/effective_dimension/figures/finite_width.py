"""Figures of the theory at finite width, and of concentration."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter
from scipy import stats

from rankscope.drawing import panels, style
from rankscope.drawing.style import Colour
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Estimate, jackknife
from rankscope.studies.effective_dimension.claims.definitions import (
    AT_A_HUNDREDTH,
    EFFECTIVE,
    EXACT,
    PAPER,
)
from rankscope.studies.effective_dimension.claims.finite_width import hump
from rankscope.studies.effective_dimension.figures import choice

LAYERS = (1, 5, 20, 60)


def spectra(results: Results) -> Figure:
    """Singular values by layer, relative to the largest, against two predictions.

    Solid: mean over networks of the logarithm. Dashed: the affine-Wishart chain. Dotted:
    infinite width, one large eigenvalue and a flat bulk. ReLU, Gaussian weights, orthonormal
    inputs.
    """
    main = choice.main(results)
    points = [p for p in main if "chain_stable_rank" in p.predicted][-2:] or main[-1:]
    if not points:
        return panels.nothing(choice.NO_POINT)
    layers = [layer for layer in LAYERS if layer <= max(p.depth for p in points)]
    shades = choice.colours(len(layers))
    figure = Figure(figsize=(style.TWO_COLUMNS, 3.2))
    axes = figure.subplots(1, len(points), sharey=True, squeeze=False)[0]
    for axis, point in zip(axes, points, strict=True):
        for layer, colour in zip(layers, shades, strict=True):
            if layer <= point.depth:
                _spectrum(axis, point, layer, colour)
        axis.set_title(f"$n = {point.width}$, $m = {point.batch_size}$")
        axis.set_xlabel("index of singular value")
    axes[0].set_ylabel(r"$\log_{10}$ (singular value / largest)")
    legend = choice.handles([f"layer {layer}" for layer in layers], shades)
    legend[-1].set_label("affine-Wishart chain")
    legend.append(Line2D([], [], color="black", linestyle=":", label="infinite width"))
    panels.legend_below(figure, legend, columns=3)
    figure.suptitle("Singular values of the features")
    return figure


def _spectrum(axis: Axes, point: Point, layer: int, colour: Colour) -> None:
    values = point.measured.singular_value.sel(layer=layer).to_numpy().astype(float)
    index = np.arange(1, values.shape[1] + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        panels.curve(axis, index, np.log10(values / values[:, :1]), color=colour, linewidth=1.1)
    theory = point.predicted.sel(layer=layer)
    if "chain_log_singular_value" in theory:
        chain = theory.chain_log_singular_value.to_numpy()[: len(index)] / np.log(10)
        panels.theory(axis, index, chain, color=colour, linewidth=0.9)
    bulk = np.maximum(theory.eigenvalue_infinite_width.to_numpy()[: len(index)], 0)
    relative = 0.5 * np.log10(bulk / bulk[0])
    panels.theory(axis, index, relative, color=colour, linestyle=":", linewidth=0.9)


def hump_depth(results: Results) -> Figure:
    """Effective dimension of inputs of few dimensions: one maximum in depth.

    Left: participation ratio of unit-length, batch-centred features, harmonic mean over
    networks, by layer; dashed: 1/PR = 1/PR_inf + V; triangles: its maximum. Right: depth of
    the maximum against width, measured, with jackknife intervals, and predicted (crosses).
    Inputs on spheres, in clusters, or images.
    """
    found = hump.samples(results)
    if not found:
        return panels.nothing("no point of this grid has inputs of low effective dimension")
    spheres = results.where(geometry="sphere", **PAPER)
    dimension = choice.commonest(p.input_dimension for p in spheres)
    points = choice.by_width(spheres.where(input_dimension=dimension))
    figure = Figure(figsize=(style.TWO_COLUMNS, 3.4))
    left, right = figure.subplots(1, 2)
    shades = choice.colours(len(points))
    for point, colour in zip(points, shades, strict=True):
        layers, theory = point.predicted.layer, point.predicted.centred_participation_ratio
        mean, half = panels.interval(1 / point.measured.centred_participation_ratio)
        left.plot(layers, 1 / mean, color=colour, label=f"$n = {point.width}$")
        left.fill_between(layers, 1 / (mean + half), 1 / (mean - half), color=colour, alpha=0.2)
        panels.theory(left, layers, theory, color=colour, linewidth=0.9)
        left.plot(point.predicted.hump_depth, theory.max(), "v", color=colour, markersize=4)
    left.set(xscale="log", xlabel="layer", ylabel="centred participation ratio")
    left.set_title("Uniform directions, by width")
    groups: dict[str, list[tuple[Point, Estimate]]] = {}
    for sample in found:
        if not isinstance(sample.point, Point):
            continue
        groups.setdefault(_inputs(sample.point), []).append((sample.point, sample.estimate))
    for (label, group), colour in zip(groups.items(), style.COLOURS, strict=False):
        _against_width(right, sorted(group, key=lambda pair: pair[0].width), label, colour)
    right.set(xscale="log", yscale="log", xlabel="width $n$", ylabel="layer of the maximum")
    right.set_title("Depth of the maximum")
    _ticks(right, sorted({point.width for group in groups.values() for point, _ in group}))
    left.plot([], [], "v", color="0.4", markersize=4, label="maximum of the theory")
    left.plot([], [], **style.THEORY, label="theory")
    right.plot([], [], **style.POINTS, label="theory, at the points")
    figure.suptitle("Effective dimension by depth, and where it is largest")
    panels.legend_below(
        figure, columns=3, bars="bands: 95 % intervals; bars: 95 % intervals of the jackknife"
    )
    return figure


def _against_width(
    axis: Axes, group: list[tuple[Point, Estimate]], label: str, colour: Colour
) -> None:
    widths = [point.width for point, _ in group]
    depths = np.array([float(point.predicted.hump_depth) for point, _ in group])
    measured = depths * [estimate.value for _, estimate in group]
    half = depths * [_half(estimate) for _, estimate in group]
    bars = np.minimum(half, np.maximum(measured - 1, 0)), half  # there is no layer below the first
    axis.errorbar(widths, measured, bars, fmt="o", color=colour, markersize=4, label=label)
    axis.plot(widths, depths, **{**style.POINTS, "markersize": 5}, zorder=3)


def angles_and_norms(results: Results) -> Figure:
    """Angles between inputs and lengths of features, by layer.

    Left: 1 - mean cosine over pairs; dashed: the correlation map (infinite width); dotted:
    its leading asymptote, 9 pi^2 / (2 l^2). Middle: mean ln sin^2 of the angle; dashed:
    Jakub and Nica's expansion in 1/n. Right: variance over networks of the log mean squared
    feature of one input; dashed: 5 l / n (Hanin and Nica). ReLU, Gaussian weights, orthonormal
    inputs.
    """
    points = choice.main(results)
    if not points:
        return panels.nothing(choice.NO_POINT)
    figure = Figure(figsize=(style.TWO_COLUMNS, 3.0))
    left, middle, right = figure.subplots(1, 3, sharex=True)
    shades = choice.colours(len(points))
    for point, colour in zip(points, shades, strict=True):
        layers, measured, predicted = point.predicted.layer, point.measured, point.predicted
        panels.curve(left, layers, 1 - measured.cosine, color=colour)
        panels.curve(middle, layers, measured.log_squared_sine, color=colour)
        norm = measured.first_log_norm
        panels.curve(right, layers, (norm - norm.mean("replicate")) ** 2, floor=1e-6, color=colour)
        panels.theory(right, layers, predicted.log_norm_variance, color=colour)
        if "log_squared_sine" in predicted:
            panels.theory(middle, layers, predicted.log_squared_sine, color=colour)
    deepest = max(points, key=lambda p: p.depth).predicted
    panels.theory(left, deepest.layer, 1 - deepest.cosine)
    asymptote = 1 - deepest.cosine_asymptote
    possible = asymptote.where(asymptote <= 2)
    panels.theory(left, deepest.layer, possible, linestyle=":")
    shown = [1 - point.measured.cosine.mean("replicate") for point in points]
    shown += [1 - deepest.cosine, possible]
    left.set(ylim=(0.5 * min(float(one.where(one > 0).min()) for one in shown), 2))
    left.set(xscale="log", yscale="log", xlabel="layer", ylabel="1 $-$ mean cosine")
    middle.set(xlabel="layer", ylabel=r"mean $\ln \sin^2$ of angle")
    right.set(xlabel="layer", ylabel="variance of log norm", yscale="log")
    legend = choice.handles(choice.widths(points), shades)
    legend.append(Line2D([], [], color="black", linestyle=":", label="leading asymptote"))
    panels.legend_below(figure, legend)
    figure.suptitle("Angles and lengths by layer")
    return figure


def concentration(results: Results) -> Figure:
    """Standard deviation over networks of three notions of rank against m, at n = m.

    Layers 10 and 20, with jackknife intervals of the logarithm. Dashed: slope 1/2, what a
    sub-Gaussian bound of variance proxy proportional to m allows; dotted: slope 1, no
    concentration. Both are drawn through the middle of the data of layer 20. ReLU, Gaussian
    weights, orthonormal inputs.
    """
    points = [p for p in choice.square(results) if p.depth >= 20]
    if not points:
        return panels.nothing("no point of this grid has n = m, ReLU and orthonormal inputs")
    figure = Figure(figsize=(style.TWO_COLUMNS, 2.8))
    axes = figure.subplots(1, 3, sharex=True)
    sizes = np.array([float(p.batch_size) for p in points])
    for axis, rank in zip(axes, (EXACT, AT_A_HUNDREDTH, EFFECTIVE), strict=True):
        for layer, colour in zip((10, 20), style.COLOURS, strict=False):
            ranks = [rank.curves(p)[:, layer - 1] * p.batch_size for p in points]
            found = [jackknife(lambda some: float(some.std(ddof=1)), values) for values in ranks]
            spread = np.array([estimate.value for estimate in found])
            with np.errstate(divide="ignore", invalid="ignore"):
                factor = np.exp([_half(estimate) for estimate in found] / spread)
                bars = spread * (1 - 1 / factor), spread * (factor - 1)
            axis.errorbar(sizes, spread, bars, fmt="o", color=colour, label=f"layer {layer}")
        if np.all(spread > 0):
            middle = sizes / np.exp(np.log(sizes).mean()), np.exp(np.log(spread).mean())
            panels.theory(axis, sizes, middle[1] * middle[0] ** 0.5, label="slope 1/2")
            panels.theory(axis, sizes, middle[1] * middle[0], linestyle=":", label="slope 1")
        axis.set(xscale="log", yscale="log", xlabel="$m = n$", title=rank.name)
        _ticks(axis, sizes.tolist())
    axes[0].set_ylabel("standard deviation")
    panels.legend_below(figure, bars="bars: 95 % intervals of the jackknife")
    figure.suptitle("Spread of ranks over networks")
    return figure


def _half(estimate: Estimate) -> float:
    """Return the half width of an estimate's 95 % interval."""
    tail = (1 - panels.CONFIDENCE) / 2
    return float(stats.t.isf(tail, estimate.freedom)) * np.nan_to_num(estimate.error)


def _inputs(point: Point) -> str:
    """Name a point's inputs, and its weights if they are not Gaussian, for a legend."""
    label = point.geometry
    label += f", $d = {point.input_dimension}$" if point.input_dimension else ""
    return label + (", orthogonal" if point.initialisation == "orthogonal" else "")


def _ticks(axis: Axes, positions: Sequence[float]) -> None:
    """Label a logarithmic x axis at these positions alone, and y with plain numbers."""
    axis.set_xticks(positions, [f"{position:g}" for position in positions], fontsize=7)
    axis.xaxis.set_minor_formatter(NullFormatter())
    panels.log_ticks(axis)
