"""What the headers of points' files say, without opening again a file that has not changed.

Opening a netCDF file takes a millisecond or two, looking at its size and time a hundredth of
that. What was read is remembered per results folder; it is a copy, and may be deleted.
"""

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path

Header = tuple[str, int]
"""The key of a file, and how many replicates it holds: 1 if it has none."""


def read(path: Path) -> Header | None:
    """Read a file's header; ``None`` if the file is missing, truncated or without a key."""
    if not path.exists():
        return None
    import netCDF4  # takes a third of a second, and often nothing is opened

    try:
        with netCDF4.Dataset(path) as data:
            key = str(data.getncattr("key"))
            found = data.dimensions
            return key, len(found["replicate"]) if "replicate" in found else 1
    except (OSError, RuntimeError, AttributeError):
        return None


def row(path: Path, header: Header) -> str:
    """Write down a file's size, time and header, for `Headers.learn`."""
    state = path.stat()
    return "\t".join(map(str, (state.st_size, state.st_mtime_ns, *header, path)))


class Headers:
    """Headers of the files of a results folder, remembered from one command to the next."""

    def __init__(self, results: Path) -> None:
        self._file = results / ".run" / "headers.json"
        self._known: dict[str, tuple[int, int, str, int]] = {}
        self._changed = False
        with contextlib.suppress(OSError, ValueError):
            self._known = json.loads(self._file.read_text(encoding="utf-8"))

    def read(self, path: Path) -> Header | None:
        """Return a file's header, as the function `read` does."""
        try:
            state = path.stat()
        except OSError:
            return None
        known = self._known.get(str(path))
        if known and tuple(known[:2]) == (state.st_size, state.st_mtime_ns):
            return known[2], known[3]
        header = read(path)
        if header:
            self._known[str(path)] = (state.st_size, state.st_mtime_ns, *header)
            self._changed = True
        return header

    def learn(self, rows: Iterable[str]) -> None:
        """Take over what `row` wrote down of files, so that they need not be opened."""
        for row in rows:
            with contextlib.suppress(ValueError):
                size, changed, key, count, path = row.split("\t", 4)
                self._known[path] = (int(size), int(changed), key, int(count))
                self._changed = True

    def save(self) -> None:
        """Remember what was read, where that can be written."""
        if self._changed:
            from rankscope import datasets

            with contextlib.suppress(OSError), datasets.atomic(self._file) as temporary:
                temporary.write_text(json.dumps(self._known), encoding="utf-8")
