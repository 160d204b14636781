"""An adapter's ``adapter_config.json``, with every value checked that the probe uses."""

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rankscope.probe import ProbeError, tensors

TUNED = "TUNED"
"""A whole tuned model, which has no configuration of PEFT's."""
KINDS = {TUNED: "tuned minus base", "LORA": "LoRA", "VERA": "VeRA", "RANDLORA": "RandLoRA"}
SCALES = {"LORA": ("lora_alpha",), "VERA": (), "RANDLORA": ("randlora_alpha", "r")}
# Options with which lora_B @ lora_A is not the update of the base model that is on disk.
OTHER_FORMS = (
    "use_qalora",
    "use_bdlora",
    "kasa_config",
    "monteclora_config",
    "layer_replication",
)
CHANGED_BASES = ("pissa", "olora", "corda", "loftq", "lora_ga", "mica")
LONGEST_PATTERN = 1000
LARGEST_NUMBER = 1e15


@dataclasses.dataclass(frozen=True)
class Settings:
    """What an adapter's configuration says.

    Attributes:
        peft_type: ``LORA``, ``VERA``, ``RANDLORA`` or `TUNED`.
        values: the whole file.
    """

    peft_type: str
    values: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """The adapter's kind as people write it."""
        if self.peft_type == "LORA" and self.values.get("use_dora"):
            return "DoRA"
        return "rsLoRA" if self.rank_stabilised else KINDS[self.peft_type]

    @property
    def rank_stabilised(self) -> bool:
        """Whether LoRA's scaling divides by the root of the rank."""
        return self.peft_type == "LORA" and bool(self.values.get("use_rslora"))

    @property
    def transposed(self) -> bool:
        """Whether the last module's weight is stored as ``(in, out)``."""
        return bool(self.values.get("fan_in_fan_out"))

    @property
    def base_name(self) -> str:
        """The base model's name when the adapter was trained; empty if it was not recorded."""
        recorded = self.values.get("base_model_name_or_path")
        return recorded if isinstance(recorded, str) else ""

    def is_of_parameters(self, module: str) -> bool:
        """Whether ``target_parameters`` names another parameter of a module than its weight."""
        listed = self.values.get("target_parameters")
        own = "." + re.sub(r"(\.base_layer)+$", "", module)
        names = [str(one).rpartition(".") for one in listed] if isinstance(listed, list) else []
        return any(own.endswith(f".{name}") and last != "weight" for name, _, last in names)

    def alpha(self, module: str) -> float:
        """Return LoRA's ``alpha`` of a module, whose pattern ends its name as PEFT matches."""
        for pattern, value in (self.values.get("alpha_pattern") or {}).items():
            if re.match(rf"(.*\.)?({pattern})$", module):
                return float(value)
        return float(self.values["lora_alpha"])

    def randlora_scaling(self) -> float:
        """Return what RandLoRA's sum is multiplied with."""
        return float(self.values["randlora_alpha"] / self.values["r"])


def read(folder: Path) -> Settings:
    """Read and check ``adapter_config.json``.

    Raises:
        ProbeError: if it is damaged, or of a type or form that is not supported.
    """
    values = tensors.read_json(folder / "adapter_config.json")
    peft_type = str(values.get("peft_type"))[:40]
    if peft_type not in SCALES:
        raise ProbeError(
            f"{folder}: adapter type {peft_type} is not supported; "
            "supported are LORA (with rsLoRA and DoRA), VERA and RANDLORA"
        )
    for key in SCALES[peft_type]:
        if not _is_number(values.get(key)):
            raise ProbeError(f"{folder}: adapter_config.json gives no number for {key}")
        if key == "r" and values[key] < 1:
            raise ProbeError(f"{folder}: adapter_config.json gives a rank r of {values[key]}")
    for option in OTHER_FORMS:
        if values.get(option):
            raise ProbeError(f"{folder}: {option} is set, an update that is not supported")
    start = str(values.get("init_lora_weights"))[:40]
    if start.startswith(CHANGED_BASES):
        raise ProbeError(
            f"{folder}: init_lora_weights is {start!r}, which changes the base weights, so the "
            "update of the model on disk is not in this file"
        )
    if peft_type == "LORA":
        _check_patterns(folder, values.get("alpha_pattern"))
    return Settings(peft_type, values)


def _check_patterns(folder: Path, patterns: object) -> None:
    where = f"{folder}: alpha_pattern in adapter_config.json"
    if patterns is None:
        return
    if not isinstance(patterns, dict):
        raise ProbeError(f"{where} is no mapping from patterns to numbers")
    for pattern, value in patterns.items():
        if not _is_number(value):
            raise ProbeError(f"{where} gives no number for {pattern!r:.80}")
        # a repeated repetition can take time without end on a name that does not match
        if len(pattern) > LONGEST_PATTERN or re.search(r"[*+}]\??\)[*+{]", pattern):
            raise ProbeError(f"{where} has a pattern that is too complex: {pattern!r:.80}")
        try:
            re.compile(rf"(.*\.)?({pattern})$")
        except (re.error, RecursionError, OverflowError) as error:
            raise ProbeError(f"{where} has no pattern in {pattern!r:.80}: {error}") from error


def _is_number(value: object) -> bool:
    # neither a bool nor nan, and nothing that an array cannot hold
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) < LARGEST_NUMBER
    )
