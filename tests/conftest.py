"""What tests share: one BLAS thread, the configurations that ship, sources, and a browser."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trials
import yaml

# before a test module imports numpy
for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"

# a Snakemake that finds a Slurm which is not up waits for it; the tests on Slurm take this back
os.environ["SLURM_CONF"] = os.devnull

ROOT = Path(__file__).parent.parent

MAY_SKIP = (
    "Chromium is missing",
    "npm is missing",
    "npm could not fetch axe-core",
    "a Slurm of our own needs root",
    "Slurm's daemons are missing",
    "Slurm cannot be had",
    "snakemake-executor-plugin-cluster-generic cannot be installed here",
    "mounting is not permitted here",
    "there are no results here",
    "there is no report here",
    "the results here are of another configuration",
    "it is there",  # a GPU, in a test of what is said without one
)
"""Why a test may be skipped where all that `make environment` installs is installed."""

COMPLETE = "RANKSCOPE_COMPLETE"
"""Environment variable of `.ci/run`, which has installed what the browser's tests need."""

OF_THE_BROWSER = MAY_SKIP[:3]
"""Reasons that are none where that is installed: or all tests in the browser would vanish."""


BROWSER_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of `.ci/run`."""
    parser.addoption(
        "--strict-skips",
        action="store_true",
        help="fail if a test is skipped for another reason than those of tests/conftest.py",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest suites first: where two processes share the tests, none ends alone."""
    order = ("slurm", "workflow", "faults", "model")
    items.sort(
        key=lambda item: next(
            (i for i, name in enumerate(order) if item.get_closest_marker(name)), len(order)
        )
    )


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note a skip that must not be."""
    if report.skipped and not hasattr(report, "wasxfail") and isinstance(report.longrepr, tuple):
        _note_skip(report.nodeid, report.longrepr[2])


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Note the skip of a whole module that must not be."""
    if report.skipped and isinstance(report.longrepr, tuple):
        _note_skip(report.nodeid, report.longrepr[2])


def _note_skip(test: str, reason: str) -> None:
    reason = reason.removeprefix("Skipped: ")
    wrong = os.environ.get(COMPLETE) and reason.startswith(OF_THE_BROWSER)
    if wrong or not reason.startswith(MAY_SKIP):
        _wrong_skips.append(f"{test}: Skipped: {reason}")


_wrong_skips: list[str] = []


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a session with `--strict-skips` in which a test was skipped that must not be."""
    if _wrong_skips and session.config.getoption("--strict-skips"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the skips that must not be; `-ra` lists all with their reasons."""
    if _wrong_skips and terminalreporter.config.getoption("--strict-skips"):
        terminalreporter.section("skipped, and must not be", red=True)
        for line in _wrong_skips:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def presets() -> dict[str, dict]:
    """The configurations that ship, by name; ``default`` is the one of no preset."""
    files = {path.stem: path for path in (ROOT / "presets").glob("*.yaml")}
    files["default"] = ROOT / "config.yaml"
    return {name: yaml.safe_load(file.read_text()) for name, file in files.items()}


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium, with a profile of its own."""
    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if executable is None:
        pytest.skip("Chromium is missing; on Debian: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=executable, args=list(BROWSER_FLAGS))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sources with the study ``paced`` among them, for tests that do not edit them."""
    return trials.sources(tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="session")
def undisturbed(tree: Path, tmp_path_factory: pytest.TempPathFactory):
    """Return, of a configuration, the results of a run that nothing disturbs or slows."""

    def results(config: dict, *targets: str) -> dict[str, bytes]:
        folder = trials.project(tmp_path_factory.mktemp("undisturbed"), tree, config)
        status, output = trials.run(folder, *targets, PACED_PAUSE="0")
        assert status == 0, output
        return trials.content(folder)

    return results


@pytest.fixture(autouse=True)
def _figures_are_closed() -> Iterator[None]:
    """Close what a test has drawn, so that no other counts it."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")
