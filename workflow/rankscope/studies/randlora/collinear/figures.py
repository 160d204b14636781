"""Collinearity of sparse bases: every public function is a figure, its docstring its caption."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from rankscope.drawing import panels, style
from rankscope.evidence.results import Results


def collinear(results: Results) -> Figure:
    """Linearly dependent pairs among random ternary vectors.

    Share of linearly dependent pairs (marks), the printed formula 2 q^d (red dots) and the
    exact one with vectors of zeros (dashed), by dimension d; one colour per share of zeros.
    """
    families = list(results.families("columns", ignoring=("draws",)))
    if not families:
        return panels.nothing("No two points of the grid differ in the dimension alone.")
    figure, axis = plt.subplots(figsize=(style.ONE_COLUMN, 3.1))
    for family, colour in zip(families, style.COLOURS, strict=False):
        shares = np.transpose([point.measured.dependent_share.values for point in family])
        label = f"{family[0].sparsity:g} zeros"
        panels.marks(axis, family.sizes, shares, color=colour, label=label)
        for name, line in (("dependent_share", style.THEORY), ("printed_probability", style.PAPER)):
            axis.plot(family.sizes, [float(point.predicted[name]) for point in family], **line)
    axis.plot([], [], label="with vectors of zeros", **style.THEORY)
    axis.plot([], [], label="$2 q^d$, as printed", **style.PAPER)
    axis.set(xlabel="dimension $d$", ylabel="probability of dependence", yscale="log")
    panels.legend_below(figure, columns=2)
    return figure
