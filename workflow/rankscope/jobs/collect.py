"""Collect the files of a study's points into one, without padding.

Points whose files have one shape (variables, lengths, coordinates) are stacked along ``point``
in a group of the file; the groups stand side by side. The file's root is an index: for every
point of the grid its name, its parameters, and in which group and row it lies.

Files are opened through netCDF4 itself: for thousands of small ones that is several times faster
than xarray. Each is read once while all that was read is below `KEPT_BYTES`, and those beyond it a
second time, so that memory stays bounded.
"""

import contextlib
import dataclasses
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from rankscope import datasets
from rankscope.errors import DamagedFileError, MissingError
from rankscope.planning import parameters
from rankscope.planning.configuration import Point

KEPT_BYTES = 256 * 2**20
CHUNK_BYTES = 2**18
"""A compressed chunk holds whole points: a reader of one point unpacks little else."""


@dataclasses.dataclass(frozen=True)
class Array:
    """A variable of one point's file."""

    dims: tuple[str, ...]
    values: np.ndarray
    attributes: tuple[tuple[str, Any], ...]


Content = dict[str, Array]
"""The variables of a file, by name."""


def collect(points: Sequence[Point], stage: str, target: Path, attributes: dict[str, Any]) -> None:
    """Write the collected file of a study's points and a stage.

    Args:
        points: the points, in the order of the grid.
        stage: ``simulated`` or ``predicted``.
        target: the file to write, atomically.
        attributes: what the file says of itself.

    Raises:
        DamagedFileError: if a point's file cannot be read.
        MissingError: if there is no such file.
    """
    paths = [point.file(stage) for point in points]
    groups: dict[str, list[int]] = {}
    kept: list[Content | None] = []
    total = 0
    for index, path in enumerate(paths):
        content = _read(path)
        groups.setdefault(_signature(content), []).append(index)
        total += sum(array.values.nbytes for array in content.values())
        kept.append(content if total <= KEPT_BYTES else None)
    with datasets.atomic(target) as temporary, netCDF4.Dataset(temporary, "w") as out:
        out.setncatts(attributes)
        _index(out, points, list(groups.values()))
        for number, members in enumerate(groups.values(), start=1):
            group = out.createGroup(str(number))
            _Stack(group, [points[i].name for i in members]).fill(
                kept[i] or _read(paths[i]) for i in members
            )


def _signature(content: Content) -> str:
    """Return a hash that is the same for files that can be stacked."""
    text = json.dumps(
        [
            (name, array.dims, str(array.values.dtype), array.values.shape)
            + ((array.values.tolist(),) if array.dims == (name,) else ())
            for name, array in sorted(content.items())
        ]
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _index(out: netCDF4.Dataset, points: Sequence[Point], groups: list[list[int]]) -> None:
    """Write the index: a row per point of the grid."""
    out.createDimension("grid_point", len(points))
    places = {i: (number, row) for number, g in enumerate(groups, 1) for row, i in enumerate(g)}
    columns: dict[str, list[Any]] = {
        "point_name": [point.name for point in points],
        "group": [places[i][0] for i in range(len(points))],
        "row": [places[i][1] for i in range(len(points))],
    }
    meanings = {
        "point_name": {"long_name": "name of the point", "units": "1"},
        "group": {"long_name": "group of this file that holds the point", "units": "1"},
        "row": {"long_name": "place of the point in its group, from 0", "units": "1"},
    }
    labels = parameters.labels(points[0].parameters)
    for name in parameters.as_dict(points[0].parameters):
        columns[name] = [getattr(point.parameters, name) for point in points]
        meanings[name] = {**labels[name], "kind": type(columns[name][0]).__name__}
    for name, values in columns.items():
        text = isinstance(values[0], str)
        array = np.array(values, dtype=object if text else None)
        array = array.astype(np.int8) if array.dtype == bool else array
        variable = out.createVariable(name, str if text else array.dtype, ("grid_point",))
        variable.setncatts(meanings[name])
        variable[:] = array


class _Stack:
    """One group: the variables of points of one shape, stacked along ``point``."""

    def __init__(self, group: netCDF4.Group, names: Sequence[str]) -> None:
        self.group = group
        self.count = len(names)
        group.createDimension("point", self.count)
        label = group.createVariable("point", str, ("point",))
        label[:] = np.array(names, dtype=object)
        label.setncatts({"long_name": "point of the grid", "units": "1"})

    def fill(self, contents: Iterator[Content]) -> None:
        """Write the points, one after the other."""
        for row, content in enumerate(contents):
            if row == 0:
                self._create(content)
            for name, array in content.items():
                if array.dims == (name,):
                    continue  # all points of the group have it alike
                self.group.variables[name][row] = array.values[()]

    def _create(self, content: Content) -> None:
        for array in content.values():
            for dim, size in zip(array.dims, array.values.shape, strict=True):
                if dim not in self.group.dimensions:
                    self.group.createDimension(dim, size)
        for name, array in content.items():
            shared = array.dims == (name,)
            dims = array.dims if shared else ("point", *array.dims)
            text = array.values.dtype == object
            size = 0 if text else array.values.nbytes * (1 if shared else self.count)
            packed = size >= datasets.COMPRESS_FROM_BYTES
            rows = max(1, min(self.count, CHUNK_BYTES // max(array.values.nbytes, 1)))
            variable = self.group.createVariable(
                name,
                str if text else array.values.dtype,
                dims,
                compression="zlib" if packed else None,
                complevel=1,
                chunksizes=(rows, *array.values.shape) if packed and not shared else None,
                fill_value=None if text else False,
            )
            if packed:  # chunks are written once, whole: nothing is gained by keeping them
                variable.set_var_chunk_cache(size=CHUNK_BYTES)
            variable.setncatts(dict(array.attributes))
            if shared:
                variable[:] = array.values


def _read(path: Path) -> Content:
    with _open(path) as data:
        return {
            name: Array(
                variable.dimensions,
                np.asarray(variable[...], dtype=object if variable.dtype is str else None),
                tuple(
                    (key, variable.getncattr(key))
                    for key in variable.ncattrs()
                    if key != "_FillValue"
                ),
            )
            for name, variable in data.variables.items()
        }


@contextlib.contextmanager
def _open(path: Path) -> Iterator[netCDF4.Dataset]:
    try:
        data = netCDF4.Dataset(path)
    except FileNotFoundError:
        raise MissingError(f"{path} does not exist; `make study` makes it") from None
    except OSError as error:
        raise DamagedFileError(datasets.damaged(path, error)) from error
    data.set_auto_maskandscale(False)
    with data:
        try:
            yield data
        except (RuntimeError, OSError) as error:
            raise DamagedFileError(datasets.damaged(path, error)) from error
