"""How figures show ranks said and needed, here and in the study that goes on with this one."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from rankscope.drawing import panels, style
from rankscope.evidence.results import Point
from rankscope.evidence.samples import Estimate, ratio_of_means
from rankscope.studies.rank_budget.claims import BETTER
from rankscope.studies.rank_budget.parameters import KEPT_SHARE

LEAST = 0.5
"""Rank at which bars end."""
ROWS = "0.25"
"""Colour of marks in figures whose rows name the arms."""
BAND: dict[str, Any] = {"color": "0.5", "alpha": 0.2, "lw": 0}
NEEDED_BARS = "bars: 95 % intervals, of the rank needed by the jackknife"


def kept_shares(axes: Axes, point: Point, looks: Mapping[str, Mapping[str, Any]]) -> None:
    """Draw which share of its gain each matrix of ``looks`` keeps, by the directions it keeps."""
    places = np.arange(point.measured.sizes["kept"])
    for name, look in looks.items():
        losses = point.measured.cut_loss.sel(matrix=name)
        gains = (losses.sel(kept="0") - losses).transpose("kept", "replicate").values
        shares = [ratio_of_means(gain, gains[-1]) for gain in gains]
        bars = np.nan_to_num([share.half_width for share in shares])
        axes.errorbar(places, [share.value for share in shares], yerr=bars, lw=0.9, **look)
    axes.axhline(KEPT_SHARE, **style.NULL, label="90 %")
    axes.set(xlabel="directions kept", ylabel="share of the gain")


def factor_two(axes: Axes, largest: float) -> None:
    """Frame a panel of ranks said over ranks needed, with the claim's band, up to the largest."""
    line = np.array([LEAST, largest])
    axes.fill_between(line, line / 2, line * 2, **BAND)
    panels.theory(axes, line, line)
    limits = (0.9 * LEAST, largest)
    axes.set(xscale="log", yscale="log", xlim=limits, ylim=limits)
    axes.set(xlabel="rank needed", ylabel="rank said")
    panels.plain_ticks(axes, "xy")


def said_mark(axes: Axes, needed: Sequence[float], said: ArrayLike, **look: Any) -> None:
    """Draw a rank said, over replicates, against the rank needed and the ends of its interval."""
    x, *ends = needed
    y, height = panels.bar(said, LEAST)
    width = np.abs(np.subtract(ends, x))[:, None]
    axes.errorbar(x, y, xerr=width, yerr=height, ms=3.5, elinewidth=0.8, linestyle="none", **look)


def factor_two_handles() -> list[Artist]:
    """Return a legend's entries for the line of equal ranks and its band."""
    return [panels.theory_handle("equal"), Patch(label="within a factor 2", **BAND)]


def arms(axes: Axes, names: Sequence[str], gained: Sequence[Estimate]) -> None:
    """Draw by how much each arm is better than the even spread, a row an arm."""
    for row, found in enumerate(gained):
        half = np.nan_to_num(found.half_width)
        axes.errorbar(found.value, row, xerr=half, fmt="o", color=ROWS, ms=3.5)
    axes.axvspan(BETTER.lower, 2 * BETTER.lower, **BAND)
    axes.axvline(0.0, **style.NULL)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_yticks(range(len(gained)), names)
    axes.invert_yaxis()


def arms_handles() -> list[Artist]:
    """Return the legend's entries of `arms`."""
    return [
        Line2D([], [], color=ROWS, marker="o", ls="none", ms=4, label="mean"),
        Line2D([], [], label="even spread", **style.NULL),
        Patch(label="from here on better", **BAND),
    ]


def same_heights(grid: Sequence[Axes]) -> None:
    """Give all panels the limits that hold what each of them shows."""
    limits = np.array([axes.get_ylim() for axes in grid])
    for axes in grid:
        axes.set_ylim(limits[:, 0].min(), limits[:, 1].max())
