"""What a run would do, before it does it: points, jobs, time, memory and disk per study."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tqdm import tqdm

from rankscope.planning import configuration
from rankscope.planning.configuration import Configuration, Point, Study
from rankscope.planning.study import STAGES
from rankscope.running import progress

ROW = "{:{width}}{:>8}{:>7}{:>6}{:>11}{:>9}{:>10}"
MANY = "|".join([*STAGES, "plot", "tabulate"])
"""How the names of rules begin of which there is one per study or batch."""


def jobs(said: str) -> dict[str, int]:
    """Return how many jobs of each rule there are, from Snakemake's table of them."""
    # the table stands before and after the jobs
    table = said.split("Job stats")[1]
    return {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}


def lines(config: Configuration, jobs: Mapping[str, int], at_a_time: int) -> Iterator[str]:
    """Yield a row per study, and what all of them take.

    Args:
        config: the configuration.
        jobs: how many jobs of each rule there are.
        at_a_time: how many of them may run at the same time.
    """
    todo: dict[str, list[progress.State]] = {name: [] for name in config.studies}
    for state in progress.states(config):
        if not state.done:
            todo[state.point.study].append(state)
    width = max(map(len, [*config.studies, "study"])) + 1
    head = ("study", "points", "left", "jobs", "CPU time", "memory", "disk")
    yield ROW.format(*head, width=width)
    for name, one in config.studies.items():
        yield ROW.format(name, *_row(one, todo[name], jobs), width=width)
    kinds: dict[str, int] = {}
    for name, count in jobs.items():
        if name not in ("all", "total"):
            kind = re.sub(rf"^({MANY})_.*", r"\1", name)
            kinds[kind] = kinds.get(kind, 0) + count
    yield ""
    yield f"jobs: {', '.join(f'{kind} {count}' for kind, count in kinds.items())}"
    each = [state.seconds for states in todo.values() for state in states]
    # a point is on one core, unless several jobs share it
    least = 0.0 if config.split_points else max(each, default=0.0)
    together = max(sum(each) / at_a_time, least)
    yield (
        f"points: {tqdm.format_interval(sum(each))} on one core, "
        f"{tqdm.format_interval(together)} with {at_a_time} jobs at a time (estimated)"
    )
    yield f"results: {config.results}/"


def _row(
    one: Study, todo: list[progress.State], jobs: Mapping[str, int]
) -> tuple[int, int, int, str, str, str]:
    of_points = re.compile(
        rf"({'|'.join(STAGES)})_{configuration.rule_name(one.name)}_\d+(_share_\d+)?"
    )
    memory = max((state.point.parameters.cost().memory_mb for state in todo), default=0)
    disk = _disk(todo, one.points)
    return (
        len(one.points),
        len({state.point for state in todo}),
        sum(count for name, count in jobs.items() if of_points.fullmatch(name)),
        tqdm.format_interval(sum(state.seconds for state in todo)) if todo else "-",
        f"{memory:.0f} MB" if todo else "-",
        f"{disk:.1f} MB" if disk is not None else "-",
    )


def _disk(todo: list[progress.State], points: Iterable[Point]) -> float | None:
    """Return how many megabytes the points to make will take, as those that are there do.

    ``None`` if there is nothing to make, or nothing to judge by.
    """
    sizes = [size for point in points for stage in STAGES
             if (size := _size(point.file(stage)))]  # fmt: skip
    return len(todo) * sum(sizes) / len(sizes) / 2**20 if todo and sizes else None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
