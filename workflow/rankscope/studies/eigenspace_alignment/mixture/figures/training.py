"""Figures on how weights move and what they align with."""

import numpy as np
from matplotlib.figure import Figure

from rankscope.drawing import panels
from rankscope.drawing.style import PAPER
from rankscope.evidence.results import Family, Point, Results
from rankscope.studies.eigenspace_alignment.axes import (
    OTHER,
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
from rankscope.studies.eigenspace_alignment.mixture.selection import lengths, trained
from rankscope.studies.eigenspace_alignment.points import EPSILON, MATRICES, steady

LARGE = 1000.0  # lambda at which the burn-in is drawn


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
    families = selection.noise_families(results)
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


def error_law(results: Results) -> Figure:
    """Misalignment at the end of training against the signal-to-noise ratio.

    Left: 1 - rho(x^a, E_k), for each step scale c, after 4 / beta. Right: |A - P A P| / |A| of
    the class blocks, P the projector on the span of the means. Means over classes and
    replicates. Crosses: effective spectrum; red: the closed form of order 1 / lambda (left) and
    a slope of -1/2 (right); grey: what is accepted of the theorems.
    """
    families = [family for family in selection.noise_families(results) if steady(family[0])]
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
    families = selection.noise_families(results)
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


def _several_networks(results: Results) -> list[Point]:
    chosen = results.where(trained, lambda point: point.runs > 1, matrices="none")
    return sorted(chosen, key=lambda point: (point.snr, point.dimension))
