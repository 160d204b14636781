"""Which skips `.ci/run` accepts."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("reason", "status"), [("Chromium is missing; on Debian", 0), ("torch is not installed", 1)]
)
def test_a_skip_that_must_not_be_fails_the_session_and_is_named(tmp_path, reason, status):
    shutil.copy(Path(__file__).parent / "conftest.py", tmp_path)
    (tmp_path / "test_one.py").write_text(
        f"import pytest\ndef test_one():\n    pytest.skip({reason!r})\n"
    )
    command = (sys.executable, "-m", "pytest", "--strict-skips", "test_one.py")
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == status
    assert (f"test_one.py::test_one: Skipped: {reason}" in run.stdout) == bool(status)
