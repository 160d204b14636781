"""Figures of sums of matrices of rank one."""

from matplotlib.figure import Figure

from rankscope.drawing import panels, style
from rankscope.evidence.results import Results


def ranks_by_terms(results: Results) -> Figure:
    """Nothing: a figure that says so."""
    if len(results) < 100:
        return panels.nothing("this grid is too small")
    return Figure(figsize=(style.ONE_COLUMN, 2))
