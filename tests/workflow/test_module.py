"""Another workflow takes over the rules of this one."""

import subprocess
import sys

import pytest
import trials
import yaml

pytestmark = pytest.mark.workflow

SNAKEFILE = """
configfile: "studies.yaml"


module ranks:
    snakefile:
        "{tree}/Snakefile"
    config:
        config


use rule * from ranks as ranks_*


rule mine:
    input:
        "results-studies/paced/verdicts.csv",
    output:
        "verdicts.txt",
    default_target: True
    shell:
        "wc -l {{input}} > {{output}}"
"""


def test_a_workflow_elsewhere_imports_the_rules_and_goes_on_from_the_verdicts(tmp_path):
    tree = trials.sources(tmp_path / "sources")
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "Snakefile").write_text(SNAKEFILE.format(tree=tree))
    studies = {"paced": {"replicates": 2, "grid": {"size": [2, 3]}}}
    config = {"seed": 1, "confidence": 0.95, "studies": studies}
    (folder / "studies.yaml").write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "snakemake", "--cores", "1"]
    environment = trials.environment(folder, PYTHONPATH="")
    run = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert (folder / "verdicts.txt").read_text().endswith("results-studies/paced/verdicts.csv\n")
    assert "ranks_simulated_paced_1" in run.stderr
    assert "not present" not in run.stderr
