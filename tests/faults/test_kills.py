"""SIGKILL at random moments: nothing that was finished is lost, and the bytes stay the same."""

import collections
import os
import random
import signal
import time

import psutil
import pytest
import trials

pytestmark = pytest.mark.faults

TARGETS = trials.COLLECTED
REPLICATES = 6
CONFIG = trials.paced(
    {"size": [2, 3], "pause": 0.2},
    {"size": 4, "pause": 0.5},
    {"size": 5, "pause": 0.2, "steps": 3},
    replicates=REPLICATES, seed=5, batch_seconds=2,
)  # fmt: skip
CHAINS, KILLS = 4, 6
LOST = 16
"""Steps that a kill may cost: two jobs, two seconds each and the chunk at work."""


@pytest.fixture(scope="module")
def reference(undisturbed):
    return undisturbed(CONFIG, *TARGETS)


@pytest.fixture(scope="module")
def lifetime(tree, tmp_path_factory):
    """How long an undisturbed run takes that sleeps as the killed ones do."""
    folder = trials.project(tmp_path_factory.mktemp("lifetime"), tree, CONFIG)
    begin = time.monotonic()
    status, output = trials.run(folder, *TARGETS)
    assert status == 0, output
    return time.monotonic() - begin


def kill(process, whom: str, chance: random.Random) -> None:
    """Kill the whole run, its main processes and not its jobs, or one process below them.

    The command alone is not killed: its Snakemake would go on, and the next run be refused.
    """
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    if whom == "main":
        family = family[:2]
    elif whom == "one":
        family = [chance.choice(family[1:] or family)]
    for each in family:
        try:
            os.kill(each.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def check_what_is_there(folder, reference) -> None:
    """A file with its final name is whole and right at any moment."""
    for name, data in trials.content(folder).items():
        if not name.rpartition("/")[2].startswith(".writing-"):
            assert data == reference[name], name


@pytest.mark.parametrize("seed", range(CHAINS))
def test_a_run_killed_again_and_again_ends_in_the_same_bytes(
    tree, tmp_path, reference, lifetime, seed
):
    chance = random.Random(seed)
    kills, folders = 0, 1
    folder = trials.project(tmp_path / "run-1", tree, CONFIG)
    while kills < KILLS:
        process = trials.start(folder, *TARGETS)
        try:
            process.communicate(timeout=chance.uniform(0.1, 1.0) * lifetime)
        except trials.subprocess.TimeoutExpired:
            kill(process, chance.choice(["all", "main", "one"]), chance)
            process.communicate(timeout=300)
            kills += 1
        else:
            # finished before its time: begin anew, the kills go on
            folders += 1
            folder = trials.project(tmp_path / f"run-{folders}", tree, CONFIG)
        check_what_is_there(folder, reference)
    status, output = trials.run(folder, *TARGETS)
    assert status == 0, output
    assert trials.content(folder) == reference
    counts = collections.Counter(trials.work(folder))
    assert len(counts) == REPLICATES * 6
    assert sum(counts.values()) - len(counts) <= LOST * KILLS
