"""Figures of products of orthogonal matrices."""

import numpy as np
from matplotlib.figure import Figure

from rankscope.drawing import panels, style
from rankscope.evidence.results import Results


def ranks_by_depth(results: Results) -> Figure:
    """Singular values of products of orthogonal matrices.

    Lines: means over replicates, one line per point.
    """
    figure = Figure(figsize=(style.ONE_COLUMN, 2.6), layout="constrained")
    axes = figure.subplots()
    for point in results:
        values = point.measured.singular_value.values
        panels.curve(axes, np.arange(values.shape[1]), values, label=point.label("size", "depth"))
    axes.set(xlabel="index", ylabel="singular value", title="Singular values", ylim=(0, 2))
    panels.legend_below(figure)
    return figure
