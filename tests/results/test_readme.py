"""What the README says was found is what the results say."""

import json
import math

import pandas as pd
import pytest
import trials
import yaml

from rankscope.errors import InputError, MissingError
from rankscope.evidence.verdicts import CLAIM_COLUMNS, CONTRADICTED, DEPENDS, SUPPORTED, UNDECIDED
from rankscope.report import readme

ROOT = trials.ROOT
FINDINGS = ROOT / readme.FINDINGS
kept = pytest.mark.skipif(
    not FINDINGS.exists(), reason=f"{readme.FINDINGS} is missing; `rankscope readme` writes it"
)


@pytest.fixture
def text():
    return (ROOT / readme.README).read_text()


def row(claim, verdict, effect, study="paper/one", **others):
    """A row of ``claims.csv`` with the accepted region from 0 on and an error of 1."""
    values = {"error": 1.0, "accepted_lower": 0.0, "accepted_upper": math.inf, "headline": False}
    values |= {"points": 3, "supported": 2, "basis": "full text", "statement": f"{claim} holds."}
    values |= {"interval_lower": effect - 2, "interval_upper": effect + 2}
    return {"study": study, "claim": claim, "verdict": verdict, "effect": effect} | values | others


def table(*rows):
    return pd.DataFrame(rows).reindex(columns=["study", *CLAIM_COLUMNS])


def test_the_main_statements_come_first_then_the_strongest_of_each_kind():
    claims = table(
        row("weak", SUPPORTED, 3.0),
        row("strong", SUPPORTED, 9.0),
        row("open", UNDECIDED, 0.5),
        row("worst", CONTRADICTED, -8.0, study="paper/two"),
        row("bad", CONTRADICTED, -5.0),
        row("main", UNDECIDED, 0.1, study="paper/two", headline=True),
    )
    assert readme.headlines(claims) == [
        ("paper/two", "main"), ("paper/one", "strong"), ("paper/two", "worst")
    ]  # fmt: skip


def test_a_claim_is_as_strong_as_under_its_weakest_definition_and_counts_if_all_agree():
    claims = table(
        row("mixed", SUPPORTED, 50.0, definition="a"),
        row("mixed", CONTRADICTED, -50.0, definition="b"),
        row("two", SUPPORTED, 40.0, definition="a"),
        row("two", SUPPORTED, 1.0, definition="b"),
        row("one", SUPPORTED, 2.0),
    )
    assert readme.headlines(claims) == [("paper/one", "one")]


def test_numbers_without_an_error_and_verdicts_that_depend_are_not_ranked():
    claims = table(
        row("count", SUPPORTED, 7.0, error=0.0),
        row("identity", SUPPORTED, 7.0, error=1e-17),
        row("unknown", SUPPORTED, 7.0, error=math.nan),
        row("turning", DEPENDS, 7.0),
    )
    assert readme.headlines(claims) == []


def test_every_paper_has_its_own_headlines():
    claims = table(row("a", SUPPORTED, 1.0), row("a", SUPPORTED, 9.0, study="other"))
    assert readme.headlines(claims) == [("paper/one", "a"), ("other", "a")]


def test_the_table_has_a_line_per_claim_and_a_verdict_per_definition_under_each_paper():
    claims = table(
        row("main", SUPPORTED, 4.0, definition="first", headline=True),
        row("main", UNDECIDED, 1.5, definition="second", headline=True, replicates_to_decide=40.0),
        row("turning", DEPENDS, -4.0, headline=True, depends_on="rate", turns_at="between 1 and 2"),
        row("b | c", CONTRADICTED, -4.0, study="lora"),
    )
    lines = readme.table(readme.select(claims)).splitlines()[2:]
    assert lines == [
        "| **Paper** | |",
        "| main holds. *(full text)* | first: **supported**, 2 of 3 points, 4.0 [2.0, 6.0]"
        "<br>second: **undecided** (about 40 replicates would decide it), "
        "2 of 3 points, 1.5 [\N{MINUS SIGN}0.5, 3.5] |",
        "| turning holds. *(full text)* | **depends on** (rate: turns between 1 and 2), "
        "2 of 3 points, \N{MINUS SIGN}4.0 [\N{MINUS SIGN}6.0, \N{MINUS SIGN}2.0] |",
        "| **LoRA** | |",
        "| b \\| c holds. *(full text)* | **contradicted**, "
        "2 of 3 points, \N{MINUS SIGN}4.0 [\N{MINUS SIGN}6.0, \N{MINUS SIGN}2.0] |",
    ]


def test_the_table_is_the_same_from_the_file_as_from_the_results(tmp_path):
    claims = table(row("main", SUPPORTED, 4.0, headline=True), row("two", CONTRADICTED, -1.0))
    readme.select(claims).to_csv(tmp_path / "findings.csv", index=False)
    again = pd.read_csv(tmp_path / "findings.csv")
    assert readme.table(again) == readme.table(readme.select(claims))


def test_results_that_are_missing_and_a_readme_without_marks_are_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingError, match=r"claims\.csv does not exist"):
        readme.refresh()
    with pytest.raises(InputError, match="must have the lines"):
        readme.replaced("no marks", "a table")


@kept
def test_the_table_is_that_of_the_findings(text):
    assert readme.between(text) == readme.table(pd.read_csv(FINDINGS))


@kept
def test_the_findings_are_the_headlines_of_all_papers():
    findings = pd.read_csv(FINDINGS)
    assert readme.select(findings).equals(findings)
    assert len(findings) >= 8


@kept
def test_every_figure_of_the_readme_is_there_and_none_besides(text):
    shown = {name.rpartition("/")[2] for name in readme.SHOWN}
    assert {path.name for path in (ROOT / readme.FIGURES).iterdir()} == shown
    for name in shown:
        assert f"({readme.FIGURES}/{name})" in text


@kept
def test_the_findings_are_those_of_the_results_of_the_default_configuration():
    provenance = ROOT / "results" / "provenance.json"
    if not provenance.exists():
        pytest.skip("there are no results here; `make study` makes them")
    made = json.loads(provenance.read_text())["configuration"]
    if made | {"results": ""} != yaml.safe_load((ROOT / "config.yaml").read_text()) | {
        "results": ""
    }:
        pytest.skip("the results here are of another configuration than config.yaml")
    fresh = readme.select(pd.read_csv(ROOT / "results" / "claims.csv"))
    pd.testing.assert_frame_equal(pd.read_csv(FINDINGS), fresh, rtol=1e-3, check_dtype=False)


@kept
def test_a_changed_number_is_noticed(text):
    rows = pd.read_csv(FINDINGS)
    rows.loc[0, "verdict"] = "supported" if rows.verdict[0] != "supported" else "contradicted"
    assert readme.between(text) != readme.table(rows)
