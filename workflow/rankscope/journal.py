"""The journal of a results folder: which points were started, finished or failed, and when.

It feeds progress, ``status`` and run times. No result depends on it; it may be deleted.
"""

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path

FILE = Path("results/logs/points.tsv")
STARTED, DONE, FAILED = "started", "done", "failed"


@dataclasses.dataclass(frozen=True)
class Entry:
    """One event of one point.

    Attributes:
        when: seconds since the epoch.
        event: ``started``, ``done`` or ``failed``.
        study: the study's name.
        stage: ``simulated`` or ``predicted``.
        point: the point's name.
        seconds: wall-clock seconds of the work, 0 for ``started``.
        message: why it failed, in one line; else empty.
    """

    when: float
    event: str
    study: str
    stage: str
    point: str
    seconds: float = 0.0
    message: str = ""


def append(
    event: str, study: str, stage: str, point: str, seconds: float = 0.0, message: str = ""
) -> None:
    """Append one event; a line is one write, so jobs may append at the same time."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    text = " ".join(message.split())
    line = f"{time.time():.2f}\t{event}\t{study}\t{stage}\t{point}\t{seconds:.3f}\t{text}\n"
    with FILE.open("a", encoding="utf-8") as file:
        file.write(line)


def read(start: int = 0) -> tuple[list[Entry], int]:
    """Read the events after byte ``start``.

    Returns:
        The events, and the position to go on from.
    """
    if not FILE.exists():
        return [], 0
    with FILE.open("rb") as file:
        file.seek(start)
        data = file.read()
    complete = data[: data.rfind(b"\n") + 1]
    return list(_entries(complete.decode(errors="replace"))), start + len(complete)


def _entries(text: str) -> Iterator[Entry]:
    for line in text.splitlines():
        fields = line.split("\t")
        if len(fields) == 7:
            when, event, study, stage, point, seconds, message = fields
            yield Entry(float(when), event, study, stage, point, float(seconds), message)
