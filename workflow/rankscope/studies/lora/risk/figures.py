"""Figures of risk: every public function is one, its docstring its caption."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from rankscope.drawing import panels, style
from rankscope.evidence.results import Results

PANELS = 8


def risk(results: Results) -> Figure:
    r"""Risk of reduced-rank regression on finite samples, by its rank.

    Expected squared output error of reduced-rank regression, the exact optimum of a LoRA
    update on the training set, over the target's squared norm. Dashed: asymptotic theory, which
    supposes a true rank well below the width. Dots: tail energy plus variance per parameter
    of a matrix of that rank. Grey: full least squares, $\sigma^2 D d / (n - d - 1)$. The tick on
    the axis marks the true rank k; $\sigma$ is the noise. The first eight points of the grid.
    """
    points = results.points[:PANELS]
    if not points:
        return panels.nothing("No point of the grid has a regression.")
    rows = 1 if len(points) <= PANELS // 2 else 2
    columns = -(-len(points) // rows)
    figure, axes = plt.subplots(
        rows, columns, figsize=(style.TWO_COLUMNS, 1 + 1.9 * rows), squeeze=False, sharex=True
    )
    for axis in axes.flat[len(points) :]:
        axis.set_visible(False)
    for axis, point in zip(axes.flat, points, strict=False):
        theory = point.predicted
        panels.curve(
            axis, theory.fitted_rank, point.measured.risk,
            floor=float(theory.risk.min()) / 10, color="C0", label="reduced-rank regression",
        )  # fmt: skip
        panels.theory(axis, theory.fitted_rank, theory.risk, label="asymptotic theory")
        axis.plot(theory.fitted_rank, theory.risk_simple, label="simple count", **style.PAPER)
        axis.axhline(float(theory.full_risk), color="0.6", linewidth=1, label="full least squares")
        tick = {"ymax": 0.06, "color": "black", "linewidth": 2, "label": "true rank $k$"}
        axis.axvline(point.teacher_rank, **tick)
        axis.set_yscale("log")
        panels.log_ticks(axis)
        axis.set_title(
            rf"$k={point.teacher_rank}, n={point.samples}, \sigma={point.noise:g}$", fontsize=7
        )
    for axis in axes[-1]:
        axis.set_xlabel("fitted rank")
    for axis in axes[:, 0]:
        axis.set_ylabel(r"excess risk / $\|\mathrm{target}\|^2$")
    figure.suptitle("Risk of reduced-rank regression")
    panels.legend_below(figure)
    return figure
