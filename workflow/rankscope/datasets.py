"""Labelled datasets on disk: build, write atomically, read, join replicates, stack points.

Every variable carries ``long_name`` and ``units`` (``"1"`` if pure). Files are netCDF-4
and hold no time stamp and no machine name, so that equal results are equal bytes.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import xarray as xr

COMPRESS_FROM_BYTES = 4096
TEMPORARY = ".writing-"
"""How the name of a file begins that is not complete yet."""


class DamagedFileError(RuntimeError):
    """A result file cannot be read; the message names it and says how to remake it."""


def variable(
    dims: str | Sequence[str],
    values: Any,  # noqa: ANN401
    long_name: str,
    units: str = "1",
    **attributes: str | float,
) -> xr.Variable:
    """Label an array: dimensions, what it is, and its units (``"1"`` if pure)."""
    return xr.Variable(dims, values, {"long_name": long_name, "units": units, **attributes})


@contextlib.contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Give a temporary name in the folder of ``path``; rename it to ``path`` on success.

    A reader sees the old file or the new one, never a part. On an error the temporary file
    is removed and ``path`` is left as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=TEMPORARY, suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except BaseException:
        # a library that failed may hold the file open, and with it the space on a full disk
        with contextlib.suppress(OSError):
            os.truncate(temporary, 0)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write(dataset: xr.Dataset, path: Path) -> None:
    """Write a dataset as netCDF-4, atomically, compressed where it pays.

    Raises:
        OSError: if the disk is full or the folder cannot be written.
    """
    dataset = dataset.copy()
    encoding: dict[str, dict[str, Any]] = {}
    for name, data in dataset.variables.items():
        encoding[name] = {"_FillValue": None}
        if data.dtype == bool:
            dataset[name] = data.astype(np.int8)
        if data.dtype.kind in "fiu" and data.nbytes >= COMPRESS_FROM_BYTES:
            encoding[name] |= {"zlib": True, "complevel": 1, "shuffle": True}
    with atomic(Path(path)) as temporary:
        try:
            dataset.to_netcdf(temporary, engine="netcdf4", encoding=encoding)
        except RuntimeError as error:
            raise _reason(Path(path), error) from error


def _reason(path: Path, error: Exception) -> OSError:
    """Return why a file cannot be written: the HDF5 library does not say, a plain write does."""
    try:
        with tempfile.TemporaryFile(dir=path.parent) as trial:
            trial.write(bytes(2**20))
    except OSError as why:
        return OSError(why.errno, why.strerror, str(path))
    return OSError(f"cannot write {path}: {error}")


def read(path: Path) -> xr.Dataset:
    """Read a dataset into memory.

    Raises:
        FileNotFoundError: if there is no such file.
        DamagedFileError: if the file is truncated or damaged.
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"{path} does not exist; `make study` makes it")
    try:
        with xr.open_dataset(path, engine="netcdf4", decode_times=False) as dataset:
            # how a part was stored must not decide how the whole is stored
            return dataset.load().drop_encoding()
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise DamagedFileError(damaged(path, error)) from error


def replicates(path: Path, key: str) -> int:
    """Return how many replicates a sound file with this origin holds, 1 if it has none.

    Returns 0 if the file is missing, damaged or of another origin.
    """
    try:
        dataset = read(path)
    except (FileNotFoundError, DamagedFileError):
        return 0
    return dataset.sizes.get("replicate", 1) if dataset.attrs.get("origin") == key else 0


def damaged(path: Path, error: Exception) -> str:
    """Return the one line that names a damaged file and says how to remake it."""
    return f"{path} is damaged ({error}); remake it with: rm '{path}' && make study"


def join(parts: Sequence[xr.Dataset]) -> xr.Dataset:
    """Join datasets along ``replicate``; variables without it must agree and are kept once."""
    if len(parts) == 1:
        return parts[0]
    return xr.concat(
        parts,
        dim="replicate",
        data_vars="minimal",
        coords="minimal",
        compat="identical",
        join="exact",
        combine_attrs="identical",
    )


def stack(paths: Sequence[Path], names: Sequence[str], target: Path) -> None:
    """Stack the datasets of points along a ``point`` dimension into one file.

    Points may differ in the lengths of their dimensions: the shorter ones are filled with
    ``nan`` at the end (integers become floats where that happens). A coordinate along a
    dimension stays one-dimensional if every point's values begin the longest one's, and
    becomes a ``(point, dimension)`` variable otherwise.

    Args:
        paths: one file per point.
        names: the points' names, which become the ``point`` coordinate.
        target: the file to write, atomically.

    Raises:
        DamagedFileError: if a file cannot be read.
    """
    layout = _Layout(paths)
    with atomic(target) as temporary, netCDF4.Dataset(temporary, "w") as out:
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
        self.shared: np.ndarray | None = None

    def create(self, name: str, out: netCDF4.Dataset, points: int) -> None:
        dims = self.dims if self.shared is not None else ("point", *self.dims)
        text = self.dtype is str
        size = 0 if text else self.dtype.itemsize * points
        for dim in self.dims:
            size *= len(out.dimensions[dim])
        variable_ = out.createVariable(
            name,
            self.dtype,
            dims,
            compression="zlib" if size >= COMPRESS_FROM_BYTES else None,
            complevel=1,
            fill_value=None if text else False,
        )
        variable_.setncatts(self.attributes)
        if self.shared is not None:
            variable_[:] = self.shared


class _Layout:
    """What the stacked file looks like, found in one pass over the points' files."""

    SLAB_BYTES = 128 * 2**20

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = paths
        self.sizes: dict[str, int] = {}
        self.variables: dict[str, _Entry] = {}
        self.attributes: dict[str, Any] = {}
        coordinates: dict[str, list[np.ndarray]] = {}
        lengths: dict[str, set[int]] = {}
        present: dict[str, int] = {}
        largest = 1
        for path in paths:
            with _open(path) as data:
                for dim, length in data.dimensions.items():
                    self.sizes[dim] = max(self.sizes.get(dim, 0), len(length))
                    lengths.setdefault(dim, set()).add(len(length))
                for name, value in data.variables.items():
                    present[name] = present.get(name, 0) + 1
                    self.variables.setdefault(name, _Entry(value))
                    if value.dimensions == (name,):
                        coordinates.setdefault(name, []).append(value[:])
                self.attributes |= {key: data.getncattr(key) for key in data.ncattrs()}
            largest = max(largest, path.stat().st_size)
        self.slab = max(1, self.SLAB_BYTES // (10 * largest))
        for name, entry in self.variables.items():
            ragged = present[name] < len(paths) or any(len(lengths[d]) > 1 for d in entry.dims)
            if ragged and entry.dtype is not str and entry.dtype.kind in "iu":
                entry.dtype = np.dtype("f8")
        for name, values in coordinates.items():
            longest = max(values, key=len)
            if all(np.array_equal(value, longest[: len(value)]) for value in values):
                self.variables[name].shared = longest
                self.variables[name].dtype = (
                    str if longest.dtype == object else np.asarray(longest).dtype
                )
            else:
                self.variables[f"{name}_of_point"] = self.variables.pop(name)

    def copy(self, out: netCDF4.Dataset, first: int, last: int) -> None:
        """Copy the points ``first`` to ``last - 1`` through one preallocated array each."""
        slabs = {}
        for name, entry in self.variables.items():
            if entry.shared is None:
                shape = (last - first, *(self.sizes[dim] for dim in entry.dims))
                text = entry.dtype is str
                fill = "" if text else np.nan if entry.dtype.kind == "f" else 0
                slabs[name] = np.full(shape, fill, dtype=object if text else entry.dtype)
        for index, path in enumerate(self.paths[first:last]):
            with _open(path) as data:
                for name, slab in slabs.items():
                    source = data.variables.get(name.removesuffix("_of_point"))
                    if source is not None:
                        corner = tuple(slice(0, size) for size in source.shape)
                        slab[(index, *corner)] = source[...]
        for name, slab in slabs.items():
            out.variables[name][first:last] = slab


@contextlib.contextmanager
def _open(path: Path) -> Iterator[netCDF4.Dataset]:
    try:
        data = netCDF4.Dataset(path)
        data.set_auto_mask(False)
    except OSError as error:
        raise DamagedFileError(damaged(path, error)) from error
    with data:
        try:
            yield data
        except (RuntimeError, OSError) as error:
            raise DamagedFileError(damaged(path, error)) from error


def with_parameters(dataset: xr.Dataset, values: Mapping[str, Any]) -> xr.Dataset:
    """Attach a point's parameters as labelled scalar coordinates."""
    scalars = {
        name: xr.Variable((), value, {"long_name": f"parameter {name}", "units": "1"})
        for name, value in values.items()
    }
    return dataset.assign_coords(scalars)
