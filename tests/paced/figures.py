"""One figure."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from rankscope.drawing import panels
from rankscope.evidence.results import Results


def ends(results: Results) -> Figure:
    """Mean end of the walks, by point: one mark per point of the grid."""
    figure, axes = plt.subplots()
    for place, point in enumerate(results):
        panels.marks(axes, [place], point.measured.end.mean("item").values[:, None])
    axes.set(xlabel="point", ylabel="mean end", title="Ends of walks")
    return figure
