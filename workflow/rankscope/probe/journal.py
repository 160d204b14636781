"""What has been probed already: a small file per matrix beside the output, until all is done.

A probe of a large model is killed now and then. Every matrix is written when it is done, under a
key of the inputs and settings, and a restarted probe goes on with the rest.
"""

import dataclasses
import hashlib
import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from rankscope import __version__, datasets

Row = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Journal:
    """A folder with a file per matrix.

    Attributes:
        folder: where the files are.
        key: what they depend on; a file with another key is not read.
    """

    folder: Path
    key: str

    def get(self, module: str) -> Row | None:
        """Return what was measured on a matrix, if it was under this key."""
        try:
            with np.load(self._file(module), allow_pickle=False) as stored:
                row = {name: stored[name] for name in stored.files}
        except (OSError, ValueError, KeyError, EOFError):  # not there, or not whole
            return None
        if str(row.pop("key", "")) != self.key:
            return None
        return {name: values if values.ndim else values.item() for name, values in row.items()}

    def put(self, module: str, row: Row) -> None:
        """Write what was measured on a matrix, atomically."""
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, key=np.array(self.key), **row)
        with datasets.atomic(self._file(module)) as temporary:
            temporary.write_bytes(buffer.getvalue())

    def remove(self) -> None:
        """Remove all that was written."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, module: str) -> Path:
        # a module's name comes from a file of somebody else's and is no name for ours
        return self.folder / f"{hashlib.sha256(module.encode()).hexdigest()[:32]}.npz"


def beside(out: Path, *parts: Any) -> Journal:
    """Return the journal of an output, keyed by all that its numbers depend on."""
    known = json.dumps([__version__, *parts], sort_keys=True, default=str)
    key = hashlib.sha256(known.encode()).hexdigest()
    return Journal(out.with_name(f"{out.stem}.parts"), key)
