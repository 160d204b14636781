"""Where a run is: the state of every point, and a display of what is left."""

import dataclasses
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tqdm import tqdm

from rankscope.jobs import headers, journal, keys
from rankscope.planning.configuration import Configuration, Point
from rankscope.planning.study import STAGES

PLAIN_LINE_EVERY = 15.0
"""Seconds between two lines where there is no terminal."""

PRIOR = 0.05
"""Share of the work that the estimates count for beside what the run has shown."""

STEPS = re.compile(rb"(\d+) of (\d+) steps")
"""What Snakemake says after each job."""


@dataclasses.dataclass(frozen=True)
class State:
    """What is known of one point and stage.

    Attributes:
        point: the point.
        stage: ``simulated`` or ``predicted``.
        done: whether there is a sound file of the present code, parameters and seed with
            all replicates.
        seconds: estimated CPU seconds to make it.
    """

    point: Point
    stage: str
    done: bool
    seconds: float

    @property
    def key(self) -> tuple[str, str, str]:
        """Study, stage and name of the point, as the journal has them."""
        return self.point.study, self.stage, self.point.name


def states(config: Configuration) -> Iterator[State]:
    """Look at the file of every point and stage, one after the other."""
    known = headers.Headers(config.results)
    for one in config.studies.values():
        for stage in STAGES:
            for point in one.points:
                done = keys.is_whole(config, stage, point, known.read)
                yield State(point, stage, done, point.seconds(stage, one.replicates))
    known.save()


class Display:
    """Time left, points and jobs done: a bar on a terminal, plain lines elsewhere.

    A line fits 80 columns, and begins with the time left: that of the estimates at first, found
    anew whenever something was made, and counted down in between.
    """

    def __init__(
        self,
        everything: list[State],
        config: Configuration,
        position: Mapping[Path, int],
        log: Path,
        at_a_time: int,
    ) -> None:
        self.todo = {state.key: state.seconds for state in everything if not state.done}
        self.fractions: dict[tuple[str, str, str], float] = {}
        self.working: dict[tuple[str, str, str], float] = {}
        """When points that are worked on began, or were last saved."""
        self.busy = 0.0
        """Seconds for which points were worked on, of all jobs."""
        self.shared = config.split_points
        self.at_a_time = at_a_time if self.shared else max(min(at_a_time, len(self.todo)), 1)
        self.results = config.results
        self.position = position
        self.log = log
        self.begun = log.stat().st_mtime if log.exists() else 0.0
        self.begin: float | None = None
        self.last = self.last_line = time.monotonic()
        self.left = self._estimate(self.last)
        self.bar = None
        if sys.stderr.isatty() and self.todo:
            layout = "{percentage:3.0f}%|{bar:15}| {desc}"
            self.bar = tqdm(total=sum(self.todo.values()), bar_format=layout, leave=False)

    def update(self) -> None:
        """Read the journal and show what has changed."""
        entries, self.position = journal.read(self.results, self.position)
        now = time.monotonic()
        passed, self.last = now - self.last, now
        if self.begin is not None:  # planning, and waiting in a queue, are no work
            self.busy += passed * len(self.working)
            self.left -= passed
        made = [self._note(entry, now) for entry in entries if entry.key in self.todo]
        if any(made):
            self.left = self._estimate(now)
        if self.bar is not None:
            self.bar.n = self._made()
            self.bar.set_description_str(self.line())
        elif self.todo and now - self.last_line > PLAIN_LINE_EVERY:
            self.last_line = now
            print(f"rankscope: {self.line()}", flush=True)

    def line(self) -> str:
        """Say how much time is left, and how many points and jobs are done."""
        done, total = sum(value == 1 for value in self.fractions.values()), len(self.todo)
        jobs = f", {steps} jobs" if (steps := self._steps()) else ""
        if done == total:
            return f"points done; collecting, judging, plotting{jobs}"
        return f"{self._left()}; {done} of {total} points{jobs}"

    def close(self) -> None:
        """Remove the bar."""
        if self.bar is not None:
            self.bar.close()

    def _note(self, entry: journal.Entry, now: float) -> bool:
        """Take note of an event; say whether something was made."""
        if self.begin is None:
            self.begin = now
        if entry.event in (journal.STARTED, journal.SAVED):
            self.working[entry.key] = now
        else:
            self.working.pop(entry.key, None)
        made = entry.event in (journal.SAVED, journal.DONE)
        if made:
            self.fractions[entry.key] = entry.fraction
        return made

    def _made(self) -> float:
        """Estimated CPU seconds of what is done, parts of points included."""
        return sum(self.todo[key] * fraction for key, fraction in self.fractions.items())

    def _estimate(self, now: float) -> float:
        """Return the seconds left: of all work at the pace of all jobs, or of the longest point.

        Work that is begun counts as done as far as its time has passed, or a heavy point would
        count as none until it is saved. The estimates count as much as the `PRIOR` share of the
        work, done by all jobs.
        """
        left = {key: work * (1 - self.fractions.get(key, 0)) for key, work in self.todo.items()}
        for key, since in self.working.items():
            left[key] -= min(now - since, left[key])
        total, rest = sum(self.todo.values()), sum(left.values())
        known = total - rest + PRIOR * total
        if known == 0:
            return 0.0
        passed = 0.0 if self.begin is None else now - self.begin
        of_all = rest * (passed + PRIOR * total / self.at_a_time) / known
        of_longest = max(left.values()) * (self.busy + PRIOR * total) / known
        return of_all if self.shared else max(of_all, of_longest)

    def _left(self) -> str:
        if self.left <= 0:
            return "longer than estimated"
        return f"about {tqdm.format_interval(self.left)} left"

    def _steps(self) -> str:
        """Return how many jobs of how many this run has done; nothing before the first."""
        if self.log.exists() and self.log.stat().st_mtime > self.begun:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - 2**16))
                if found := STEPS.findall(file.read()):
                    return b" of ".join(found[-1]).decode()
        return ""


def table(config: Configuration, since: float | None, show: Callable[[str], None] = print) -> None:
    """Show what is done, running, failed and missing, without starting anything.

    Args:
        config: the checked configuration.
        since: when the run that works here began; ``None`` if none does.
        show: what prints a line.
    """
    latest = {entry.key: entry for entry in journal.read(config.results)[0]}
    everything = list(states(config))
    width = max(map(len, [*config.studies, "study"])) + 1
    row = f"{{:{width}}}{{:10}}{{:>8}}{{:>8}}{{:>8}}{{:>8}}{{:>8}}"
    show(row.format("study", "stage", "points", "done", "running", "failed", "missing"))
    for name in config.studies:
        for stage in STAGES:
            mine = [s for s in everything if s.point.study == name and s.stage == stage]
            events = [_event(latest.get(s.key), since) for s in mine if not s.done]
            busy, bad = events.count(journal.STARTED), events.count(journal.FAILED)
            counts = len(mine), len(mine) - len(events), busy, bad, len(events) - busy - bad
            show(row.format(name, stage, *counts))
    for state in everything:
        if not state.done and _event(latest.get(state.key), since) == journal.FAILED:
            show(_line(latest[state.key]))
        elif not state.done and state.stage == "simulated" and (saved := keys.saved(state.point)):
            show(f"begun: {' '.join(state.key)}: {saved} replicates are kept")
    left = sum(state.seconds for state in everything if not state.done)
    show(f"estimated work left: {tqdm.format_interval(left)} on one core")
    show(_origin(config))


def _origin(config: Configuration) -> str:
    """Say what the results are of, by their own record."""
    results = config.results
    if not (results / "logs").exists():
        return f"nothing has been run yet, results will be in {results}/; `make study` starts"
    record = results / "provenance.json"
    if not record.exists():
        return f"results: {results}/, of {config.source}; no run of it has ended yet"
    made = json.loads(record.read_text(encoding="utf-8"))
    seed, commit = made["configuration"]["seed"], made["commit"]
    return f"results: {results}/, of {config.source}; last made with seed {seed} at commit {commit}"


def failures(results: Path, since: float, show: Callable[[str], None]) -> None:
    """Name the points that failed, or were being worked on when their job ended, and the logs."""
    latest = {entry.key: entry for entry in journal.read(results)[0] if entry.when >= since}
    for entry in latest.values():
        if entry.event != journal.DONE:
            show(_line(entry))


def _line(entry: journal.Entry) -> str:
    if entry.event == journal.FAILED:
        return f"failed: {' '.join(entry.key)}: {entry.message}"
    saved = f", {entry.message} replicates kept" if entry.event == journal.SAVED else ""
    return f"stopped: {' '.join(entry.key)}: its job ended without a word{saved}"


def _event(entry: journal.Entry | None, since: float | None) -> str | None:
    """Return ``failed``, ``started`` if the point is being worked on now, or ``None``."""
    if entry is None or entry.event == journal.DONE:
        return None
    if entry.event == journal.FAILED:
        return journal.FAILED
    return journal.STARTED if since is not None and entry.when >= since else None
