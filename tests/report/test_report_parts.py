"""The pieces of the report: numbers, regions, prose, claims, run times."""

import math
import os
import re

import pandas as pd
import pytest

from rankscope.errors import MissingError
from rankscope.planning import study
from rankscope.report import audits, formats, gather, items, prose


@pytest.mark.parametrize(
    ("lower", "upper", "text"),
    [
        (0.0, 0.02, "0 to 0.02"),
        (-math.inf, 3.0, "≤ 3"),
        (0.5, math.inf, "≥ 0.5"),
        (-math.inf, math.inf, "any"),
        (math.nan, math.nan, ""),
        (-0.1, 0.1, "\N{MINUS SIGN}0.1 to 0.1"),
        (1 - 1e-9, 1 + 1e-9, "1 ± 1e\N{MINUS SIGN}09"),
    ],
)
def test_a_region_reads_as_an_interval_or_a_bound(lower, upper, text):
    assert formats.region(lower, upper) == text


@pytest.mark.parametrize(
    ("value", "error", "ends", "text"),
    [
        (0.26537, 0.006814, (0.2519, 0.2789), "0.2654 [0.2519, 0.2789]"),
        (-1.281, 1.1, (-3.4, 0.9), "\N{MINUS SIGN}1.3 [\N{MINUS SIGN}3.4, 0.9]"),
        (1234.6, 25.0, (1190.0, 1280.0), "1235 [1190, 1280]"),
        (
            1e-9,
            1e-10,
            (0.8e-9, 1.2e-9),
            "1e\N{MINUS SIGN}09 [8e\N{MINUS SIGN}10, 1.2e\N{MINUS SIGN}09]",
        ),
        (0.9688, 0.0, (0.9688, 0.9688), "0.9688"),
        (0.5, math.nan, (math.nan, math.nan), "0.5"),
        (math.nan, math.nan, (math.nan, math.nan), ""),
    ],
)
def test_an_estimate_and_its_interval_are_written_to_the_second_digit_of_the_error(
    value, error, ends, text
):
    row = {"effect": value, "error": error, "interval_lower": ends[0], "interval_upper": ends[1]}
    assert formats.estimate(row) == text


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"verdict": "supported"}, ""),
        ({"verdict": "contradicted", "replicates_to_decide": 9.0}, ""),
        (
            {"verdict": "depends on", "depends_on": "learning_rate", "turns_at": "between 1 and 2"},
            "learning rate: turns between 1 and 2",
        ),
        (
            {"verdict": "undecided", "replicates_to_decide": 1234.0},
            "about 1,200 replicates would decide it",
        ),
        (
            {"verdict": "undecided", "replicates_to_decide": math.inf},
            "no number of replicates decides it: the estimate lies on a bound",
        ),
        (
            {"verdict": "undecided", "replicates_to_decide": ""},
            "no number of replicates decides it: values are missing or their error is unknown",
        ),
    ],
)
def test_a_remark_says_what_a_verdict_leaves_open(row, text):
    assert formats.remark(row) == text


@pytest.mark.parametrize(
    ("effect", "error", "lower", "upper", "expected"),
    [
        (0.5, 0.1, 0.0, 2.0, 5.0),  # five errors from the lower bound
        (1.5, 0.25, -math.inf, 1.0, -2.0),
        (1.0, 0.0, 0.0, 2.0, math.inf),
        (3.0, 0.0, 0.0, 2.0, -math.inf),
    ],
)
def test_strength_is_the_distance_from_the_bound_in_errors(effect, error, lower, upper, expected):
    row = {"effect": effect, "error": error, "accepted_lower": lower, "accepted_upper": upper}
    assert gather.strength(row) == pytest.approx(expected)


def test_a_row_whose_error_is_unknown_has_no_strength():
    row = {"effect": 1.0, "error": math.nan, "accepted_lower": 0.0, "accepted_upper": 2.0}
    assert math.isnan(gather.strength(row))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lora/low_rank", "LoRA: low rank"),
        ("effective_dimension", "Effective dimension"),
        ("eigenspace_alignment/xor", "Eigenspace alignment: XOR"),
    ],
)
def test_names_read_as_words(name, words):
    assert formats.in_words(name) == words


@pytest.mark.parametrize(
    ("megabytes", "text"), [(0.4, "0 MB"), (300.2, "300 MB"), (1200.5, "1.2 GB"), (math.nan, "")]
)
def test_memory_reads_as_a_person_says_it(megabytes, text):
    assert formats.memory(megabytes) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (59.0, "59.0 s"), (61.0, "1 min 1 s"), (3720, "1 h 2 min")],
)
def test_a_run_time_reads_as_a_person_says_it(seconds, text):
    assert formats.duration(seconds) == text


def test_prose_is_split_at_its_headings():
    title, introduction, parts = prose.sections("# A title\n\nSome words.\n\n## One\na\n## Two\nb")
    assert title == "A title"
    assert introduction == "Some words."
    assert parts == {"One": "a", "Two": "b"}


def test_formulas_become_mathml_and_everything_else_stays_text():
    text = prose.markdown(r"Let $\sigma_1 \le 2$ and <b>no</b> tags.")
    assert "<math" in text
    assert "<msub><mi>\N{GREEK SMALL LETTER SIGMA}</mi><mn>1</mn></msub>" in text
    assert "&lt;b&gt;no&lt;/b&gt;" in text
    assert "\\" not in text


def test_a_wide_formula_in_a_line_is_scrolled_by_itself():
    assert '<span class="wide" tabindex="0"><math' in prose.markdown(
        f"${'+'.join('abcdefghijklmnop')}$"
    )
    assert 'class="wide"' not in prose.markdown(r"$\sigma_1 \le 2$")


def test_a_page_is_rendered_part_by_part():
    title, introduction, parts = prose.page("# A *title*\n\nSome *words*.\n\n## One\n*a*")
    assert title == "A *title*"
    assert introduction == "<p>Some <em>words</em>.</p>\n"
    assert parts == {"One": "<p><em>a</em></p>\n"}


@pytest.mark.parametrize("name", study.names())
def test_a_docstring_that_stands_for_a_report_is_plain_text(name):
    _, introduction, parts = gather._text(name)
    shown = "".join((introduction, *parts.values()))
    assert re.search(r"={3}|\*\w", re.sub("<code>.*?</code>", "", shown)) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("within a factor 1.33333.", "within a factor 1.33."),
        ("within 0.05 of 0.79212", "within 0.05 of 0.792"),
        ("(arXiv 2405.16002), at 0.0001", "(arXiv 2405.16002), at 0.0001"),
        ("1.234567e-05 and v1.234567.8", "1.234567e-05 and v1.234567.8"),
        (math.nan, math.nan),
    ],
)
def test_numbers_of_many_digits_in_a_text_are_rounded(text, shown):
    assert formats.rounded(text) is shown or formats.rounded(text) == shown


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ([], ""),
        (["config.yaml"], ""),
        (["presets/quick.yaml"], " CONFIG=presets/quick.yaml"),
        (["my file.yaml"], " CONFIG='my file.yaml'"),
    ],
)
def test_a_command_names_a_configuration_that_is_not_the_default(files, text):
    assert formats.chosen(files) == text


def test_a_source_on_arxiv_is_linked_and_the_rest_stays_text():
    assert prose.source("Nobody & al., arXiv 2507.07675, abstract") == (
        "Nobody &amp; al., "
        '<a href="https://arxiv.org/abs/2507.07675">arXiv 2507.07675</a>, abstract'
    )
    assert prose.source("derived here") == '<a href="#derivations">derived here</a>'
    assert prose.source("a book, 2001") == "a book, 2001"


def test_the_verdicts_of_a_claim_are_counted_over_its_definitions():
    cells = [
        {"claim": "A: b", "verdict": verdict, "effect": effect, "error": 1.0}
        | {"accepted_lower": 0.0, "accepted_upper": math.inf}
        for verdict, effect in (("supported", 9.0), ("contradicted", -5.0), ("supported", 2.0))
    ]
    claim = gather.Claim(study="paper/one", cells=cells, data="")
    assert claim.counts == {"supported": 2, "contradicted": 1}
    assert claim.order == -5.0
    assert claim.anchor == "paper-one-a-b"


def test_earlier_verdicts_are_those_of_other_releases_the_latest_first(tmp_path, monkeypatch):
    (tmp_path / "findings").mkdir()
    for version, verdict in (
        ("0.1.0", "undecided"),
        ("0.2.0", "supported"),
        ("0.3.0", "undecided"),
    ):
        row = f"study,claim,definition,verdict\npaper/one,A,b,{verdict}\n"
        (tmp_path / "findings" / f"{version}.csv").write_text(row)
    monkeypatch.setattr(gather, "DOCS", tmp_path)
    monkeypatch.setattr(gather, "__version__", "0.3.0")
    assert gather.history("paper/one") == {"A: b": {"0.2.0": "supported", "0.1.0": "undecided"}}
    assert list(gather.history("paper/one")["A: b"]) == ["0.2.0", "0.1.0"]


def test_times_are_added_up_over_the_jobs_of_a_stage_and_memory_is_the_largest(tmp_path):
    for name, seconds, memory in (
        ("simulated_1", 5.0, "300.5"),
        ("simulated_12", 2.5, "-"),
        ("collect_simulated", 1.0, "100"),
        ("collect_predicted", 0.5, "90"),
        ("plot", 0.2, "-"),
    ):
        (tmp_path / f"{name}.tsv").write_text(f"s\th:m:s\tmax_rss\n{seconds}\t0\t{memory}\n")
    (tmp_path / "plot.log").write_text("drawn")
    found = gather.times(tmp_path)
    assert found["simulated"] == (7.5, 300.5)
    assert found["collect"] == (1.5, 100.0)
    assert found["plot"][0] == 0.2
    assert math.isnan(found["plot"][1])
    assert set(found) == {"simulated", "collect", "plot"}


def test_a_picture_or_table_that_is_missing_is_named(tmp_path):
    with pytest.raises(MissingError, match=r"figure\.png does not exist"):
        items.picture(tmp_path / "figure.png", "A figure.")
    with pytest.raises(MissingError, match=r"table\.csv does not exist"):
        items.table(tmp_path / "table.csv", "A table.")


def test_a_table_is_escaped(tmp_path):
    (tmp_path / "table.csv").write_text("a,b\n<i>,0.123456\n")
    shown = items.table(tmp_path / "table.csv", "A table.").content
    assert "&lt;i&gt;" in shown
    assert "0.1235" in shown


def test_a_caption_says_what_its_docstring_says():
    title, caption = items.title_and_caption(
        "Of what\nit is.\n\nThe line is sqrt((k -\n1) / k), |U^T W V| * 2 of ``x_1``, $\\alpha$."
    )
    assert title == "Of what it is."
    assert "sqrt((k - 1) / k), |U^T W V| * 2 of <code>x_1</code>, " in caption
    assert "<math" in caption
    assert caption.count("<p>") == 1


def test_an_audit_is_read_by_study_claim_and_definition_and_may_be_outdated(tmp_path):
    assert audits.read(tmp_path) == ([], False)
    row = {"study": "s", "claim": "A", "definition": "", "sound": True, "found": True}
    pd.DataFrame(
        [
            row | {"claim": claim, "kind": kind, "powerful": claim == "B" or kind != "fails"}
            for claim in "AB"
            for kind in ("holds", "fails", "null")
        ]
    ).to_csv(tmp_path / "audit.csv", index=False)
    (tmp_path / "claims.csv").write_text("made later")
    os.utime(tmp_path / "audit.csv", (1, 1))
    (audit,), outdated = audits.read(tmp_path)
    assert outdated
    assert audit.counts == {"unsound": 0, "not found": 0, "weak": 1}
    (faulty,) = audit.rows
    assert {kind: one["claim"] for kind, one in faulty.items()} == dict.fromkeys(faulty, "A")
    assert set(faulty) == {"holds", "fails", "null"}
    assert audit.others == 1
