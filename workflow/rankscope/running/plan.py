"""What a run would do, before it does it: points, jobs, time, memory and disk per study."""

from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm

from rankscope.planning import limits
from rankscope.planning.configuration import Configuration, Point, Study
from rankscope.running import progress

COLUMNS = "{:{width}}{:>8}{:>8}{:>6}{:>11}{:>9}{:>9}"


def show(config: Configuration) -> None:
    """Print a row per study: what is to be made, and what that takes."""
    todo: dict[str, list[progress.State]] = {name: [] for name in config.studies}
    for state in progress.states(config):
        if not state.done:
            todo[state.point.study].append(state)
    width = max(map(len, [*config.studies, "study"])) + 1
    print(
        COLUMNS.format(
            *("study", "points", "to make", "jobs", "CPU time", "memory", "disk"), width=width
        )
    )
    for name, one in config.studies.items():
        print(COLUMNS.format(name, *_row(config, one, todo[name]), width=width))
    seconds = sum(state.seconds for states in todo.values() for state in states)
    cores = limits.cores()
    print(
        f"\nestimated: {tqdm.format_interval(seconds)} on one core, "
        f"{tqdm.format_interval(seconds / cores)} on the {cores} of this machine; results go to "
        f"{config.results}/"
    )


def _row(config: Configuration, one: Study, todo: list[progress.State]) -> Iterable[str | int]:
    keys = {(state.point, state.stage) for state in todo}
    jobs = [
        batch
        for stage in ("simulated", "predicted")
        for batch in one.batches(stage, config.batch_seconds)
        if any((point, stage) in keys for point in batch.points)
    ]
    memory = max((limits.memory_mb(batch, 1) for batch in jobs), default=0)
    seconds = sum(state.seconds for state in todo)
    disk = _disk(todo, one.points)
    return (
        len(one.points),
        len({state.point for state in todo}),
        len(jobs),
        tqdm.format_interval(seconds) if todo else "-",
        f"{memory} MB" if jobs else "-",
        f"{disk:.1f} MB" if disk is not None else "-",
    )


def _disk(todo: list[progress.State], points: Iterable[Point]) -> float | None:
    """Return how many megabytes the points to make will take, as those that are there do.

    ``None`` if there is nothing to make, or nothing to judge by.
    """
    sizes = [size for point in points for stage in ("simulated", "predicted")
             if (size := _size(point.file(stage)))]  # fmt: skip
    return len(todo) * sum(sizes) / len(sizes) / 2**20 if todo and sizes else None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
