"""Safetensors files, read one tensor, or some rows of one, at a time through a memory map.

Nothing in a file is trusted: sizes, types, shapes and places are checked against the file
before a byte of a tensor is read. Tensors are decoded here because the library's numpy
reader has no bfloat16, the usual type of a base model's weights.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from rankscope.probe import ProbeError

INDEX_SUFFIX = ".safetensors.index.json"
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
LARGEST_JSON = 32 * 2**20
"""Bytes of JSON that are read; a header of 100,000 tensors has half of it."""
BLOCK = 2**18
"""Numbers that are converted at once, and stay in the cache."""
_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_OTHER_SIZES = {"I8": 1, "U8": 1, "BOOL": 1, "I16": 2, "U16": 2, "I32": 4, "U32": 4}


class Tensors:
    """The floating-point tensors of one or more safetensors files, by name."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = tuple(paths)
        self._entries: dict[str, tuple[Path, str, tuple[int, ...], int]] = {}
        for path in paths:
            header, start = _header(path)
            for name, entry in header.items():
                place = start + entry["data_offsets"][0]
                self._entries[name] = (path, entry["dtype"], tuple(entry["shape"]), place)

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def names(self) -> list[str]:
        """Return the names of all tensors."""
        return list(self._entries)

    def identity(self) -> list[tuple[str, int, int]]:
        """Return names, sizes and times of the files, by which others are told."""
        stats = [(path.name, path.stat()) for path in self.paths]
        return [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]

    def shape(self, name: str) -> tuple[int, ...]:
        """Return a tensor's shape without reading it."""
        return self._entries[name][2]

    def read(self, name: str, dtype: type[np.floating] = np.float64) -> np.ndarray:
        """Read one tensor.

        Raises:
            ProbeError: if the tensor is of an integer or quantised type, or not finite.
        """
        shape = self.shape(name)
        values = np.empty((shape[0] if shape else 1, math.prod(shape[1:])), dtype=dtype)
        for rows, block in self.blocks(name):
            values[rows] = block
        return values.reshape(shape)

    def blocks(self, name: str) -> Iterator[tuple[slice, np.ndarray]]:
        """Read some rows of a tensor after others, flattened to a matrix.

        Yields:
            Which rows, and their values in float32, or float64 if they are stored so.

        Raises:
            ProbeError: if the tensor is of an integer or quantised type, or not finite.
        """
        path, kind, shape, place = self._entries[name]
        if kind not in _TYPES:
            raise ProbeError(
                f"{path.name}: {name} is stored as {kind}; weights must be floating point"
            )
        rows, columns = (shape[0] if shape else 1), math.prod(shape[1:])
        if rows * columns == 0:
            raise ProbeError(f"{path.name}: {name} is empty")
        stored = np.memmap(path, dtype=_TYPES[kind], mode="r", offset=place, shape=(rows, columns))
        step = max(1, BLOCK // columns)
        for first in range(0, rows, step):
            part = slice(first, min(first + step, rows))
            values: np.ndarray = np.asarray(stored[part])
            if kind == "BF16":  # the upper half of a float32
                values = (values.astype(np.uint32) << 16).view(np.float32)
            elif kind == "F16":
                values = values.astype(np.float32)
            if not np.isfinite(values).all():
                raise ProbeError(f"{path.name}: {name} holds values that are not finite")
            yield part, values


def is_given(place: Path, stem: str) -> bool:
    """Whether a place is a safetensors file, or a folder that holds ``stem`` as one or more."""
    names = (f"{stem}.safetensors", f"{stem}{INDEX_SUFFIX}")
    return place.is_file() or any((place / name).is_file() for name in names)


def in_folder(place: Path, stem: str) -> Tensors:
    """Open a file, or ``stem.safetensors`` in a folder, or the files its index names.

    Raises:
        ProbeError: if there is none, if it is damaged, or if the folder holds pickles only.
    """
    if place.is_file():
        if place.name.endswith(INDEX_SUFFIX):
            return Tensors(_indexed(place))
        if place.suffix != ".safetensors":
            raise ProbeError(f"{place} is no folder, and no .safetensors file")
        return Tensors([place])
    if not place.is_dir():
        raise ProbeError(f"{place} is no folder")
    index = place / f"{stem}{INDEX_SUFFIX}"
    if index.is_file():
        return Tensors(_indexed(index))
    single = place / f"{stem}.safetensors"
    if single.is_file():
        return Tensors([single])
    pickles = sorted(path.name for kind in PICKLES for path in place.glob(kind))
    if pickles:
        raise ProbeError(
            f"{place} holds {pickles[0]} but no {single.name}: pickled weights can run any "
            "code when they are read, so only safetensors are; load the model in a place you "
            "trust and save it with safe_serialization=True"
        )
    raise ProbeError(f"{place} holds no {single.name}")


def _indexed(index: Path) -> list[Path]:
    """Return the files that an index names, all of them beside it."""
    weight_map = read_json(index).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise ProbeError(f"{index} is damaged: weight_map is no mapping from tensors to files")
    names = list(weight_map.values())
    for name in names:
        if not isinstance(name, str) or not re.fullmatch(r"[^/\\\0]+\.safetensors", name):
            raise ProbeError(f"{index} is damaged: {name!r:.80} is no name of a file beside it")
    return [index.parent / name for name in sorted(set(names))]


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ProbeError: if the file is missing, absurdly large, or not a JSON object.
    """
    try:
        if path.exists() and not path.is_file():
            raise ProbeError(f"{path} is no file")
        if path.stat().st_size > LARGEST_JSON:
            raise ProbeError(f"{path} is damaged: {path.stat().st_size} bytes of JSON")
        return _object(path, path.read_bytes())
    except OSError as error:
        raise ProbeError(f"cannot read {path}: {error.strerror}") from error


def _object(path: Path, content: bytes) -> dict[str, Any]:
    try:
        values = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ProbeError(f"{path} is damaged: not JSON ({error})") from error
    if not isinstance(values, dict):
        raise ProbeError(f"{path} is damaged: not a JSON object")
    return values


def _header(path: Path) -> tuple[dict[str, Any], int]:
    """Return the checked entries of a header, and where the data begin."""
    if not path.is_file():
        raise ProbeError(f"cannot read {path}: no such file")
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(size - 8, LARGEST_JSON):
                raise ProbeError(
                    f"{path} is damaged: a header of {length} bytes in a file of {size}"
                )
            header = _object(path, file.read(length))
    except OSError as error:
        raise ProbeError(f"cannot read {path}: {error.strerror or error}") from error
    header.pop("__metadata__", None)
    _check_places(path, header, size - 8 - length)
    return header, 8 + length


def _check_places(path: Path, header: Mapping[str, Any], size: int) -> None:
    """Refuse entries that do not fill the data exactly, one after the other."""
    places = []
    for name, entry in header.items():
        shape, place = _shape_and_place(entry)
        if shape is None or place is None:
            raise ProbeError(f"{path} is damaged: the entry of {name!r:.80} is malformed")
        item = int(_TYPES[entry["dtype"]][-1]) if entry["dtype"] in _TYPES else None
        item = item or _OTHER_SIZES.get(entry["dtype"])
        if item and math.prod(shape) * item != place[1] - place[0]:
            raise ProbeError(f"{path} is damaged: {name!r:.80} has not the bytes of its shape")
        places.append(place)
    end = 0
    for first, last in sorted(places):
        if first != end:
            raise ProbeError(f"{path} is damaged: tensors overlap, or leave a gap at byte {end}")
        end = last
    if end != size:
        raise ProbeError(f"{path} is damaged: its tensors need {end} bytes, it holds {size}")


def _shape_and_place(entry: object) -> tuple[list[int] | None, tuple[int, int] | None]:
    if not isinstance(entry, dict) or not isinstance(entry.get("dtype"), str):
        return None, None
    shape, place = entry.get("shape"), entry.get("data_offsets")
    if not _are_counts(shape) or not _are_counts(place) or len(place) != 2 or place[0] > place[1]:
        return None, None
    return shape, (place[0], place[1])


def _are_counts(values: object) -> TypeGuard[list[int]]:
    return isinstance(values, list) and all(type(v) is int and 0 <= v < 2**48 for v in values)
