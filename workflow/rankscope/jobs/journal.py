"""The journal of a results folder: which points were started, saved, finished or failed.

It feeds progress and ``status``. No result depends on it; it may be deleted.
Each machine writes a file of its own: appending is atomic on one machine, but not between
machines that share a network file system.
"""

import contextlib
import dataclasses
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from rankscope.planning.configuration import Point

STARTED, SAVED, DONE, FAILED = "started", "saved", "done", "failed"


@dataclasses.dataclass(frozen=True)
class Entry:
    """One event of one point.

    Attributes:
        when: seconds since the epoch.
        event: ``started``, ``saved`` (some replicates), ``done`` or ``failed``.
        study: the study's name.
        stage: ``simulated`` or ``predicted``.
        point: the point's name.
        seconds: wall-clock seconds of the work, 0 unless ``done``.
        message: one line: why it failed, or how many replicates are saved, as ``3/32``.
    """

    when: float
    event: str
    study: str
    stage: str
    point: str
    seconds: float = 0.0
    message: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Study, stage and point."""
        return self.study, self.stage, self.point

    @property
    def fraction(self) -> float:
        """Share of the point's replicates that are on disk, as far as this event tells."""
        if self.event == SAVED:
            with contextlib.suppress(ValueError, ZeroDivisionError):
                saved, wanted = self.message.split("/")
                return int(saved) / int(wanted)
        return float(self.event == DONE)


def append(event: str, point: Point, stage: str, seconds: float = 0.0, message: str = "") -> None:
    """Append one event; a line is one write, so jobs may append at the same time."""
    folder = point.results / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    text = " ".join(message.split())
    line = (
        f"{time.time():.2f}\t{event}\t{point.study}\t{stage}\t{point.name}\t{seconds:.3f}\t{text}\n"
    )
    with (folder / f"points-{socket.gethostname()}.tsv").open("a", encoding="utf-8") as file:
        file.write(line)


def read(
    results: Path, start: Mapping[Path, int] | None = None
) -> tuple[list[Entry], dict[Path, int]]:
    """Read the events after a position, in the order in which they happened.

    Args:
        results: the results folder.
        start: the position; the beginning if there is none.

    Returns:
        The events, and the position to go on from.
    """
    entries: list[Entry] = []
    position = dict(start or {})
    for path in sorted(_files(results)):
        with path.open("rb") as file:
            file.seek(position.get(path, 0))
            data = file.read()
        complete = data[: data.rfind(b"\n") + 1]
        position[path] = position.get(path, 0) + len(complete)
        entries += _entries(complete.decode(errors="replace"))
    return sorted(entries, key=lambda entry: entry.when), position


def position(results: Path) -> dict[Path, int]:
    """Return the end of the journal, for `read` to begin from."""
    return {path: path.stat().st_size for path in _files(results)}


def _files(results: Path) -> Iterator[Path]:
    return (results / "logs").glob("points*.tsv")


def _entries(text: str) -> Iterator[Entry]:
    """Parse complete lines; one that a full disk or a crash cut short is passed over."""
    for line in text.splitlines():
        fields = line.split("\t")
        if len(fields) == 7:
            when, event, study, stage, point, seconds, message = fields
            with contextlib.suppress(ValueError):
                yield Entry(float(when), event, study, stage, point, float(seconds), message)
