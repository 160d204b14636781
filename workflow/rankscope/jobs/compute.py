"""Make the files of a batch of points, computing only what is not in the store yet.

What a job has finished survives a kill (`store`), down to single replicates, and is the same
to the last bit however often the job was killed. Nothing here decides a number: that is done
in `simulate` and `predict`.
"""

import errno
import shutil
import time
import traceback
from collections.abc import Sequence
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
    failed = []
    for path in todo:
        point = points[path]
        try:
            _make(stage, config, point)
        except Exception as error:
            if store.deliver(config, stage, point):
                continue  # another job made it meanwhile and tidied up behind itself
            if isinstance(error, OSError) and error.errno in HOPELESS:
                raise
            if not isinstance(error, Foreseen):
                traceback.print_exc()
            message = (
                str(error) if isinstance(error, Foreseen) else f"{type(error).__name__}: {error}"
            )
            journal.append(journal.FAILED, point, stage, message=message)
            failed.append(f"{point.study}: {point.name}: {message}")
    if failed:
        raise FailedPointsError("; ".join(failed))
    for receipt in {*declared} - {*paths}:
        receipts.write(config, stage, receipt, [points[path] for path in paths])


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
    module = study.part(point.study, "simulation")
    wanted = config.studies[point.study].replicates
    size = simulate.chunk(module, point.parameters.cost().seconds)
    folder = keys.parts(point, "simulated")
    parts = _earlier(point, key, wanted)
    pending: list[tuple[Path, xr.Dataset]] = []
    done, saved = sum(part.sizes["replicate"] for part in parts), time.perf_counter()
    while done < wanted:
        part = _saved(folder, done, wanted, key)
        if part is None:
            last = min(wanted, (done // size + 1) * size)
            checkpoints = folder / f"checkpoints-{done}-{last}"
            part = simulate.replicates(
                module, point.study, point.parameters, config.seed, done, last, checkpoints
            )
            part.attrs = {"key": key}
            pending.append((folder / f"{done}-{last}.nc", part))
        parts.append(part)
        done += part.sizes["replicate"]
        if pending and time.perf_counter() - saved > SAVE_SECONDS:
            for file, finished in pending:
                datasets.write(finished, file)
            journal.append(journal.SAVED, point, "simulated", message=f"{done}/{wanted}")
            pending, saved = [], time.perf_counter()
    return datasets.join(parts)


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
