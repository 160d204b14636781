"""The store of finished work: what is computed is never computed again.

Snakemake removes the outputs of a job before it starts the job and after the job fails, and
whatever is in ``results/<study>`` may be deleted by hand. What is finished is therefore kept
under ``.store`` of the results folder: whole points, and replicates of points that are not
whole. A point's file in ``results/<study>`` is a second name, a hard link, of the store's. Each
file holds the key of all that its numbers depend on; one with another key is as good as none.
"""

import errno
import os
import shutil
import time
from pathlib import Path
from typing import Any

import xarray as xr

from rankscope import datasets
from rankscope.errors import DamagedFileError, MissingError
from rankscope.jobs import keys
from rankscope.planning import parameters
from rankscope.planning.configuration import Configuration, Point

LEFT_BEHIND_SECONDS = 600.0
"""A temporary file of this age belongs to a process that was killed."""


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


def deliver(config: Configuration, stage: str, point: Point) -> bool:
    """Give a whole point both its names.

    Returns:
        Whether the point was whole.
    """
    path, wanted = point.file(stage), keys.key(config, stage, point)
    values = parameters.as_dict(point.parameters)
    for source in (path, keys.kept(point, stage)):
        dataset = load(source, wanted, values)
        count = keys.wanted_replicates(config, stage, point)
        if dataset is None or dataset.sizes.get("replicate", 1) != count:
            continue
        link(source, path)
        link(source, keys.kept(point, stage))
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
