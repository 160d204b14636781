"""Figures of products: every public function is one, its docstring its caption."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from rankscope.drawing import panels, style
from rankscope.evidence.results import Results
from rankscope.studies.lora.product.claims import least_error


def product(results: Results) -> Figure:
    """Least error of low-rank updates of all layers of a linear network.

    Least Frobenius error found by L-BFGS over rank-R updates of each of L layers, against
    the best approximation of rank L R of the gap between target and frozen product. One
    mark per replicate; open marks did not meet the search's tolerance. Dashed: equality.
    """
    if not len(results):
        return panels.nothing("No point of the grid fits a product.")
    figure, axis = plt.subplots(figsize=(style.ONE_COLUMN, 3.4))
    for point in results:
        look = {
            "color": style.COLOURS[(point.depth - 1) % len(style.COLOURS)],
            "marker": "os^D"[(point.rank - 1) % 4],
            "linestyle": "none",
            "markersize": 4,
        }
        least = least_error(point, point.predicted.product_rank)
        found = point.measured.product_error
        done = point.measured.converged.astype(bool)
        axis.plot(least[~done], found[~done], markerfacecolor="none", **look)
        axis.plot(
            least[done], found[done], label=f"$L = {point.depth}$, $R = {point.rank}$", **look
        )
    panels.unity(axis, label="equality")
    axis.set(xlabel="tail of the gap beyond rank $L R$", ylabel="least error found")
    figure.suptitle("Least error of updates of all layers")
    panels.legend_below(figure, columns=3, bars=False)
    return figure
