"""Figures of the study: every public function is one, and its docstring is its caption."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rankscope.drawing import panels, style
from rankscope.evidence.results import Family, Results

LAW = (
    Line2D([], [], **style.POINTS, label="law of spiked matrices"),
    Line2D([], [], color="0.4", linestyle=":", linewidth=1, label="its threshold"),
)
COUNTS = {
    "few new directions": ("spike", "o"),
    "many new directions": ("eight times as many directions", "^"),
    "base directions": ("the weight's own directions", "s"),
}


def intruders(results: Results) -> Figure:
    """What a spike does to a random weight, by its size.

    Left: leading singular value of the tuned weight; middle: squared overlap of its left vector
    with the spike's; crosses: law of spiked matrices; vertical: its threshold, below which the
    spike is lost in the bulk. Right: intruder dimensions among the ten leading directions (no
    cosine of 0.5 or more with any of the base weight's) for updates of equal norm: the spike,
    eight times as many weaker new directions, and the base weight's own leading directions. One
    colour per shape of the weight.
    """
    families = list(results.families("spike"))
    if not families:
        return panels.nothing("No points differ in the spike alone.")
    figure, axes = plt.subplots(1, 3, figsize=(style.TWO_COLUMNS, 3.0))
    for family, colour in zip(families, style.COLOURS, strict=False):
        _law(axes[0], family, "spike_value", colour)
        _law(axes[1], family, "left_overlap", colour)
        for control, (_, marker) in COUNTS.items():
            counts = [point.measured.intruders.sel(control=control) for point in family]
            panels.marks(
                axes[2], family.sizes, np.stack(counts, axis=1), color=colour, marker=marker
            )
    labels = ("leading singular value", "squared overlap, left", "intruders of 10")
    for axis, label in zip(axes, labels, strict=True):
        axis.set(xlabel="singular value of the update", ylabel=label)
    handles = [
        Line2D([], [], color=colour, marker="o", linestyle="none", label=_shape(family))
        for family, colour in zip(families, style.COLOURS, strict=False)
    ]
    handles += [
        Line2D([], [], color="0.4", marker=marker, linestyle="none", label=text)
        for text, marker in COUNTS.values()
    ]
    panels.legend_below(figure, [*handles, *LAW])
    figure.suptitle("Spikes in a random weight, and intruders")
    return figure


def _law(axes: Axes, family: Family, name: str, colour: tuple[float, ...]) -> None:
    measured = np.stack([point.measured[name] for point in family], axis=1)
    panels.marks(axes, family.sizes, measured, color=colour)
    expected = [float(point.predicted[name]) for point in family]
    axes.plot(family.sizes, expected, **style.POINTS, zorder=3)
    axes.axvline(float(family[0].predicted.threshold), color=colour, linestyle=":", linewidth=1)


def _shape(family: Family) -> str:
    return rf"${family[0].rows} \times {family[0].columns}$, rank {family[0].rank}"
