"""What all tests share: one BLAS thread, the presets, and a folder to run the workflow in."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

# before a test module imports numpy
for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def presets() -> dict[str, dict]:
    """The configurations that ship: default, cluster and test."""
    files = {
        "default": ROOT / "config.yaml",
        "cluster": ROOT / "presets" / "cluster.yaml",
        "test": ROOT / "presets" / "test.yaml",
    }
    return {name: yaml.safe_load(file.read_text()) for name, file in files.items()}


@pytest.fixture
def run_workflow(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess]:
    """Run plain Snakemake with a configuration, in a folder of its own."""

    def run(config: dict, *arguments: str, folder: Path = tmp_path, **options):
        folder.mkdir(exist_ok=True)
        (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
        command = [
            sys.executable, "-m", "snakemake",
            "--snakefile", str(ROOT / "Snakefile"),
            "--workflow-profile", str(ROOT / "profiles" / "default"),
            *arguments,
        ]  # fmt: skip
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, **options
        )

    return run
