"""Safetensors files, read one tensor at a time through a memory map.

The library checks a file's header; tensors are decoded here because its numpy reader has no
bfloat16, the usual type of a base model's weights.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from rankscope.probe import ProbeError

INDEX_SUFFIX = ".safetensors.index.json"
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}


class Tensors:
    """The floating-point tensors of one or more safetensors files, by name."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._entries: dict[str, tuple[Path, str, tuple[int, ...], int]] = {}
        for path in paths:
            header, start = _header(path)
            for name, entry in header.items():
                if name != "__metadata__":
                    place = start + entry["data_offsets"][0]
                    self._entries[name] = (path, entry["dtype"], tuple(entry["shape"]), place)

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def names(self) -> list[str]:
        """Return the names of all tensors."""
        return list(self._entries)

    def shape(self, name: str) -> tuple[int, ...]:
        """Return a tensor's shape without reading it."""
        return self._entries[name][2]

    def read(self, name: str) -> np.ndarray:
        """Read one tensor as float64.

        Raises:
            ProbeError: if the tensor is of an integer or quantised type, or not finite.
        """
        path, kind, shape, place = self._entries[name]
        if kind not in _TYPES:
            raise ProbeError(f"{path}: {name} is stored as {kind}; weights must be floating point")
        stored: np.ndarray = np.memmap(
            path, dtype=_TYPES[kind], mode="r", offset=place, shape=shape
        )
        if kind == "BF16":  # the upper half of a float32
            stored = (stored.astype(np.uint32) << 16).view(np.float32)
        values = np.array(stored, dtype=np.float64)
        if not np.isfinite(values).all():
            raise ProbeError(f"{path}: {name} holds values that are not finite")
        return values


def in_folder(folder: Path, stem: str) -> Tensors:
    """Open ``stem.safetensors`` in a folder, or the files its index names.

    Raises:
        ProbeError: if there is none, if it is damaged, or if the folder holds pickles only.
    """
    if not folder.is_dir():
        raise ProbeError(f"{folder} is no folder")
    index = folder / f"{stem}{INDEX_SUFFIX}"
    if index.is_file():
        files = read_json(index).get("weight_map", {}).values()
        return Tensors([folder / name for name in sorted(set(files))])
    single = folder / f"{stem}.safetensors"
    if single.is_file():
        return Tensors([single])
    pickles = sorted(path.name for kind in PICKLES for path in folder.glob(kind))
    if pickles:
        raise ProbeError(
            f"{folder} holds {pickles[0]} but no {single.name}: pickled weights can run any "
            "code when they are read, so only safetensors are; load the model in a place you "
            "trust and save it with safe_serialization=True"
        )
    raise ProbeError(f"{folder} holds no {single.name}")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ProbeError: if the file is missing, or is not a JSON object.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProbeError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise ProbeError(f"{path} is damaged: not JSON ({error})") from error
    if not isinstance(values, dict):
        raise ProbeError(f"{path} is damaged: not a JSON object")
    return values


def _header(path: Path) -> tuple[dict[str, Any], int]:
    """Return a checked header and where the data begin."""
    try:
        with safe_open(path, framework="numpy"):
            pass
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            return json.loads(file.read(length)), 8 + length
    except (SafetensorError, ValueError) as error:
        raise ProbeError(f"{path} is damaged: {error}") from error
    except OSError as error:
        raise ProbeError(f"cannot read {path}: {error.strerror or error}") from error
