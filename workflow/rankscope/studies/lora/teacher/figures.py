"""Figures of trained adapters: every public function is one, its docstring its caption."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rankscope.drawing import panels, style
from rankscope.evidence.results import Results

OPTIMISERS = {"adam": ("Adam", "o"), "sgd": ("SGD", "s")}
SPECTRA = {"flat": "-", "power": ":"}
NOTHING = "No point of the grid trains an adapter."


def optimum(results: Results) -> Figure:
    """Errors of trained adapters against the least error of their rank.

    Squared output error of adapters trained on fresh minibatches, against the least error of
    any update of their rank (Eckart and Young, weighed by the inputs' second moment), both
    relative to no update. Filled: trained, by optimiser (colour) and inputs (shape); open: the
    truncated singular value decomposition of the true update, which ignores the inputs. The
    dashed line is equality.
    """
    if not len(results):
        return panels.nothing(NOTHING)
    figure, axis = plt.subplots(figsize=(style.ONE_COLUMN, 3.6))
    for point in results:
        name, _ = OPTIMISERS[point.optimiser]
        inputs, marker = ("anisotropic", "s") if point.input_decay else ("isotropic", "o")
        best = [float(point.measured.best_error.mean())]
        look = {"marker": marker, "color": style.OPTIMISERS[point.optimiser], "markersize": 5}
        if point.input_decay:
            truncated = point.measured.weight_optimum_error.values[:, None]
            text = f"truncated SVD, {name}"
            open_look = {**look, "markerfacecolor": "none", "label": text}
            panels.marks(axis, best, truncated, **open_look)
        trained = point.measured.trained_error.values[:, None]
        panels.marks(axis, best, trained, label=f"{name}, {inputs}", **look)
    axis.plot([0, 1], [0, 1], label="equality", **style.THEORY)
    axis.set(xlabel="least error of that rank", ylabel="error reached")
    figure.suptitle("Trained and least errors")
    panels.legend_below(figure, columns=2)
    return figure


def truncation(results: Results) -> Figure:
    """Error of a trained update that is cut to its leading directions.

    Squared output error, relative to no update, when only the leading directions of the
    trained update are kept; colour: rank of the adapter, shape: optimiser, line: spectrum of the
    true update, one line per point of the grid. Dashed: the tail of the target's squared singular
    values (known for isotropic inputs).
    """
    if not len(results):
        return panels.nothing(NOTHING)
    figure, axes = plt.subplots(1, 2, figsize=(style.TWO_COLUMNS, 2.9), sharey=True)
    isotropic = results.where(input_decay=0.0)
    anisotropic = results.where(lambda point: point.input_decay > 0)
    ranks = sorted(results.values("rank"))
    for axis, points, inputs in zip(
        axes, (isotropic, anisotropic), ("isotropic", "anisotropic"), strict=True
    ):
        _cuts(axis, points, ranks)
        axis.set(title=f"{inputs} inputs", xlabel="directions kept")
    for point in isotropic:
        tail = point.predicted.truncation_error
        panels.theory(axes[0], tail.kept, tail, label="Eckart and Young")
    axes[0].set_ylabel("error / error of no update")
    figure.suptitle("Error of trained updates that are cut")
    panels.legend_below(figure, columns=3)
    return figure


def _cuts(axis: Axes, points: Results, ranks: list[int]) -> None:
    for point in points:
        name, marker = OPTIMISERS[point.optimiser]
        panels.curve(
            axis,
            np.arange(point.rank + 1),
            point.measured.truncation_error,
            color=style.COLOURS[ranks.index(point.rank) % len(style.COLOURS)],
            marker=marker,
            markersize=3,
            linestyle=SPECTRA[point.teacher],
            label=f"rank {point.rank}, {name}, {point.teacher}",
        )
