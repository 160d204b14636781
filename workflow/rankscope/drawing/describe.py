"""What a figure shows, in words: for readers who do not see it."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.offsetbox import HPacker, TextArea
from matplotlib.ticker import FixedLocator

SYMBOLS = {
    "cdot": "·", "perp": "⊥", "top": "T", "sqrt": "√", "le": "≤", "ge": "≥",
    "approx": "≈", "infty": "∞", "|": "‖", ",": " ", ";": " ", " ": " ", "!": "",
}  # fmt: skip
FONT = re.compile(r"\\(?:math[a-z]+|text|operatorname)\{([^{}]*)\}")
NOTHING = ("None", "none", "", " ")
"""How a line says that it has no dashes, or no mark."""

BARS = ("|", "_")
"""Marks at the ends of bars."""

EACH = 4
"""Of a panel with more curves than these it is said how many rise and how many fall."""

LEVEL = 0.05
"""Share of the panel's height that a curve must rise or fall to be said to."""

WAYS = {
    "rises": "rise",
    "falls": "fall",
    "rises, then falls": "rise, then fall",
    "falls, then rises": "fall, then rise",
    "stays level": "stay level",
}
"""How a curve goes from left to right, of one and of several."""

Look: TypeAlias = tuple[str, str, str]
"""Colour, dashes and mark of a line."""


def figure(drawn: Figure) -> str:
    """Say what the panels of a figure show: titles, axes with their ranges, curves, the legend.

    Args:
        drawn: with its marks and labels.

    Returns:
        A sentence or two per panel, and one that lists what the legend explains.
    """
    shown = [axes for axes in drawn.axes if axes.axison and axes.get_label() != "<colorbar>"]
    legends = [*drawn.legends, *(axes.get_legend() for axes in drawn.axes)]
    names = _names([legend for legend in legends if legend])
    sentences = [_panel(axes, number, names) for number, axes in enumerate(shown, 1)]
    texts = [text.get_text() for legend in legends if legend for text in legend.get_texts()]
    if texts:
        sentences.append(f"Legend: {'; '.join(dict.fromkeys(texts))}.")
    parts = sentences or [text.get_text() for text in drawn.texts]
    return re.sub(r"\s+", " ", plain(" ".join(parts)))


def plain(text: str) -> str:
    r"""Write the formulas of a text, between dollars, without TeX: ``$x^{-\lambda}$`` as x^(-λ)."""
    return re.sub(r"\$([^$]*)\$", lambda found: _formula(found[1]), text)


def _formula(tex: str) -> str:
    tex = re.sub(r"\\([A-Za-z]+|.)", _command, FONT.sub(r"\1", tex))
    tex = re.sub(r"\{([^{}]?)\}", r"\1", tex)
    return tex.replace("{", "(").replace("}", ")")


def _command(found: re.Match[str]) -> str:
    name = found[1]
    if name in SYMBOLS:
        return SYMBOLS[name]
    size = "CAPITAL" if name[:1].isupper() else "SMALL"
    try:
        return unicodedata.lookup(f"GREEK {size} LETTER {name.replace('lambda', 'lamda').upper()}")
    except KeyError:
        return name


def _panel(axes: Axes, number: int, names: Mapping[Look, str]) -> str:
    """Name a panel and say its curves; an axis without a label is its neighbour's, said there."""
    title = f", {axes.get_title()}" if axes.get_title() else ""
    parts = (
        (axes.get_ylabel(), axes.get_yscale(), axes.get_ylim()),
        (axes.get_xlabel(), axes.get_xscale(), axes.get_xlim()),
    )
    said = " against ".join(_axis(*part) for part in parts if part[0])
    return f"Panel {number}{title}{': ' if said else ''}{said}.{_curves(axes, names)}"


def _axis(label: str, scale: str, limits: tuple[float, float]) -> str:
    kind = ", logarithmic" if scale == "log" else ""
    return f"{label} ({min(limits):.3g} to {max(limits):.3g}{kind})"


def _names(legends: list[Legend]) -> dict[Look, str]:
    """Return what the legends call a line, by its look."""
    entries = [entry for legend in legends for entry in legend.findobj(HPacker)]
    pairs = (entry.get_children() for entry in entries)
    return {
        _look(lines): text.get_text()
        for drawing, text in (pair for pair in pairs if len(pair) == 2)
        if isinstance(text, TextArea) and (lines := drawing.findobj(Line2D))
    }


def _look(lines: Sequence[Artist]) -> Look:
    """Return what is seen of lines that are drawn over each other, such as a mark and its bars."""
    drawn = [line for line in lines if isinstance(line, Line2D)]
    marks = (str(line.get_marker()) for line in drawn)
    dashes = (str(line.get_linestyle()) for line in drawn)
    return (
        to_hex(drawn[0].get_color()),
        next((dash for dash in dashes if dash not in NOTHING), ""),
        next((mark for mark in marks if mark not in (*NOTHING, *BARS)), ""),
    )


def _curves(axes: Axes, names: Mapping[Look, str]) -> str:
    """Say how the curves go that the legend names, each by a name of its own.

    Along an axis whose ticks are names there is no way to go.
    """
    shared = axes.get_shared_x_axes().get_siblings(axes)  # the lowest panel has the labels
    ticks = " ".join(label.get_text() for one in shared for label in one.get_xticklabels())
    if isinstance(axes.xaxis.get_major_locator(), FixedLocator) and re.search("[a-z]{2}", ticks):
        return ""
    found: dict[str, list[tuple[str, str]]] = {}
    for line in axes.lines:
        name = names.get(_look([line]))
        if name and (course := _course(axes, line)):
            found.setdefault(name, []).append(course)
    curves = {name: courses[0] for name, courses in found.items() if len(courses) == 1}
    if not curves:
        return ""
    if len(curves) <= EACH:
        said = "; ".join(f"{name} {way} {values}" for name, (way, values) in curves.items())
    else:
        ways = [way for way, _ in curves.values()]
        counts = {way: ways.count(way) for way in WAYS if way in ways}
        parts = (f"{count} {way if count == 1 else WAYS[way]}" for way, count in counts.items())
        said = f"of {len(ways)} curves {'; '.join(parts)}"
        if len(counts) == 1:
            said = f"all {len(ways)} curves {WAYS[ways[0]]}"
    return f" From left to right {said}."


def _course(axes: Axes, line: Line2D) -> tuple[str, str] | None:
    """Return the way a line goes from left to right, and by what values; ``None`` if too short."""
    x, y = (np.asarray(values, dtype=float) for values in line.get_data())
    kept = np.isfinite(x) & np.isfinite(y)
    if line.get_transform() != axes.transData or len(set(x[kept])) < 3:
        return None
    values = y[kept][np.argsort(x[kept], kind="stable")]
    places = axes.transData.transform([(x[kept][0], value) for value in values])
    heights = axes.transAxes.inverted().transform(places)[:, 1]
    ends = heights[[0, -1]]
    for turn, beyond, way in (
        (heights.argmax(), heights.max() - ends.max(), "rises, then falls"),
        (heights.argmin(), ends.min() - heights.min(), "falls, then rises"),
    ):
        if beyond > LEVEL:
            return way, f"({values[0]:.3g}, {values[turn]:.3g}, {values[-1]:.3g})"
    rise = ends[1] - ends[0]
    way = "rises" if rise > LEVEL else "falls" if rise < -LEVEL else "stays level"
    return way, f"({values[0]:.3g} to {values[-1]:.3g})"
