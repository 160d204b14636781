"""Figures of the study: every public function is one, and its docstring is its caption."""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from rankscope.drawing import panels, style
from rankscope.evidence.results import Results
from rankscope.studies.lora.frames.claims import GPT3, NORM, RANDOM, UPDATE

BOX = {"fill": False, "edgecolor": "black", "linewidth": 0.8}


def table_7(results: Results) -> Figure:
    """LoRA's table 7 beside random directions.

    Left: |U^T W V| for GPT-3's W_q (Frobenius norm 61.95, width 12288), as printed for the
    update's directions and for random ones, and as simulated for random ones, with the closed
    form r |W| / sqrt(D d) (dashes). Right: the amplification factors |dW| / |U^T W V| that
    follow with the printed |dW|.
    """
    points = list(results.where(rank=tuple(RANDOM), **GPT3))
    if not points:
        return panels.nothing("No point has the size of GPT-3's query weight.")
    figure, axes = plt.subplots(1, 2, figsize=(style.TWO_COLUMNS, 2.9))
    for place, point in enumerate(points):
        captured = np.sqrt(point.measured.captured_square.values[:, None])
        exact = float(np.sqrt(point.predicted.captured_square))
        columns = (
            ("directions of the update (printed)", UPDATE[point.rank] * np.ones((1, 1))),
            ("random directions (printed)", RANDOM[point.rank] * np.ones((1, 1))),
            ("random directions (simulated)", captured),
        )
        for number, (text, values) in enumerate(columns):
            x = [place + 0.25 * (number - 1)]
            look = {"color": style.COLOURS[number], "label": text if not place else None}
            panels.marks(axes[0], x, values, **look)
            panels.marks(axes[1], x, NORM[point.rank] / values, **look)
        label = None if place else r"$r\,|W| / \sqrt{D d}$"
        panels.theory(axes[0], [place + 0.13, place + 0.37], [exact, exact], label=label)
    for axis, label in zip(axes, (r"$|U^\top W V|_F$", "amplification factor"), strict=True):
        axis.set(yscale="log", ylabel=label, xlim=(-0.5, len(points) - 0.5))
        axis.set_xticks(range(len(points)), [f"rank {point.rank}" for point in points])
    panels.legend_below(figure, columns=2)
    figure.suptitle("Table 7 of LoRA and random directions")
    return figure


def nulls(results: Results) -> Figure:
    """What random directions give: similarity, captured energy, and appendix G's identity.

    Left: mean phi(i, j) of random frames, with the predicted mean and one standard deviation of
    a single draw on each side (box). Second: captured energy |U^T W V|^2 over
    r^2 |W|^2 / (D d); 1 is the prediction (dashed). Third: standard deviation of a draw of it over
    that of independent entries, where a replicate has ten draws or more; dashes: exact. Right:
    largest error of the identity between phi and the projection metric, as printed and corrected.
    Labels are (i, j; d, a), a being the exponent with which the weight's singular values fall.
    """
    figure, axes = plt.subplots(1, 4, figsize=(style.TWO_COLUMNS, 3.5))
    for place, point in enumerate(results):
        measured, predicted = point.measured, point.predicted
        null, sd = float(predicted.similarity), float(np.sqrt(predicted.similarity_variance))
        axes[0].bar(place, 2 * sd, 0.6, null - sd, **BOX)
        panels.marks(axes[0], [place], measured.similarity.values[:, None], color="C0")
        ratio = measured.captured_square / predicted.captured_square
        panels.marks(axes[1], [place], ratio.values[:, None], color="C0")
        independent = float(predicted.independent_variance)
        exact = math.sqrt(float(predicted.captured_square_variance) / independent)
        axes[2].plot([place - 0.3, place + 0.3], [exact, exact], **style.THEORY)
        if point.draws >= 10:
            spread = np.sqrt(measured.captured_square_variance / independent)
            panels.marks(axes[2], [place], spread.values[:, None], color="C0")
        for name, colour in (("printed_identity_error", "C3"), ("identity_error", "C0")):
            largest = max(float(measured[name].max()), np.finfo(float).eps)
            axes[3].plot(place, largest, "o", color=colour, markersize=4)
    axes[0].bar(0, 0, label="predicted mean and spread of a draw", **BOX)
    for colour, text in (("C0", "measured; identity corrected"), ("C3", "identity as printed")):
        axes[3].plot([], [], "o", color=colour, label=text)
    axes[1].axhline(1, **style.THEORY, label="closed form")
    for axis, label in zip(
        axes,
        (r"$\phi(i, j)$", "captured / null", "spread / independent", "error of the identity"),
        strict=True,
    ):
        names = [
            f"{point.rank}, {point.other_rank}; {point.columns}, {point.base_decay:g}"
            for point in results
        ]
        axis.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
        axis.set(xlabel="$i, j; d, a$", ylabel=label)
    axes[0].set_yscale("log")
    axes[2].set_yscale("log")
    panels.log_ticks(axes[2])
    axes[3].set_yscale("log")
    panels.legend_below(figure)
    figure.suptitle("Random directions and their closed forms")
    return figure
