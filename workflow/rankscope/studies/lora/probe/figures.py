"""Figures of the study: every public function is one, and its docstring is its caption."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rankscope.drawing import panels, style
from rankscope.evidence.results import Point, Results
from rankscope.studies.lora.probe.claims import NULLS

BASES = {
    "independent": "unrelated to W",
    "leading": "leading directions of W",
    "trailing": "trailing directions of W",
}


def similarity(results: Results) -> Figure:
    """Subspace similarity phi(i, j) of trained adapters beside its null.

    Mean over replicates of phi between the right singular vectors of two trained updates, a
    smaller rank (rows, i) against a larger (columns, j): from one seed (same start and order
    of batches), from two seeds, and what random directions give, max(i, j) / d. One row per
    spectrum of the planted update (flat or i^-a), longest training; updates unrelated to
    the base weight, isotropic inputs.
    """
    points = _longest(results)
    if not points:
        return panels.nothing("No point has an update unrelated to the base weight.")
    figure, axes = plt.subplots(
        len(points), 3, figsize=(style.TWO_COLUMNS, 0.6 + 1.7 * len(points)), squeeze=False
    )
    for row, point in zip(axes, points, strict=True):
        maps = {
            "one seed": point.measured.phi_shared.mean("replicate"),
            "two seeds": point.measured.phi_unshared.mean("replicate"),
            "random directions": point.predicted.phi_null,
        }
        spectrum = f"$i^{{-{point.decay:g}}}$" if point.decay else "flat"
        for axis, (title, phi) in zip(row, maps.items(), strict=True):
            sides = (0.5, point.other_rank + 0.5, point.rank + 0.5, 0.5)
            image = axis.imshow(phi, vmin=0, vmax=1, cmap="viridis", aspect="auto", extent=sides)
            first = rf"$\phi(1, 1)$ = {float(phi[0, 0]):.2f}"
            axis.set_title(f"{title}, {spectrum}\n{first}", fontsize=7)
        row[0].set_ylabel("$i$ (smaller rank)")
    for axis in axes[-1]:
        axis.set_xlabel("$j$ (larger rank)")
    figure.colorbar(image, ax=axes, label=r"$\phi(i, j)$", shrink=0.8)
    figure.suptitle("Similarity of adapters of two ranks")
    return figure


def amplification(results: Results) -> Figure:
    """Amplification factors of trained adapters, and their alignment.

    Left: amplification factor |dW| / |U^T W V| of trained adapters, by rank. Middle and right:
    alignment, |U^T W V| over what chance gives (dashed: 1), where chance is random directions or
    an adapter of that rank trained on the same inputs towards random outputs. Colours: how the
    planted update lies to the base weight, unrelated to it, in its leading, or in its trailing
    singular directions; their marks stand side by side. Filled: isotropic inputs; open: inputs
    whose variances fall along the base weight's directions. One mark per point of the grid.
    """
    figure, axes = plt.subplots(1, 3, figsize=(style.TWO_COLUMNS, 2.9), sharex=True)
    for place, base in enumerate(BASES):
        for point in results.where(base=base):
            for adapter, rank in (("small", point.rank), ("large", point.other_rank)):
                one = point.measured.sel(adapter=adapter)
                x = [rank * 1.12 ** (place - 1)]
                look: dict[str, Any] = {"color": style.COLOURS[place]}
                if point.input_decay:
                    look["markerfacecolor"] = "none"
                panels.marks(axes[0], x, one.amplification.values[:, None], **look)
                for axis, null in zip(axes[1:], NULLS, strict=True):
                    ratio = one.captured / one.captured_null.sel(null=null.name).mean("replicate")
                    panels.marks(axis, x, ratio.values[:, None], **look)
    ranks = sorted({*results.values("rank"), *results.values("other_rank")})
    labels = ["amplification factor", *(f"captured / {null.name}" for null in NULLS)]
    for axis, label in zip(axes, labels, strict=True):
        axis.set(xscale="log", yscale="log", xlabel="rank of the adapter", ylabel=label)
        axis.set_xticks(ranks)
        axis.minorticks_off()
        panels.log_ticks(axis)
        panels.plain_ticks(axis)
    for axis in axes[1:]:
        axis.axhline(1, **style.THEORY)
    handles = [
        Line2D([], [], color=colour, label=text, marker="o", linestyle="none")
        for text, colour in zip(BASES.values(), style.COLOURS, strict=False)
    ]
    handles.append(panels.theory_handle("as chance"))
    handles.append(
        Line2D(
            [],
            [],
            color="0.4",
            mfc="none",
            label="anisotropic inputs",
            marker="o",
            linestyle="none",
        )
    )
    panels.legend_below(figure, handles)
    figure.suptitle("Amplification and alignment by the task's relation to W")
    return figure


def _longest(results: Results) -> list[Point]:
    """The longest training of each spectrum, for updates unrelated to the base weight."""
    unrelated = results.where(base="independent", input_decay=0.0)
    return [
        max(unrelated.where(decay=decay), key=lambda point: point.steps)
        for decay in sorted(unrelated.values("decay"))
    ]
