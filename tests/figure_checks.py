"""What is wrong with a figure, found from its artists and not from its pixels."""

import itertools

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_hex
from matplotlib.container import ErrorbarContainer
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rankscope.drawing import style

LEAST_POINTS = 7
"""Of text, at the width of a page."""


def faults(figure):
    """Say what is wrong: no title, small text, text in the way, marks cut or unexplained."""
    FigureCanvasAgg(figure).draw()
    found = [
        *_untitled(figure),
        *_small(figure),
        *_in_the_way(figure),
        *_cut(figure),
        *_unexplained(figure),
    ]
    return list(dict.fromkeys(found))


def _panels(figure):
    return [axes for axes in figure.axes if axes.get_visible() and axes.get_label() != "<colorbar>"]


def _legends(owner):
    """The legends of a figure or of a panel."""
    return [one for one in owner.get_children() if isinstance(one, Legend)]


def _ticks(axes):
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
        yield [t.label1 for t in ticks if t.label1.get_visible() and low <= t.get_loc() <= high]


def _texts(figure):
    """All texts that are seen, each with its place in the figure."""
    found = [*figure.texts]
    for axes in figure.axes:
        if axes.get_visible() and axes.axison:
            labels = [axes.xaxis.label, axes.yaxis.label, axes.title]
            found += [*labels, *axes.texts, *itertools.chain(*_ticks(axes))]
    for legend in itertools.chain(*map(_legends, (figure, *figure.axes))):
        found += [*legend.get_texts(), legend.get_title()]
    if figure._suptitle:
        found.append(figure._suptitle)
    shown = [text for text in dict.fromkeys(found) if text.get_text() and text.get_visible()]
    return [(text, text.get_window_extent()) for text in shown]


def _untitled(figure):
    """A figure of several panels has a title of its own, beside theirs."""
    panels = _panels(figure)
    if panels and not figure.get_suptitle() and (len(panels) > 1 or not panels[0].get_title()):
        yield "no title"


def _small(figure):
    scale = min(1, style.TWO_COLUMNS / figure.get_figwidth())
    for text, _ in _texts(figure):
        if text.get_fontsize() * scale < LEAST_POINTS - 0.01:
            yield f"small: {text.get_text()!r} at {text.get_fontsize() * scale:.1f} pt"


def _in_the_way(figure):
    texts = _texts(figure)
    for text, box in texts:
        outside = max(-box.x0, -box.y0, box.x1 - figure.bbox.x1, box.y1 - figure.bbox.y1)
        if outside > 1:
            yield f"runs off the page: {text.get_text()!r}"
    for (one, box), (other, second) in itertools.combinations(texts, 2):
        if one.get_rotation() % 90 == other.get_rotation() % 90 == 0 and _overlap(box, second) > 1:
            yield f"texts overlap: {one.get_text()!r} and {other.get_text()!r}"
    for axes in _panels(figure):
        for legend in _legends(figure):
            if _overlap(legend.get_window_extent(), axes.get_window_extent()) > 1:
                yield "the legend lies over a panel"
        for legend, line in itertools.product(_legends(axes), axes.lines):
            path = line.get_path().transformed(line.get_transform())
            if path.intersects_bbox(legend.get_window_extent(), filled=False):
                yield f"the legend covers {line.get_label()!r}"


def _overlap(one, other):
    """How far two boxes overlap, in dots of the page."""
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return min(width, height)


def _places(axes, data):
    data = np.ma.filled(np.ma.asarray(data, dtype=float), np.nan).reshape(-1, 2)
    return axes.transData.transform(data[np.isfinite(data).all(axis=1)])


def _cut(figure):
    """Marks, bars and curves of data outside their panel; what a log axis cannot show is one."""
    for axes in _panels(figure):
        box, where = axes.get_window_extent(), f"{axes.get_title()!r}, {axes.get_ylabel()!r}"
        for line in axes.lines:
            if line.get_transform() != axes.transData:
                continue
            places = _places(axes, line.get_xydata())
            if not _marked(line):
                places = places[(places[:, 0] > box.x0 - 1) & (places[:, 0] < box.x1 + 1)]
            if np.any(~_inside(box, places)):
                yield f"{'marks' if _marked(line) else 'a curve'} cut in {where}"
        for bars in axes.collections:
            if isinstance(bars, LineCollection) and bars.get_transform() == axes.transData:
                for segment in bars.get_segments():
                    if np.any(~_inside(box, _places(axes, segment))):
                        yield f"bars cut in {where}"


def _inside(box, places):
    x, y = np.asarray(places).reshape(-1, 2).T
    inside = (x > box.x0 - 1) & (x < box.x1 + 1) & (y > box.y0 - 1) & (y < box.y1 + 1)
    return inside & np.isfinite(x) & np.isfinite(y)


def _marked(line):
    return line.get_marker() not in ("", "None", None, " ")


def _look(line):
    return (
        to_hex(line.get_color()),
        line.get_linestyle() if line.get_linestyle() not in ("None", " ", "") else "",
        str(line.get_marker()) if _marked(line) else "",
    )


def _fills(artists):
    """Colours of bands and patches that are filled."""
    filled = [
        one
        for one in artists
        if isinstance(one, PolyCollection) or (isinstance(one, Patch) and one.get_fill())
    ]
    faces = [face for one in filled for face in np.atleast_2d(one.get_facecolor())]
    return {to_hex(face) for face in faces if len(face) == 4 and face[3] > 0}


def _drawn(axes):
    """Looks of the lines of a panel that have data, without the ends of bars."""
    bars = [one for one in axes.containers if isinstance(one, ErrorbarContainer)]
    ends = {end for one in bars for end in one.lines[1]}
    return {_look(line) for line in axes.lines if len(line.get_xdata()) and line not in ends}


def _unexplained(figure):
    """Lines, marks and bands that no legend explains."""
    legends = [one for owner in (figure, *figure.axes) for one in _legends(owner)]
    handles = [one for legend in legends for one in legend.legend_handles]
    known = [_look(line) for legend in legends for line in legend.findobj(Line2D)]
    known += [(fill, "", "") for fill in _fills(handles)]
    colours, dashes, marks = ({look[part] for look in known if look[part]} for part in range(3))
    for axes in _panels(figure):
        looks = {look for look in _drawn(axes) if look[1] or look[2]}
        bands = _fills([*axes.collections, *axes.patches])
        if len(looks) + len(bands) < 2 and not known:
            continue
        for colour, dash, mark in sorted(looks):
            own = dash not in ("", "-") and dash in dashes
            if colour not in colours and not own:
                yield f"no legend has the colour {colour} ({dash} {mark})"
            if dash not in ("", "-") and dash not in dashes:
                yield f"no legend has lines {dash} ({colour})"
            if mark and mark not in marks:
                yield f"no legend has the mark {mark} ({colour})"
        for band in sorted(bands - colours):
            yield f"no legend has the filled colour {band}"


def explained_in_vain(figure):
    """Say which entries of legends have dashes or a mark that no line has.

    Not among the faults: on the smallest grid a legend may name what only larger grids have.
    """
    FigureCanvasAgg(figure).draw()
    legends = [one for owner in (figure, *figure.axes) for one in _legends(owner)]
    drawn = {look for axes in _panels(figure) for look in _drawn(axes)}
    dashes, marks = ({look[part] for look in drawn} for part in (1, 2))
    found = []
    for handle in (one for legend in legends for one in legend.legend_handles):
        _, dash, mark = _look(handle) if isinstance(handle, Line2D) else ("", "", "")
        if (dash and dash not in dashes) or (mark and mark not in marks):
            found.append(handle.get_label())
    return found
