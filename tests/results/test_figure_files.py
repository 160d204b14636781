"""Figures as they are published: embedded fonts, one style, tables that LaTeX reads."""

import re
from pathlib import Path

import figure_checks
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from rankscope.comparison import figures as comparison
from rankscope.comparison import ranks
from rankscope.drawing import describe, panels, style
from rankscope.evidence import results
from rankscope.jobs import tabulate
from rankscope.planning import code, study

RESULTS = Path(__file__).parent.parent.parent / "results"
INK = 200
"""What is darker, of 255, is no background."""


def save(stem):
    style.apply()
    figure, axis = plt.subplots(figsize=(style.ONE_COLUMN, 2))
    axis.plot([1, 2], [1, 4], label=r"$\lambda_1$")
    axis.set(xlabel="layer", title="A title")
    axis.legend()
    style.save(figure, stem)
    return stem


@pytest.fixture
def saved(tmp_path):
    return save(tmp_path / "figure")


def test_fonts_are_embedded_in_the_pdf_as_truetype(saved):
    data = saved.with_suffix(".pdf").read_bytes()
    assert b"/FontFile2" in data  # a TrueType font program, what matplotlib calls type 42
    assert b"/Subtype /Type3" not in data
    fonts = len(re.findall(rb"/FontDescriptor \d+ 0 R", data))
    assert len(re.findall(rb"/FontFile2 \d+ 0 R", data)) >= fonts // 2 > 0


def test_a_figure_without_the_style_would_not_pass(tmp_path):
    with plt.rc_context({"pdf.fonttype": 3}):
        figure, axis = plt.subplots()
        axis.set_title("A title")
        figure.savefig(tmp_path / "figure.pdf")
        plt.close(figure)
    assert b"/Subtype /Type3" in (tmp_path / "figure.pdf").read_bytes()


def test_a_figure_is_as_wide_as_the_column_it_is_for(saved):
    width = int.from_bytes(saved.with_suffix(".png").read_bytes()[16:20], "big")
    assert width == pytest.approx(style.ONE_COLUMN * style.RESOLUTION, abs=1)


def test_the_same_figure_is_the_same_bytes(saved, tmp_path):
    again = save(tmp_path / "again")
    for kind in (".png", ".pdf"):
        assert saved.with_suffix(kind).read_bytes() == again.with_suffix(kind).read_bytes()


def drawn(**marks):
    style.apply()
    figure, axis = plt.subplots(figsize=(style.ONE_COLUMN, 2))
    figure.suptitle("one peak")
    axis.plot([1, 2, 3], [1, 4, 2], **{"marker": "o", "label": "measured"} | marks)
    return figure, axis


def test_a_sound_figure_has_no_faults():
    figure, _ = drawn()
    panels.legend_below(figure)
    assert figure_checks.faults(figure) == []


def _untitled(figure, axis):
    figure.suptitle("")


def _small(figure, axis):
    axis.set_title("title", fontsize=6)


def _cut(figure, axis):
    axis.set_ylim(0, 3)


def _off_a_logarithmic_axis(figure, axis):
    panels.marks(axis, [2], [[-1], [3], [1]], color="C0", marker="o")
    axis.set_yscale("log")


def _unexplained_mark(figure, axis):
    axis.plot([1, 2], [1, 1], "s", color="C1")


def _unexplained_dashes(figure, axis):
    axis.axhline(2, linestyle=":", color="C0")


def _a_curve_that_leaves_its_panel(figure, axis):
    axis.plot([1, 2, 3], [3, 2, 9], color="C0")
    axis.set_ylim(0, 5)


def _unexplained_band(figure, axis):
    axis.axhspan(2, 3, color="0.5", alpha=0.2)


def _covered(figure, axis):
    axis.legend(loc="upper center")


def _off_the_page(figure, axis):
    axis.set_title("a title that is far too long for a column of this width, and goes on")


def _crowded(figure, axis):
    axis.set_xticks([1.5, 1.52], ["one point", "another"])


@pytest.mark.parametrize(
    "fault",
    [_untitled, _small, _cut, _off_a_logarithmic_axis, _unexplained_mark, _unexplained_dashes,
     _covered, _off_the_page, _crowded, _a_curve_that_leaves_its_panel, _unexplained_band],
    ids=lambda fault: fault.__name__,
)  # fmt: skip
def test_a_fault_of_a_figure_is_found(fault):
    figure, axis = drawn()
    panels.legend_below(figure, axis.get_legend_handles_labels()[0])
    fault(figure, axis)
    assert figure_checks.faults(figure)


def test_what_a_legend_explains_in_vain_is_found():
    figure, axis = drawn()
    handles, _ = axis.get_legend_handles_labels()
    panels.legend_below(figure, handles)
    assert figure_checks.explained_in_vain(figure) == []
    panels.legend_below(figure, [*handles, panels.theory_handle()])
    assert figure_checks.explained_in_vain(figure) == ["theory"]


REAL = [
    (name, item)
    for name in study.names()
    if (RESULTS / name / "verdicts.csv").exists()
    for item in study.makes(name, "figures")
]


@pytest.mark.skipif(not REAL, reason="there are no results here; `make study` makes them")
@pytest.mark.parametrize(("name", "item"), REAL)
def test_figures_of_the_results_are_legible_whole_and_explained(name, item):
    style.apply()
    function = getattr(study.part(name, "figures"), item)
    figure = tabulate.call(function, results.read(RESULTS / name), RESULTS / name)
    assert figure_checks.faults(figure) == []
    assert figure_checks.explained_in_vain(figure) == []


@pytest.mark.skipif(not REAL, reason="there are no results here; `make study` makes them")
@pytest.mark.parametrize("item", code.public_functions(comparison.__name__))
def test_the_comparison_of_the_results_is_legible_whole_and_explained(item):
    style.apply()
    names = [name for name in dict(REAL) if study.has(name, "spectra")]
    figure = getattr(comparison, item)(list(ranks.gather(names, RESULTS)))
    assert figure_checks.faults(figure) == []
    assert figure_checks.explained_in_vain(figure) == []


@pytest.mark.skipif(not REAL, reason="there are no results here; `make study` makes them")
def test_nothing_touches_the_border_of_a_picture():
    cut = []
    for file in sorted(RESULTS.rglob("figures/*.png")):
        with Image.open(file) as picture:
            ink = np.asarray(picture.convert("L")) < INK
        if np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]]).any():
            cut.append(file.name)
    assert cut == []


def test_what_a_figure_shows_is_said_in_its_png(saved):
    with Image.open(saved.with_suffix(".png")) as picture:
        text = picture.text["Description"]
    assert text == "Panel 1, A title: layer (0.95 to 2.05). Legend: λ_1."


def test_the_way_of_each_curve_is_said_by_its_name_in_the_legend():
    figure, axis = drawn(label="hump")
    axis.plot([3, 2, 1], [5, 2, 1], "--", color="C1", label=r"$\lambda$")
    panels.marks(axis, [1, 2, 3], [[1, 1, 1], [1, 1, 1]], color="C2", label="level")
    panels.marks(axis, [1, 2, 3], [[4, 3, 2], [4, 3, 2]], color="C3", label="down")
    axis.axhline(2, color="C4", label="a constant")
    panels.legend_below(figure)
    text = describe.figure(figure)
    assert (
        "From left to right hump rises, then falls (1, 4, 2); λ rises (1 to 5); "
        "level stays level (1 to 1); down falls (4 to 2). Legend: hump; λ; a constant; level; down."
    ) in text
    axis.plot([1, 2, 3], [1, 2, 3], ":", color="C5", label="fifth")
    figure.legends.clear()
    panels.legend_below(figure)
    text = describe.figure(figure)
    assert "of 5 curves 2 rise; 1 falls; 1 rises, then falls; 1 stays level." in text


def test_curves_that_all_go_one_way_are_said_to():
    figure, axis = drawn(label="hump")
    axis.clear()
    for number in range(5):
        axis.plot([1, 2, 3], [1, 2, 3 + number], color=f"C{number}", label=f"curve {number}")
    panels.legend_below(figure)
    assert "From left to right all 5 curves rise." in describe.figure(figure)
    axis.set_xticks([1, 2, 3])
    assert "From left to right all 5 curves rise." in describe.figure(figure)
    axis.set_xticks([1, 2, 3], ["one", "method", "each"])
    assert "From left to right" not in describe.figure(figure)


def test_lines_that_share_a_name_are_not_told_apart():
    figure, axis = drawn(label="both")
    axis.plot([1, 2, 3], [3, 2, 1], marker="o", color="C0")
    panels.legend_below(figure)
    assert "From left to right" not in describe.figure(figure)


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"$\phi(x^a, \mathrm{Span}\,\mu)$", "φ(x^a, Span μ)"),
        (r"$|W_i\cdot\mu|$ of $|A - PAP|\,/\,|A|$", "|W_i·μ| of |A - PAP| / |A|"),
        (r"$|W_{i\perp}|^2 / \|W\|_F$", "|W_(i⊥)|^2 / ‖W‖_F"),
        (r"$\sqrt{(k-1)/k}$ of $\sqrt{d}$", "√((k-1)/k) of √d"),
        (r"$U^\top W$, $\log_{10} i^{-0.5}$", "U^T W, log_(10) i^(-0.5)"),
        (r"$x^1\!\cdot\mu_{2}$ and $n \Delta$, 5 % \ {x}", r"x^1·μ_2 and n Δ, 5 % \ {x}"),
    ],
)
def test_formulas_are_said_without_tex(tex, text):
    assert describe.plain(tex) == text


def test_a_table_is_written_for_people_for_programs_and_for_latex(tmp_path):
    table = pd.DataFrame({"a_name": ["x_1 & 50 %"], "value": [1.23456789]})
    tabulate.write(table, tmp_path / "table")
    assert pd.read_csv(tmp_path / "table.csv").equals(table)
    assert "| x_1 & 50 % | 1.235   |" in (tmp_path / "table.md").read_text()
    latex = (tmp_path / "table.tex").read_text()
    assert r"\toprule" in latex
    assert r"x\_1 \& 50 \%" in latex
