"""What each measured value is, and the dataset that holds them all."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.probe import measure
from rankscope.probe.adapter import Adapter
from rankscope.probe.base import BaseModel

PAIRS = ("matrix", "side", "direction", "other_direction")
ADAPTERS = ("matrix", "side", "compared", "compared_with")
LABELS: dict[str, tuple[tuple[str, ...], str]] = {
    "form": (("matrix",), "what is updated"),
    "assumed": (("matrix",), "what was assumed to find the base weight"),
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
    "alignment_task": (("matrix", "probed_rank"), "mean alignment of random gradients on texts"),
    "alignment_task_lower": (("matrix", "probed_rank"), "lower end of its 95 % interval"),
    "alignment_task_upper": (("matrix", "probed_rank"), "upper end of it"),
    "best_match": (("matrix", "tuned_direction"), "best cosine found with a base direction"),
    "best_match_bound": (("matrix", "tuned_direction"), "what no cosine with one exceeds"),
    "match_residual": (("matrix",), "largest relative residual of the matched directions"),
    "intruders": (("matrix",), "intruders among the leading directions of the tuned weight"),
    "intruders_certain": (("matrix",), "those that the bound alone makes intruders"),
    "intruders_control": (("matrix", "control"), "intruders, same spectrum in random directions"),
    "random_match": (("matrix",), "mean best cosine of one random direction"),
    "phi": (PAIRS, "subspace similarity phi(i, j)"),
    "phi_null": (PAIRS, "mean of phi, random"),
    "phi_null_sd": (PAIRS, "sd of phi, random"),
    "similarity": (ADAPTERS, "subspace similarity of the leading directions"),
    "similarity_null": (ADAPTERS, "its mean for random directions"),
    "similarity_null_sd": (ADAPTERS, "its standard deviation for random directions"),
    "shared_directions": (ADAPTERS, "directions whose principal cosine is above chance"),
    "update_cosine": (("matrix", "compared", "compared_with"), "cosine of two updates"),
    "update_cosine_null_sd": (("matrix",), "its standard deviation for random updates; mean 0"),
}


def dataset(
    rows: Mapping[str, dict[str, Any]],
    source: Adapter,
    others: Sequence[Adapter],
    settings: measure.Settings,
    unprobed: Sequence[tuple[str, str]],
    base: BaseModel | None,
) -> xr.Dataset:
    """Label what was measured on each matrix."""
    spectrum = [np.asarray(row["singular_value"]) for row in rows.values()]
    values = list(rows.values())
    names = [name for name in LABELS if any(name in row for row in values)]
    found = xr.Dataset(
        {
            name: variable(LABELS[name][0], _stacked(values, name), LABELS[name][1])
            for name in names
        },
        coords=_coordinates(names, list(rows), source, others, settings),
        attrs=_attributes(source, others, base, len(unprobed)),
    )
    longest = max(len(one) for one in spectrum)
    found["singular_value"] = variable(
        ("matrix", "index"),
        [np.pad(one, (0, longest - len(one)), constant_values=np.nan) for one in spectrum],
        "singular values of the update, descending",
    )
    if unprobed:
        tensors, reasons = zip(*unprobed, strict=True)
        found = found.assign_coords(
            unprobed=variable("unprobed", list(tensors), "tensor that was not probed")
        )
        found["unprobed_why"] = variable("unprobed", list(reasons), "why it was not probed")
    return found


def _stacked(rows: Sequence[Mapping[str, Any]], name: str) -> np.ndarray:
    """Stack a value over matrices, with ``nan`` where a matrix has none."""
    shape = next(np.shape(row[name]) for row in rows if name in row)
    return np.array([row.get(name, np.full(shape, np.nan)) for row in rows])


def _coordinates(
    names: Sequence[str],
    modules: Sequence[str],
    source: Adapter,
    others: Sequence[Adapter],
    settings: measure.Settings,
) -> dict[str, xr.Variable]:
    counted = np.arange(1, settings.directions + 1)
    found = {"matrix": variable("matrix", list(modules), "adapted module")}
    if "alignment" in names:
        found["probed_rank"] = variable("probed_rank", list(settings.ranks), "number of directions")
    if "intruders" in names:
        places = np.arange(1, settings.intruders + 1)
        found["tuned_direction"] = variable("tuned_direction", places, "direction, from largest")
    if others:
        found["side"] = variable("side", ["right", "left"], "right: inputs, left: outputs")
        known = [one.folder.name for one in (source, *others)]
        told = [
            f"{name} ({place + 1})" if known.count(name) > 1 else name
            for place, name in enumerate(known)
        ]
        found["compared"] = variable("compared", told, "adapter")
        found["compared_with"] = variable("compared_with", told, "adapter it is compared with")
    if "phi" in names:
        found["direction"] = variable("direction", counted, "directions of the adapter")
        found["other_direction"] = variable("other_direction", counted, "directions of the other")
    return found


def _attributes(
    source: Adapter, others: Sequence[Adapter], base: BaseModel | None, skipped: int
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "adapter": source.folder.name,
        "kind": source.kind,
        "skipped": skipped,
        "base_check": base_check(source, base),
    }
    if len(others) == 1:
        found |= {"other": others[0].folder.name, "other_kind": others[0].kind}
    return found


def base_check(source: Adapter, base: BaseModel | None) -> str:
    """Say whether the base is the one that the adapter recorded, as far as names tell."""
    if base is None:
        return "no base was given: nothing is compared with it"
    recorded = source.settings.base_name
    if not recorded:
        return "the adapter records no base, so that only names and shapes of it were checked"
    own = [part.lower() for part in base.folder.resolve().parts]
    own += [str(base.config.get("_name_or_path", "")).lower().rsplit("/", 1)[-1]]
    last = recorded.rstrip("/").lower()
    wanted = {last.rsplit("/", 1)[-1], f"models--{last.replace('/', '--')}"}
    if wanted & set(own):
        return f"the base has the name that the adapter records, {recorded}"
    return (
        f"the adapter records the base {recorded!r:.120}, which the one given is not by its name; "
        "names and shapes fit, and that it is the same cannot be verified"
    )
