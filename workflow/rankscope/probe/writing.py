"""Write a changed adapter in PEFT's form: truncated, or with its intruders reduced."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from rankscope import datasets
from rankscope.numerics import low_rank
from rankscope.probe import ProbeError, adapter, measure, ranking
from rankscope.probe.base import BaseModel

Changed = Callable[[str], low_rank.LowRankSvd]


def compress(source: adapter.Adapter, ranks: Mapping[str, int], out: Path) -> None:
    """Write the best approximation of these ranks as a LoRA adapter, in float32.

    Tensors that belong to no changed module are kept as they are.

    Raises:
        ProbeError: if the adapter is no LoRA, or ``out`` is there already.
    """
    write(source, out, {m: ranking.decompose(source, m).truncated(k) for m, k in ranks.items()})


def write(source: adapter.Adapter, out: Path, updates: Mapping[str, low_rank.LowRankSvd]) -> None:
    """Write an adapter with other updates of some modules, whose scaling becomes 1.

    Raises:
        ProbeError: if the adapter is no LoRA, or ``out`` is there already.
    """
    if source.settings.peft_type != "LORA":
        raise ProbeError(f"{source.folder}: {source.kind} is not saved as the factors of LoRA")
    if out.exists():
        raise ProbeError(f"{out} is there already")
    ranks = {module: len(svd.singular_values) for module, svd in updates.items()}
    tensors = source.other_tensors(set(updates))
    for module, svd in updates.items():
        tensors |= source.as_stored(module, svd)
    config = dict(source.config) | ranking.config(ranks)
    out.mkdir(parents=True)
    with datasets.atomic(out / "adapter_model.safetensors") as temporary:
        temporary.write_bytes(save(tensors, metadata={"format": "pt"}))
    with datasets.atomic(out / "adapter_config.json") as temporary:
        temporary.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def mitigated(
    source: adapter.Adapter, base: BaseModel, module: str, keep: float
) -> tuple[low_rank.LowRankSvd, low_rank.LowRankSvd, int]:
    """Reduce the intruders of a module to a share of their singular value.

    ``W + dW - (1 - keep) sum_i s_i u_i v_i^T`` over the intruders ``(s_i, u_i, v_i)`` of the tuned
    weight, as in Shuttleworth et al., arXiv 2410.21228, section 5.

    Args:
        source: the adapter.
        base: its base model.
        module: the module.
        keep: the share of an intruder that stays; 0 removes it.

    Returns:
        The reduced update; the control, which is the whole update scaled to the same norm; and
        the number of intruders.
    """
    if source.forms[module] == adapter.DIRECTION:
        raise ProbeError("DoRA rescales the rows of its tuned weight")
    weight = source.weight(module, base)
    svd = ranking.decompose(source, module)
    dense = weight.dense()
    settings = measure.Settings()
    left = measure.left_basis(dense) if min(dense.shape) <= settings.dense_up_to else None
    (found,) = measure.matches(dense, left, svd, settings)
    intruders = found.left[:, found.lower < measure.INTRUDER_COSINE]
    if not intruders.size:
        return svd, svd, 0
    images = intruders.T @ dense + (intruders.T @ svd.left * svd.singular_values) @ svd.right.T
    left = np.hstack([svd.left * svd.singular_values, (keep - 1) * intruders])
    reduced = low_rank.svd(left, np.vstack([svd.right.T, images]))
    shrink = float(reduced.frobenius_norm / svd.frobenius_norm)
    control = low_rank.LowRankSvd(svd.left, svd.singular_values * shrink, svd.right)
    return reduced, control, intruders.shape[1]
