"""The pieces of the report: numbers, regions, prose, families, run times."""

import math

import pytest

from rankscope.jobs import journal
from rankscope.report import gather, prose


@pytest.mark.parametrize(
    ("lower", "upper", "text"),
    [
        (0.0, 0.02, "0 to 0.02"),
        (-math.inf, 3.0, "≤ 3"),
        (0.5, math.inf, "≥ 0.5"),
        (-math.inf, math.inf, "any"),
        (math.nan, math.nan, ""),
        (-0.1, 0.1, "\N{MINUS SIGN}0.1 to 0.1"),
    ],
)
def test_a_region_reads_as_an_interval_or_a_bound(lower, upper, text):
    assert gather.region(lower, upper) == text


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.26537, 0.006814, "0.2654 ± 0.0068"),
        (-1.281, 1.1, "\N{MINUS SIGN}1.3 ± 1.1"),
        (0.9688, 0.0, "0.9688"),
        (1234.6, 25.0, "1235 ± 25"),
        (math.nan, math.nan, "nan"),
    ],
)
def test_an_estimate_is_written_to_the_second_digit_of_its_error(value, error, text):
    assert gather.with_error(value, error) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (59.0, "59.0 s"), (61.0, "1 min 1 s"), (3720, "1 h 2 min")],
)
def test_a_run_time_reads_as_a_person_says_it(seconds, text):
    assert gather.duration(seconds) == text


def test_prose_is_split_at_its_headings():
    title, introduction, parts = prose.sections("# A title\n\nSome words.\n\n## One\na\n## Two\nb")
    assert title == "A title"
    assert introduction == "Some words."
    assert parts == {"One": "a", "Two": "b"}


def test_formulas_become_mathml_and_everything_else_stays_text():
    text = prose.markdown(r"Let $\sigma_1 \le 2$ and <b>no</b> tags.")
    assert "<math" in text
    assert "<msub><mi>&#x003C3;</mi><mn>1</mn></msub>" in text
    assert "&lt;b&gt;no&lt;/b&gt;" in text
    assert "\\" not in text


def test_a_family_is_the_claims_that_share_a_name_up_to_the_colon():
    claims = [
        {"claim": name, "statement": statement, "verdict": "supported"}
        for name, statement in (
            ("A: one", "Read as one: the formula is the expected dimension of it."),
            ("A: two", "Read as two: the formula is the expected dimension of it."),
            ("B", "Something else."),
        )
    ]
    first, second = _study(claims).families
    assert first.members == "one, two"
    assert first.statement == "The formula is the expected dimension of it."
    assert first.counts == {"supported": 2}
    assert second.claims == [claims[2]]


def _study(claims):
    names = ("introduction", "sections", "figures", "tables", "points", "replicates")
    rest = dict.fromkeys((*names, "seconds", "grid"))
    return gather.Study(name="s", title="S", claims=claims, **rest)


def test_run_times_count_the_last_run_of_each_point_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for event, point, seconds in (
        (journal.DONE, "a", 5.0),
        (journal.STARTED, "a", 0.0),
        (journal.DONE, "a", 2.0),
        (journal.DONE, "b", 3.0),
        (journal.FAILED, "c", 9.0),
    ):
        journal.append(event, "s", "simulated", point, seconds)
    journal.append(journal.DONE, "s", "predicted", "a", 1.0)
    assert gather.run_times() == {"s": {"simulate": 5.0, "predict": 1.0}}


def test_a_caption_says_what_its_docstring_says():
    title, caption = gather.title_and_caption(
        "Of what\nit is.\n\nThe line is sqrt((k -\n1) / k), |U^T W V| * 2 of ``x_1``, $\\alpha$."
    )
    assert title == "Of what it is."
    assert "sqrt((k - 1) / k), |U^T W V| * 2 of <code>x_1</code>, " in caption
    assert "<math" in caption
    assert caption.count("<p>") == 1


def test_a_caption_for_snakemake_keeps_its_characters():
    from docutils.core import publish_parts

    from rankscope.jobs import reporting

    text = reporting.as_restructured_text("A |U|_F of\n1) x_ and *y* `z`.\n\n- not a list")
    body = publish_parts(text, writer="html", settings_overrides={"report_level": 1})["body"]
    assert "A |U|_F of 1) x_ and *y* `z`." in body
    assert "System Message" not in body
