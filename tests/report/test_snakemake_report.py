"""Snakemake's own report of the same results."""

import subprocess
import sys

import pytest
import trials
from docutils.core import publish_parts

from rankscope.jobs import plot

CONFIG = {
    "seed": 7,
    "confidence": 0.95,
    "studies": {"paced": {"replicates": 4, "grid": {"size": [2, 3]}}},
}


def test_a_caption_for_snakemake_keeps_its_characters():
    text = plot.as_restructured_text("A |U|_F of\n1) x_ and *y* `z`.\n\n- not a list")
    body = publish_parts(text, writer="html", settings_overrides={"report_level": 1})["body"]
    assert "A |U|_F of 1) x_ and *y* `z`." in body
    assert "System Message" not in body


@pytest.mark.workflow
def test_snakemakes_own_report_has_the_figures_with_their_captions(tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    folder = trials.project(tmp_path / "run", trials.sources(tree), CONFIG)
    status, output = trials.run(folder)
    assert status == 0, output
    own = (folder / "results/report.html").read_text()
    assert "<code>config.yaml</code>" in own
    assert "make figures STUDY=paced</pre>" in own
    target = tmp_path / "report.html"
    command = [sys.executable, "-m", "snakemake", "--report", str(target)]
    run = subprocess.run(
        command,
        cwd=folder,
        env=trials.environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    page = target.read_text()
    assert "Claims about rank in neural networks" in page
    for text in ("paced", "All studies", "Mean end of the walks", "A row per claim"):
        assert text in page
    for source in ("<script src=", '<link rel="stylesheet" href="http'):
        assert source not in page
