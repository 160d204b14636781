"""Cluster jobs that an earlier run left behind in this folder.

A Snakemake that is killed leaves its Slurm jobs queued and running. They would do the work
of the next run's jobs once more, so the next run cancels them first: what they have finished
is kept, and the new jobs go on from there.
"""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

NAME = re.compile(r"rankscope_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What profiles/slurm makes of the prefix ``rankscope`` and the run's identifier."""

SECONDS = 60.0
"""How long to wait for cancelled jobs to end, and for Slurm to answer."""


def cancel_left_behind() -> list[str]:
    """Cancel this user's Slurm jobs of this folder; wait until they have ended.

    Call it only where no other run can work in this folder.

    Returns:
        The identifiers of the cancelled jobs; none where there is no Slurm.
    """
    found = jobs()
    if found:
        subprocess.run(["scancel", *found], check=False, capture_output=True, timeout=SECONDS)
        until = time.monotonic() + SECONDS
        while jobs() and time.monotonic() < until:
            time.sleep(1.0)
    return found


def jobs() -> list[str]:
    """Return the identifiers of this user's jobs of this folder; none if Slurm is silent."""
    if shutil.which("squeue") is None:
        return []
    command = ["squeue", "--me", "--noheader", "--format=%i|%j|%Z"]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return []
    rows = [line.strip().split("|", 2) for line in answer.stdout.splitlines()]
    return [
        row[0]
        for row in rows
        if len(row) == 3
        and NAME.fullmatch(row[1])
        and Path(row[2]).resolve() == Path.cwd().resolve()
        and row[0] != os.environ.get("SLURM_JOB_ID")
    ]
