"""Snakemake's own report of the same results."""

import subprocess
import sys

import pytest
import trials

pytestmark = pytest.mark.workflow


def test_snakemakes_own_report_has_the_figures_with_their_captions(finished, tmp_path):
    target = tmp_path / "report.html"
    command = [sys.executable, "-m", "snakemake", "--report", str(target)]
    run = subprocess.run(
        command,
        cwd=finished,
        env=trials.environment(finished),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    page = target.read_text()
    assert "Claims about rank in neural networks" in page
    for text in ("effective_dimension", "All studies", "ranks by layer", "A row per claim."):
        assert text in page
    for source in ("<script src=", '<link rel="stylesheet" href="http'):
        assert source not in page
