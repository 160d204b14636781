"""Figures of the study: every public function is one, and its docstring is its caption."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rankscope.drawing import panels, style
from rankscope.evidence.results import Family, Results
from rankscope.studies.eigenspace_alignment.axes import look
from rankscope.studies.eigenspace_alignment.nuisance.claims import MATRICES, SPACES, settled
from rankscope.studies.eigenspace_alignment.points import MATRICES as NAMES


def crossings(results: Results) -> Figure:
    """Where a direction of large variance outside the means enters the leading eigenspaces.

    Marks: squared share of the direction in the span of the k leading eigenvectors, and in the
    first, mean over classes; one colour per space and lambda. Dashed: the variance at which the
    eigenvalues of the population matrix cross.
    """
    figure, axes, families = _panels(results, "A direction outside the means takes over")
    if not families:
        return panels.nothing("No family of variances.")
    for axis, matrix in zip(axes, MATRICES, strict=True):
        for order, (family, space) in enumerate((f, s) for f in families for s in SPACES):
            shares = [
                (point.measured[space.share] ** 2).sel(matrix=matrix).mean("label")
                for point in family
            ]
            label = rf"${space.name}$, $\lambda = {family[0].snr:g}$"
            panels.marks(axis, _variance(family), np.transpose(shares), **look(order, label))
            place = float(family[0].predicted[space.crossing].sel(matrix=matrix)) / family[0].snr
            axis.axvline(place, **{**style.THEORY, "color": style.COLOURS[order]})
        axis.set_title(NAMES[matrix])
    axes[0].set_ylabel("squared share of the direction")
    found, _ = axes[0].get_legend_handles_labels()
    line = Line2D([], [], linestyle="--", color="0.3", label="population matrices cross")
    panels.legend_below(figure, [*found, line], columns=3)
    return figure


def alignments(results: Results) -> Figure:
    """What alignment is left where one direction outside the means has a large variance.

    Marks: smallest cosine between the span of the k leading eigenvectors and that of the means;
    shares of the weights in the former, along the first eigenvector, and in the means. Mean over
    classes, at the largest lambda. Dashed: the variances at which E_k and E_1 leave the means.
    """
    figure, axes, families = _panels(results, "What alignment is left")
    if not families:
        return panels.nothing("No family of variances.")
    family = max(families, key=lambda family: family[0].snr)
    kinds = {
        "smallest_cosine": r"smallest cosine of $E_k$ and the means",
        "weights_in_leading": r"$\rho(x^a, E_k)$",
        "weights_in_first": r"$\rho(x^a, E_1)$",
        "weights_in_means": "weights in the means",
    }
    for axis, matrix in zip(axes, MATRICES, strict=True):
        for order, (name, label) in enumerate(kinds.items()):
            values = []
            for point in family:
                data = point.measured[name].mean("label")
                values.append(data.sel(matrix=matrix) if "matrix" in data.dims else data)
            panels.marks(axis, _variance(family), np.transpose(values), **look(order, label))
        for space in SPACES:
            place = float(family[0].predicted[space.crossing].sel(matrix=matrix)) / family[0].snr
            axis.axvline(place, **style.THEORY)
        axis.set_title(NAMES[matrix])
    axes[0].set_ylabel("cosine or share")
    found, _ = axes[0].get_legend_handles_labels()
    panels.legend_below(figure, [*found, panels.theory_handle("$E_k$, $E_1$ leave the means")])
    return figure


def _panels(results: Results, title: str) -> tuple[Figure, list[Axes], list[Family]]:
    families = list(results.where(settled).families("nuisance_ratio"))
    figure, axes = plt.subplots(1, 2, figsize=(style.TWO_COLUMNS, 3.1), sharey=True)
    figure.suptitle(title)
    for axis in axes:
        axis.set(xscale="log", xlabel=r"variance $\tau^2$ of the direction")
    return figure, list(axes), families


def _variance(family: Family) -> np.ndarray:
    return np.array([point.nuisance_ratio / point.snr for point in family])
