"""Theorem 4.1's bound: every public function is a figure, its docstring its caption."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from rankscope.drawing import panels, style
from rankscope.evidence.results import Results

LINES = {
    "bound": (r"$n \epsilon$ of theorem 4.1", style.COLOURS[3], "o"),
    "block_sum_error": ("sum of the blocks' fits", style.COLOURS[1], "^"),
    "joint_error": ("joint fit", style.COLOURS[0], "s"),
}


def bound(results: Results) -> Figure:
    r"""Theorem 4.1's bound, its least value, and errors of separate and of joint fits.

    Norms relative to the target's: the theorem's n eps from blocks fitted one by one; the
    error of their sum; the error when the same bases are fitted jointly; and the least
    value of n eps for random bases, $\sqrt{n (1 - r / D)}$ (crosses). Grey line: the error of no
    update. One panel per target.
    """
    families = list(results.families("rank"))
    if not families:
        return panels.nothing("No two points of the grid differ in the rank alone.")
    figure, axes = plt.subplots(
        1, len(families), figsize=(style.TWO_COLUMNS, 2.9), squeeze=False, sharey=True
    )
    for axis, family in zip(axes[0], families, strict=True):
        for name, (text, colour, marker) in LINES.items():
            values = np.transpose([point.measured[name].values for point in family])
            panels.curve(
                axis, family.sizes, values, color=colour, marker=marker, markersize=4, label=text
            )
        floor = [float(point.predicted.bound_floor) for point in family]
        panels.theory_at(axis, family.sizes, floor, r"least $n \epsilon$")
        axis.axhline(1, color="0.6", linewidth=1, label="no update")
        axis.set(xscale="log", yscale="log", xlabel="rank $r$ of the bases")
        axis.set_title(family[0].label("target", "decay"), fontsize=8)
        axis.set_xticks(family.sizes, [f"{rank:g}" for rank in family.sizes])
        axis.minorticks_off()
    axes[0, 0].set_ylabel("norm / norm of the target")
    figure.suptitle("Theorem 4.1's bound and errors of fits")
    panels.legend_below(figure)
    return figure
