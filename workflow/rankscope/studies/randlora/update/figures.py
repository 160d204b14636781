"""Ranks and spectra of updates: every public function is a figure, its docstring its caption."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from rankscope.drawing import panels, style
from rankscope.evidence.results import Point, Results
from rankscope.studies.randlora.update.claims import DENSE

NOTIONS = {
    "numerical_rank": "numerical rank",
    "energy_rank_99": "99 % of the energy",
    "effective_rank": "effective rank",
    "energy_rank_90": "90 % of the energy",
    "stable_rank": "stable rank",
}
LINES = dict(zip(DENSE, ("-", "--", ":"), strict=True))


def ranks(results: Results) -> Figure:
    """Ranks of random RandLoRA updates.

    Each notion of rank over the number of columns, by how far the Gamma_j differ (0: all
    equal, as at initialisation, where the rank is r, black dashes). One line per kind of dense
    base; one panel per rank r of the bases.
    """
    families = list(results.where(distribution=DENSE).families("gamma_spread"))
    if not families:
        return panels.nothing("No dense bases in the grid differ in gamma_spread alone.")
    sizes = sorted({family[0].rank for family in families})
    figure, axes = _panels(sizes)
    for axis, rank in zip(axes, sizes, strict=True):
        for family in (family for family in families if family[0].rank == rank):
            line = LINES[family[0].distribution]
            for (name, text), colour in zip(NOTIONS.items(), style.COLOURS, strict=False):
                shares = [point.measured[name].values / point.columns for point in family]
                panels.curve(
                    axis, family.sizes, np.transpose(shares), color=colour, linestyle=line,
                    marker="o", markersize=3, label=text if line == "-" else None,
                )  # fmt: skip
            axis.axhline(rank / family[0].columns, **style.THEORY, label="rank $r$")
            axis.set(xlabel=r"spread of the $\Gamma_j$", yscale="log")
            axis.set_xscale("symlog", linthresh=0.1)
            axis.set_xticks(family.sizes, [f"{spread:g}" for spread in family.sizes])
    axes[0].set_ylabel("rank / columns")
    for kind, line in LINES.items():
        axes[0].plot([], [], line, color="0.4", label=f"{kind} bases")
    figure.suptitle("Ranks of random RandLoRA updates")
    panels.legend_below(figure)
    return figure


def spectra(results: Results) -> Figure:
    """Singular values of random RandLoRA updates, at the start and with random diagonals.

    Singular values over the Frobenius norm, by kind of base (colours) and rank r (panels);
    solid: Gamma_j with a spread of one; dashed: all Gamma_j equal. The dotted line is a flat
    spectrum of full rank. Where a curve ends, the rank does.
    """
    shown = results.where(gamma_spread=(0.0, 1.0))
    if not len(shown):
        return panels.nothing("No point of the grid has a spread of 0 or 1.")
    sizes = sorted(shown.values("rank"))
    figure, axes = _panels(sizes)
    kinds = list(dict.fromkeys(_bases(point) for point in shown))
    for axis, rank in zip(axes, sizes, strict=True):
        for point in shown.where(rank=rank):
            values = point.measured.spectrum
            panels.curve(
                axis, values.direction, values.where(values > 1e-6), floor=1e-6, linewidth=1,
                color=style.COLOURS[kinds.index(_bases(point))],
                linestyle="-" if point.gamma_spread else "--",
                label=_bases(point) if point.gamma_spread else None,
            )  # fmt: skip
        flat = 1 / np.sqrt(shown.points[0].columns)
        axis.axhline(flat, color="0.5", linestyle=":", label="flat spectrum of full rank")
        axis.set(xlabel="direction", yscale="log")
    axes[0].plot([], [], "--", color="0.4", label=r"all $\Gamma_j$ equal")
    axes[0].set_ylabel("singular value / norm")
    figure.suptitle("Singular values of random RandLoRA updates")
    panels.legend_below(figure)
    return figure


def sparsity(results: Results) -> Figure:
    """Ranks of random updates with sparse bases.

    Numerical rank (full marks) and effective rank (open marks) of random updates with ternary
    bases, over the number of columns, by the share of zeros; the dashed lines are 1 - z^r, the
    columns that A does not leave empty. One colour per rank r of the bases.
    """
    sparse = results.where(lambda p: p.gamma_spread > 0, distribution="ternary")
    if not len(sparse):
        return panels.nothing("No point of the grid has ternary bases that differ.")
    figure, axis = plt.subplots(figsize=(style.ONE_COLUMN, 3.2))
    zeros = np.linspace(0, 1, 400)
    for rank, colour in zip(sparse.values("rank"), style.COLOURS, strict=False):
        panels.theory(axis, zeros, 1 - zeros**rank)
        points = sparse.where(rank=rank).points
        for name, fill in (("effective_rank", "none"), ("numerical_rank", colour)):
            shares = [point.measured[name].values / point.columns for point in points]
            panels.marks(
                axis, [point.sparsity for point in points], np.transpose(shares), color=colour,
                markerfacecolor=fill, label=f"$r = {rank}$" if fill == colour else None,
            )  # fmt: skip
    axis.plot([], [], "o", color="0.4", markerfacecolor="none", label="effective rank")
    axis.plot([], [], label="$1 - z^r$", **style.THEORY)
    axis.set(xlabel="share $z$ of zeros in the bases", ylabel="rank / columns", xlim=(0.5, 1.01))
    figure.suptitle("Ranks of updates with sparse bases")
    panels.legend_below(figure, columns=2)
    return figure


def _panels(sizes: Sequence[int]) -> tuple[Figure, np.ndarray]:
    """Return one panel per rank of the bases."""
    figure, axes = plt.subplots(
        1, len(sizes), figsize=(style.TWO_COLUMNS, 3.0), squeeze=False, sharey=True
    )
    for axis, rank in zip(axes[0], sizes, strict=True):
        axis.set_title(f"bases of rank $r = {rank}$", fontsize=8)
    return figure, axes[0]


def _bases(point: Point) -> str:
    kind = point.distribution
    return f"{kind} {point.sparsity:.0%}" if kind == "ternary" else kind
