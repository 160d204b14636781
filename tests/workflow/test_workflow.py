"""The workflow as its user runs it: real Snakemake, real files, the smallest grid."""

import copy
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rankscope
from rankscope.planning import study

pytestmark = pytest.mark.workflow
ROOT = Path(__file__).parent.parent.parent
STUDY = "effective_dimension"


@pytest.fixture(scope="module")
def config(presets):
    values = copy.deepcopy(presets["test"])
    values["studies"] = {STUDY: values["studies"][STUDY]}
    return values


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the sources, so that a test may edit them."""
    folder = tmp_path_factory.mktemp("tree")
    for part in ("workflow", "profiles", "envs"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Snakefile", folder)
    return folder


def snakemake(tree, folder, config, *arguments):
    import yaml

    folder.mkdir(exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    command = [
        sys.executable, "-m", "snakemake", "--snakefile", str(tree / "Snakefile"),
        "--workflow-profile", str(tree / "profiles" / "default"), *arguments,
    ]  # fmt: skip
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def content(folder: Path, pattern: str = "*.nc") -> dict[str, bytes]:
    """The bytes of the results that do not name the machine or the time."""
    found = (folder / "results").rglob(pattern)
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in found
        if ".unfinished" not in path.parts
    }


def jobs(run: subprocess.CompletedProcess) -> set[str]:
    """Names of the rules that ran, without the number of a batch."""
    assert run.returncode == 0, run.stdout + run.stderr
    text = run.stdout + run.stderr
    table = text[text.index("Job stats") :] if "Job stats" in text else ""
    names = set()
    for line in table.splitlines()[3:]:
        if line.startswith("total") or not line.strip():
            break
        names.add(line.split()[0].rstrip("0123456789").rstrip("_"))
    return names - {"all"}


def journal(folder: Path) -> list[str]:
    files = sorted((folder / "results/logs").glob("points*.tsv"))
    lines = [line for file in files for line in file.read_text().splitlines()]
    fields = [line.split("\t") for line in lines]
    return [f"{line[3]}/{line[4]}" for line in fields if line[1] == "done"]


@pytest.fixture(scope="module")
def finished(tree, config, tmp_path_factory):
    """A folder with an uninterrupted run; not to be changed."""
    folder = tmp_path_factory.mktemp("finished")
    run = snakemake(tree, folder, config)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


@pytest.fixture
def copied(finished, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    return folder


def test_a_run_makes_every_kind_of_result(finished):
    results = finished / "results"
    for name in ("claims.csv", "claims.md", "provenance.json", "report.html"):
        assert (results / name).stat().st_size > 0, name
    for figure in study.makes(STUDY, "figures"):
        for kind in ("png", "pdf"):
            assert (results / STUDY / "figures" / f"{figure}.{kind}").stat().st_size > 0
    simulated, predicted = rankscope.load(results / STUDY)
    np.testing.assert_array_equal(simulated.point, predicted.point)


def test_a_second_run_has_nothing_to_do(tree, finished, config):
    run = snakemake(tree, finished, config)
    assert "Nothing to be done" in run.stdout + run.stderr


def test_equal_configurations_give_equal_bytes_however_points_share_jobs(
    tree, finished, config, tmp_path
):
    run = snakemake(tree, tmp_path / "other", {**config, "batch_seconds": 0.05})
    assert run.returncode == 0, run.stdout + run.stderr
    assert content(tmp_path / "other") == content(finished)
    assert content(tmp_path / "other", "*.p[nd][gf]") == content(finished, "*.p[nd][gf]")
    assert content(tmp_path / "other", "*.csv") == content(finished, "*.csv")


def test_another_distribution_of_points_over_jobs_remakes_the_record_of_it_only(
    tree, copied, config
):
    ran = jobs(snakemake(tree, copied, {**config, "batch_seconds": 0.05}))
    assert ran <= {"provenance", "report"}


def test_one_more_value_runs_only_the_new_points(tree, copied, config):
    before = len(journal(copied))
    old = content(copied)
    more = copy.deepcopy(config)
    more["studies"][STUDY]["grid"][0]["width"].insert(0, 20)
    jobs(snakemake(tree, copied, more))
    batch_sizes = config["studies"][STUDY]["grid"][0].get("batch_size", [0])
    new = journal(copied)[before:]
    assert all("/width=20" in name for name in new)
    assert len(new) == 2 * len(batch_sizes)
    points = {name: data for name, data in content(copied).items() if "/simulated/" in name}
    assert all(points[name] == data for name, data in old.items() if name in points)


def test_more_replicates_keep_the_earlier_draws(tree, copied, config):
    before, _ = rankscope.load(copied / "results" / STUDY)
    before = before.load()
    more = copy.deepcopy(config)
    more["studies"][STUDY]["replicates"] += 2
    ran = jobs(snakemake(tree, copied, more))
    assert "predicted_" + STUDY not in ran
    after, _ = rankscope.load(copied / "results" / STUDY)
    kept = after.isel(replicate=slice(0, before.sizes["replicate"]))
    for name in before.data_vars:
        np.testing.assert_array_equal(kept[name], before[name])
    fresh = copied.parent / "fresh"
    jobs(snakemake(tree, fresh, more))
    assert content(fresh) == content(copied)


def test_another_seed_changes_every_simulation_and_no_theory(tree, finished, config, tmp_path):
    jobs(snakemake(tree, tmp_path / "other", {**config, "seed": config["seed"] + 1}))
    ours, theirs = content(finished), content(tmp_path / "other")
    simulated, _ = rankscope.load(finished / "results" / STUDY)
    other, _ = rankscope.load(tmp_path / "other" / "results" / STUDY)
    assert set(ours) == set(theirs)
    assert not simulated.equals(other)
    name = f"results/{STUDY}/predicted.nc"
    from rankscope import datasets

    one, two = datasets.read(finished / name), datasets.read(tmp_path / "other" / name)
    assert one.equals(two)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("figures", {f"plot_{STUDY}", "report"}),
        ("claims", {"verify", f"plot_{STUDY}", "summarise", "provenance", "report"}),
        ("theory", None),
    ],
)
def test_an_edit_reruns_what_runs_the_edited_code(tree, copied, config, part, expected, tmp_path):
    edited = tmp_path / "tree"
    shutil.copytree(tree, edited)
    file = edited / "workflow/rankscope/studies" / STUDY / f"{part}.py"
    file.write_text(file.read_text() + "\nEDITED = True\n")
    ran = jobs(snakemake(edited, copied, config, "--dry-run"))
    if expected is None:
        assert not {name for name in ran if name.startswith("simulated")}
        assert "predicted_" + STUDY in ran
    else:
        assert ran <= expected | {"synthesis"}
        assert min(expected) in ran or "verify" in ran


def test_a_comment_and_fresh_modification_times_rerun_nothing(tree, copied, config, tmp_path):
    edited = tmp_path / "tree"
    shutil.copytree(tree, edited, copy_function=shutil.copy)
    for path in edited.rglob("*.py"):
        if path.parent.name == STUDY:
            path.write_text(path.read_text() + "\n# a remark\n")
        os.utime(path)
    run = snakemake(edited, copied, config, "--dry-run")
    assert "Nothing to be done" in run.stdout + run.stderr


def test_a_deleted_point_is_remade_to_the_same_bytes_and_no_other(tree, copied, config):
    before = content(copied)
    count = len(journal(copied))
    victim = sorted((copied / "results" / STUDY / "simulated").glob("*.nc"))[0]
    victim.unlink()
    jobs(snakemake(tree, copied, config))
    assert content(copied) == before
    assert len(journal(copied)) == count + 1


def test_a_damaged_point_is_named_with_how_to_remake_it(tree, copied, config):
    before = content(copied)
    victim = sorted((copied / "results" / STUDY / "simulated").glob("*.nc"))[0]
    victim.write_bytes(victim.read_bytes()[:3000])
    (copied / "results" / STUDY / "simulated.nc").unlink()
    run = snakemake(tree, copied, config)
    assert run.returncode != 0
    name = victim.relative_to(copied)
    assert f"rankscope: {name} is damaged" in run.stdout + run.stderr
    assert f"rm '{name}' && make study" in run.stdout + run.stderr
    victim.unlink()
    jobs(snakemake(tree, copied, config))
    assert content(copied) == before


def test_a_bad_configuration_stops_before_any_job_in_one_line(tree, config, tmp_path):
    bad = copy.deepcopy(config)
    bad["studies"][STUDY]["grid"][0]["width"] = ["1e-3"]
    run = snakemake(tree, tmp_path / "bad", bad)
    assert run.returncode != 0
    assert "width must be int, got str '1e-3'" in run.stdout + run.stderr
    assert not (tmp_path / "bad" / "results").exists()


def test_a_given_configuration_replaces_the_default_one(tree, config, tmp_path):
    import yaml

    folder = tmp_path / "folder"
    other = copy.deepcopy(config)
    other["studies"][STUDY]["grid"] = {"width": [9], "batch_size": [5]}
    folder.mkdir()
    (folder / "other.yaml").write_text(yaml.safe_dump(other, sort_keys=False))
    run = snakemake(tree, folder, config, "--configfile", "other.yaml", "--dry-run")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "width=9,batch_size=5.nc" in run.stdout + run.stderr
    assert "width=24" not in run.stdout + run.stderr


def test_plain_lines_show_progress_and_the_end_says_where_the_results_are(tree, config, tmp_path):
    import yaml

    folder = tmp_path / "study"
    shutil.copytree(tree, folder)
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    command = [sys.executable, "-m", "rankscope.running.command_line", "study"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "verdicts: results/claims.md" in run.stdout
    assert f"figures:  results/{STUDY}/figures/" in run.stdout
    assert "report:   results/report.html" in run.stdout
    again = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "nothing to do" in again.stdout
    status = [sys.executable, "-m", "rankscope.running.command_line", "status"]
    shown = subprocess.run(status, cwd=folder, capture_output=True, text=True, check=False)
    assert shown.returncode == 0
    assert STUDY in shown.stdout
