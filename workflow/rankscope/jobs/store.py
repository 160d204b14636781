"""The store of finished work: what is computed is never computed again.

Snakemake removes the outputs of a job before it starts the job and after the job fails, and
whatever is in ``results/<study>`` may be deleted by hand. What is finished is therefore kept
under ``.store`` of the results folder: whole points, and replicates of points that are not
whole. A point's file in ``results/<study>`` is a second name, a hard link, of the store's. Each
file holds the key of all that its numbers depend on; one with another key is as good as none.
"""

import errno
import functools
import hashlib
import os
import shutil
import time
from pathlib import Path
from typing import Any

import netCDF4
import xarray as xr

from rankscope import datasets
from rankscope.errors import DamagedFileError, MissingError
from rankscope.jobs import streams
from rankscope.planning import code, parameters, study
from rankscope.planning.configuration import Configuration, Point

FOLDER = ".store"
LEFT_BEHIND_SECONDS = 600.0
"""A temporary file of this age belongs to a process that was killed."""


def key(config: Configuration, stage: str, point: Point) -> str:
    """Return the hash of code, packages, seed, files read and values; not of replicates."""
    parts = (
        code_of(point.study, stage),
        config.seed if stage == "simulated" else "",
        point.study,
        streams.canonical(point.parameters),
        *(code.content_hash(file) for file in parameters.files(point.parameters)),
    )
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]


@functools.cache
def code_of(name: str, stage: str) -> str:
    """Return the hash of a stage's code and the versions of the packages that it runs on."""
    modules = study.decides(name, stage)
    return f"{code.code_hash(*modules)} {code.versions(*modules)}"


def kept(point: Point, stage: str) -> Path:
    """Return the store's name of a point's file."""
    return point.results / FOLDER / point.file(stage).relative_to(point.results)


def parts(point: Point, stage: str) -> Path:
    """Return the folder of the replicates and checkpoints of a point that is not whole yet."""
    return kept(point, stage).with_suffix("")


def load(path: Path, wanted: str, values: dict[str, Any]) -> xr.Dataset | None:
    """Read a dataset if it is sound, has the wanted key and no other values of parameters.

    The key leaves out values at their default, so a default that was changed shows here.
    """
    try:
        dataset = datasets.read(path)
    except (MissingError, DamagedFileError):
        return None
    if dataset.attrs.get("key") != wanted:
        return None
    alike = all(dataset[name].item() == v for name, v in values.items() if name in dataset.coords)
    return dataset if alike else None


def replicates(path: Path, wanted: str) -> int:
    """Return how many replicates a file of this key holds, 1 if it has none.

    Returns 0 if the file is missing, truncated or of another key. Only its header is read:
    thousands of files are looked at in seconds.
    """
    if not path.exists():
        return 0
    try:
        with netCDF4.Dataset(path) as data:
            if data.getncattr("key") != wanted:
                return 0
            return len(data.dimensions["replicate"]) if "replicate" in data.dimensions else 1
    except (OSError, RuntimeError, AttributeError):
        return 0


def wanted_replicates(config: Configuration, stage: str, point: Point) -> int:
    """Return how many replicates the point's file shall hold; a prediction counts as one."""
    return config.studies[point.study].replicates if stage == "simulated" else 1


def is_whole(config: Configuration, stage: str, point: Point) -> bool:
    """Tell whether the point's file or the store's is sound and holds all that is wanted."""
    path, wanted = point.file(stage), key(config, stage, point)
    count = wanted_replicates(config, stage, point)
    return any(replicates(file, wanted) == count for file in (path, kept(point, stage)))


def deliver(config: Configuration, stage: str, point: Point) -> bool:
    """Give a whole point both its names.

    Returns:
        Whether the point was whole.
    """
    path, wanted = point.file(stage), key(config, stage, point)
    values = parameters.as_dict(point.parameters)
    for source in (path, kept(point, stage)):
        dataset = load(source, wanted, values)
        count = wanted_replicates(config, stage, point)
        if dataset is None or dataset.sizes.get("replicate", 1) != count:
            continue
        link(source, path)
        link(source, kept(point, stage))
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


def tidy(results: Path) -> None:
    """Remove the temporary files of killed jobs from a results folder, once they are old."""
    before = time.time() - LEFT_BEHIND_SECONDS
    for path in results.rglob(f"{datasets.TEMPORARY}*"):
        try:
            if path.stat().st_mtime < before:
                path.unlink()
        except FileNotFoundError:
            continue
