"""The base model's weights, found by the adapter's module names and read a few rows at a time."""

import dataclasses
import functools
from pathlib import Path
from typing import Any

import numpy as np

from rankscope.probe import ProbeError, names, tensors

TRANSPOSING_MODELS = ("gpt2", "openai-gpt", "imagegpt", "decision_transformer")
"""Models of transformers whose layers of these names are ``Conv1D``, stored ``(in, out)``."""
TRANSPOSED_LAYERS = ("c_attn", "c_proj", "c_fc", "q_attn")


@dataclasses.dataclass(frozen=True)
class Weight:
    """A base weight on disk, as the matrix ``(out, in)`` that its layer applies.

    Attributes:
        name: the tensor's name in the base model's files.
        shape: ``(out, in)``; a convolution's kernel is flattened into ``in``.
        transposed: whether the file has it as ``(in, out)``.
        note: what was assumed to find it; empty if nothing was.
    """

    name: str
    shape: tuple[int, int]
    transposed: bool
    note: str
    _stored: tensors.Tensors

    def turned(self) -> "Weight":
        """Return it as the transpose of what it is here."""
        rows, columns = self.shape
        return dataclasses.replace(self, shape=(columns, rows), transposed=not self.transposed)

    def dense(self, dtype: type[np.floating] = np.float64) -> np.ndarray:
        """Read it whole."""
        values = self._stored.read(self.name, dtype)
        values = values.reshape(values.shape[0], -1)
        return values.T if self.transposed else values


class BaseModel:
    """A base model: a safetensors file, or a folder that holds one, or parts with an index.

    Attributes:
        folder: the file or folder.
        config: its ``config.json``, empty if there is none.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stored = tensors.in_folder(folder, "model")
        self._names = self._stored.names()
        place = (folder if folder.is_dir() else folder.parent) / "config.json"
        self.config: dict[str, Any] = tensors.read_json(place) if place.is_file() else {}

    @property
    def model_type(self) -> str:
        """The type of model in transformers' terms, or nothing."""
        return str(self.config.get("model_type", ""))

    def identity(self) -> list[tuple[str, int, int]]:
        """Return what another model is told by: `Tensors.identity`."""
        return self._stored.identity()

    def find(
        self,
        module: str,
        rows: int | None,
        columns: int | None,
        *,
        transposed: bool = False,
        linear: bool = True,
    ) -> Weight:
        """Find the weight of a module, and how it is stored.

        Whether ``(in, out)`` is stored is read from the shape. Where the matrix is square, or
        the adapter's file does not say how many columns it has, the model's class decides,
        then other layers of the same name, and last the adapter's configuration.

        Args:
            module: the module's name in the adapter.
            rows: ``out``, from the adapter's tensors, or ``None`` if they do not say.
            columns: ``in``, likewise.
            transposed: what the adapter's configuration says; PEFT writes that of the last
                module alone, so that it is believed last.
            linear: whether it is a linear layer, which may be stored as ``(in, out)``.

        Raises:
            ProbeError: if there is no such weight, several could be meant, or it does not fit.
        """
        name, note = self._resolve(f"{module}.weight")
        shape = self._stored.shape(name)
        if len(shape) < 2:
            raise ProbeError(f"the base model's {name} is no matrix")
        stored = (shape[0], int(np.prod(shape[1:])))
        # a kernel is flattened along its inputs, for which (in, out) has no meaning
        turned = (stored[1], stored[0]) if linear and len(shape) == 2 else None
        straight_fits, turned_fits = (_fits(one, rows, columns) for one in (stored, turned))
        if not straight_fits and not turned_fits:
            raise ProbeError(
                f"{module} updates a matrix of {rows or 'any'} x {columns or 'any'}, but the "
                f"base weight is {stored[0]} x {stored[1]}"
            )
        if straight_fits and turned_fits:
            flip, assumed = self._is_transposed(module, transposed)
            note = "; ".join(filter(None, (note, assumed)))
        else:
            flip = turned_fits
        return Weight(name, turned if flip and turned else stored, flip, note, self._stored)

    def is_stored_transposed(self, module: str) -> bool:
        """Whether the model's class stores a module's weight as ``(in, out)``."""
        kind = module.rsplit(".", 1)[-1]
        return self.model_type in TRANSPOSING_MODELS and kind in TRANSPOSED_LAYERS

    def _is_transposed(self, module: str, configured: bool) -> tuple[bool, str]:
        """Say how a square weight is stored, and what was assumed for it."""
        kind = module.rsplit(".", 1)[-1]
        if self.model_type:
            return self.is_stored_transposed(module), ""
        if kind in TRANSPOSED_LAYERS and any(
            name.endswith(".c_attn.weight") and _widens(self._stored.shape(name))
            for name in self._names
        ):
            return True, "the layers beside this square one are stored as (in, out)"
        if not configured:
            return False, ""
        known = kind in TRANSPOSED_LAYERS
        return known, f"square, stored as {'(in, out)' if known else '(out, in)'} by its name alone"

    @functools.cached_property
    def _renamed(self) -> dict[str, str]:
        """The name of each tensor in the model that transformers builds, to that on disk."""
        return names.in_the_model(self._names, self.model_type)

    def _resolve(self, wanted: str) -> tuple[str, str]:
        """Return the name on disk, and what was assumed for it."""
        if wanted in self._stored:
            return wanted, ""
        if near := _near(wanted, self._names):
            return self._only(wanted, near), ""
        if wanted in self._renamed:
            return self._renamed[wanted], f"renamed from {self._renamed[wanted]}"
        if near := _near(wanted, list(self._renamed)):
            name = self._renamed[self._only(wanted, near)]
            return name, f"renamed from {name}"
        if self.config.get("tie_word_embeddings", True) is not False and (
            tied := names.tied(wanted, self._names)
        ):
            name = self._only(wanted, tied)
            return name, f"tied to {name}"
        raise ProbeError(f"{self.folder}: the base model holds no {wanted}, which is adapted")

    def _only(self, wanted: str, near: list[str]) -> str:
        if len(near) > 1:
            raise ProbeError(f"{self.folder}: {wanted} could be {near[0]} or {near[1]}")
        return near[0]


def _near(wanted: str, known: list[str]) -> list[str]:
    return [name for name in known if name.endswith(f".{wanted}") or wanted.endswith(f".{name}")]


def _fits(stored: tuple[int, int] | None, rows: int | None, columns: int | None) -> bool:
    return stored is not None and rows in (None, stored[0]) and columns in (None, stored[1])


def _widens(shape: tuple[int, ...]) -> bool:
    """Whether a fused projection has three times as many columns as rows: ``(in, out)``."""
    return len(shape) == 2 and shape[1] == 3 * shape[0]
