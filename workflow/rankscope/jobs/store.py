"""Keep finished work where no clean-up reaches it.

Snakemake removes the outputs of a job before it starts the job and after the job fails. What
is finished therefore has a second name, a hard link, under ``results/.unfinished``: whole
points, and replicates of points that are not whole. A job begins with what it finds there.
The second names are removed when the points have been collected.
"""

import errno
import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

import netCDF4
import xarray as xr

from rankscope import datasets
from rankscope.jobs import origins
from rankscope.planning.configuration import RESULTS, STAGES, Configuration, Point

UNFINISHED = RESULTS / ".unfinished"
LEFT_BEHIND_SECONDS = 600.0
"""A temporary file of this age belongs to a process that was killed."""


def kept(path: Path) -> Path:
    """Return the second name of a point's file."""
    return UNFINISHED / path.relative_to(RESULTS)


def parts(path: Path) -> Path:
    """Return the folder of the replicates and checkpoints of a point that is not whole yet."""
    return kept(path).with_suffix("")


def load(path: Path, key: str) -> xr.Dataset | None:
    """Read a dataset if it is sound and of this origin."""
    try:
        dataset = datasets.read(path)
    except (FileNotFoundError, datasets.DamagedFileError):
        return None
    return dataset if dataset.attrs.get("origin") == key else None


def replicates(path: Path, key: str) -> int:
    """Return how many replicates a file of this origin holds, 1 if it has none.

    Returns 0 if the file is missing, truncated or of another origin. Only its header is read:
    thousands of files are looked at in seconds.
    """
    if not path.exists():
        return 0
    try:
        with netCDF4.Dataset(path) as data:
            if data.getncattr("origin") != key:
                return 0
            return len(data.dimensions["replicate"]) if "replicate" in data.dimensions else 1
    except (OSError, RuntimeError, AttributeError):
        return 0


def wanted(config: Configuration, stage: str, point: Point) -> int:
    """Return how many replicates the point's file shall hold; a prediction counts as one."""
    return config.studies[point.study].replicates if stage == "simulated" else 1


def is_whole(config: Configuration, stage: str, point: Point) -> bool:
    """Tell whether the point's file or its second name is sound and holds all that is wanted."""
    path, key = point.file(stage), origins.origin(config, stage, point)
    count = wanted(config, stage, point)
    return any(replicates(file, key) == count for file in (path, kept(path)))


def deliver(config: Configuration, stage: str, point: Point) -> bool:
    """Give a whole point both its names.

    Returns:
        Whether the point was whole.
    """
    path, key = point.file(stage), origins.origin(config, stage, point)
    for source in (path, kept(path)):
        dataset = load(source, key)
        if dataset is None or dataset.sizes.get("replicate", 1) != wanted(config, stage, point):
            continue
        link(source, path)
        link(source, kept(path))
        return True
    return False


def link(source: Path, target: Path) -> None:
    """Give ``source`` the further name ``target``, atomically; copy it where links cannot be."""
    if source == target or (target.exists() and source.samefile(target)):
        return
    with datasets.atomic(target) as temporary:
        temporary.unlink()
        try:
            os.link(source, temporary)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EXDEV, errno.EMLINK):
                raise
            shutil.copyfile(source, temporary)


def keep(config: Configuration, paths: Iterable[Path]) -> None:
    """Give files that Snakemake is about to remove their second names.

    A file of fewer replicates than are wanted now is kept too: its draws are used.
    """
    files = {
        point.file(stage): (stage, point)
        for one in config.studies.values()
        for stage in STAGES
        for point in one.points
    }
    for path in paths:
        if path not in files or not path.exists():
            continue
        stage, point = files[path]
        key = origins.origin(config, stage, point)
        if replicates(kept(path), key) < max(1, replicates(path, key)):
            link(path, kept(path))


def tidy(study: str, stage: str) -> None:
    """Remove the second names of a study's points, and what killed jobs left beside them."""
    shutil.rmtree(UNFINISHED / study / stage, ignore_errors=True)
    for path in (RESULTS / study / stage).glob(f"{datasets.TEMPORARY}*"):
        path.unlink(missing_ok=True)


def tidy_left_behind() -> None:
    """Remove the temporary files of killed jobs wherever they are, once they are old enough."""
    before = time.time() - LEFT_BEHIND_SECONDS
    for path in RESULTS.rglob(f"{datasets.TEMPORARY}*"):
        try:
            if path.stat().st_mtime < before:
                path.unlink()
        except FileNotFoundError:
            continue
