"""Labelled datasets on disk: build, write atomically, read, join replicates.

Every variable carries ``long_name`` and ``units`` (``"1"`` if pure). Files are netCDF-4
and hold no time stamp and no machine name, so that equal results are equal bytes.
"""

import contextlib
import functools
import os
import tempfile
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import xarray as xr

from rankscope.errors import DamagedFileError, MissingError

COMPRESS_FROM_BYTES = 4096
READ_CACHE_BYTES = 2**20
TEMPORARY = ".writing-"
"""How the name of a file begins that is not complete yet."""


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
    encoding: dict[Hashable, dict[str, Any]] = {}
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
        MissingError: if there is no such file.
        DamagedFileError: if the file is truncated or damaged.
    """
    if not Path(path).exists():
        raise MissingError(f"{path} does not exist; `make study` makes it")
    try:
        with xr.open_dataset(path, engine="netcdf4", decode_times=False) as dataset:
            # how a part was stored must not decide how the whole is stored
            return dataset.load().drop_encoding()
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise DamagedFileError(damaged(path, error)) from error


@functools.cache
def _handle(path: Path, number: int, changed: int) -> netCDF4.Dataset:
    # the library's own cache, of megabytes for each variable of each group, is kept small
    netCDF4.set_chunk_cache(READ_CACHE_BYTES)
    return netCDF4.Dataset(path)


class LazyFile:
    """An open file of groups; values are read when they are used.

    Its handle is not xarray's, which are shared by all who open a path and closed by the first
    who is done; and it stays open as long as the process, because the library has crashed where
    a file was closed and opened again.
    """

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            MissingError: if there is no such file.
            DamagedFileError: if the file is truncated or damaged.
        """
        if not path.exists():
            raise MissingError(f"{path} does not exist; `make study` makes it")
        self.path = path
        try:
            state = path.stat()
            self._data = _handle(path.resolve(), state.st_ino, state.st_mtime_ns)
        except OSError as error:
            raise DamagedFileError(damaged(path, error)) from error

    def group(self, name: str = "") -> xr.Dataset:
        """Return a group, or the root, as a dataset that reads what is used.

        Raises:
            DamagedFileError: if the file is truncated or damaged.
        """
        try:
            store = xr.backends.NetCDF4DataStore(self._data[name] if name else self._data)
            # not cached: who reads all points of a large file shall not hold them all
            return xr.open_dataset(store, decode_times=False, cache=False)
        except (OSError, RuntimeError, ValueError, KeyError, IndexError) as error:
            raise DamagedFileError(damaged(self.path, error)) from error


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


def with_parameters(
    dataset: xr.Dataset, values: Mapping[str, Any], labels: Mapping[str, Mapping[str, str]]
) -> xr.Dataset:
    """Attach a point's parameters as scalar coordinates, with their meanings and units."""
    scalars = {name: xr.Variable((), value, labels[name]) for name, value in values.items()}
    return dataset.assign_coords(scalars)
