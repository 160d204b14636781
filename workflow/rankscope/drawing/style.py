"""One look for all figures: fonts, a colour-blind-safe palette, column widths, saving."""

import io
from pathlib import Path
from typing import Any, TypeAlias

import matplotlib as mpl
import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.figure import Figure
from PIL import Image, PngImagePlugin

from rankscope import datasets
from rankscope.drawing import describe

ONE_COLUMN, TWO_COLUMNS = 3.5, 7.2
"""Widths of figures in inches."""

Colour: TypeAlias = tuple[float, float, float]
COLOURS: list[Colour] = list(sns.color_palette("colorblind"))
THEORY: dict[str, Any] = {"color": "black", "linestyle": "--", "linewidth": 1.0}
NULL: dict[str, Any] = {"color": "0.6", "linestyle": "--", "linewidth": 0.9}
PAPER: dict[str, Any] = {"color": COLOURS[3], "linestyle": ":", "linewidth": 1.4}
POINTS: dict[str, Any] = {"color": "black", "marker": "x", "markersize": 3.5, "linestyle": "none"}
"""A theory that is known at the points measured and not between them."""


def shade(colour: Colour, share: float) -> Colour:
    """Return a colour that is darker by a share from 0 to 1: ranks or variants of one thing."""
    red, green, blue = ((1 - share) * part for part in colour)
    return red, green, blue


METHODS: dict[str, Colour] = {
    "LoRA": COLOURS[0],
    "rsLoRA": COLOURS[5],
    "ReLoRA": COLOURS[3],
    "RandLoRA": COLOURS[1],
    "RandLoRA-a": shade(COLOURS[1], 0.35),
    "RandLoRA-b": shade(COLOURS[1], 0.65),
    "VeRA": COLOURS[4],
    "NoLA": COLOURS[9],
    "full": COLOURS[2],
    "entries": COLOURS[8],
    "head": COLOURS[7],
}
"""One colour per way to adapt a weight, in all figures."""
ACTIVATIONS: dict[str, Colour] = {
    "linear": COLOURS[3],
    "ReLU": COLOURS[4],
    "ReLU, orthogonal": COLOURS[9],
    "ReLU, bias": COLOURS[6],
    "leaky ReLU": COLOURS[0],
    "strongly leaky ReLU": shade(COLOURS[0], 0.55),
    "negative slope": COLOURS[1],
    "softplus": COLOURS[2],
    "tanh": COLOURS[7],
    "tanh, orthogonal": COLOURS[5],
}
"""One colour per activation, and what varies it, in all figures that tell them apart by colour."""
OPTIMISERS: dict[str, Colour] = {"sgd": COLOURS[0], "adam": COLOURS[1]}
VERDICT_COLOURS: dict[str, Colour | str] = {
    "supported": COLOURS[0],
    "contradicted": COLOURS[3],
    "depends on": COLOURS[4],
    "undecided": "0.75",
    "not tested": "0.92",
}

RESOLUTION = 400 / 3
"""Dots per inch of a PNG: 960 pixels for two columns, as many as the report shows them in."""

# A PDF's bytes must not depend on the time.
_DETERMINISTIC = {"CreationDate": None, "Producer": None}


def apply() -> None:
    """Set the style for all figures of this process."""
    mpl.use("agg")
    sns.set_theme(context="paper", style="ticks", palette="colorblind", font_scale=0.9)
    mpl.rcParams.update(
        {
            "figure.dpi": RESOLUTION,
            "savefig.dpi": RESOLUTION,
            "font.family": "DejaVu Sans",
            "pdf.fonttype": 42,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "legend.frameon": False,
            "figure.constrained_layout.use": True,
            "figure.titlesize": 9,
        }
    )


def save(figure: Figure, stem: Path) -> None:
    """Write a figure as ``stem.png`` and ``stem.pdf``, atomically, and close it.

    The PNG has a palette of 256 colours, a third of the size, which shifts no colour of a line or
    a cell so that it could be seen. Its text ``Description`` says what it shows.
    """
    with io.BytesIO() as buffer:
        figure.savefig(buffer, format="png")
        picture = Image.open(buffer).convert("RGB")
    # panels stay where the picture has them: to place them anew takes a fifth of the time
    figure.set_layout_engine("none")
    with datasets.atomic(stem.with_name(f"{stem.name}.pdf")) as temporary:
        figure.savefig(temporary, format="pdf", metadata=_DETERMINISTIC)
    note = PngImagePlugin.PngInfo()
    note.add_itxt("Description", describe.figure(figure))
    with datasets.atomic(stem.with_name(f"{stem.name}.png")) as temporary:
        few = picture.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        few.save(temporary, format="PNG", optimize=True, pnginfo=note, dpi=(RESOLUTION, RESOLUTION))
    plt.close(figure)
