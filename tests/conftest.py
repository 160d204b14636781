"""What all tests share: one BLAS thread, and the configurations that ship."""

import os
import sys
from collections.abc import Iterator
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


@pytest.fixture(autouse=True)
def _figures_are_closed() -> Iterator[None]:
    """Close what a test has drawn, so that no other counts it."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")
