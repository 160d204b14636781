"""A finished run of the smallest grid, and a browser."""

import copy
import shutil

import pytest
import trials

STUDY = "effective_dimension"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def finished(presets, tmp_path_factory):
    """A folder with a run of one study; not to be changed."""
    config = copy.deepcopy(presets["test"])
    config["studies"] = {STUDY: config["studies"][STUDY]}
    folder = trials.project(tmp_path_factory.mktemp("report") / "run", trials.ROOT, config)
    status, output = trials.run(folder)
    assert status == 0, output
    return folder


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Headless Chromium, with a profile of its own."""
    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if executable is None:
        pytest.skip("Chromium is missing; on Debian: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield opened
        opened.close()
