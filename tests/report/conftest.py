"""A small results folder with a report of it, and what audits its accessibility."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import trials

HERE = Path(__file__).parent
CONFIG = {
    "seed": 7,
    "confidence": 0.95,
    "studies": {
        "random_products/gaussian": {
            "replicates": 12,
            "grid": [{"size": [16, 32], "depth": [1, 2, 4]}, {"size": [32], "depth": [8]}],
        },
        "random_products/orthogonal": {
            "replicates": 4,
            "grid": {"size": [8], "depth": [1, 2]},
        },
        "random_sums": {"replicates": 6, "grid": {"size": [32], "terms": [4, 8]}},
    },
}
AXE = "4.10.3"
EARLIER = """study,claim,definition,verdict
random_sums,all directions are used,,contradicted
random_products/gaussian,A: closed form: exact rank,,undecided
"""


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A folder with the results of a paper of two studies and one of a single study.

    It is not to be changed. ``build.py`` makes it, beside a copy of the package in which these
    studies stand.
    """
    folder = tmp_path_factory.mktemp("report")
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(trials.ROOT / "workflow", folder / "workflow", ignore=ignore)
    shutil.copytree(trials.ROOT / "docs", folder / "docs")
    (folder / "docs/findings/0.0.1.csv").write_text(EARLIER)
    shutil.copytree(
        HERE / "studies",
        folder / "workflow/rankscope/studies",
        ignore=ignore,
        dirs_exist_ok=True,
    )
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder / "workflow"),
        "RANKSCOPE_CONFIG": json.dumps(CONFIG),
    }
    command = [sys.executable, str(HERE / "build.py")]
    run = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """The script of axe-core, which npm fetches: it is no part of what is installed."""
    if shutil.which("npm") is None:
        pytest.skip("npm is missing, which fetches axe-core; on Debian: apt-get install npm")
    folder = tmp_path_factory.mktemp("axe")
    command = ["npm", "pack", "--silent", f"axe-core@{AXE}"]
    fetched = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if fetched.returncode != 0:
        pytest.skip(f"npm could not fetch axe-core: {fetched.stderr.strip().splitlines()[-1:]}")
    with tarfile.open(folder / fetched.stdout.strip().splitlines()[-1]) as packed:
        return packed.extractfile("package/axe.min.js").read().decode()
