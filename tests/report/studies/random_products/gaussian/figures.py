"""Figures of products of Gaussian matrices."""

import pandas as pd
from matplotlib.figure import Figure

from rankscope.drawing import panels, style
from rankscope.evidence.results import Results
from rankscope.numerics import ranks


def ranks_by_depth(results: Results, verdicts: pd.DataFrame) -> Figure:
    """Participation ratio of products of Gaussian matrices over their size.

    Marks: measured. Dashed: $n / (L + 1)$, the paper's formula. The title counts the points
    that were judged, |U^T W V| * 2 of ``size``.
    """
    figure = Figure(figsize=(style.TWO_COLUMNS, 3), layout="constrained")
    axes = figure.subplots()
    for family in results.families("depth"):
        rows = [
            ranks.participation_ratio(p.measured.singular_value.values) / p.size for p in family
        ]
        panels.marks(
            axes, family.sizes, list(zip(*rows, strict=True)), label=f"n = {family[0].size}"
        )
        panels.theory(axes, family.sizes, 1 / (family.sizes + 1))
    axes.set(xlabel="depth L", ylabel="participation ratio / n")
    axes.set_title(f"Ranks by depth ({len(verdicts)} points judged)")
    panels.legend_below(figure)
    return figure
