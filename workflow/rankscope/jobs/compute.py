"""The stages that work on points: simulate or predict a batch, and collect.

A job works on a batch of points. What it has finished survives a kill (`keeping`), down to
single replicates, and is the same to the last bit however often the job was killed.
"""

import errno
import inspect
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import xarray as xr

from rankscope import datasets
from rankscope.jobs import journal, store as keeping, origins, collect as stacking, streams
from rankscope.planning import configuration, parameters, study
from rankscope.planning.configuration import Configuration, Point

SAVE_SECONDS = 2.0
"""Replicates are saved when this much work would be lost: less is not worth a file."""

CHUNK = 8
"""How many replicates a study simulates per call unless its module says otherwise."""

CHUNK_SECONDS = 60.0
"""A call is estimated to take no more than this, or one replicate: what a kill may lose."""

HOPELESS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}
"""Where one point cannot be written for these reasons, no other can."""


def compute(stage: str, paths: Sequence[Path]) -> None:
    """Make the files of one batch, computing only what is not there yet.

    Args:
        stage: ``simulated`` or ``predicted``.
        paths: the files to make, as in `configuration.Point.file`.

    Raises:
        OSError: at once, if results cannot be written.
        ValueError: after the rest of the batch, if a point failed; names the points.
    """
    config = configuration.from_environment()
    names = {path.parent.parent.name for path in paths}
    points = {point.file(stage): point for name in names for point in config.studies[name].points}
    todo = [path for path in paths if not keeping.deliver(config, stage, points[path])]
    failed = []
    for path in todo:
        point = points[path]
        try:
            _make(stage, config, point)
        except Exception as error:
            if keeping.deliver(config, stage, point):
                continue  # another job made it meanwhile and tidied up behind itself
            if isinstance(error, OSError) and error.errno in HOPELESS:
                raise
            traceback.print_exc()
            message = f"{type(error).__name__}: {error}"
            journal.append(journal.FAILED, point.study, stage, point.name, message=message)
            failed.append(f"{point.study}: {point.name}: {message}")
    if failed:
        raise ValueError("; ".join(failed))


def _make(stage: str, config: Configuration, point: Point) -> None:
    """Compute one point and give its file both its names."""
    start = time.perf_counter()
    journal.append(journal.STARTED, point.study, stage, point.name)
    key = origins.origin(config, stage, point)
    if stage == "simulated":
        dataset = _simulate(config, point, key)
    else:
        dataset = study.part(point.study, "theory").predict(point.parameters)
    dataset = datasets.with_parameters(dataset, parameters.as_dict(point.parameters))
    dataset.attrs = {"study": point.study, "point": point.name, "seed": config.seed, "origin": key}
    path = point.file(stage)
    datasets.write(dataset, keeping.kept(path))
    keeping.link(keeping.kept(path), path)
    shutil.rmtree(keeping.parts(path), ignore_errors=True)
    seconds = time.perf_counter() - start
    journal.append(journal.DONE, point.study, stage, point.name, seconds)


def _simulate(config: Configuration, point: Point, key: str) -> xr.Dataset:
    """Simulate the replicates that are not on disk yet and join all, in order."""
    module = study.part(point.study, "simulation")
    wanted = config.studies[point.study].replicates
    size = _chunk(module, point)
    folder = keeping.parts(point.file("simulated"))
    parts = _earlier(point, key, wanted)
    pending: list[tuple[Path, xr.Dataset]] = []
    done, saved = sum(part.sizes["replicate"] for part in parts), time.perf_counter()
    while done < wanted:
        part = _saved(folder, done, wanted, key)
        if part is None:
            last = min(wanted, (done // size + 1) * size)
            draws = streams.streams(config.seed, point.study, point.parameters, done, last)
            part = _call(module.simulate, point, draws, folder / f"checkpoints-{done}-{last}")
            part = part.assign_coords(replicate=_replicate_labels(done, last))
            part.attrs = {"origin": key}
            pending.append((folder / f"{done}-{last}.nc", part))
        parts.append(part)
        done += part.sizes["replicate"]
        if pending and time.perf_counter() - saved > SAVE_SECONDS:
            for file, finished in pending:
                datasets.write(finished, file)
            journal.append(
                journal.SAVED, point.study, "simulated", point.name, message=f"{done}/{wanted}"
            )
            pending, saved = [], time.perf_counter()
    return datasets.join(parts)


def _chunk(module: object, point: Point) -> int:
    """Return how many replicates to simulate per call."""
    affordable = CHUNK_SECONDS / max(point.parameters.cost().seconds, 1e-9)
    return max(1, int(min(getattr(module, "CHUNK", CHUNK), affordable)))


def _call(simulate: Callable, point: Point, draws: list, checkpoints: Path) -> xr.Dataset:
    if "checkpoints" in inspect.signature(simulate).parameters:
        return simulate(point.parameters, draws, checkpoints)
    return simulate(point.parameters, draws)


def _replicate_labels(first: int, last: int) -> xr.Variable:
    return datasets.variable("replicate", range(first, last), "independent repetition")


def _earlier(point: Point, key: str, wanted: int) -> list[xr.Dataset]:
    """Return the draws of an earlier run with fewer or more replicates, if there is one."""
    path = point.file("simulated")
    for file in (keeping.kept(path), path):
        dataset = keeping.load(file, key)
        if dataset is not None:
            dataset = dataset.isel(replicate=slice(0, wanted))
            dataset = dataset.drop_vars(parameters.as_dict(point.parameters))
            dataset.attrs = {"origin": key}
            return [dataset]
    return []


def _saved(folder: Path, first: int, wanted: int, key: str) -> xr.Dataset | None:
    """Return the replicates from ``first`` on that a killed job saved, if there are any."""
    for file in sorted(folder.glob(f"{first}-*.nc")):
        part = keeping.load(file, key)
        if part is not None:
            return part.isel(replicate=slice(0, wanted - first))
    return None


def collect(name: str, stage: str, target: Path) -> None:
    """Stack the files of a study's points and a stage into one."""
    points = configuration.from_environment().studies[name].points
    stacking.stack([point.file(stage) for point in points], [p.name for p in points], target)
    keeping.tidy(name, stage)


def run(function: Callable[..., None], *arguments: object) -> None:
    """Run a stage as a script: a foreseen error is one line and exit status 1."""
    try:
        function(*arguments)
    except (OSError, ValueError, datasets.DamagedFileError) as error:
        sys.exit(f"rankscope: {error}")
