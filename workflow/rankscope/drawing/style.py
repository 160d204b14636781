"""One look for all figures: fonts, a colour-blind-safe palette, column widths, saving."""

from pathlib import Path
from typing import Any, TypeAlias

import matplotlib as mpl
import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.figure import Figure

from rankscope import datasets

ONE_COLUMN, TWO_COLUMNS = 3.5, 7.2
"""Widths of figures in inches."""

Colour: TypeAlias = tuple[float, float, float]
COLOURS: list[Colour] = list(sns.color_palette("colorblind"))
THEORY: dict[str, Any] = {"color": "black", "linestyle": "--", "linewidth": 1.0}
NULL: dict[str, Any] = {"color": "0.6", "linestyle": "--", "linewidth": 0.9}
PAPER: dict[str, Any] = {"color": COLOURS[3], "linestyle": ":", "linewidth": 1.4}
VERDICT_COLOURS: dict[str, Colour | str] = {
    "supported": COLOURS[0],
    "contradicted": COLOURS[3],
    "depends on": COLOURS[4],
    "undecided": "0.75",
    "not tested": "0.92",
}

# A figure's bytes must not depend on the time or on random identifiers.
_DETERMINISTIC = {"pdf": {"CreationDate": None, "Producer": None}, "png": {"Software": None}}


def apply() -> None:
    """Set the style for all figures of this process."""
    mpl.use("agg")
    sns.set_theme(context="paper", style="ticks", palette="colorblind", font_scale=0.9)
    mpl.rcParams.update(
        {
            "figure.dpi": 150,
            "savefig.dpi": 200,
            "font.family": "DejaVu Sans",
            "pdf.fonttype": 42,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "legend.frameon": False,
            "figure.constrained_layout.use": True,
        }
    )


def save(figure: Figure, stem: Path) -> None:
    """Write a figure as ``stem.png`` and ``stem.pdf``, atomically, and close it."""
    for kind, metadata in _DETERMINISTIC.items():
        with datasets.atomic(stem.with_name(f"{stem.name}.{kind}")) as temporary:
            figure.savefig(temporary, format=kind, metadata=metadata)
    plt.close(figure)
