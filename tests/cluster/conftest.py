"""A real Slurm on this machine, for the tests of this folder."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "slurm.sh"


class Slurm:
    """The cluster, and the commands of a person who uses it."""

    def script(self, action: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            ["bash", str(SCRIPT), action], capture_output=True, text=True, check=False
        )

    def jobs(self, folder: Path) -> dict[str, str]:
        """Comment (which names the rule) of each running job of a folder, by identifier."""
        answer = subprocess.run(
            ["squeue", "--me", "--noheader", "--states=RUNNING", "--format=%i|%k|%Z"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        rows = [line.split("|", 2) for line in answer.stdout.splitlines()]
        return {job: comment for job, comment, place in rows if place == str(folder)}

    def cancel(self, *jobs: str) -> None:
        subprocess.run(["scancel", *jobs], check=True)

    def node_state(self) -> str:
        answer = subprocess.run(
            ["sinfo", "--noheader", "--format=%t"], capture_output=True, text=True, check=True
        )
        return answer.stdout.strip()


@pytest.fixture(scope="session")
def slurm():
    if os.geteuid() != 0:
        pytest.skip("a Slurm of our own needs root")
    if shutil.which("apt-get") is None and shutil.which("slurmctld") is None:
        pytest.skip("Slurm's daemons are missing, and there is no apt-get to install them")
    elsewhere = os.environ.pop("SLURM_CONF", None)
    cluster = Slurm()
    was_up = cluster.script("status").returncode == 0
    started = cluster.script("up")
    if started.returncode != 0:
        cluster.script("stop")
        pytest.skip(f"Slurm cannot be had: {started.stderr.strip().splitlines()[0]}")
    yield cluster
    if not was_up:
        cluster.script("stop")
    if elsewhere:
        os.environ["SLURM_CONF"] = elsewhere
