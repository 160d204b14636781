"""What the README says was found is what the results say."""

import json

import pandas as pd
import pytest
import trials
import yaml

from rankscope.report import readme

ROOT = trials.ROOT
FINDINGS = ROOT / readme.FINDINGS
pytestmark = pytest.mark.skipif(
    not FINDINGS.exists(), reason=f"{readme.FINDINGS} is missing; `rankscope readme` writes it"
)


@pytest.fixture
def text():
    return (ROOT / readme.README).read_text()


def test_the_table_is_that_of_the_findings(text):
    assert readme.between(text) == readme.table(readme.read(FINDINGS.read_text()))


def test_the_findings_are_the_headlines_in_their_order():
    rows = [(row["study"], row["claim"]) for row in readme.read(FINDINGS.read_text())]
    assert rows == [
        (study, claim) for study, claims in readme.HEADLINES.items() for claim in claims
    ]
    assert len(rows) >= 8


def test_every_figure_of_the_readme_is_there_and_none_besides(text):
    shown = {name.rpartition("/")[2] for name in readme.SHOWN}
    assert {path.name for path in (ROOT / readme.FIGURES).iterdir()} == shown
    for name in shown:
        assert f"({readme.FIGURES}/{name})" in text


def test_the_findings_are_those_of_the_results_of_the_default_configuration():
    provenance = ROOT / "results" / "provenance.json"
    if not provenance.exists():
        pytest.skip("there are no results here; `make study` makes them")
    if json.loads(provenance.read_text())["configuration"] != yaml.safe_load(
        (ROOT / "config.yaml").read_text()
    ):
        pytest.skip("the results here are of another configuration than config.yaml")
    fresh = readme.select(pd.read_csv(ROOT / "results" / "claims.csv"))
    kept = pd.read_csv(FINDINGS)
    pd.testing.assert_frame_equal(kept, fresh, rtol=1e-3, check_dtype=False)


def test_a_changed_number_is_noticed(text):
    rows = readme.read(FINDINGS.read_text())
    rows[0]["verdict"] = "supported" if rows[0]["verdict"] != "supported" else "contradicted"
    assert readme.between(text) != readme.table(rows)
