"""The workflow as its user runs it: real Snakemake, real files, the smallest grid."""

import copy
import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import xarray as xr

import rankscope
from rankscope import datasets
from rankscope.planning import configuration, limits, study

pytestmark = pytest.mark.workflow
ROOT = Path(__file__).parent.parent.parent
STUDY = "effective_dimension"
DATA = (f"results/{STUDY}/simulated.nc", f"results/{STUDY}/predicted.nc")
"""What a run makes before it judges and draws, which takes most of its time."""


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
        if ".store" not in path.parts
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
    for point in rankscope.load(results / STUDY):
        assert point.measured.sizes["replicate"] > 1
        assert "replicate" not in point.predicted.dims
    for name in rankscope.claims(results / STUDY).figure.dropna().unique():
        drawn = rankscope.figure(results / STUDY, name)
        assert drawn.axes or drawn.texts


def test_a_file_says_what_it_is_without_its_folder(finished):
    for file in [
        *(finished / "results" / STUDY / "simulated").glob("*.nc"),
        finished / "results" / STUDY / "simulated.nc",
    ]:
        data = datasets.read(file)
        assert data.attrs["title"] == f"rankscope: {STUDY}, simulated"
        assert data.attrs["source"].startswith("rankscope ")
        assert {"Conventions", "license", "study", "seed", "code"} <= set(data.attrs)
        assert data.width.attrs["long_name"].startswith("parameter: ")


def test_jobs_stay_within_the_memory_that_they_request(finished, config):
    study_ = configuration.check(config).studies[STUDY]
    for stage in ("simulated", "predicted"):
        for batch in study_.batches(stage, configuration.BATCH_SECONDS):
            file = finished / "results/logs" / STUDY / f"{stage}_{batch.number}.tsv"
            (row,) = csv.DictReader(file.open(), delimiter="\t")
            assert float(row["max_rss"]) < limits.memory_mb(batch, attempt=1)


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
    jobs(snakemake(tree, copied, more, *DATA))
    batch_sizes = config["studies"][STUDY]["grid"][0].get("batch_size", [0])
    new = journal(copied)[before:]
    assert all("/width=20" in name for name in new)
    assert len(new) == 2 * len(batch_sizes)
    points = {name: data for name, data in content(copied).items() if "/simulated/" in name}
    assert all(points[name] == data for name, data in old.items() if name in points)


def test_more_replicates_keep_the_earlier_draws(tree, copied, config):
    before = {
        point.name: point.measured.load() for point in rankscope.load(copied / "results" / STUDY)
    }
    more = copy.deepcopy(config)
    more["studies"][STUDY]["replicates"] += 2
    ran = jobs(snakemake(tree, copied, more, *DATA))
    assert "predicted_" + STUDY not in ran
    for point in rankscope.load(copied / "results" / STUDY):
        kept = point.measured.isel(replicate=slice(0, before[point.name].sizes["replicate"]))
        xr.testing.assert_equal(kept.load(), before[point.name])
    fresh = copied.parent / "fresh"
    jobs(snakemake(tree, fresh, more, *DATA))
    assert content(fresh, f"{STUDY}/**/*.nc") == content(copied, f"{STUDY}/**/*.nc")


def test_another_seed_changes_every_simulation_and_no_theory(tree, finished, config, tmp_path):
    other = {**config, "seed": config["seed"] + 1}
    jobs(snakemake(tree, tmp_path / "other", other, *DATA))
    ours = rankscope.load(finished / "results" / STUDY)
    theirs = rankscope.load(tmp_path / "other/results" / STUDY)
    for point, other in zip(ours, theirs, strict=True):
        assert point.name == other.name
        assert not point.measured.load().equals(other.measured.load())
        assert point.predicted.load().equals(other.predicted.load())


DRAWN = {f"plot_{STUDY}", "compare", "report"}
JUDGED = {"verify", "summarise", "provenance", f"plot_{STUDY}", "report"}
COLLECTED = {"collect", "compare", *JUDGED}
CODE = "\nEDITED = True\n"
FIELD = "    {name}: float = real('a new field', default=0.0)\n"
EDITS = {
    "a study's theory": (f"studies/{STUDY}/theory", CODE, {f"predicted_{STUDY}", *COLLECTED}),
    "a study's simulation": (
        f"studies/{STUDY}/simulation", CODE, {f"simulated_{STUDY}", *COLLECTED}
    ),
    "a study's claims": (f"studies/{STUDY}/claims", CODE, JUDGED),
    "a study's plants": (f"studies/{STUDY}/plants.py", CODE, set()),
    "a study's figures": (f"studies/{STUDY}/figures", CODE, {f"plot_{STUDY}", "report"}),
    "a study's text": (f"studies/{STUDY}/report.md", "\nMore.\n", {"report"}),
    "numerics": ("numerics/ranks.py", CODE, {f"simulated_{STUDY}", *COLLECTED}),
    "streams": ("jobs/streams.py", CODE, {f"simulated_{STUDY}", *COLLECTED}),
    "how replicates are simulated": (
        "jobs/simulate.py", CODE, {f"simulated_{STUDY}", *COLLECTED}
    ),
    "collecting": ("jobs/collect.py", CODE, COLLECTED),
    "evidence": ("evidence/verdicts.py", CODE, JUDGED),
    "drawing": ("drawing/panels.py", CODE, DRAWN),
    "the comparison": ("comparison/figures.py", CODE, {"compare", "report"}),
    "the report's text": ("report/definitions.md", "\nMore.\n", {"report"}),
    "the report's code": ("report/page.py", CODE, {"report"}),
    "the provenance": ("jobs/provenance.py", CODE, {"provenance", "report"}),
    "a new field with a neutral default": (f"studies/{STUDY}/parameters.py", FIELD, set()),
    "planning": ("planning/grid.py", CODE, set()),
    "bookkeeping": ("jobs/journal.py", CODE, set()),
    "what a terminal runs": ("running/progress.py", CODE, set()),
    "the probe": ("probe/measure.py", CODE, set()),
}  # fmt: skip
"""What is edited, the file or folder, what is added, and the rules that must run again."""


def edit(package: Path, where: str, addition: str) -> None:
    """Add something to a module of the package."""
    file = package / where
    if not file.suffix:
        file = file / "__init__.py" if file.is_dir() else file.with_suffix(".py")
    text = file.read_text()
    if addition is FIELD:
        lines = text.splitlines(keepends=True)
        last = max(i for i, line in enumerate(lines) if line.startswith("    def check")) - 1
        lines.insert(last, FIELD.format(name="brand_new"))
        file.write_text("".join(lines))
    else:
        file.write_text(text + addition)


@pytest.mark.parametrize("what", EDITS)
def test_an_edit_reruns_exactly_what_runs_the_edited_code(tree, finished, config, tmp_path, what):
    where, addition, expected = EDITS[what]
    edited = tmp_path / "tree"
    shutil.copytree(tree, edited)
    edit(edited / "workflow/rankscope", where, addition)
    run = snakemake(edited, finished, config, "--dry-run")
    assert jobs(run) == expected


def test_a_comment_and_fresh_modification_times_rerun_nothing(tree, copied, config, tmp_path):
    edited = tmp_path / "tree"
    shutil.copytree(tree, edited, copy_function=shutil.copy)
    for path in edited.rglob("*.py"):
        if path.parent.name == STUDY:
            path.write_text(path.read_text() + "\n# a remark\n")
        os.utime(path)
    run = snakemake(edited, copied, config, "--dry-run")
    assert "Nothing to be done" in run.stdout + run.stderr


def test_a_deleted_point_comes_back_from_the_store_to_the_same_bytes(tree, copied, config):
    before = content(copied)
    count = len(journal(copied))
    victim = sorted((copied / "results" / STUDY / "simulated").glob("*.nc"))[0]
    victim.unlink()
    jobs(snakemake(tree, copied, config, *DATA, str(victim.relative_to(copied))))
    assert content(copied) == before
    assert len(journal(copied)) == count


def test_a_point_deleted_from_results_and_store_is_remade_and_no_other(tree, copied, config):
    before = content(copied)
    count = len(journal(copied))
    victim = sorted((copied / "results" / STUDY / "simulated").glob("*.nc"))[0]
    (copied / "results/.store" / victim.relative_to(copied / "results")).unlink()
    victim.unlink()
    jobs(snakemake(tree, copied, config, *DATA, str(victim.relative_to(copied))))
    assert content(copied) == before
    assert len(journal(copied)) == count + 1


def test_a_damaged_point_is_named_with_how_to_remake_it(tree, copied, config):
    before = content(copied)
    victim = sorted((copied / "results" / STUDY / "simulated").glob("*.nc"))[0]
    victim.write_bytes(victim.read_bytes()[:3000])
    (copied / "results" / STUDY / "simulated.nc").unlink()
    run = snakemake(tree, copied, config, *DATA)
    assert run.returncode != 0
    name = victim.relative_to(copied)
    assert f"rankscope: {name} is damaged" in run.stdout + run.stderr
    assert f"rm '{name}' && make study" in run.stdout + run.stderr
    victim.unlink()
    jobs(snakemake(tree, copied, config, *DATA))
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
