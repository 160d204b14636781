"""Runs as a person makes them: one after the other in a folder, of more than one configuration."""

import json
import os
import signal

import pytest
import trials

from rankscope.running import run

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def folder(tree, tmp_path_factory):
    """A folder with a run of ``config.yaml``, and a second configuration."""
    place = trials.project(
        tmp_path_factory.mktemp("folder") / "run", tree, trials.paced({"size": [2, 3]})
    )
    (place / "other.yaml").write_text(json.dumps(trials.paced({"size": 2, "pause": 0.0}, seed=8)))
    status, output = trials.run(place)
    assert status == 0, output
    return place


def test_another_configuration_has_a_folder_of_its_own_and_changes_no_other_result(folder):
    before = trials.content(folder)
    report = (folder / "results/report.html").read_bytes()
    status, output = trials.run(folder, "--configfile", "other.yaml", "--only", "paced")
    assert status == 0, output
    assert "figures:  results-other/paced/figures/" in output
    assert (folder / "results-other/paced/verdicts.csv").exists()
    assert not (folder / "results-other/report.html").exists()
    assert trials.content(folder) == before
    assert (folder / "results/report.html").read_bytes() == report


def test_a_dry_run_shows_the_plan_and_neither_it_nor_status_nor_an_error_touches_the_log(folder):
    before = trials.log(folder)
    more = folder / "config.yaml"
    text = more.read_text()
    more.write_text(json.dumps(trials.paced({"size": [2, 3, 4], "pause": [0.0, 900.0]})))
    status, output = trials.run(folder, "-n")
    more.write_text(text)
    assert status == 0, output
    assert output.splitlines()[0].split()[:5] == ["study", "points", "left", "jobs", "CPU"]
    assert output.splitlines()[1].split()[:5] == ["paced", "6", "6", "7", "3:00:00"]
    assert "points: 3:00:00 on one core" in output
    assert "jobs: predicted 1, simulated 6, collect 2" in output
    assert trials.run(folder, "--dry-run")[1].startswith(run.NOTHING)
    assert trials.run(folder, command="status")[0] == 0
    for words, cause in (
        (("--coers", "2"), "unrecognised arguments: --coers; did you mean '--cores'?"),
        (
            ("nonsense",),
            "config.yaml: no study, paper or file of the results 'nonsense'; configured are paced",
        ),
        (("--config", "seed=3"), "--config seed=... is not taken, only batch_seconds"),
    ):
        status, output = trials.run(folder, *words)
        assert status == 2
        (line,) = output.splitlines()
        assert line.startswith(f"rankscope study: error: {cause}")
    told = run._causes((folder / "results/logs/snakemake-start.log").read_text())
    assert told[0] == "MissingRuleException:"
    status, output = trials.run(folder, "--cores", "abc")
    assert status == 1
    assert "must be integer or 'all'" in output
    assert trials.log(folder) == before


def test_figures_and_status_tell_of_the_configuration_that_the_data_were_made_with(folder):
    text = (folder / "config.yaml").read_text()
    (folder / "config.yaml").write_text(text.replace("seed: 7", "seed: 9"))
    status, output = trials.run(folder, command="figures")
    _, shown = trials.run(folder, command="status")
    (folder / "config.yaml").write_text(text)
    assert status == 0, output
    assert "<dt>Seed</dt><dd>7</dd>" in (folder / "results/report.html").read_text()
    assert "last made with seed 7" in shown


def test_a_run_that_is_interrupted_from_the_keyboard_ends_with_130(folder):
    (folder / "slow.yaml").write_text(json.dumps(trials.paced({"size": 2, "pause": 5.0})))
    process = trials.start(folder, "--configfile", "slow.yaml")
    logs = folder / "results-slow/logs"
    trials.wait_for(lambda: list(logs.glob("points*.tsv")), process)
    os.kill(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "run again to continue where it stopped" in output


def test_an_audit_is_shown_by_the_report_and_not_made_by_a_run(folder):
    assert not (folder / "results/audit.csv").exists()
    assert 'id="audit"' not in (folder / "results/report.html").read_text()
    status, output = trials.run(folder, command="audit")
    assert status == 0, output
    assert "| paced | " in " ".join((folder / "results/audit.md").read_text().split())
    assert 'id="audit"' in (folder / "results/report.html").read_text()
    (folder / "results/audit.csv").unlink()
    assert trials.run(folder)[0] == 0
    assert not (folder / "results/audit.csv").exists()
    assert 'id="audit"' not in (folder / "results/report.html").read_text()
