"""The base model's weights, found by the adapter's module names and read one at a time."""

from pathlib import Path

import numpy as np

from rankscope.probe import ProbeError, tensors


class BaseModel:
    """A folder with ``model.safetensors``, whole or in parts with an index."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stored = tensors.in_folder(folder, "model")
        self._names = self._stored.names()

    def weight(self, module: str, *, transposed: bool = False) -> np.ndarray:
        """Read a module's weight as ``(out, in)`` in float64.

        Args:
            module: the module's name in the adapter. The base file may name it with more or
                fewer leading parts (``bert.encoder...`` against ``encoder...``).
            transposed: whether it is stored as ``(in, out)``.

        Raises:
            ProbeError: if there is no such weight, several could be meant, or it is no matrix.
        """
        name = self._resolve(f"{module}.weight")
        if len(self._stored.shape(name)) != 2:
            raise ProbeError(f"{self.folder}: {name} is no matrix")
        values = self._stored.read(name)
        return np.ascontiguousarray(values.T) if transposed else values

    def _resolve(self, wanted: str) -> str:
        if wanted in self._stored:
            return wanted
        near = [
            name
            for name in self._names
            if name.endswith(f".{wanted}") or wanted.endswith(f".{name}")
        ]
        if len(near) == 1:
            return near[0]
        if near:
            raise ProbeError(f"{self.folder}: {wanted} could be {near[0]} or {near[1]}")
        raise ProbeError(f"{self.folder}: the base model holds no {wanted}, which is adapted")
