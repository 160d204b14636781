"""Stack the files of a study's points into one file.

Each file is opened once, through netCDF4 itself: for thousands of small files that is
several times faster than xarray. What was read is kept in memory up to `KEPT_BYTES`; beyond
that, files are read a second time, slab by slab, so that memory stays bounded.
"""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from rankscope import datasets

KEPT_BYTES = 256 * 2**20
SLAB_BYTES = 128 * 2**20

Content = dict[str, np.ndarray]
"""The values of a file's variables, by name."""


def stack(paths: Sequence[Path], names: Sequence[str], target: Path) -> None:
    """Stack the datasets of points along a ``point`` dimension into one file.

    Points may differ in the lengths of their dimensions: the shorter ones are filled with
    ``nan`` at the end (integers become floats where that happens). A coordinate along a
    dimension stays one-dimensional if every point's values begin the longest one's, and
    becomes a ``(point, dimension)`` variable, ``NAME_of_point``, otherwise. An attribute of
    the files stays if all have it alike.

    Args:
        paths: one file per point.
        names: the points' names, which become the ``point`` coordinate.
        target: the file to write, atomically.

    Raises:
        datasets.DamagedFileError: if a file cannot be read.
        FileNotFoundError: if there is no such file.
    """
    layout = _Layout(paths)
    with datasets.atomic(target) as temporary, netCDF4.Dataset(temporary, "w") as out:
        out.createDimension("point", len(paths))
        for dim, size in layout.sizes.items():
            out.createDimension(dim, size)
        label = out.createVariable("point", str, ("point",))
        label[:] = np.array(names, dtype=object)
        label.setncatts({"long_name": "point of the grid", "units": "1"})
        for name, entry in layout.variables.items():
            entry.create(name, out, len(paths))
        for first in range(0, len(paths), layout.slab):
            layout.copy(out, first, min(first + layout.slab, len(paths)))
        out.setncatts(layout.attributes)


class _Entry:
    """One variable of the stacked file: its dimensions, type and attributes."""

    def __init__(self, data: netCDF4.Variable) -> None:
        self.dims = data.dimensions
        self.dtype = data.dtype
        self.attributes = {
            key: data.getncattr(key) for key in data.ncattrs() if key != "_FillValue"
        }
        self.present = 0
        self.shared: np.ndarray | None = None

    @property
    def is_text(self) -> bool:
        return self.dtype is str

    def add(self, data: netCDF4.Variable) -> None:
        """Take note of one more file that has this variable."""
        self.present += 1
        if data.dtype != self.dtype and not self.is_text:
            self.dtype = np.result_type(self.dtype, data.dtype)

    def create(self, name: str, out: netCDF4.Dataset, points: int) -> None:
        """Create the variable, compressed where it pays; fill it if all points share it."""
        dims = self.dims if self.shared is not None else ("point", *self.dims)
        size = 0 if self.is_text else self.dtype.itemsize * points
        for dim in self.dims:
            size *= len(out.dimensions[dim])
        variable = out.createVariable(
            name,
            self.dtype,
            dims,
            compression="zlib" if size >= datasets.COMPRESS_FROM_BYTES else None,
            complevel=1,
            fill_value=None if self.is_text else False,
        )
        variable.setncatts(self.attributes)
        if self.shared is not None:
            variable[:] = self.shared

    def empty(self, shape: tuple[int, ...]) -> np.ndarray:
        """Return an array of this type in which nothing is known."""
        if self.is_text:
            return np.full(shape, "", dtype=object)
        return np.full(shape, np.nan if self.dtype.kind == "f" else 0, dtype=self.dtype)


class _Layout:
    """What the stacked file looks like, found in one pass over the points' files."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = paths
        self.sizes: dict[str, int] = {}
        self.variables: dict[str, _Entry] = {}
        self.attributes: dict[str, Any] = {}
        self.contents: list[Content] | None = []
        ragged: set[str] = set()
        coordinates: dict[str, list[np.ndarray]] = {}
        total = largest = 0
        for index, path in enumerate(paths):
            with _open(path) as data:
                content = _content(data)
                for dim, length in data.dimensions.items():
                    if self.sizes.setdefault(dim, len(length)) != len(length):
                        ragged.add(dim)
                        self.sizes[dim] = max(self.sizes[dim], len(length))
                for name, value in data.variables.items():
                    if name not in self.variables:
                        self.variables[name] = _Entry(value)
                    self.variables[name].add(value)
                    if value.dimensions == (name,):
                        coordinates.setdefault(name, []).append(content[name])
                self._agree({key: data.getncattr(key) for key in data.ncattrs()}, index == 0)
            size = sum(value.nbytes for value in content.values())
            total, largest = total + size, max(largest, size)
            if self.contents is not None:
                self.contents.append(content)
                if total > KEPT_BYTES:
                    self.contents = None
        self.slab = max(1, SLAB_BYTES // max(largest, 1))
        self._widen(ragged)
        self._share(coordinates)

    def _agree(self, attributes: dict[str, Any], first: bool) -> None:
        """Keep the attributes of files that all have alike."""
        if first:
            self.attributes = attributes
        self.attributes = {
            key: value
            for key, value in self.attributes.items()
            if np.array_equal(attributes.get(key), value)
        }

    def _widen(self, ragged: set[str]) -> None:
        """Make floats of integers that have no value at some point."""
        for entry in self.variables.values():
            partial = entry.present < len(self.paths) or ragged & set(entry.dims)
            if partial and not entry.is_text and entry.dtype.kind in "iu":
                entry.dtype = np.dtype("f8")

    def _share(self, coordinates: dict[str, list[np.ndarray]]) -> None:
        """Write a coordinate once if the points agree on it, else once per point."""
        for name, values in coordinates.items():
            longest = max(values, key=len)
            if all(np.array_equal(value, longest[: len(value)]) for value in values):
                self.variables[name].shared = longest
                self.variables[name].dtype = str if longest.dtype == object else longest.dtype
            else:
                self.variables[f"{name}_of_point"] = self.variables.pop(name)

    def copy(self, out: netCDF4.Dataset, first: int, last: int) -> None:
        """Copy the points ``first`` to ``last - 1`` through one preallocated array each."""
        slabs = {
            name: entry.empty((last - first, *(self.sizes[dim] for dim in entry.dims)))
            for name, entry in self.variables.items()
            if entry.shared is None
        }
        for index in range(first, last):
            content = self._read(index)
            for name, slab in slabs.items():
                values = content.get(name.removesuffix("_of_point"))
                if values is not None:
                    corner = tuple(slice(0, size) for size in values.shape)
                    slab[(index - first, *corner, ...)] = values
        for name, slab in slabs.items():
            out.variables[name][first:last] = slab

    def _read(self, index: int) -> Content:
        if self.contents is not None:
            return self.contents[index]
        with _open(self.paths[index]) as data:
            return _content(data)


def _content(data: netCDF4.Dataset) -> Content:
    return {
        name: np.asarray(variable[...], dtype=object if variable.dtype is str else None)
        for name, variable in data.variables.items()
    }


@contextlib.contextmanager
def _open(path: Path) -> Iterator[netCDF4.Dataset]:
    try:
        data = netCDF4.Dataset(path)
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} does not exist; `make study` makes it") from None
    except OSError as error:
        raise datasets.DamagedFileError(datasets.damaged(path, error)) from error
    data.set_auto_maskandscale(False)
    with data:
        try:
            yield data
        except (RuntimeError, OSError) as error:
            raise datasets.DamagedFileError(datasets.damaged(path, error)) from error
