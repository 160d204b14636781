"""Where a run is: the state of every point, and a display of what is left."""

import dataclasses
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from rankscope import configuration, datasets, journal, stages
from rankscope.configuration import STAGES, Configuration, Point

DONE, OUTDATED, MISSING = "done", "outdated", "missing"
PLAIN_LINE_EVERY = 15.0
"""Seconds between two lines where there is no terminal."""


@dataclasses.dataclass(frozen=True)
class State:
    """What is known of one point and stage.

    Attributes:
        point: the point.
        stage: ``simulated`` or ``predicted``.
        state: ``done``, ``outdated`` (made from other code, parameters or seed, or damaged)
            or ``missing``.
        seconds: estimated CPU seconds to make it.
    """

    point: Point
    stage: str
    state: str
    seconds: float

    @property
    def key(self) -> tuple[str, str, str]:
        """Study, stage and name of the point, as the journal has them."""
        return self.point.study, self.stage, self.point.name


def states(config: Configuration) -> list[State]:
    """Look at the file of every point and stage."""
    return [
        State(point, stage, _state(config, point, stage), point.seconds(stage, one.replicates))
        for one in config.studies.values()
        for stage in STAGES
        for point in one.points
    ]


def _state(config: Configuration, point: Point, stage: str) -> str:
    path = point.file(stage)
    kept = stages.UNFINISHED / path.relative_to(configuration.RESULTS)
    if not path.exists() and not kept.exists():
        return MISSING
    wanted = config.studies[point.study].replicates if stage == "simulated" else 1
    key = stages.origin(stage, config, point)
    found = max(datasets.replicates(path, key), datasets.replicates(kept, key))
    return DONE if found == wanted else OUTDATED


class Display:
    """Points done and time left: a bar on a terminal, plain lines elsewhere."""

    def __init__(self, todo: list[State]) -> None:
        self.todo = {state.key: state.seconds for state in todo if state.state != DONE}
        self.total = {study: 0 for study, _, _ in self.todo}
        for study, _, _ in self.todo:
            self.total[study] += 1
        self.done: set[tuple[str, str, str]] = set()
        _, self.position = journal.read()
        self.begin = self.last_line = time.monotonic()
        self.bar = None
        if sys.stderr.isatty() and self.todo:
            layout = "{percentage:3.0f}%|{bar:30}| {desc}, {remaining} left"
            self.bar = tqdm(total=sum(self.todo.values()), bar_format=layout, leave=False)

    def update(self) -> None:
        """Read the journal and show what has changed."""
        entries, self.position = journal.read(self.position)
        for entry in entries:
            key = entry.study, entry.stage, entry.point
            if entry.event == journal.DONE and key in self.todo and key not in self.done:
                self.done.add(key)
                if self.bar is not None:
                    self.bar.update(self.todo[key])
        if self.bar is not None:
            self.bar.set_description_str(self._counts())
        elif self.todo and time.monotonic() - self.last_line > PLAIN_LINE_EVERY:
            self.last_line = time.monotonic()
            print(f"rankscope: {self._counts()}, {self._left()}", flush=True)

    def close(self) -> None:
        """Remove the bar."""
        if self.bar is not None:
            self.bar.close()

    def _counts(self) -> str:
        counts = dict.fromkeys(self.total, 0)
        for study, _, _ in self.done:
            counts[study] += 1
        return ", ".join(f"{name} {counts[name]}/{self.total[name]}" for name in counts)

    def _left(self) -> str:
        made = sum(self.todo[key] for key in self.done)
        left = sum(self.todo.values()) - made
        if not self.done:
            return "time left not known yet"
        if len(self.done) == len(self.todo):
            return "points done; collecting, judging, plotting"
        seconds = left * (time.monotonic() - self.begin) / made
        return f"about {tqdm.format_interval(seconds)} left"


def table(config: Configuration, running: bool, show: Callable[[str], None] = print) -> None:
    """Show what is done, running, failed and missing, without starting anything."""
    latest = {(e.study, e.stage, e.point): e for e in journal.read()[0]}
    failed = []
    show(
        f"{'study':24}{'stage':12}{'points':>8}{'done':>8}{'running':>9}{'failed':>8}{'missing':>9}"
    )
    everything = states(config)
    for name in config.studies:
        for stage in STAGES:
            mine = [s for s in everything if s.point.study == name and s.stage == stage]
            open_ = [s for s in mine if s.state != DONE]
            events = [latest[s.key].event for s in open_ if s.key in latest]
            bad = [latest[s.key] for s in open_ if _is(latest.get(s.key), journal.FAILED)]
            busy = events.count(journal.STARTED) if running else 0
            counts = len(mine), len(mine) - len(open_), busy, len(bad)
            rest = len(open_) - busy - len(bad)
            show(f"{name:24}{stage:12}" + "{:8}{:8}{:9}{:8}{:9}".format(*counts, rest))
            failed += bad
    for entry in failed:
        show(f"failed: {entry.study}, {entry.stage}: {entry.point}: {entry.message}")
    left = sum(state.seconds for state in everything if state.state != DONE)
    show(f"estimated work left: {tqdm.format_interval(left)} on one core")
    if not Path(configuration.RESULTS).exists():
        show("nothing has been run here yet; `make study` starts")


def _is(entry: journal.Entry | None, event: str) -> bool:
    return entry is not None and entry.event == event
