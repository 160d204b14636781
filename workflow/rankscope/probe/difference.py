"""A tuned model minus its base, as an input like an adapter."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from rankscope.probe import ProbeError, adapter, tensors
from rankscope.probe.base import BaseModel, Weight


@dataclasses.dataclass(frozen=True)
class Difference:
    """A whole tuned model; attributes and methods as those of `rankscope.probe.adapter.Adapter`."""

    folder: Path
    kind: str
    forms: Mapping[str, str]
    unprobed: tuple[tuple[str, str], ...]
    base_name: str
    _stored: tensors.Tensors

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules with a matrix, in the order of their layers."""
        return tuple(self.forms)

    def identity(self) -> list[tuple[str, int, int]]:
        """Return names, sizes and times of its files, by which another model is told."""
        stats = [(path.name, path.stat()) for path in self._stored.paths]
        return [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]

    def weight(self, module: str, base: BaseModel) -> Weight:
        """Find the base weight of a module.

        Raises:
            ProbeError: if there is none, or it does not fit.
        """
        shape = self._stored.shape(f"{module}.weight")
        found = base.find(module, shape[0], int(np.prod(shape[1:])), linear=False)
        turned = len(shape) == 2 and base.is_stored_transposed(module)
        return found.turned() if turned else found

    def change(self, module: str, weight: Weight | None) -> np.ndarray:
        """Return the tuned weight minus the base's.

        Raises:
            ProbeError: if there is no base.
        """
        if weight is None:
            raise ProbeError("a tuned model is an update only against a --base")
        return adapter.difference(self._stored, f"{module}.weight", weight)


def read(place: Path) -> Difference:
    """Open a tuned model's folder or file; no tensor is read yet.

    Raises:
        ProbeError: if it is damaged, or holds no matrix.
    """
    stored = tensors.in_folder(place, "model")
    forms, unprobed = {}, []
    for name in stored.names():
        if not name.endswith(".weight"):
            unprobed.append((name, "a bias or buffer, no weight of a module"))
        elif len(stored.shape(name)) < 2:
            unprobed.append((name, "a vector"))
        else:
            forms[name.removesuffix(".weight")] = adapter.WHOLE
    if not forms:
        raise ProbeError(f"{place} holds no matrix")
    return Difference(
        folder=place,
        kind="tuned minus base",
        forms={module: forms[module] for module in sorted(forms, key=adapter.in_layer_order)},
        unprobed=tuple(unprobed),
        base_name="",
        _stored=stored,
    )
