"""Stream over an adapter's matrices, one at a time, into one labelled dataset."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import adapter_probes
from rankscope.probe import ProbeError, measure
from rankscope.probe.adapter import Adapter
from rankscope.probe.base import BaseModel

LABELS = {
    "rows": (("matrix",), "out_features of the matrix"),
    "columns": (("matrix",), "in_features of the matrix"),
    "base_norm": (("matrix",), "Frobenius norm of the base weight"),
    "update_norm": (("matrix",), "Frobenius norm of the update"),
    "relative_norm": (("matrix",), "Frobenius norm of the update over that of the base weight"),
    "numerical_rank": (("matrix",), "numerical rank of the update in single precision"),
    "stable_rank": (("matrix",), "stable rank of the update"),
    "effective_rank": (("matrix",), "effective rank of the update's singular values"),
    "rank_90": (("matrix",), "directions that hold 90 % of the update's energy"),
    "rank_99": (("matrix",), "directions that hold 99 % of the update's energy"),
    "amplification": (("matrix", "probed_rank"), "amplification factor"),
    "amplification_null": (("matrix", "probed_rank"), "amplification factor, random directions"),
    "alignment": (("matrix", "probed_rank"), "base weight held by the update's directions / null"),
    "alignment_chance_lower": (("matrix", "probed_rank"), "2.5 % quantile of alignment by chance"),
    "alignment_chance_upper": (("matrix", "probed_rank"), "97.5 % quantile of it"),
    "best_match": (("matrix", "tuned_direction"), "best cosine with a base direction"),
    "intruders": (("matrix",), "intruders among the leading directions of the tuned weight"),
    "intruders_control": (("matrix", "control"), "intruders, same spectrum in random directions"),
    "random_match": (("matrix",), "mean best cosine of one random direction"),
    "phi": (("matrix", "side", "direction", "other_direction"), "subspace similarity phi(i, j)"),
    "phi_null": (("matrix", "side", "direction", "other_direction"), "mean of phi, random"),
    "phi_null_sd": (("matrix", "side", "direction", "other_direction"), "sd of phi, random"),
}


def probe(
    adapter: Adapter,
    base: BaseModel,
    other: Adapter | None = None,
    *,
    settings: measure.Settings | None = None,
    seeds: Sequence[np.random.SeedSequence] = (),
    progress: Callable[[Iterable[str]], Iterable[str]] = iter,
) -> xr.Dataset:
    """Probe an adapter matrix by matrix; one base weight and one update are in memory.

    Args:
        adapter: the adapter.
        base: the model it was trained on.
        other: another adapter of the same model, for the similarity of their directions.
        settings: what to measure.
        seeds: one for each random update that counts of intruders are compared with.
        progress: wraps the sequence of modules, to show how far it is.

    Returns:
        A dataset with a ``matrix`` dimension in the order of the layers.

    Raises:
        ProbeError: if a tensor is missing or does not fit, or the adapters share no matrix.
    """
    settings = settings or measure.Settings()
    shared = set(other.modules) & set(adapter.modules) if other else set()
    if other and not shared:
        raise ProbeError(f"{adapter.folder} and {other.folder} adapt no matrix in common")
    rows = []
    for place, module in enumerate(progress(adapter.modules)):
        generators = [_generator(seed, place) for seed in seeds]
        also = other if module in shared else None
        rows.append(_matrix(module, adapter, base, also, settings, generators))
    return _label(rows, adapter, other, settings)


def _generator(seed: np.random.SeedSequence, place: int) -> np.random.Generator:
    """Return the generator of one control of one matrix; it depends on nothing else."""
    key = (*seed.spawn_key, place)
    return np.random.default_rng(np.random.SeedSequence(seed.entropy, spawn_key=key))


def _matrix(
    module: str,
    adapter: Adapter,
    base: BaseModel,
    other: Adapter | None,
    settings: measure.Settings,
    generators: Sequence[np.random.Generator],
) -> dict[str, Any]:
    weight = base.weight(module, transposed=adapter.transposed)
    svd = measure.decompose(*adapter.factors(module, weight.shape))
    found = measure.update(weight, svd, settings)
    size = len(svd.singular_values)
    found["singular_value"] = np.pad(
        svd.singular_values, (0, min(weight.shape) - size), constant_values=np.nan
    )
    if settings.intruders:
        left = measure.left_basis(weight)
        found |= measure.intruders(weight, left, svd, settings, generators)
    if other is not None:
        second = measure.decompose(*other.factors(module, weight.shape))
        found["phi"] = measure.similarity(svd, second, settings.directions)
        found |= _similarity_null(weight.shape, found["phi"])
    return found


def _similarity_null(shape: tuple[int, int], phi: np.ndarray) -> dict[str, np.ndarray]:
    out_features, in_features = shape
    i, j = np.indices(phi.shape[1:]) + 1
    null = [adapter_probes.similarity_null(d, i, j) for d in (in_features, out_features)]
    deviation = [adapter_probes.similarity_null_sd(d, i, j) for d in (in_features, out_features)]
    return {"phi_null": np.array(null), "phi_null_sd": np.array(deviation)}


def _label(
    rows: list[dict[str, Any]], adapter: Adapter, other: Adapter | None, settings: measure.Settings
) -> xr.Dataset:
    spectrum = [row.pop("singular_value") for row in rows]
    dataset = xr.Dataset(
        {
            name: variable(dims, _stacked(rows, name), label)
            for name, (dims, label) in LABELS.items()
            if any(name in row for row in rows)
        },
        coords=_coordinates(adapter, other, settings),
        attrs=_attributes(adapter, other),
    )
    longest = max(len(values) for values in spectrum)
    dataset["singular_value"] = variable(
        ("matrix", "index"),
        [np.pad(v, (0, longest - len(v)), constant_values=np.nan) for v in spectrum],
        "singular values of the update, descending",
    )
    return dataset


def _stacked(rows: list[dict[str, Any]], name: str) -> np.ndarray:
    """Stack a value over matrices, with ``nan`` where a matrix has none."""
    shape = next(np.shape(row[name]) for row in rows if name in row)
    return np.array([row.get(name, np.full(shape, np.nan)) for row in rows])


def _coordinates(
    adapter: Adapter, other: Adapter | None, settings: measure.Settings
) -> dict[str, xr.Variable]:
    counted = np.arange(1, settings.directions + 1)
    found = {
        "matrix": variable("matrix", list(adapter.modules), "adapted module"),
        "probed_rank": variable("probed_rank", list(settings.ranks), "number of directions"),
    }
    if settings.intruders:
        places = np.arange(1, settings.intruders + 1)
        found["tuned_direction"] = variable("tuned_direction", places, "direction, from largest")
    if other is not None:
        found["side"] = variable("side", ["right", "left"], "right: inputs, left: outputs")
        found["direction"] = variable("direction", counted, "directions of the adapter")
        found["other_direction"] = variable("other_direction", counted, "directions of the other")
    return found


def _attributes(adapter: Adapter, other: Adapter | None) -> dict[str, Any]:
    found = {"adapter": adapter.folder.name, "kind": adapter.kind, "skipped": adapter.skipped}
    return found | ({"other": other.folder.name, "other_kind": other.kind} if other else {})
