"""Make the files of a batch of points, computing only what is not in the store yet.

What a job has finished survives a kill (`store`), down to single replicates, and is the same
to the last bit however often the job was killed. Nothing here decides a number: that is done
in `simulate` and `predict`.
"""

import errno
import functools
import math
import shutil
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import xarray as xr

from rankscope import __version__, datasets
from rankscope.errors import Foreseen
from rankscope.jobs import journal, keys, predict, receipts, simulate, store
from rankscope.planning import configuration, parameters, study
from rankscope.planning.configuration import Configuration, Point

SAVE_SECONDS = 2.0
"""Replicates are saved when this much work would be lost: less is not worth a file."""

HOPELESS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}
"""Where one point cannot be written for these reasons, no other can."""


class FailedPointsError(Foreseen):
    """Some points of a batch failed; their tracebacks are in the job's log."""


def compute(stage: str, declared: Sequence[Path]) -> None:
    """Make the files of one batch.

    Args:
        stage: ``simulated`` or ``predicted``.
        declared: the files to make, as in `configuration.Point.file`, or the batch's receipt.

    Raises:
        OSError: at once, if results cannot be written.
        FailedPointsError: after the rest of the batch, if a point failed; names the points.
    """
    config = configuration.from_environment()
    paths = receipts.points_of(config, stage, declared)
    names = {configuration.study_of(path, config.results) for path in paths}
    points = {point.file(stage): point for name in names for point in config.studies[name].points}
    todo = [path for path in paths if not store.deliver(config, stage, points[path])]
    made = [_attempt(_make, config, stage, points[path]) for path in todo]
    if failed := list(filter(None, made)):
        raise FailedPointsError("; ".join(failed))
    for receipt in {*declared} - {*paths}:
        receipts.write(config, stage, receipt, [points[path] for path in paths])


def share(study: str, name: str, number: int, of: int) -> None:
    """Make one share of the replicates of a point, and leave them for the job that joins all.

    Args:
        study: the study's name.
        name: the point's name.
        number: which share, from 1.
        of: how many shares there are.

    Raises:
        OSError: at once, if results cannot be written.
        FailedPointsError: if the point failed.
    """
    config = configuration.from_environment()
    (point,) = (one for one in config.studies[study].points if one.name == name)

    if store.deliver(config, "simulated", point):
        return
    work = functools.partial(_share, number=number, of=of)
    if failed := _attempt(work, config, "simulated", point):
        raise FailedPointsError(failed)


def _attempt(
    work: Callable[[str, Configuration, Point], None],
    config: Configuration,
    stage: str,
    point: Point,
) -> str:
    """Do the work on a point; return a line that says why it failed, or an empty one."""
    try:
        work(stage, config, point)
    except Exception as error:
        if store.deliver(config, stage, point):
            return ""  # another job made it meanwhile and tidied up behind itself
        if isinstance(error, OSError) and error.errno in HOPELESS:
            raise
        if not isinstance(error, Foreseen):
            traceback.print_exc()
        message = str(error) if isinstance(error, Foreseen) else f"{type(error).__name__}: {error}"
        journal.append(journal.FAILED, point, stage, message=message)
        return f"{point.study}: {point.name}: {message}"
    return ""


def _make(stage: str, config: Configuration, point: Point) -> None:
    """Compute one point and give its file both its names."""
    start = time.perf_counter()
    journal.append(journal.STARTED, point, stage)
    key = keys.key(config, stage, point)
    if stage == "simulated":
        dataset = _simulate(config, point, key)
    else:
        dataset = predict.prediction(study.part(point.study, "theory"), point.parameters)
    dataset = datasets.with_parameters(
        dataset, parameters.as_dict(point.parameters), parameters.labels(point.parameters)
    )
    dataset.attrs = describe(config, stage, point.study) | {"point": point.name, "key": key}
    kept = keys.kept(point, stage)
    datasets.write(dataset, kept)
    store.link(kept, point.file(stage))
    shutil.rmtree(keys.parts(point, stage), ignore_errors=True)
    journal.append(journal.DONE, point, stage, time.perf_counter() - start)


def describe(config: Configuration, stage: str, name: str) -> dict[str, str | int]:
    """Return what a file says of itself, so that it can be read without its folder."""
    drawn = {"seed": config.seed} if stage == "simulated" else {}
    return {
        "title": f"rankscope: {name}, {stage}",
        "Conventions": "CF-1.11",
        "source": f"rankscope {__version__}",
        "license": "MIT",
        "study": name,
        "stage": stage,
        **drawn,
        "code": keys.code_of(name, stage),
    }


def _simulate(config: Configuration, point: Point, key: str) -> xr.Dataset:
    """Simulate the replicates that are not in the store yet and join all, in order."""
    wanted = config.studies[point.study].replicates
    parts = _earlier(point, key, wanted)
    done = sum(part.sizes["replicate"] for part in parts)
    return datasets.join([*parts, *_replicates(config, point, key, done, wanted)])


def _share(stage: str, config: Configuration, point: Point, *, number: int, of: int) -> None:
    """Save the replicates of a share: whole calls of the simulation, in their order."""
    journal.append(journal.STARTED, point, stage)
    key = keys.key(config, stage, point)
    wanted = config.studies[point.study].replicates
    size = _chunk(point)
    calls = math.ceil(wanted / size)
    first, last = (min(wanted, calls * part // of * size) for part in (number - 1, number))
    first = max(first, sum(part.sizes["replicate"] for part in _earlier(point, key, wanted)))
    for _ in _replicates(config, point, key, first, last, keep=True):
        pass


def _chunk(point: Point) -> int:
    """Return how many replicates of the point are simulated per call."""
    return simulate.chunk(study.part(point.study, "simulation"), point.parameters.cost().seconds)


def _replicates(
    config: Configuration, point: Point, key: str, first: int, last: int, *, keep: bool = False
) -> Iterator[xr.Dataset]:
    """Simulate the replicates ``first`` to ``last - 1`` that are not saved yet; yield all.

    Args:
        config: the configuration.
        point: the point.
        key: what a saved replicate must be keyed by.
        first: index of the first replicate.
        last: index after the last one.
        keep: whether all are saved, not only those that took long.
    """
    module, size = study.part(point.study, "simulation"), _chunk(point)
    folder = keys.parts(point, "simulated")
    pending: list[tuple[Path, xr.Dataset]] = []
    done, saved = first, time.perf_counter()
    while done < last:
        part = _saved(folder, done, last, key)
        if part is None:
            end = min(last, (done // size + 1) * size)
            checkpoints = folder / f"checkpoints-{done}-{end}"
            part = simulate.replicates(
                module, point.study, point.parameters, config.seed, done, end, checkpoints
            )
            part.attrs = {"key": key}
            pending.append((folder / f"{done}-{end}.nc", part))
        done += part.sizes["replicate"]
        ended = keep and done == last
        if pending and (ended or time.perf_counter() - saved > SAVE_SECONDS):
            for file, finished in pending:
                datasets.write(finished, file)
            kept = f"{keys.saved(point)}/{config.studies[point.study].replicates}"
            journal.append(journal.SAVED, point, "simulated", message=kept)
            pending, saved = [], time.perf_counter()
        yield part


def _earlier(point: Point, key: str, wanted: int) -> list[xr.Dataset]:
    """Return the draws of an earlier run with fewer or more replicates, if there is one."""
    values = parameters.as_dict(point.parameters)
    for file in (keys.kept(point, "simulated"), point.file("simulated")):
        dataset = store.load(file, key, values)
        if dataset is not None:
            dataset = dataset.isel(replicate=slice(0, wanted))
            dataset = dataset.drop_vars(values, errors="ignore")
            dataset.attrs = {"key": key}
            return [dataset]
    return []


def _saved(folder: Path, first: int, wanted: int, key: str) -> xr.Dataset | None:
    """Return the replicates from ``first`` on that a killed job saved, if there are any."""
    for file in sorted(folder.glob(f"{first}-*.nc")):
        part = store.load(file, key, {})
        if part is not None:
            return part.isel(replicate=slice(0, wanted - first))
    return None
