"""A study of so many points that its batches declare receipts in place of their points' files."""

import json
import shutil

import pytest
import trials

pytestmark = pytest.mark.workflow
TARGETS = trials.COLLECTED
RECEIPTS = tuple(f"results/paced/simulated/batch_{number}.txt" for number in (1, 2, 3))
"""With these among its targets, a run makes points that nothing left to do reads."""


def config(*sizes: int, seed: int = 7) -> dict:
    return trials.paced({"size": list(sizes)}, replicates=2, seed=seed)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run of a study that is large, because five points are many in these sources."""
    tree = trials.sources(tmp_path_factory.mktemp("tree"))
    file = tree / "workflow/rankscope/planning/configuration.py"
    text = file.read_text().replace("LARGE = 5_000", "LARGE = 5")
    file.write_text(text.replace("LARGE_BATCH_POINTS = 1_000", "LARGE_BATCH_POINTS = 3"))
    place = trials.project(tmp_path_factory.mktemp("folder") / "run", tree, config(*range(2, 9)))
    status, output = trials.run(place, *TARGETS)
    assert status == 0, output + trials.log(place)
    return place


def again(folder, *targets) -> str:
    (folder / "work.log").unlink(missing_ok=True)
    status, output = trials.run(folder, *TARGETS, *targets)
    assert status == 0, output + trials.log(folder)
    return output


def test_a_job_declares_its_receipt_and_makes_the_files_of_its_points(folder):
    found = [path.name for path in (folder / "results/paced/simulated").iterdir()]
    assert sorted(name for name in found if name.endswith(".txt")) == [
        "batch_1.txt", "batch_2.txt", "batch_3.txt",
    ]  # fmt: skip
    assert sorted(name for name in found if name.endswith(".nc")) == [
        f"size={size}.nc" for size in range(2, 9)
    ]
    assert "nothing to do" in again(folder)


def test_the_results_are_those_of_a_study_that_is_not_large(folder, undisturbed):
    large = trials.content(folder)
    large = {name: data for name, data in large.items() if not name.endswith(".txt")}
    assert undisturbed(config(*range(2, 9)), *TARGETS) == large


def test_a_point_that_is_missing_or_another_ones_is_put_back_without_work(folder):
    before = trials.content(folder)
    points = folder / "results/paced/simulated"
    (points / "size=3.nc").unlink()
    shutil.copy(points / "size=4.nc", points / "copy")
    (points / "copy").replace(points / "size=8.nc")
    again(folder, *RECEIPTS)
    assert trials.content(folder) == before
    assert trials.work(folder) == []


def test_only_new_points_are_worked_on_and_another_seed_remakes_all(folder):
    file = folder / "config.yaml"
    for values, points in ((config(*range(2, 10)), 1), (config(*range(2, 10), seed=8), 8)):
        file.write_text(json.dumps(values))
        again(folder)
        assert len(trials.work(folder)) == 2 * points
    assert "nothing to do" in again(folder)
