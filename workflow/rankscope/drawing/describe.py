"""What a figure shows, in words: for readers who do not see it."""

import re

from matplotlib.axes import Axes
from matplotlib.figure import Figure

NO_MARKUP = str.maketrans("", "", "${}\\")


def figure(drawn: Figure) -> str:
    """Say what the panels of a figure show: titles, axes with their ranges, and the legend.

    Args:
        drawn: with its marks and labels.

    Returns:
        A sentence per panel, and one that lists what the legend explains.
    """
    shown = [axes for axes in drawn.axes if axes.axison and axes.get_label() != "<colorbar>"]
    sentences = [_panel(axes, number) for number, axes in enumerate(shown, 1)]
    legends = [*drawn.legends, *(axes.get_legend() for axes in drawn.axes)]
    names = [text.get_text() for legend in legends if legend for text in legend.get_texts()]
    if names:
        sentences.append(f"Legend: {', '.join(dict.fromkeys(names))}.")
    texts = sentences or [text.get_text() for text in drawn.texts]
    return re.sub(r"\s+", " ", " ".join(texts)).translate(NO_MARKUP)


def _panel(axes: Axes, number: int) -> str:
    """Name a panel; an axis without a label is its neighbour's, and is said there."""
    title = f", {axes.get_title()}" if axes.get_title() else ""
    parts = (
        (axes.get_ylabel(), axes.get_yscale(), axes.get_ylim()),
        (axes.get_xlabel(), axes.get_xscale(), axes.get_xlim()),
    )
    said = " against ".join(_axis(*part) for part in parts if part[0])
    return f"Panel {number}{title}{': ' if said else ''}{said}."


def _axis(label: str, scale: str, limits: tuple[float, float]) -> str:
    kind = ", logarithmic" if scale == "log" else ""
    return f"{label} ({min(limits):.3g} to {max(limits):.3g}{kind})"
