"""The recipes that no test here can run say what the command and the files are."""

from pathlib import Path

import pytest
import yaml

import rankscope
from rankscope.running import command_line

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("profile", ["default", "slurm", "pbs"])
def test_every_profile_schedules_greedily_and_goes_on_after_a_kill(profile):
    values = yaml.safe_load((ROOT / "profiles" / profile / "config.yaml").read_text())
    assert values["scheduler"] == "greedy"
    assert values["rerun-incomplete"]
    if profile != "default":
        assert values["retries"] >= 1
        asked = values["default-resources"]
        assert asked.keys() == {"mem_mb", "runtime"}
        for expression in asked.values():
            first, second = (eval(expression, {"attempt": attempt}) for attempt in (1, 2))
            assert second == 2 * first
        assert values["config"]["batch_seconds"] > 60


def test_the_pod_runs_a_command_that_exists_on_a_configuration_that_exists():
    job = yaml.safe_load((ROOT / "profiles/kubernetes/job.yaml").read_text())
    (container,) = job["spec"]["template"]["spec"]["containers"]
    command, option, file, *_ = container["args"]
    assert option == "--configfile"
    assert (ROOT / file).exists()
    with pytest.raises(SystemExit, match="0"):
        command_line.main([command, "--help"])
    (mount,) = container["volumeMounts"]
    assert mount["mountPath"] == f"/rankscope/results-{Path(file).stem}"


def test_the_image_is_made_of_the_lock_and_starts_the_command():
    recipe = (ROOT / "envs/Dockerfile").read_text()
    assert "make environment" in recipe
    assert 'ENTRYPOINT ["rankscope"]' in recipe


def test_the_catalogue_finds_how_the_workflow_is_used():
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage["software-stack-deployment"]["conda"]
    assert usage["report"]


def test_what_is_cited_is_the_version_of_the_package():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert cited["version"] == rankscope.__version__
