"""Figures of pace by rank: every public function is one, its docstring its caption."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rankscope.drawing import panels, style
from rankscope.evidence.results import Family, Results

METHODS = {
    ("sgd", "rank"): (r"SGD, $\alpha / r$", style.OPTIMISERS["sgd"], "o"),
    ("sgd", "root-rank"): (r"SGD, $\alpha / \sqrt{r}$", style.OPTIMISERS["sgd"], "s"),
    ("adam", "rank"): (r"Adam, $\alpha / r$", style.OPTIMISERS["adam"], "o"),
    ("adam", "root-rank"): (r"Adam, $\alpha / \sqrt{r}$", style.OPTIMISERS["adam"], "s"),
}

NOTHING = "No two points of the grid differ in their rank alone."


def first_step(results: Results) -> Figure:
    """Share of the target that the first step covers at a fixed learning rate, by rank.

    Each optimiser and scaling at its own learning rate; alpha is fixed. Dashed: closed form, a
    power of r.
    """
    families = list(results.families("rank"))
    if not families:
        return panels.nothing(NOTHING)
    figure, axis = plt.subplots(figsize=(style.ONE_COLUMN, 3.3))
    for family in families:
        steps = np.stack([point.measured.first_step for point in family], axis=1)
        panels.marks(axis, family.sizes, steps, **_look(family))
        expected = [float(point.predicted.first_step) for point in family]
        panels.theory(axis, family.sizes, expected, label="closed form")
    _by_rank(axis, families)
    panels.log_ticks(axis)
    axis.set_ylabel("share covered by the first step")
    figure.suptitle("What the first step covers, by rank")
    panels.legend_below(figure, columns=2)
    return figure


def scaling(results: Results) -> Figure:
    """Best learning rate by rank, at three stages of training.

    The learning rate that is the first at an error (relative to no update), over its mean at
    the smallest rank; alpha is fixed, so that a flat line needs no new rate as the rank
    varies. Dashed: the power of r that would undo the first step's exponent. Dots: one over
    the scaling, set by the curvature at the solution (SGD).
    """
    families = list(results.families("rank"))
    if not families:
        return panels.nothing(NOTHING)
    thresholds = families[0][0].measured.threshold.values
    figure, axes = plt.subplots(
        1, len(thresholds), figsize=(style.TWO_COLUMNS, 3.1), sharey=True, squeeze=False
    )
    for axis, threshold in zip(axes[0], thresholds, strict=True):
        for family in families:
            _best_rates(axis, family, threshold)
        _by_rank(axis, families)
        axis.set_title(f"first at an error of {threshold:g}", fontsize=8)
    axes[0, 0].set_ylabel("best rate / rate at smallest $r$")
    figure.suptitle("Best learning rate by rank")
    panels.legend_below(figure, columns=3)
    return figure


def _best_rates(axis: Axes, family: Family, threshold: float) -> None:
    rates = np.stack(
        [point.measured.best_learning_rate.sel(threshold=threshold) for point in family], axis=1
    )
    panels.marks(axis, family.sizes, rates / panels.interval(rates)[0][0], **_look(family))
    theory, growth = family[0].predicted, family.sizes / family.sizes[0]
    undone = growth ** float(theory.learning_rate_exponent)
    panels.theory(axis, family.sizes, undone, label="undoes the first step")
    if "sharpness_exponent" in theory:
        sharpness = growth ** float(theory.sharpness_exponent)
        axis.plot(family.sizes, sharpness, label="one over the scaling (SGD)", **style.PAPER)


def _look(family: Family) -> dict[str, Any]:
    text, colour, marker = METHODS[family[0].optimiser, family[0].scaling]
    line = "-" if marker == "o" else "-."
    return {"color": colour, "marker": marker, "linestyle": line, "label": text}


def _by_rank(axis: Axes, families: list[Family]) -> None:
    axis.set(xscale="log", yscale="log", xlabel="rank $r$")
    axis.set_xticks(sorted({size for family in families for size in family.sizes.tolist()}))
    axis.minorticks_off()
    panels.plain_ticks(axis)
