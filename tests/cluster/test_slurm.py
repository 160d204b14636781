"""Runs through profiles/slurm on a real Slurm, undisturbed and through faults.

Each ends in the bytes of a local run that nothing disturbed.
"""

import collections
import functools
import os
import re
import signal

import psutil
import pytest
import trials

pytestmark = pytest.mark.slurm

POINTS = trials.COLLECTED
PROFILE = (
    "--profile", "profiles/slurm", "--slurm-init-seconds-before-status-checks", "5",
    "--latency-wait", "20",
)  # fmt: skip
ONE_POINT_A_JOB = ("--config", "batch_seconds=1")
TWO_JOBS_A_POINT = ("--config", "batch_seconds=11", "split_points=True")
LOST = 6
"""Replicates that a kill may cost: those of the last two seconds, and of the chunk at work."""

paced = functools.partial(trials.paced, replicates=24, seed=11)


def repeated(folder, size: int) -> int:
    """Steps of the point of a size that were computed more than once."""
    lines = [line for line in trials.work(folder) if f"(size={size}," in line]
    return sum(count - 1 for count in collections.Counter(lines).values())


FAULTS = paced(
    {"size": 2, "pause": 1.0},  # is cancelled
    {"size": 3, "pause": 4.0},  # runs into the time limit of a minute
    {"size": 4, "pause": 0.5, "ballast_mb": 900},  # takes more memory than it asked for
    {"size": 5, "pause": 2.0, "steps": 3},  # is cancelled inside its first replicates
    {"size": 6, "pause": 0.1},  # is left alone
)


@pytest.fixture(scope="module")
def through_faults(slurm, tree, tmp_path_factory):
    """A run whose jobs are cancelled, too slow and too large, and what it was compared with."""
    folder = trials.project(tmp_path_factory.mktemp("faults"), tree, FAULTS)
    process = trials.start(
        folder, *POINTS, *PROFILE, *ONE_POINT_A_JOB,
        "--set-resources", "simulated_paced_2:runtime=1",
    )  # fmt: skip

    def at_work(number: int, steps: int):
        lines = [line for line in trials.work(folder) if f"(size={number + 1}," in line]
        jobs = [job for job, rule in slurm.jobs(folder).items() if rule.endswith(f"_{number}")]
        return len(lines) >= steps and jobs

    for number, steps in ((4, 2), (1, 8)):
        slurm.cancel(*trials.wait_for(lambda n=number, s=steps: at_work(n, s), process=process))
    yield folder, process
    process.terminate()
    process.communicate()


@pytest.fixture(scope="module")
def after_faults(through_faults):
    folder, process = through_faults
    output, _ = process.communicate(timeout=900)
    return folder, process.returncode, output


def test_the_main_process_is_killed_and_its_cluster_jobs_are_not_run_twice(
    slurm, tree, tmp_path, undisturbed, through_faults
):
    config = paced({"size": 2, "pause": 1.0}, {"size": 3, "pause": 1.0}, replicates=90)
    folder = trials.project(tmp_path / "killed", tree, config)
    process = trials.start(folder, *POINTS, *PROFILE, *ONE_POINT_A_JOB)
    trials.wait_for(lambda: len(trials.work(folder)) > 12, process=process)
    kill_at_once(process)
    assert len(slurm.jobs(folder)) == 2, "the cluster jobs were meant to live on"
    status, output = trials.run(folder, *POINTS, *PROFILE, *ONE_POINT_A_JOB, PACED_PAUSE="0")
    assert status == 0, output
    # one that was just completing may be in the queue too
    cancelled = re.search(
        r"cancelled (\d+) cluster jobs of a run that was killed", trials.log(folder)
    )
    assert int(cancelled[1]) >= 2
    assert trials.content(folder) == undisturbed(config, *POINTS)
    assert repeated(folder, 2) <= LOST
    assert repeated(folder, 3) <= LOST


def test_cluster_jobs_that_run_twice_do_no_harm(slurm, tree, tmp_path, undisturbed):
    config = paced({"size": 2, "pause": 1.0}, replicates=40)
    folder = trials.project(tmp_path / "twice", tree, config)
    # under another name, the jobs of the killed run are not found
    first = (*PROFILE, "--slurm-jobname-prefix", "unknown")
    process = trials.start(folder, *POINTS, *first, *ONE_POINT_A_JOB)
    trials.wait_for(lambda: len(trials.work(folder)) > 3, process=process)
    kill_at_once(process)
    left = set(slurm.jobs(folder))
    process = trials.start(folder, *POINTS, *PROFILE, *ONE_POINT_A_JOB)
    trials.wait_for(lambda: set(slurm.jobs(folder)) > left, process=process)
    output, _ = process.communicate(timeout=600)
    assert process.returncode == 0, output
    assert trials.content(folder) == undisturbed(config, *POINTS)


@pytest.mark.parametrize(
    ("size", "status"),
    [(2, "CANCELLED"), (3, "TIMEOUT"), (4, ""), (5, "CANCELLED")],
    ids=["cancelled", "over its time", "over its memory", "cancelled while training"],
)
def test_a_killed_job_goes_on_where_it_stopped(after_faults, undisturbed, size, status):
    folder, code, output = after_faults
    assert code == 0, output
    log = trials.log(folder)
    assert f"SLURM status is: '{status}" in log
    assert f"rule simulated_paced_{size - 1}" in log.split("Error in ", 1)[1]
    begins = [line for line in log.splitlines() if "Trying to restart" in line]
    assert len(begins) >= 4
    assert repeated(folder, size) <= LOST
    name = next(point for point in trials.content(folder) if f"simulated/size={size}," in point)
    assert trials.content(folder)[name] == undisturbed(FAULTS, *POINTS)[name]


def test_a_run_through_faults_gives_the_bytes_of_an_undisturbed_one(after_faults, undisturbed):
    folder, code, output = after_faults
    assert code == 0, output
    assert trials.content(folder) == undisturbed(FAULTS, *POINTS)


def test_a_node_that_crashes_under_shared_points_costs_no_finished_replicate(
    slurm, tree, tmp_path, undisturbed
):
    config = paced({"size": 2, "pause": 1.0}, {"size": 3, "pause": 1.0}, replicates=20)
    folder = trials.project(tmp_path / "node", tree, config)
    process = trials.start(folder, *POINTS, *PROFILE, *TWO_JOBS_A_POINT)
    trials.wait_for(lambda: len(trials.work(folder)) > 12, process=process)
    slurm.script("node-stop")
    trials.wait_for(lambda: slurm.node_state().startswith("down"), process=process)
    slurm.script("node-start")
    output, _ = process.communicate(timeout=600)
    assert process.returncode == 0, output
    assert trials.content(folder) == undisturbed(config, *POINTS)
    assert "Simulate share 2 of 2" in trials.log(folder)
    assert repeated(folder, 2) <= 2 * LOST
    assert repeated(folder, 3) <= 2 * LOST


def test_a_study_on_the_cluster_gives_the_bytes_of_a_local_run(
    slurm, tree, tmp_path, presets, undisturbed
):
    config = dict(presets["test"])
    config["studies"] = {name: config["studies"][name] for name in ("effective_dimension",)}
    folder = trials.project(tmp_path / "cluster", tree, config)
    status, output = trials.run(folder, *PROFILE)
    assert status == 0, output
    assert trials.content(folder) == undisturbed(config)
    log = trials.log(folder)
    assert log.count("has been submitted with SLURM jobid") < 10


def kill_at_once(process) -> None:
    """SIGKILL the command and its Snakemake, nothing else."""
    children = psutil.Process(process.pid).children()
    for each in (process.pid, *(child.pid for child in children)):
        os.kill(each, signal.SIGKILL)
    process.communicate()
