"""A heavy point is shared by several jobs, and its bytes are those of one job."""

import collections
import re

import pytest
import trials

pytestmark = pytest.mark.workflow

POINT = {"size": 2, "pause": 0.5}
OTHER = {"size": 3}
REPLICATES = 21
SHARED = ("--config", "batch_seconds=3", "split_points=True")
TARGETS = trials.COLLECTED


@pytest.fixture(scope="module")
def in_one_job(undisturbed):
    return undisturbed(config(), *TARGETS)


def config(replicates: int = REPLICATES, **point: object) -> dict:
    return trials.paced(POINT | point, OTHER, replicates=replicates, seed=11)


def shares(folder) -> list[str]:
    return sorted(set(re.findall(r"Simulate share \d+ of \d+", trials.log(folder))))


def repeated(folder) -> list[str]:
    """Steps that were computed more than once."""
    return [line for line, n in collections.Counter(trials.work(folder)).items() if n > 1]


def test_shares_make_every_replicate_once_and_the_bytes_of_one_job(tree, tmp_path, in_one_job):
    folder = trials.project(tmp_path, tree, config())
    status, output = trials.run(folder, *TARGETS, *SHARED, PACED_PAUSE="0")
    assert status == 0, output
    # 10.5 s of estimated work
    assert shares(folder) == [f"Simulate share {number} of 4" for number in range(1, 5)]
    assert trials.content(folder) == in_one_job
    assert not repeated(folder)
    assert not list(folder.glob("results/paced/simulated/*share*"))


def test_more_replicates_are_shared_and_those_that_are_there_kept(tree, tmp_path, in_one_job):
    folder = trials.project(tmp_path, tree, config(replicates=9))
    assert trials.run(folder, *TARGETS, PACED_PAUSE="0")[0] == 0
    trials.project(tmp_path / "more", tree, config())
    (folder / "config.yaml").write_text((tmp_path / "more/config.yaml").read_text())
    status, output = trials.run(folder, *TARGETS, *SHARED, PACED_PAUSE="0")
    assert status == 0, output
    assert trials.content(folder) == in_one_job
    assert not repeated(folder)


def test_a_share_that_fails_says_why_and_the_next_run_makes_what_is_missing(
    tree, tmp_path, in_one_job
):
    folder = trials.project(tmp_path, tree, config(fails=True))
    status, output = trials.run(folder, *TARGETS, *SHARED, PACED_PAUSE="0")
    assert status != 0
    assert "ValueError: asked to fail" in output
    (folder / "mended").touch()
    status, output = trials.run(folder, *TARGETS, *SHARED, PACED_PAUSE="0")
    assert status == 0, output
    assert not repeated(folder)
    assert len(trials.content(folder)) == len(in_one_job)
