"""Which skips `.ci/run` accepts."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("reason", "complete", "status"),
    [
        ("Chromium is missing; on Debian", "", 0),
        ("Chromium is missing; on Debian", "1", 1),
        ("npm could not fetch axe-core: no network", "1", 1),
        ("a Slurm of our own needs root", "1", 0),
        ("torch is not installed", "", 1),
    ],
)
def test_a_skip_that_must_not_be_fails_the_session_and_is_named(
    tmp_path, monkeypatch, reason, complete, status
):
    monkeypatch.setenv("RANKSCOPE_COMPLETE", complete)
    for name in ("conftest.py", "trials.py"):
        shutil.copy(Path(__file__).parent / name, tmp_path)
    (tmp_path / "test_one.py").write_text(
        f"import pytest\ndef test_one():\n    pytest.skip({reason!r})\n"
    )
    command = (sys.executable, "-m", "pytest", "--strict-skips", "test_one.py")
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == status
    assert (f"test_one.py::test_one: Skipped: {reason}" in run.stdout) == bool(status)
