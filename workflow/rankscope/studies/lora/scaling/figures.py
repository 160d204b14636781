"""Figures of pace by rank: every public function is one, its docstring its caption."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from rankscope.drawing import panels, style
from rankscope.evidence.results import Results

METHODS = {
    ("sgd", "rank"): ("SGD, alpha / r", style.COLOURS[0], "o"),
    ("sgd", "root-rank"): ("SGD, alpha / sqrt r", style.COLOURS[1], "s"),
    ("adam", "rank"): ("Adam, alpha / r", style.COLOURS[2], "^"),
    ("adam", "root-rank"): ("Adam, alpha / sqrt r", style.COLOURS[4], "D"),
}


def scaling(results: Results) -> Figure:
    """First step and best learning rate by rank.

    Left: share of the target that the first step covers at a fixed learning rate, by rank;
    dashed: closed form. Right: the learning rate with the least error after training, over
    its mean at the smallest rank; dashed: the power of r that would undo the first step's;
    dots: one over the scaling, set by the curvature at the solution (SGD). alpha is fixed.
    """
    families = list(results.families("rank"))
    if not families:
        return panels.nothing("No two points of the grid differ in their rank alone.")
    figure, axes = plt.subplots(1, 2, figsize=(style.TWO_COLUMNS, 3.1))
    for family in families:
        text, colour, marker = METHODS[family[0].optimiser, family[0].scaling]
        look = {"color": colour, "marker": marker, "linestyle": "-", "label": text}
        theory, growth = family[0].predicted, family.sizes / family.sizes[0]
        steps = np.stack([point.measured.first_step for point in family], axis=1)
        panels.marks(axes[0], family.sizes, steps, **look)
        expected = [float(point.predicted.first_step) for point in family]
        panels.theory(axes[0], family.sizes, expected, label="theory of the first step")
        rates = np.stack([point.measured.best_learning_rate for point in family], axis=1)
        panels.marks(axes[1], family.sizes, rates / panels.interval(rates)[0][0], **look)
        panels.theory(axes[1], family.sizes, growth ** float(theory.learning_rate_exponent))
        if family[0].optimiser == "sgd":
            sharpness = growth ** float(theory.sharpness_exponent)
            axes[1].plot(family.sizes, sharpness, label="sharpness (SGD)", **style.PAPER)
    for axis in axes:
        axis.set(xscale="log", yscale="log", xlabel="rank r")
        axis.set_xticks(sorted({size for family in families for size in family.sizes.tolist()}))
        axis.minorticks_off()
        panels.plain_ticks(axis)
    axes[0].set_ylabel("share covered by the first step")
    axes[1].set_ylabel("best rate / rate at smallest r")
    panels.legend_below(figure, columns=3)
    return figure
