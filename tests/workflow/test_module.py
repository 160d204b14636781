"""Another workflow takes over the rules of this one, as its page says."""

import re
import subprocess
import sys

import pytest
import trials

pytestmark = pytest.mark.workflow
FILES = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", re.DOTALL)


def test_a_workflow_elsewhere_imports_the_rules_and_goes_on_from_the_verdicts(tmp_path):
    trials.sources(tmp_path / "rankscope")
    for name, content in FILES.findall((trials.ROOT / "docs/in-another-workflow.md").read_text()):
        (tmp_path / name).write_text(content)
    command = [sys.executable, "-m", "snakemake", "--cores", "1"]
    environment = trials.environment(tmp_path, PYTHONPATH="")
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "results-studies/lora/risk/verdicts.csv" in (tmp_path / "count.txt").read_text()
    assert "ranks_simulated_lora_risk_1" in run.stderr
    assert "not present" not in run.stderr
