"""An adapter as PEFT saves it: which matrices it updates, and the two factors of each.

PEFT's names are ``base_model.model.<module>.<tensor>``, with the frozen bases of VeRA and
RandLoRA shared under ``base_model`` (PEFT 0.21 stores RandLoRA's beside every layer too).
"""

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rankscope.numerics import adapters
from rankscope.probe import ProbeError, tensors

PREFIX = "base_model.model."
TRAINED = {
    "LORA": ("lora_A.weight", "lora_B.weight"),
    "VERA": ("vera_lambda_b", "vera_lambda_d"),
    "RANDLORA": ("randlora_lambda", "randlora_gamma"),
}
SCALES = {"LORA": ("lora_alpha",), "VERA": (), "RANDLORA": ("randlora_alpha", "r")}
BASES = {"VERA": ("vera_A", "vera_B"), "RANDLORA": ("randlora_A", "randlora_B")}

# Options with which lora_B @ lora_A is not the update of the base model that is on disk.
OTHER_FORMS = (
    "use_dora",
    "use_qalora",
    "use_bdlora",
    "kasa_config",
    "monteclora_config",
    "layer_replication",
)
CHANGED_BASES = ("pissa", "olora", "corda", "loftq", "lora_ga", "mica")

Factors = tuple[np.ndarray, np.ndarray, float]
"""``lora_B``, ``lora_A`` and the scaling of their product."""


@dataclasses.dataclass(frozen=True)
class Adapter:
    """A saved adapter.

    Attributes:
        folder: where it is.
        kind: ``LoRA``, ``rsLoRA``, ``VeRA`` or ``RandLoRA``.
        config: its ``adapter_config.json``.
        modules: the adapted modules, in the order of their layers.
        skipped: number of tensors that belong to no adapted matrix, such as a classifier.
    """

    folder: Path
    kind: str
    config: Mapping[str, Any]
    modules: tuple[str, ...]
    skipped: int
    _stored: tensors.Tensors

    @property
    def transposed(self) -> bool:
        """Whether the base model stores these weights as ``(in, out)``, as GPT-2 does."""
        return bool(self.config.get("fan_in_fan_out"))

    def factors(self, module: str, shape: tuple[int, int]) -> Factors:
        """Return ``(lora_B, lora_A, scaling)`` with the update ``scaling * lora_B @ lora_A``.

        Args:
            module: one of ``modules``.
            shape: ``(out, in)`` of the base weight.

        Raises:
            ProbeError: if the stored tensors do not fit the base weight.
        """
        try:
            lora_B, lora_A, scaling = _READERS[self.config["peft_type"]](self, module, shape)  # noqa: N806
        except (ValueError, IndexError) as error:
            raise ProbeError(
                f"{self.folder}: the tensors of {module} do not fit: {error}"
            ) from None
        if (lora_B.shape[0], lora_A.shape[1]) != shape or lora_B.shape[1] != lora_A.shape[0]:
            raise ProbeError(
                f"{self.folder}: {module} updates a matrix of {lora_B.shape[0]} x "
                f"{lora_A.shape[1]}, but the base weight is {shape[0]} x {shape[1]}"
            )
        return lora_B, lora_A, scaling

    def _trained(self, module: str) -> list[np.ndarray]:
        names = TRAINED[self.config["peft_type"]]
        return [self._stored.read(f"{PREFIX}{module}.{name}") for name in names]

    def _bases(self, module: str) -> list[np.ndarray]:
        places = ("base_model.", f"{PREFIX}{module}.")
        found = []
        for name in BASES[self.config["peft_type"]]:
            stored = [place + name for place in places if place + name in self._stored]
            if not stored:
                raise ProbeError(
                    f"{self.folder}: the file holds no {name} (saved with save_projection=False), "
                    "so the update cannot be formed; load the adapter with PEFT, set "
                    "save_projection=True and save it again"
                )
            found.append(self._stored.read(stored[0]))
        return found


def read(folder: Path) -> Adapter:
    """Open an adapter's folder; no tensor is read yet.

    Raises:
        ProbeError: if it is damaged, incomplete, or of a type or form that is not supported.
    """
    if not folder.is_dir():
        raise ProbeError(f"{folder} is no folder")
    config = tensors.read_json(folder / "adapter_config.json")
    peft_type = str(config.get("peft_type"))
    if peft_type not in TRAINED:
        raise ProbeError(
            f"{folder}: adapter type {peft_type} is not supported; "
            "supported are LORA (with rsLoRA), VERA and RANDLORA"
        )
    if absent := [key for key in SCALES[peft_type] if not isinstance(config.get(key), int | float)]:
        raise ProbeError(f"{folder}: adapter_config.json gives no number for {absent[0]}")
    _refuse_other_forms(folder, config)
    stored = tensors.in_folder(folder, "adapter_model")
    modules = _modules(folder, peft_type, stored)
    return Adapter(
        folder=folder,
        kind=_kind(config),
        config=config,
        modules=modules,
        skipped=_skipped(peft_type, stored),
        _stored=stored,
    )


def _kind(config: Mapping[str, Any]) -> str:
    names = {"VERA": "VeRA", "RANDLORA": "RandLoRA"}
    return names.get(config["peft_type"], "rsLoRA" if config.get("use_rslora") else "LoRA")


def _refuse_other_forms(folder: Path, config: Mapping[str, Any]) -> None:
    for option in OTHER_FORMS:
        if config.get(option):
            raise ProbeError(f"{folder}: {option} is set, an update that is not supported")
    start = str(config.get("init_lora_weights"))
    if start.startswith(CHANGED_BASES):
        raise ProbeError(
            f"{folder}: init_lora_weights is {start!r}, which changes the base weights, so the "
            "update of the model on disk is not in this file"
        )


def _modules(folder: Path, peft_type: str, stored: tensors.Tensors) -> tuple[str, ...]:
    first, second = TRAINED[peft_type]
    found: tuple[set[str], set[str]] = (set(), set())
    for name in stored.names():
        for which, suffix in enumerate((first, second)):
            if name.startswith(PREFIX) and name.endswith(f".{suffix}"):
                found[which].add(name[len(PREFIX) : -len(suffix) - 1])
    if not found[0] | found[1]:
        raise ProbeError(f"{folder}: adapter_model.safetensors holds no {first}")
    for module in sorted(found[0] ^ found[1]):
        absent = second if module in found[0] else first
        raise ProbeError(f"{folder}: adapter_model.safetensors holds no {absent} of {module}")
    flat = [m for m in found[0] if peft_type != "LORA" or _is_matrix(stored, m)]
    if not flat:
        raise ProbeError(f"{folder}: none of the adapted modules is a linear layer")
    return tuple(sorted(flat, key=_in_layer_order))


def _is_matrix(stored: tensors.Tensors, module: str) -> bool:
    return len(stored.shape(f"{PREFIX}{module}.lora_A.weight")) == 2


def _skipped(peft_type: str, stored: tensors.Tensors) -> int:
    known = TRAINED[peft_type] + BASES.get(peft_type, ())
    return sum(not name.endswith(tuple(f".{k}" for k in known)) for name in stored.names())


def _in_layer_order(module: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in module.split(".")]


def _lora(adapter: Adapter, module: str, shape: tuple[int, int]) -> Factors:
    lora_A, lora_B = adapter._trained(module)  # noqa: N806
    alpha = _patterned(adapter.config.get("alpha_pattern"), module, adapter.config["lora_alpha"])
    scaling = adapters.lora_scaling(
        alpha, lora_A.shape[0], rank_stabilised=bool(adapter.config.get("use_rslora"))
    )
    return lora_B, lora_A, scaling


def _vera(adapter: Adapter, module: str, shape: tuple[int, int]) -> Factors:
    lambda_b, lambda_d = adapter._trained(module)
    vera_A, vera_B = adapter._bases(module)  # noqa: N806
    return *adapters.vera_factors(vera_A[:, : shape[1]], vera_B, lambda_d, lambda_b), 1.0


def _randlora(adapter: Adapter, module: str, shape: tuple[int, int]) -> Factors:
    (lambdas, gamma), (base_A, base_B) = adapter._trained(module), adapter._bases(module)  # noqa: N806
    scaling = adapter.config["randlora_alpha"] / adapter.config["r"]
    return *adapters.randlora_factors_from_peft(base_A, base_B, lambdas, gamma, shape), scaling


def _patterned(patterns: Mapping[str, float] | None, module: str, default: float) -> float:
    """Return the value whose pattern ends the module's name, as PEFT matches them."""
    for pattern, value in (patterns or {}).items():
        if re.match(rf"(.*\.)?({pattern})$", module):
            return value
    return default


_READERS = {"LORA": _lora, "VERA": _vera, "RANDLORA": _randlora}
