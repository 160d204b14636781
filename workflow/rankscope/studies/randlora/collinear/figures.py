"""Collinearity of sparse bases: every public function is a figure, its docstring its caption."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from rankscope.drawing import panels, style
from rankscope.evidence.results import Results


def collinear(results: Results) -> Figure:
    """Linearly dependent pairs among random ternary vectors.

    Share of linearly dependent pairs (marks), the printed formula 2 q^d (red dots) and the exact
    one with vectors of zeros (crosses), by dimension d; one colour per share of zeros.
    """
    families = list(results.families("columns", ignoring=("draws",)))
    if not families:
        return panels.nothing("No two points of the grid differ in the dimension alone.")
    figure, axis = plt.subplots(figsize=(style.ONE_COLUMN, 3.1))
    for family, colour in zip(families, style.COLOURS, strict=False):
        shares = np.transpose([point.measured.dependent_share.values for point in family])
        label = f"{family[0].sparsity:g} zeros"
        panels.marks(axis, family.sizes, shares, color=colour, label=label)
        exact, printed = (
            [float(point.predicted[name]) for point in family]
            for name in ("dependent_share", "printed_probability")
        )
        panels.theory_at(axis, family.sizes, exact, "with vectors of zeros", markersize=5)
        # straight on this axis, so that a chord is the formula
        axis.plot(family.sizes, printed, label="$2 q^d$, as printed", **style.PAPER)
    axis.set(xlabel="dimension $d$", ylabel="probability of dependence", yscale="log")
    figure.suptitle("Dependent pairs of ternary vectors")
    panels.legend_below(figure, columns=2)
    return figure
