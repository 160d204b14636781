"""Real runs in folders of their own, for the tests of the workflow, the cluster and faults."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
PACED = ROOT / "tests" / "paced"
COLLECTED = ("results/paced/simulated.nc", "results/paced/predicted.nc")
"""What a run of ``paced`` makes before it judges and draws."""


def sources(folder: Path) -> Path:
    """Copy the sources, so that a test may edit them, with the study ``paced`` among them."""
    ignore = shutil.ignore_patterns("__pycache__")
    for part in ("workflow", "profiles", "envs"):
        shutil.copytree(ROOT / part, folder / part, ignore=ignore)
    shutil.copy(ROOT / "Snakefile", folder)
    shutil.copytree(PACED, folder / "workflow/rankscope/studies/paced", ignore=ignore)
    return folder


def paced(*parts: dict, replicates: int = 4, seed: int = 7, **further) -> dict:
    """Return a configuration of ``paced``: parts of its grid, of single values or lists of them."""
    grid = [
        {key: value if isinstance(value, list) else [value] for key, value in part.items()}
        for part in parts
    ]
    studies = {"paced": {"replicates": replicates, "grid": grid}}
    return {"seed": seed, "confidence": 0.95, **further, "studies": studies}


def project(folder: Path, tree: Path, config: dict) -> Path:
    """Make a folder to run in: its own configuration and results, the sources of ``tree``."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in ("Snakefile", "workflow", "profiles", "envs"):
        (folder / part).symlink_to(tree / part)
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    return folder


def environment(folder: Path, **extra: str) -> dict[str, str]:
    """Return the environment of a run; the work that ``paced`` does is noted in work.log."""
    inherited = {
        key: value
        for key, value in os.environ.items()
        # every process would compile the sources anew
        if key != "PYTHONDONTWRITEBYTECODE"
    }
    return {
        **inherited,
        "PYTHONPATH": str((folder / "workflow").resolve()),
        "PACED_LOG": str(folder / "work.log"),
        "PACED_PAUSE": "1",
        **extra,
    }


def start(folder: Path, *arguments: str, command: str = "study", **extra: str) -> subprocess.Popen:
    """Start ``rankscope study`` (or another command) in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "rankscope.running.command_line", command, *arguments],
        cwd=folder,
        env=environment(folder, **extra),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def run(folder: Path, *arguments: str, command: str = "study", limit: float = 900, **extra: str):
    """Run ``rankscope study`` (or another command) to its end; return status and output."""
    process = start(folder, *arguments, command=command, **extra)
    output, _ = process.communicate(timeout=limit)
    return process.returncode, output


def content(folder: Path) -> dict[str, bytes]:
    """The bytes of all results but logs, provenance and the report, which tell of the run."""
    results = folder / "results"
    return {
        str(path.relative_to(results)): path.read_bytes()
        for path in sorted(results.rglob("*"))
        if path.is_file()
        and not {".store", ".run", "logs"} & set(path.parts)
        and path.name not in ("provenance.json", "report.html")
    }


def log(folder: Path) -> str:
    """Snakemake's log of the last run."""
    return (folder / "results/logs/snakemake.log").read_text(errors="replace")


def work(folder: Path) -> list[str]:
    """What ``paced`` has computed: a line per step of a replicate of a point."""
    file = folder / "work.log"
    return file.read_text().splitlines() if file.exists() else []


def wait_for(condition, process: subprocess.Popen | None = None, seconds: float = 300.0):
    """Wait until a condition holds, and return what it gave; a process may not end before."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if process is not None and process.poll() is not None:
            raise AssertionError(f"the run ended: {process.communicate()[0]}")
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
    return value
