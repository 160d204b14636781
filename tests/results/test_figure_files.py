"""Figures as they are published: embedded fonts, one style, tables that LaTeX reads."""

import re

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from rankscope.drawing import style
from rankscope.jobs import tabulate


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
    assert width == pytest.approx(style.ONE_COLUMN * 200, abs=1)


def test_the_same_figure_is_the_same_bytes(saved, tmp_path):
    again = save(tmp_path / "again")
    for kind in (".png", ".pdf"):
        assert saved.with_suffix(kind).read_bytes() == again.with_suffix(kind).read_bytes()


def test_a_table_is_written_for_people_for_programs_and_for_latex(tmp_path):
    table = pd.DataFrame({"a_name": ["x_1 & 50 %"], "value": [1.23456789]})
    tabulate.write(table, tmp_path / "table")
    assert pd.read_csv(tmp_path / "table.csv").equals(table)
    assert "| x_1 & 50 % | 1.235   |" in (tmp_path / "table.md").read_text()
    latex = (tmp_path / "table.tex").read_text()
    assert r"\toprule" in latex
    assert r"x\_1 \& 50 \%" in latex
