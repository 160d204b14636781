"""What a run would do, before it does it: points, jobs, time, memory and disk per study."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tqdm import tqdm

from rankscope.planning import configuration
from rankscope.planning.configuration import Configuration, Study
from rankscope.planning.study import STAGES
from rankscope.running import progress

ROW = "{:{width}}{:>8}{:>7}{:>6}{:>11}{:>9}{:>10}"
FILE_KB = 15
"""Of a point's file without its replicates: what it says of itself."""

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
    disk = _disk(todo, one)
    return (
        len(one.points),
        len({state.point for state in todo}),
        sum(count for name, count in jobs.items() if of_points.fullmatch(name)),
        tqdm.format_interval(sum(state.seconds for state in todo)) if todo else "-",
        f"{memory:.0f} MB" if todo else "-",
        (f"{disk:.1f} MB" if disk < 1e3 else f"{disk / 1e3:.1f} GB") if todo else "-",
    )


def _disk(todo: list[progress.State], one: Study) -> float:
    """Return how many megabytes the files of the points that are left will take.

    As much as those of the study that are there do, of each stage; where there is none, as is
    estimated. The collected files, which hold the same again, are not counted.
    """
    total = 0.0
    for stage in STAGES:
        left = [state.point for state in todo if state.stage == stage]
        sizes = [size for point in one.points if (size := _size(point.file(stage)))]
        if sizes:
            total += len(left) * sum(sizes) / len(sizes)
            continue
        replicates = one.replicates if stage == "simulated" else 0
        kept = (point.parameters.cost().replicate_kb * replicates for point in left)
        total += 1e3 * (FILE_KB * len(left) + sum(kept))
    return total / 1e6


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
