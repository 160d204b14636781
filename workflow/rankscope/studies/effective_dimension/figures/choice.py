"""Which points of a grid the figures show, and in which colours."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeVar

import seaborn as sns
from matplotlib.lines import Line2D

from rankscope.drawing import panels
from rankscope.drawing.style import ACTIVATIONS, Colour
from rankscope.evidence.results import Point, Results
from rankscope.studies.effective_dimension.claims.definitions import PAPER, REDUCED

T = TypeVar("T")
ORTHONORMAL = {"geometry": "orthonormal"}
NO_POINT = "no point of this grid has ReLU, Gaussian weights and orthonormal inputs"


def main(results: Results) -> list[Point]:
    """Return ReLU, Gaussian, orthonormal points of the commonest batch size, by width."""
    return by_width(results.where(**ORTHONORMAL, **PAPER))


def square(results: Results) -> list[Point]:
    """Return those with n = m, by width."""
    chosen = results.where(lambda p: p.width == p.batch_size, **ORTHONORMAL, **PAPER)
    return sorted(chosen, key=lambda p: p.width)


def by_width(points: Results) -> list[Point]:
    """Return the points of the commonest batch size, the first of each width, by width."""
    chosen = points.where(batch_size=commonest(p.batch_size for p in points))
    kept = {p.width: p for p in reversed(chosen.points)}
    return [kept[width] for width in sorted(kept)]


def laws(results: Results) -> list[Point]:
    """Return points of one width and batch size, the most extreme of each kind of law."""
    found = results.where(**ORTHONORMAL, **REDUCED)
    size = commonest((p.width, p.batch_size) for p in found)
    kinds: dict[str, tuple[float, Point]] = {}
    for point in found.where(lambda p: (p.width, p.batch_size) == size):
        kind, extremity = _kind(point)
        if kind not in kinds or extremity > kinds[kind][0]:
            kinds[kind] = extremity, point
    return [kinds[kind][1] for kind in sorted(kinds)]


def commonest(values: Iterable[T]) -> T | None:
    """Return the value that occurs most often, the first of several; ``None`` of none."""
    return next((value for value, _ in Counter(values).most_common(1)), None)


def _kind(point: Point) -> tuple[str, float]:
    """Return the kind of a point's law, and how far along it is within that kind."""
    slope = point.negative_slope
    if point.initialisation == "orthogonal":
        return "2 orthogonal", -abs(slope)
    if point.bias_variance > 0:
        return "3 bias", point.bias_variance
    if slope < 0:
        return "4 negative", -slope
    bounds = ((0.0, "1 ReLU"), (0.5, "5 leaky"), (0.999, "6 strongly leaky"), (1.0, "7 linear"))
    return next((name, slope) for bound, name in bounds if slope <= bound)


def law_colour(point: Point) -> Colour:
    """Return the colour of a point's law, the same in all figures."""
    names = {
        "1 ReLU": "ReLU",
        "2 orthogonal": "ReLU, orthogonal",
        "3 bias": "ReLU, bias",
        "4 negative": "negative slope",
        "5 leaky": "leaky ReLU",
        "6 strongly leaky": "strongly leaky ReLU",
        "7 linear": "linear",
    }
    return ACTIVATIONS[names[_kind(point)[0]]]


def law(point: Point) -> str:
    """Name a point's law for a legend."""
    slope, bias = point.negative_slope, point.bias_variance
    name = {0.0: "ReLU", 1.0: "linear", -1.0: "|x|"}.get(slope, f"slope {slope:g}")
    name += f", bias variance {bias:g}" if bias else ""
    return name + (", orthogonal" if point.initialisation == "orthogonal" else "")


def colours(count: int) -> list[Colour]:
    """Return so many colours, in order."""
    return list(sns.color_palette("viridis", max(1, count)))[:count]


def handles(labels: Sequence[str], shades: Sequence[Colour]) -> list[Line2D]:
    """Return a legend's entries for coloured lines, and for dashed theory."""
    lines = [Line2D([], [], color=c, label=text) for text, c in zip(labels, shades, strict=True)]
    return [*lines, panels.theory_handle()]


def widths(points: Sequence[Point]) -> list[str]:
    """Name points by their widths."""
    return [f"$n = {point.width}$" for point in points]
