"""The figures of the mixture."""

import numpy as np
from matplotlib.figure import Figure

from rankscope.drawing import panels
from rankscope.drawing.style import COLOURS, PAPER
from rankscope.evidence.results import Family, Point, Results
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
from rankscope.studies.eigenspace_alignment.mixture import selection
from rankscope.studies.eigenspace_alignment.mixture.claims import theorems
from rankscope.studies.eigenspace_alignment.mixture.claims.dynamics import aligned
from rankscope.studies.eigenspace_alignment.mixture.selection import lengths, outliers, trained
from rankscope.studies.eigenspace_alignment.points import EPSILON, MATRICES, steady

LARGE = 1000.0  # lambda at which the burn-in is drawn
CROSS: Style = {"marker": "x", "ls": "", "ms": 9, "mew": 1, "label": "effective spectrum"}


def dynamics(results: Results) -> Figure:
    r"""Overlaps of SGD and effective dynamics.

    Left and middle: $x^1 \cdot \mu_1$ and $x^1 \cdot \mu_2$, means over networks and replicates,
    against training time; crosses are the ODE. Right: the standard deviation over networks times
    sqrt(d), root mean square over all overlaps at the end; it is level in d where
    fluctuations are of order d^(-1/2).
    """
    chosen = _several_networks(results)
    if not chosen:
        return panels.nothing("no point trains several networks per replicate")
    figure, axes = row(3, "Overlaps and effective dynamics")
    for order, point in enumerate(chosen):
        data, theory = point.measured, point.predicted
        style = look(order, describe(point, "dimension", "snr", "step_scale"))
        for axis, mean in zip(axes[:2], (0, 1), strict=True):
            found = data.mean_overlap.isel(label=0, mean=mean).mean("run")
            expected = theory.mean_overlap.isel(label=0, mean=mean)
            panels.marks(axis, data.training_time, found, **style)
            panels.theory_at(axis, data.training_time, expected, "ODE")
        variance = data.mean_overlap.isel(checkpoint=-1).var("run", ddof=1)
        width = np.sqrt(variance.mean(("label", "mean")) * point.dimension)
        panels.marks(axes[2], [point.dimension], stacked([width]), **style)
    for axis, name, other in zip(axes, ("own class", "other class"), (1, 2), strict=False):
        axis.set(title=name, ylabel=rf"overlap $x^1\!\cdot\mu_{other}$")
        axis.set(xlabel="training time, steps times $c / d$")
    axes[2].set(title="fluctuations", xlabel="dimension $d$", xscale="log")
    axes[2].set(ylabel=r"std($M$) $\sqrt{d}$", ylim=(0, None))
    panels.legend_below(figure, columns=3)
    return figure


def corrector(results: Results) -> Figure:
    """Squared length of x^a outside the span of the means.

    Marks: means over classes, networks and replicates. Crosses: the ODE with the term c /
    lambda that a step size of order 1 / d adds; red: without it.
    """
    chosen = _several_networks(results)
    if not chosen:
        return panels.nothing("no point trains several networks per replicate")
    figure, axes = row(1, "Weights outside the means")
    for order, point in enumerate(chosen):
        data, theory = point.measured, point.predicted
        outside = lengths(data.weight_gram) * (1 - data.weights_in_means**2)
        mean = outside.mean(("label", "run")).transpose("replicate", "checkpoint")
        style = look(order, describe(point, "dimension", "snr"))
        panels.marks(axes[0], data.training_time, mean, **style)
        expected = theory.weights_outside.mean("label")
        without = theory.weights_outside_without_corrector.mean("label")
        panels.theory_at(axes[0], data.training_time, expected, "ODE with corrector")
        panels.theory_at(axes[0], data.training_time, without, "ODE without", **OTHER)
    axes[0].set(
        xlabel="training time, steps times $c / d$", ylabel=r"$|x^a_\perp|^2$", yscale="log"
    )
    panels.log_ticks(axes[0])
    panels.legend_below(figure, columns=2)
    return figure


def alignment(results: Results) -> Figure:
    """Alignment of class weights with leading eigenspaces along training.

    One colour per signal-to-noise ratio lambda, the other parameters fixed; means over
    classes and replicates. Crosses: the effective spectrum at the ODE. Dotted: sqrt((k - 1) /
    k), the limit of the alignment with the first eigenvector.
    """
    families = _noise_families(results)
    if not families:
        return panels.nothing("no points differ in lambda alone")
    figure, axes = row(3, "Alignment of the weights")
    kinds = (("alignment", "hessian"), ("alignment", "g"), ("alignment_first", "hessian"))
    for order, point in enumerate(families[0]):
        time = point.measured.training_time
        for axis, (name, matrix) in zip(axes, kinds, strict=True):
            found = point.measured[name].sel(matrix=matrix).mean("label")
            panels.marks(axis, time, found, **look(order, describe(point, "snr")))
            expected = point.predicted[name].sel(matrix=matrix).mean("label")
            panels.theory_at(axis, time, expected, "effective spectrum")
    k = families[0][0].classes
    axes[2].axhline(np.sqrt((k - 1) / k), **PAPER, label=r"$\sqrt{(k-1)/k}$")
    titles = (r"$E_k$ of the Hessian", r"$E_k$ of G", r"$E_1$ of the Hessian")
    for axis, title in zip(axes, titles, strict=True):
        axis.set(title=title, ylabel="alignment of $x^a$", ylim=(0, 1.03))
        over_time(axis)
    panels.legend_below(figure)
    return figure


def eigenvalues(results: Results) -> Figure:
    """Leading eigenvalues of the class blocks along training.

    Marks: means over classes and replicates; "edge": the measured upper edge of the bulk.
    Crosses: effective outliers; grey: the bulk below its effective edge. Dotted: outlier and
    mini-bulk at the fixed point without noise.
    Of the points that differ in lambda alone, the one with most measured times.
    """
    families = _noise_families(results)
    if not families:
        return panels.nothing("no points differ in lambda alone")
    point = max(families[0], key=lambda point: point.checkpoints)
    figure, axes = row(2, f"Eigenvalues of class blocks ({describe(point, 'classes', 'snr')})")
    time, k = point.measured.training_time, point.classes
    levels = [(0, "outlier"), *((1, "mini-bulk") for _ in range(k - 1)), (7, "bulk"), (7, "bulk")]
    for axis, (matrix, name) in zip(axes, MATRICES.items(), strict=True):
        found = point.measured.eigenvalues.sel(matrix=matrix).mean("label")
        expected = point.predicted.sel(matrix=matrix).mean("label")
        for number, (order, level) in enumerate(levels):
            panels.marks(axis, time, found.isel(eigenvalue=number), **look(order, level))
        edge = point.measured.edge.sel(matrix=matrix).mean("label")
        panels.marks(axis, time, edge, color="0.3", marker="_", label="edge")
        for number in range(k):
            one = expected.eigenvalues.isel(eigenvalue=number)
            panels.theory_at(axis, time, one, "effective spectrum")
        below = "below the effective edge"
        axis.fill_between(time, 0, expected.edge, color="0.9", lw=0, zorder=0, label=below)
        if "limit_eigenvalues" in expected:
            for limit in expected.limit_eigenvalues.values:
                axis.axhline(limit, **PAPER, label="limit without noise")
        axis.set(title=name, ylabel="eigenvalue", yscale="log")
        axis.set_ylim(found.min().item() / 2, None)
        panels.log_ticks(axis)
        over_time(axis)
    panels.legend_below(figure)
    return figure


def outliers_against_snr(results: Results) -> Figure:
    """Number of outliers of a class block against the signal-to-noise ratio.

    Left: at x = 0, with the thresholds. Right: at the end of training. Means over classes
    and replicates, counted above the measured edge times 1 + 3 d^(-2/3); crosses: the count
    of the effective spectrum. Marks of G are a little to the right.
    """
    start = list(results.where(start="zero", duration=0.0))
    after = [point for family in _noise_families(results)[:1] for point in family]
    if not start and not after:
        return panels.nothing("no points at x = 0, and none that differ in lambda alone")
    figure, axes = row(2, "Outliers of a class block")
    for axis, chosen in zip(axes, (start, after), strict=True):
        for point in chosen:
            found, _ = outliers(point)
            count = found.isel(checkpoint=-1).mean("label")
            for order, (matrix, name) in enumerate(MATRICES.items()):
                snr = [point.snr * 1.08**order]
                panels.marks(axis, snr, stacked([count.sel(matrix=matrix)]), **look(order, name))
                expected = point.predicted.outliers.isel(checkpoint=-1).sel(matrix=matrix)
                axis.plot(snr, expected.mean("label"), **CROSS, color=COLOURS[order])
        axis.margins(y=0.12)
        axis.set(xscale="log", xlabel=r"$\lambda$", ylabel="number of outliers")
    for point in start[:1]:
        for order, (matrix, name) in enumerate(MATRICES.items()):
            for threshold in point.predicted.start_threshold.sel(matrix=matrix).values:
                line: Style = {"color": COLOURS[order], "ls": (":", "-.")[order], "lw": 1.2}
                axes[0].axvline(threshold, **line, label=f"thresholds of {name}")
    axes[0].set(title="at $x = 0$")
    axes[1].set(title="after training")
    panels.legend_below(figure)
    return figure


def error_law(results: Results) -> Figure:
    """Misalignment at the end of training against the signal-to-noise ratio.

    Left: 1 - rho(x^a, E_k), for each step scale c, after 4 / beta. Right: |A - P A P| / |A| of
    the class blocks, P the projector on the span of the means. Means over classes and
    replicates. Crosses: effective spectrum; red: the closed form of order 1 / lambda (left) and
    a slope of -1/2 (right); grey: what is accepted of the theorems.
    """
    families = [family for family in _noise_families(results) if steady(family[0])]
    if not families:
        return panels.nothing("no points differ in lambda alone and train for 4 / beta")
    figure, axes = row(2, "Misalignment of weights and of matrices")
    for order, family in enumerate(families):
        last = [point.measured.isel(checkpoint=-1).mean("label") for point in family]
        theory = [point.predicted.isel(checkpoint=-1) for point in family]
        for matrix, shift in (("hessian", 0), ("g", 4)):
            name = f"{MATRICES[matrix]}, {describe(family[0], 'dimension', 'step_scale')}"
            style = look(order + shift, name)
            error = stacked([1 - one.alignment.sel(matrix=matrix) for one in last])
            panels.marks(axes[0], family.sizes, error, **style)
            expected = [1 - one.alignment.sel(matrix=matrix).mean() for one in theory]
            panels.theory_at(axes[0], family.sizes, expected, "effective spectrum")
            outside = stacked([one.outside.sel(matrix=matrix) for one in last])
            panels.marks(axes[1], family.sizes, outside, **style)
        if "misalignment_law" in theory[0]:
            law = [one.misalignment_law for one in theory]
            panels.theory_at(axes[0], family.sizes, law, "closed form", **OTHER)
    main = families[0]
    at_end = main[-1].measured.outside.isel(checkpoint=-1).sel(matrix="g").mean().item()
    axes[1].plot(
        main.sizes, at_end * (main.sizes / main.sizes[-1]) ** -0.5, **PAPER, label="slope $-1/2$"
    )
    for axis, label in zip(axes, (r"$1 - \rho(x^a, E_k)$", r"$|A - PAP|\,/\,|A|$"), strict=True):
        snr = np.geomspace(main.sizes[0], main.sizes[-1])
        bound = theorems.WITHIN.upper * (EPSILON + main[0].classes / snr)
        axis.plot(snr, bound, color="0.6", lw=1, label="accepted of the theorems")
        axis.set(xscale="log", yscale="log", xlabel=r"$\lambda$", ylabel=label)
    panels.legend_below(figure, columns=3)
    return figure


def collapse(results: Results) -> Figure:
    """Alignment in training time for several dimensions, at large lambda.

    Left: with E_k of the Hessian. Right: with the span of the means, of which x^a leaves
    exp(-2 beta t) outside; this needs no matrix, so d is larger. Means over classes, networks
    and replicates; crosses are the effective theory of the largest d.
    """
    chosen = results.where(trained, lambda point: point.snr >= LARGE, samples="test")
    families = list(chosen.families("dimension"))
    if not families:
        return panels.nothing("no points of large lambda differ in the dimension alone")
    figure, axes = row(2, "Alignment in training time")
    pairs = [(family[-1], point) for family in families for point in family]
    dimensions = sorted({point.dimension for _, point in pairs})
    for largest, point in pairs:
        axis = axes[selection.without_blocks(point)]
        found, theory = aligned(point)
        style = look(dimensions.index(point.dimension), describe(point, "dimension"))
        panels.marks(axis, point.measured.training_time, found, **style)
        if point is largest:
            panels.theory_at(axis, point.measured.training_time, theory, "theory")
    axes[0].set(title="leading eigenspace", ylabel=r"$\rho(x^a, E_k)$")
    axes[1].set(title="span of the means", ylabel=r"$\rho(x^a, \mathrm{Span}\,\mu)$")
    for axis in axes:
        axis.set(xlabel="training time, steps times $c / d$", ylim=(0, 1.03))
    panels.legend_below(figure)
    return figure


def gradient_share(results: Results) -> Figure:
    """Share of the test gradient in the leading eigenspaces along training.

    The share of the gradient of x^a that lies in E_k, means over classes and replicates, one
    colour per signal-to-noise ratio; vertical line: 1 / (2 beta).
    """
    families = _noise_families(results)
    if not families:
        return panels.nothing("no points differ in lambda alone")
    figure, axes = row(2, "Gradient in the leading eigenspaces")
    for axis, (matrix, name) in zip(axes, MATRICES.items(), strict=True):
        for order, point in enumerate(families[0]):
            share = point.measured.gradient_share.sel(matrix=matrix).mean("label")
            style = look(order, describe(point, "snr"))
            panels.marks(axis, point.measured.training_time, share, **style)
        half_life(axis, point)
        axis.set(title=name, ylabel="share of the gradient")
        low, high = axis.get_ylim()
        axis.set_ylim(min(0, low), max(1.03, high))
        over_time(axis)
    panels.legend_below(figure)
    return figure


def full_spectra(results: Results) -> Figure:
    """Leading eigenvalues of the full matrices after training.

    Marks: means over replicates. Crosses: effective outliers; lines: the measured edge of the
    bulk, dashed: the effective one. Where noise can be neglected, the Hessian has k (k - 1)
    outliers and G has k.
    """
    chosen = results.where(trained, matrices="full")
    if not len(chosen):
        return panels.nothing("no point has full matrices")
    figure, axes = row(2, "Eigenvalues of the full matrices")
    for order, point in enumerate(chosen):
        for axis, (matrix, name) in zip(axes, MATRICES.items(), strict=True):
            found, theory = (
                data.isel(checkpoint=-1).sel(matrix=matrix)
                for data in (point.measured, point.predicted)
            )
            number = np.arange(1, found.sizes["full_eigenvalue"] + 1)
            style = look(order, describe(point, "classes", "snr"))
            panels.marks(axis, number, found.full_eigenvalues, **style)
            panels.theory_at(axis, number, theory.full_eigenvalues, "effective spectrum")
            edge = found.full_edge.mean().item()
            axis.axhline(edge, color="0.6", lw=1, label="measured edge")
            axis.axhline(
                theory.full_edge.item(), color="0.4", ls="--", lw=1, label="effective edge"
            )
            axis.set(title=f"full {name}", yscale="log", xlabel="index", ylabel="eigenvalue")
    panels.legend_below(figure)
    return figure


def training_samples(results: Results) -> Figure:
    """Alignment with matrices from training samples and from test samples.

    Left: rho(x^a, E_k) of both at the end of training. Right: training minus test, against M
    / d. Means over classes and replicates; dotted: proportional to d / M.
    """
    families = list(results.where(samples="train").families("samples_per_dimension"))
    if not families:
        return panels.nothing("no points with training samples differ in M / d alone")
    figure, axes = row(2, "Training and test matrices")
    for family in families:
        last = [point.measured.isel(checkpoint=-1).mean("label") for point in family]
        for order, (matrix, name) in enumerate(MATRICES.items()):
            test, train = (
                stacked([one[variable].sel(matrix=matrix) for one in last])
                for variable in ("alignment", "training_alignment")
            )
            panels.marks(axes[0], family.sizes, test, **look(2 * order, f"{name}, test"))
            panels.marks(axes[0], family.sizes, train, **look(2 * order + 1, f"{name}, training"))
            gap = train - test
            panels.marks(axes[1], family.sizes, gap, **look(2 * order + 1, f"{name}, training"))
            between = np.geomspace(family.sizes[0], family.sizes[-1])
            falls = gap.mean(axis=0)[-1] * family.sizes[-1] / between
            axes[1].plot(between, falls, **PAPER, label="proportional to $d / M$")
    axes[0].set(title="alignment", ylabel=r"$\rho(x^a, E_k)$")
    axes[1].set(title="difference", ylabel="training minus test")
    axes[1].axhline(0, color="0.7", lw=1, zorder=0, label="no difference")
    for axis in axes:
        axis.set(xscale="log", xticks=families[0].sizes, xlabel="$M / d$")
        axis.minorticks_off()
        panels.plain_ticks(axis)
    panels.legend_below(figure)
    return figure


def projected_descent(results: Results) -> Figure:
    """Test loss under SGD, and under steps projected into or out of the leading eigenspaces.

    The eigenspaces are those of the class blocks of the Hessian on fresh samples, refreshed
    once per unit of training time. Means over replicates.
    """
    families: list[Family] = list(results.where(matrices="blocks").families("update"))
    if not families:
        return panels.nothing("no points differ in the update alone")
    figure, axes = row(len(families), "Projected descent")
    for axis, family in zip(axes, families, strict=True):
        for point in family:
            order = ("full", "dominant", "bulk").index(point.update)
            loss = point.measured.loss.isel(run=0)
            style = look(order, f"{point.update} steps")
            panels.curve(axis, point.measured.training_time, loss, **style, ms=3.5)
        axis.set(title=describe(family[0], "snr"), ylabel="test loss")
        axis.set(xlabel="training time, steps times $c / d$")
    panels.legend_below(figure)
    return figure


def sinking(results: Results) -> Figure:
    """How the mini-bulk of the class blocks comes down to the edge of the bulk in training.

    Mean of eigenvalues 2 to k over the edge; crosses: effective spectrum. Dotted: sunk.
    """
    points = list(results.where(selection.plain, lambda point: point.checkpoints >= 8))
    if not points:
        return panels.nothing("no point little above the threshold is measured at eight times")
    figure, axes = row(2, "Outliers that sink")
    for axis, (matrix, name) in zip(axes, MATRICES.items(), strict=True):
        for order, point in enumerate(points):
            found, expected = (
                selection.above_edge(data, point.classes).sel(matrix=matrix)
                for data in (point.measured, point.predicted)
            )
            if expected[0] < 3:
                time = point.measured.training_time
                panels.marks(axis, time, found, **look(order, describe(point, "snr")))
                panels.theory_at(axis, time, expected, "effective spectrum")
        axis.axhline(selection.NEAR_EDGE, **PAPER, label="sunk")
        axis.set(title=name, ylabel="mean mini-bulk over edge")
        over_time(axis)
    panels.legend_below(figure)
    return figure


def emergence(results: Results) -> Figure:
    """Outliers of a Hessian block that emerge in training from x = 0.

    Left: the first eigenvalue over the edge of the bulk in training time; dotted: the height
    that counts as emerged. Right: when it is reached, against lambda; none where it is not.
    Marks: measured. Dashed: effective spectrum along the effective dynamics.
    Of points that differ in lambda alone, the largest series.
    """
    families = sorted(results.where(selection.from_zero).families("snr"), key=len)
    if not families:
        return panels.nothing("no points from x = 0 differ in lambda alone below its threshold")
    family, curve = families[-1], []
    figure, axes = row(2, f"Outliers that emerge ({describe(family[0], 'classes', 'dimension')})")
    for order, point in enumerate(family):
        style, theory = look(order, describe(point, "snr")), point.predicted
        times = theory.training_time.values
        height = point.measured.first_eigenvalue / point.measured.first_edge
        panels.marks(axes[0], times, height, **style)
        lines = theory.curve_height.values
        panels.theory(axes[0], theory.curve_time, lines[len(lines) // 2], label="theory")
        found = np.array([[selection.emerged(times, one)] for one in height.values])
        if np.isfinite(found).any():
            panels.marks(axes[1], [point.snr], found, **style)
        for snr, line in zip(theory.curve_snr.values, lines, strict=True):
            curve.append((snr, selection.emerged(theory.curve_time.values, line)))
    panels.theory(axes[1], *np.transpose(curve), label="theory")
    axes[0].axhline(selection.EMERGED, **PAPER, label="emerged")
    axes[0].set(title="height", ylabel="first eigenvalue over edge")
    over_time(axes[0])
    axes[1].set(title="time of emergence", xlabel=r"$\lambda$", yscale="log")
    axes[1].set(ylabel="training time, steps times $c / d$")
    panels.log_ticks(axes[1])
    panels.legend_below(figure)
    return figure


def _several_networks(results: Results) -> list[Point]:
    chosen = results.where(trained, lambda point: point.runs > 1, matrices="none")
    return sorted(chosen, key=lambda point: (point.snr, point.dimension))


def _noise_families(results: Results) -> list[Family]:
    """Return families of points over lambda, the largest first."""
    chosen = results.where(trained, samples="test", matrices="blocks")
    return sorted(chosen.families("snr", ignoring=("checkpoints",)), key=len, reverse=True)
