"""Damaged files, full and read-only disks, two runs at once, points that fail."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest
import trials

pytestmark = pytest.mark.faults

TARGETS = trials.COLLECTED
SMALL = trials.paced({"size": 2}, {"size": 3}, {"size": 4})
SLOW = trials.paced({"size": 2, "pause": 0.8}, {"size": 3, "pause": 0.8}, replicates=8)


@pytest.fixture
def folder(tree, tmp_path):
    return trials.project(tmp_path / "run", tree, SMALL)


@pytest.fixture
def slow(tree, tmp_path):
    return trials.project(tmp_path / "slow", tree, SLOW)


def kill_session(process: subprocess.Popen) -> None:
    """Kill the command, its Snakemake and its jobs."""
    import psutil

    for child in psutil.Process(process.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    process.kill()
    process.communicate()


@contextlib.contextmanager
def mounted(folder, *arguments: str):
    """Mount something on a folder; skip where that is not permitted."""
    folder.mkdir(parents=True, exist_ok=True)
    answer = subprocess.run(
        ["mount", *arguments, str(folder)], capture_output=True, text=True, check=False
    )
    if answer.returncode != 0:
        pytest.skip(f"mounting is not permitted here: {answer.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(folder, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def test_a_truncated_result_is_named_and_remade_alone(folder, undisturbed):
    assert trials.run(folder, *TARGETS)[0] == 0
    before, count = trials.content(folder), len(trials.work(folder))
    victim = folder / "results/paced/simulated/size=3.nc"
    victim.write_bytes(victim.read_bytes()[:2000])
    status, output = trials.run(folder, *TARGETS)
    assert status != 0
    assert "results/paced/simulated/size=3.nc is damaged" in output
    assert "rm 'results/paced/simulated/size=3.nc' && make study" in output
    victim.unlink()
    assert trials.run(folder, *TARGETS)[0] == 0
    assert trials.content(folder) == before
    redone = trials.work(folder)[count:]
    assert len(redone) == 4
    assert all("(size=3," in line for line in redone)


def test_truncated_and_foreign_files_of_a_killed_job_are_not_used(slow, undisturbed):
    process = trials.start(slow, *TARGETS)
    kept = slow / "results/.store/paced/simulated"
    trials.wait_for(lambda: len(list(kept.glob("*/*.nc"))) >= 2)
    kill_session(process)
    files = sorted(kept.glob("*/*.nc"))
    files[0].write_bytes(files[0].read_bytes()[:500])
    (kept / "size=2,pause=0.8" / ".writing-left.nc").write_bytes(b"left")
    status, output = trials.run(slow, *TARGETS, PACED_PAUSE="0")
    assert status == 0, output
    assert trials.content(slow) == undisturbed(SLOW, *TARGETS)
    assert not list(kept.glob("*/*.nc"))


def test_more_replicates_than_before_go_on_from_those_even_through_a_kill(
    tree, slow, undisturbed, tmp_path
):
    assert trials.run(slow, *TARGETS, PACED_PAUSE="0")[0] == 0
    count = len(trials.work(slow))
    more = trials.paced({"size": 2, "pause": 0.8}, {"size": 3, "pause": 0.8}, replicates=14)
    (slow / "config.yaml").write_text(json.dumps(more))
    process = trials.start(slow, *TARGETS)
    trials.wait_for(lambda: len(trials.work(slow)) >= count + 6)
    kill_session(process)
    status, output = trials.run(slow, *TARGETS, PACED_PAUSE="0")
    assert status == 0, output
    assert trials.content(slow) == undisturbed(more, *TARGETS)
    again = [line for line in trials.work(slow)[count:] if int(line.split()[-2]) < 6]
    assert not again, "draws of the first run were repeated"


def test_a_full_disk_is_named_and_nothing_finished_is_lost(tree, tmp_path, undisturbed):
    large = trials.paced({"size": 2}, {"size": 40000, "pause": 0.6}, {"size": 40001}, replicates=8)
    folder = tmp_path / "small disk"
    with mounted(folder, "-t", "tmpfs", "-o", "size=4m", "tmpfs"):
        trials.project(folder, tree, large)
        status, output = trials.run(folder, *TARGETS)
        assert status != 0
        assert "No space left on device" in output, trials.log(folder)
        done = {line for line in trials.work(folder) if "(size=2," in line}
        remount(folder, "size=200m")
        status, output = trials.run(folder, *TARGETS, PACED_PAUSE="0")
        assert status == 0, output
        assert trials.content(folder) == undisturbed(large, *TARGETS)
        lines = [line for line in trials.work(folder) if line in done]
        assert len(lines) == len(done), "a finished point was computed again"


def test_read_only_results_are_named_and_work_goes_on_when_they_can_be_written(folder, undisturbed):
    results = folder / "results"
    results.mkdir()
    with mounted(results, "--bind", str(results)):
        remount(results, "bind,ro")
        status, output = trials.run(folder, *TARGETS)
        assert status == 2
        assert output.strip().endswith("Read-only file system")
        assert "cannot write to results" in output
        assert len(output.splitlines()) == 1
        assert trials.run(folder, command="status")[0] == 0
        remount(results, "bind,rw")
        assert trials.run(folder, *TARGETS)[0] == 0
        assert trials.content(folder) == undisturbed(SMALL, *TARGETS)


def test_a_second_run_in_the_same_folder_is_refused_and_disturbs_nothing(slow, undisturbed):
    # long enough for three commands beside it on a busy machine
    process = trials.start(slow, *TARGETS, PACED_PAUSE="3")
    trials.wait_for(lambda: trials.work(slow))
    _, seen = trials.run(slow, command="status")
    assert seen.splitlines()[1].split()[:5] == ["paced", "simulated", "2", "0", "1"]
    status, output = trials.run(slow, *TARGETS)
    assert status == 2
    assert f"another run (process {process.pid} on" in output
    assert len(output.splitlines()) == 1
    plain = subprocess.run(
        [sys.executable, "-m", "snakemake", *TARGETS],
        cwd=slow, env=trials.environment(slow), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert plain.returncode != 0
    assert f"another run (process {process.pid} on" in plain.stdout + plain.stderr
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    assert trials.content(slow) == undisturbed(SLOW, *TARGETS)


def test_two_jobs_that_make_the_same_points_do_no_harm(tree, slow, undisturbed):
    files = [f"results/paced/simulated/size={size},pause=0.8.nc" for size in (2, 3)]
    command = [sys.executable, str(tree / "workflow/scripts/simulate.py"), *files]
    settings = trials.environment(slow, RANKSCOPE_CONFIG=json.dumps(SLOW))
    both = []
    for delay in (0.0, 1.5):
        time.sleep(delay)
        both.append(subprocess.Popen(command, cwd=slow, env=settings))
    assert [process.wait(timeout=300) for process in both] == [0, 0]
    expected = undisturbed(SLOW, *TARGETS)
    for name in files:
        assert (slow / name).read_bytes() == expected[name.removeprefix("results/")]


def test_a_point_that_fails_is_named_and_costs_no_other(tree, tmp_path, undisturbed):
    config = trials.paced({"size": 2}, {"size": 3, "fails": True}, {"size": 4})
    folder = trials.project(tmp_path / "run", tree, config)
    status, output = trials.run(folder, *TARGETS)
    assert status != 0
    assert "failed: paced simulated size=3,fails=true: ValueError: asked to fail" in output
    assert "results/logs/paced/simulated_1.log" in output
    _, seen = trials.run(folder, command="status")
    assert seen.splitlines()[1].split() == ["paced", "simulated", "3", "2", "0", "1", "0"]
    assert "failed: paced simulated size=3,fails=true: ValueError: asked to fail" in seen
    count = len(trials.work(folder))
    (folder / "mended").touch()
    status, output = trials.run(folder, *TARGETS)
    assert status == 0, output
    assert len(trials.work(folder)) == count + 4


def test_a_lock_of_a_killed_run_does_not_lock_out_but_one_of_another_machine_does(slow):
    process = trials.start(slow, *TARGETS)
    trials.wait_for(lambda: trials.work(slow))
    kill_session(process)
    owner = slow / "results/.run/lock"
    ours = owner.read_text()
    owner.write_text("process 1 on another-machine\n")
    status, output = trials.run(slow, *TARGETS)
    assert status == 2
    assert "a run (process 1 on another-machine) has not ended" in output
    assert "rm results/.run/lock" in output
    owner.write_text(ours)
    assert trials.run(slow, *TARGETS, PACED_PAUSE="0")[0] == 0


@pytest.mark.parametrize("background", [False, True], ids=["terminal", "nohup, in background"])
def test_an_interrupted_run_stops_its_jobs_and_goes_on_later(slow, undisturbed, background):
    ignored = [signal.SIGINT, signal.SIGHUP] if background else []
    before = {number: signal.signal(number, signal.SIG_IGN) for number in ignored}
    process = trials.start(slow, *TARGETS)  # inherits what is ignored
    for number, handler in before.items():
        signal.signal(number, handler)
    trials.wait_for(lambda: len(trials.work(slow)) >= 4)
    if background:
        count = len(trials.work(slow))
        os.kill(process.pid, signal.SIGHUP)
        trials.wait_for(lambda: len(trials.work(slow)) > count)
    os.kill(process.pid, signal.SIGTERM)
    output, _ = process.communicate(timeout=300)
    assert process.returncode != 0
    assert "run again to continue where it stopped" in output
    count = len(trials.work(slow))
    assert count < 2 * 8, "the run waited for its jobs"
    time.sleep(2)
    assert len(trials.work(slow)) == count, "jobs went on after the run had stopped"
    assert trials.run(slow, *TARGETS, PACED_PAUSE="0")[0] == 0
    assert trials.content(slow) == undisturbed(SLOW, *TARGETS)
