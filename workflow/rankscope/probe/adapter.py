"""An adapter as PEFT saves it: which matrices it updates, and the two factors of each.

A whole tuned model is taken as an adapter of which every weight was saved whole.

PEFT's names are ``base_model.model.<module>.<tensor>``, with the frozen bases of VeRA and
RandLoRA shared under ``base_model`` (PEFT 0.21 stores RandLoRA's beside every layer too).
Every tensor of the file is either part of an update that is probed, or named among those
that are not, with the reason.
"""

import dataclasses
import json
import math
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

import numpy as np

from rankscope.numerics import adapters, low_rank
from rankscope.probe import ProbeError, settings, tensors
from rankscope.probe.base import BaseModel, Weight

PREFIX = "base_model.model."
TRAINED = {
    "LORA": (("lora_A.weight", "lora_B.weight"), ("lora_embedding_A", "lora_embedding_B")),
    "VERA": (("vera_lambda_b", "vera_lambda_d"),),
    "RANDLORA": (("randlora_lambda", "randlora_gamma"),),
    settings.TUNED: (),
}
BASES = {"VERA": ("vera_A", "vera_B"), "RANDLORA": ("randlora_A", "randlora_B")}

LINEAR, CONVOLUTION, EMBEDDING = "linear", "convolution, flattened", "embedding"
DIRECTION, WHOLE = "direction part of DoRA", "whole weight, saved minus base"

DOUBLE_UP_TO = 2**24
"""Numbers of a matrix that is taken in float64; a larger one in float32."""

Factors = tuple[np.ndarray, np.ndarray, float]
"""``lora_B``, ``lora_A`` and the scaling of their product."""


@dataclasses.dataclass(frozen=True)
class Adapter:
    """A saved adapter, or a tuned model.

    Attributes:
        folder: where it is.
        settings: what its configuration says.
        forms: the adapted modules, in the order of their layers, and what is updated there.
        unprobed: the tensors that belong to no update of a matrix, and why.
    """

    folder: Path
    settings: settings.Settings
    forms: Mapping[str, str]
    unprobed: tuple[tuple[str, str], ...]
    _stored: tensors.Tensors

    @property
    def kind(self) -> str:
        """``LoRA``, ``rsLoRA``, ``DoRA``, ``VeRA``, ``RandLoRA`` or ``tuned minus base``."""
        return self.settings.kind

    @property
    def config(self) -> Mapping[str, Any]:
        """Its ``adapter_config.json``."""
        return self.settings.values

    @property
    def modules(self) -> tuple[str, ...]:
        """The adapted modules, in the order of their layers."""
        return tuple(self.forms)

    def identity(self) -> list[tuple[str, int, int]]:
        """Return what another adapter is told by: the configuration, and `Tensors.identity`."""
        return [(json.dumps(self.config), 0, 0), *self._stored.identity()]

    def weight(self, module: str, base: BaseModel) -> Weight:
        """Find the base weight that a module updates.

        Raises:
            ProbeError: if there is none, or it does not fit.
        """
        rows, columns = self._size(module)
        if self.forms[module] == WHOLE:
            found = base.find(module, rows, columns, linear=False)
            matrix = len(self._stored.shape(self._whole(module))) == 2
            return found.turned() if matrix and base.is_stored_transposed(module) else found
        return base.find(
            module,
            rows,
            columns,
            transposed=self.settings.transposed,
            linear=self.forms[module] in (LINEAR, DIRECTION),
        )

    def change(self, module: str, weight: Weight | None) -> Factors | np.ndarray:
        """Return a module's update, as two factors or, for a whole weight, dense.

        Raises:
            ProbeError: if it cannot be formed.
        """
        if self.forms[module] == WHOLE:
            if weight is None:
                raise ProbeError("a weight that was saved whole, an update only against a --base")
            return self._difference(module, weight)
        shape = weight.shape if weight else self._size(module)
        if shape[0] is None or shape[1] is None:
            raise ProbeError(f"{self.kind} does not say its matrices' sizes without a --base")
        return self.factors(module, (shape[0], shape[1]))

    def factors(self, module: str, shape: tuple[int, int]) -> Factors:
        """Return ``(lora_B, lora_A, scaling)`` with the update ``scaling * lora_B @ lora_A``.

        Args:
            module: one of ``modules``.
            shape: ``(out, in)`` of the base weight.

        Raises:
            ProbeError: if the stored tensors do not fit the base weight.
        """
        reader = _READERS[self.settings.peft_type]
        try:
            lora_B, lora_A, scaling = reader(self, module, shape)  # noqa: N806
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

    def other_tensors(self, modules: Set[str]) -> dict[str, np.ndarray]:
        """Return the tensors that are no factor of these modules' updates, in float32."""
        factors = {name for module in modules for name in self._names(module)}
        others = [name for name in self._stored.names() if name not in factors]
        return {name: self._stored.read(name, np.float32) for name in others}

    def as_stored(self, module: str, svd: low_rank.LowRankSvd) -> dict[str, np.ndarray]:
        """Return the factors of another update of a module, in the shapes of its own, scaling 1."""
        first, second = self._names(module)
        share = np.sqrt(svd.singular_values)
        left, right = svd.left * share, svd.right * share
        if self.forms[module] == EMBEDDING:  # PEFT transposes the product
            left, right = right, left
        sizes = self._stored.shape(first)[1:], self._stored.shape(second)[2:]
        factors = {
            first: right.T.reshape(len(share), *sizes[0]),
            second: left.reshape(*left.shape, *sizes[1]),
        }
        return {
            name: np.ascontiguousarray(values, dtype=np.float32) for name, values in factors.items()
        }

    def _size(self, module: str) -> tuple[int | None, int | None]:
        """Return rows and columns of an update, as far as its tensors say."""
        form, peft_type = self.forms[module], self.settings.peft_type
        if form == WHOLE:
            shape = self._stored.shape(self._whole(module))
            return shape[0], int(np.prod(shape[1:]))
        first, second = (self._stored.shape(name) for name in self._names(module))
        if peft_type == "VERA":
            return first[0], None
        if peft_type == "RANDLORA":
            return None, None
        if form == EMBEDDING:
            return first[-1], second[0]
        return second[0], int(np.prod(first[1:]))

    def _whole(self, module: str) -> str:
        return f"{_prefix(self.settings)}{module}.weight"

    def _difference(self, module: str, weight: Weight) -> np.ndarray:
        """Return a whole weight minus that of the base, in float32 if it is large."""
        dtype = np.float64 if math.prod(weight.shape) <= DOUBLE_UP_TO else np.float32
        saved = self._stored.read(self._whole(module), dtype)
        saved = saved.reshape(saved.shape[0], -1)
        saved = saved.T if weight.transposed else saved
        saved -= weight.dense(dtype)
        return saved

    def _names(self, module: str) -> tuple[str, str]:
        for pair in TRAINED[self.settings.peft_type]:
            first, second = (f"{PREFIX}{module}.{name}" for name in pair)
            if first in self._stored:
                return first, second
        raise KeyError(module)

    def _trained(self, module: str) -> list[np.ndarray]:
        return [self._stored.read(name) for name in self._names(module)]

    def _bases(self, module: str) -> list[np.ndarray]:
        places = ("base_model.", f"{PREFIX}{module}.")
        found = []
        for name in BASES[self.settings.peft_type]:
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
    """Open an adapter's folder, or a tuned model's folder or file; no tensor is read yet.

    Raises:
        ProbeError: if it is damaged, or of a type or form that is not supported, or nothing in
            it is an update of a matrix.
    """
    if not (folder / "adapter_config.json").exists() and tensors.is_given(folder, "model"):
        config, stored = settings.Settings(settings.TUNED, {}), tensors.in_folder(folder, "model")
    elif folder.is_dir():
        config, stored = settings.read(folder), tensors.in_folder(folder, "adapter_model")
    else:
        raise ProbeError(f"{folder} is no folder")
    forms, unprobed = _sort(config, stored)
    if not forms:
        reason = "; ".join(f"{name}: {why}" for name, why in unprobed[:1])
        raise ProbeError(f"{folder}: nothing in it is an update of a matrix ({reason or 'empty'})")
    modules = sorted(forms, key=in_layer_order)
    return Adapter(
        folder=folder,
        settings=config,
        forms={module: forms[module] for module in modules},
        unprobed=tuple(unprobed),
        _stored=stored,
    )


def in_layer_order(module: str) -> list[tuple[int, str]]:
    """Return what sorts names by the numbers of their layers."""
    # a number beyond any layer is a word, and would be too long for int
    return [
        (int(part), "") if part.isdecimal() and len(part) < 9 else (-1, part)
        for part in module.split(".")
    ]


def _sort(
    config: settings.Settings, stored: tensors.Tensors
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Sort the tensors into modules with their forms, and those that are not probed."""
    forms: dict[str, str] = {}
    unprobed = []
    for name in stored.names():
        if name.split(".")[-1] in BASES.get(config.peft_type, ()):
            continue  # frozen bases are parts of other updates
        if not name.startswith(_prefix(config)):
            unprobed.append((name, f"its name does not begin with {PREFIX}"))
            continue
        module, form, reason = _one(config, stored, name)
        if reason:
            unprobed.append((name, reason))
        elif module and forms.setdefault(module, form) != form:
            unprobed.append((name, f"{module} is updated in another form too"))
    return forms, unprobed


def _prefix(config: settings.Settings) -> str:
    return "" if config.peft_type == settings.TUNED else PREFIX


def _one(config: settings.Settings, stored: tensors.Tensors, name: str) -> tuple[str, str, str]:
    """Return module, form and why it is not probed; no module for an update's second half."""
    own = name.removeprefix(_prefix(config))
    for pair in TRAINED[config.peft_type]:
        for suffix, other in (pair, pair[::-1]):
            if own.endswith(f".{suffix}"):
                module = own[: -len(suffix) - 1]
                if f"{PREFIX}{module}.{other}" not in stored:
                    return "", "", f"the file holds no {other} of {module}"
                form, reason = _form(config, stored, module, pair)
                return (module, form, reason) if suffix == pair[0] or reason else ("", "", "")
    if ".lora_magnitude_vector" in own:
        return "", "", "DoRA's magnitudes, a vector; the direction part is probed"
    if own.endswith(".bias"):
        return "", "", "a bias, a vector"
    if own.endswith(".weight") and not any(part.startswith("lora_") for part in own.split(".")):
        module = own.removesuffix(".weight").removesuffix(".base_layer")
        if f"{module}.weight" != own:
            return "", "", "a copy of the base weight"
        if len(stored.shape(name)) < 2:
            return "", "", "a vector"
        return module, WHOLE, ""
    kind = "a module" if config.peft_type == settings.TUNED else config.kind
    return "", "", f"no tensor of {kind} that the probe knows"


def _form(
    config: settings.Settings, stored: tensors.Tensors, module: str, pair: tuple[str, str]
) -> tuple[str, str]:
    """Return what a pair of tensors updates, or why that is not probed."""
    if config.is_of_parameters(module):
        return "", f"{module} is adapted by target_parameters, whose factors hold several experts"
    first, second = (stored.shape(f"{PREFIX}{module}.{name}") for name in pair)
    if 0 in (*first, *second):
        return "", f"{module} has an empty tensor"
    if config.peft_type != "LORA":
        vectors = 1 if config.peft_type == "VERA" else 2
        fits = len(first) == len(second) == vectors and first[0] < 2**31
        return (LINEAR, "") if fits else ("", f"the tensors of {module} have unknown shapes")
    if len(first) != len(second) or len(first) not in (2, 3, 4, 5):
        return "", f"the tensors of {module} are {first} and {second}, of no known layer"
    if first[0] != second[1]:
        return "", f"the tensors of {module} do not fit each other: {first} and {second}"
    if pair[0] == "lora_embedding_A":
        return EMBEDDING, ""
    if len(first) > 2:
        plain = all(size == 1 for size in second[2:])
        return (CONVOLUTION, "") if plain else ("", f"{module} is a convolution of unknown form")
    return (DIRECTION if config.kind == "DoRA" else LINEAR), ""


def _lora(adapter: Adapter, module: str, shape: tuple[int, int]) -> Factors:
    first, second = adapter._trained(module)
    if adapter.forms[module] == EMBEDDING:  # PEFT transposes the product
        first, second = second.T, first.T
    lora_A = first.reshape(first.shape[0], -1)  # noqa: N806
    lora_B = second.reshape(second.shape[0], -1)  # noqa: N806
    scaling = adapters.lora_scaling(
        adapter.settings.alpha(module),
        lora_A.shape[0],
        rank_stabilised=adapter.settings.rank_stabilised,
    )
    return lora_B, lora_A, scaling


def _vera(adapter: Adapter, module: str, shape: tuple[int, int]) -> Factors:
    lambda_b, lambda_d = adapter._trained(module)
    vera_A, vera_B = adapter._bases(module)  # noqa: N806
    return *adapters.vera_factors(vera_A[:, : shape[1]], vera_B, lambda_d, lambda_b), 1.0


def _randlora(adapter: Adapter, module: str, shape: tuple[int, int]) -> Factors:
    (lambdas, gamma), (base_A, base_B) = adapter._trained(module), adapter._bases(module)  # noqa: N806
    bases = adapters.randlora_number_of_bases(*shape, lambdas.shape[0])
    if lambdas.shape[1] != bases or gamma.shape != (bases, min(shape)):
        raise ValueError(
            f"lambda {lambdas.shape}, gamma {gamma.shape}, a weight of {shape[0]} x {shape[1]}"
        )
    factors = adapters.randlora_factors_from_peft(base_A, base_B, lambdas, gamma, shape)
    return *factors, adapter.settings.randlora_scaling()


_READERS = {"LORA": _lora, "VERA": _vera, "RANDLORA": _randlora}
