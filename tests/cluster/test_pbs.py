"""The profile for PBS, with stand-ins for its commands: each job runs at once, on this machine."""

import os
import subprocess
import sys

import pytest
import trials
import yaml

pytestmark = pytest.mark.workflow
PLUGIN = "snakemake-executor-plugin-cluster-generic"
QSUB = """#!/bin/sh
for script; do :; done
echo "$@" >> "$PBS/submitted"
job=$(ls "$PBS" | wc -l)
sh "$script" > /dev/null 2>&1
echo "job_state = F
Exit_status = $?" > "$PBS/$job"
echo "$job"
"""
QSTAT = """#!/bin/sh
cat "$PBS/$3"
"""


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    """A folder with the plugin, which is no dependency."""
    folder = tmp_path_factory.mktemp("plugin")
    install = ("-m", "uv", "pip", "install", "-q", "--no-deps", "--target", str(folder), PLUGIN)
    ran = subprocess.run((sys.executable, *install), capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        pytest.skip(f"{PLUGIN} cannot be installed here")
    return folder


@pytest.fixture
def pbs(tmp_path, plugin):
    """A folder to run in, and what a run there must find in its environment."""
    for name, text in (("qsub", QSUB), ("qstat", QSTAT)):
        (tmp_path / "bin" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "jobs").mkdir()
    config = trials.paced({"size": [2, 3], "fails": [False, True]}, replicates=2, seed=1)
    folder = trials.project(tmp_path / "run", trials.sources(tmp_path / "tree"), config)
    profile = folder / "profiles/pbs/config.yaml"
    quick = {"latency-wait": 1, "retries": 1, "seconds-between-status-checks": 1}
    profile.write_text(yaml.safe_dump(yaml.safe_load(profile.read_text()) | quick))
    return folder, {
        "PYTHONPATH": os.pathsep.join([str(folder / "workflow"), str(plugin)]),
        "PATH": os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]]),
        "PBS": str(tmp_path / "jobs"),
    }


def test_jobs_go_through_qsub_with_their_limits_and_one_that_fails_is_noticed(pbs):
    folder, found = pbs
    targets = ("results/paced/simulated.nc", "--profile", "profiles/pbs")
    status, output = trials.run(folder, *targets, **found)
    assert status == 1
    assert "asked to fail" in output
    (folder / "mended").touch()
    status, output = trials.run(folder, *targets, **found)
    assert status == 0, output + trials.log(folder)
    submitted = (folder.parent / "jobs/submitted").read_text().splitlines()
    assert "-l select=1:ncpus=1:mem=800mb -l walltime=5:00" in submitted[0]
    assert "mem=1600mb" in submitted[1], "the retry"
