"""The table that is printed: a row per matrix, a value beside what chance would give."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

SHOWN_RANK = 8
LARGE_RESIDUAL = 1e-5


def table(dataset: xr.Dataset) -> pd.DataFrame:
    """Return a row per matrix, with a last row of means.

    Amplification is shown at the largest probed number of directions up to 8 that the
    update has, named in column ``r``.
    """
    columns = {
        "shape": [f"{int(r)}x{int(c)}" for r, c in zip(dataset.rows, dataset.columns, strict=True)],
        "rank": dataset.numerical_rank,
        "stable": dataset.stable_rank,
        "effective": dataset.effective_rank,
        "r90": dataset.rank_90,
        "r99": dataset.rank_99,
    }
    if "alignment" in dataset:
        columns |= _against_base(dataset)
    if "intruders" in dataset:
        columns["intruders"] = dataset.intruders
        if "intruders_control" in dataset:
            columns["control"] = dataset.intruders_control.mean("control")
    if "phi" in dataset:
        first = dataset.sel(direction=1, other_direction=1, side="right")
        columns["phi(1,1)"], columns["phi null"] = first.phi, first.phi_null
    shape = columns.pop("shape")
    rows = pd.DataFrame(
        {name: np.asarray(values, dtype=float) for name, values in columns.items()},
        index=dataset.matrix.values,
    )
    rows.insert(0, "shape", shape)
    means = rows.drop(columns=["shape", "r"], errors="ignore").mean()
    rows.loc["mean"] = {name: "" if name == "shape" else means.get(name) for name in rows}
    return rows


def _against_base(dataset: xr.Dataset) -> dict[str, Any]:
    probed = dataset.probed_rank.where(
        dataset.alignment.notnull() & (dataset.probed_rank <= SHOWN_RANK)
    ).max("probed_rank")
    at_probed = dataset.sel(probed_rank=probed.fillna(dataset.probed_rank[0]).astype(int))
    return {
        "|dW|/|W|": dataset.relative_norm,
        "r": probed,
        "AF": at_probed.amplification,
        "AF null": at_probed.amplification_null,
        "alignment": at_probed.alignment,
        "chance": at_probed.alignment_chance_upper,
    } | ({"task": at_probed.alignment_task_upper} if "alignment_task" in dataset else {})


def text(dataset: xr.Dataset) -> str:
    """Return the table as aligned text, with what its columns mean."""
    rows = table(dataset)
    whole = ("rank", "r90", "r99", "r", "intruders")
    formats = {
        name: _whole if name in whole else _digits for name in rows.columns if name != "shape"
    }
    return "\n".join([rows.to_string(formatters=formats), "", *notes(dataset)])


def notes(dataset: xr.Dataset) -> list[str]:
    """Return what the columns mean, what was assumed, and what was not probed and why."""
    found = [
        "rank: numerical, in single precision; stable, effective: soft ranks of the update;",
        "r90, r99: directions that hold 90 and 99 % of its energy.",
    ]
    if "alignment" in dataset:
        found += [
            "AF: amplification factor at r directions, with that of random directions; alignment =",
            "AF null / AF, 1 is chance (root mean square); chance: its 97.5 % quantile.",
        ]
    if "alignment_task" in dataset:
        found.append("task: the most of 39 updates by random gradients on the texts' activations.")
    if "intruders" in dataset:
        found.append(
            f"intruders: of the tuned weight's leading {dataset.sizes['tuned_direction']} "
            "directions; control: an update of the same singular values in random directions."
        )
        found += _intruder_bounds(dataset)
    if "phi" in dataset:
        found.append("phi(1,1): squared cosine of the leading input directions, and by chance.")
    if "similarity" in dataset:
        found += ["", _similarities(dataset)]
    found += ["", f"Base: {dataset.attrs['base_check']}.", *_remarks(dataset)]
    return found


def _intruder_bounds(dataset: xr.Dataset) -> list[str]:
    open_ = int((dataset.intruders - dataset.intruders_certain).sum())
    residual = float(dataset.match_residual.max())
    found = []
    if open_:
        found.append(
            f"{open_} of them match no base direction that was found, which no bound proves."
        )
    if residual > LARGE_RESIDUAL:
        found.append(f"The directions have residuals up to {residual:.1e} of the largest.")
    return found


def _similarities(dataset: xr.Dataset) -> str:
    """Return the similarity of all adapters' inputs, averaged over matrices, and by chance."""
    mean = dataset[["similarity", "similarity_null"]].sel(side="right").mean("matrix")
    names = [str(name) for name in dataset.compared.values]
    rows = pd.DataFrame(mean.similarity.values, index=names, columns=names)
    return (
        "similarity of leading input directions, mean over matrices (chance "
        f"{float(mean.similarity_null.mean()):.3g}):\n"
        f"{rows.to_string(float_format='{:.3g}'.format)}"
    )


def _remarks(dataset: xr.Dataset) -> list[str]:
    """Return a line for each weight that was found under an assumption, or is not probed."""
    found = [
        f"{matrix}: {assumed}."
        for matrix, assumed in zip(dataset.matrix.values, dataset.assumed.values, strict=True)
        if assumed
    ]
    found += [
        f"{matrix}: {form}."
        for matrix, form in zip(dataset.matrix.values, dataset.form.values, strict=True)
        if form != "linear"
    ]
    if "unprobed" in dataset:
        found += [
            f"not probed: {name}: {why}"
            for name, why in zip(dataset.unprobed.values, dataset.unprobed_why.values, strict=True)
        ]
    return found


def _whole(value: float) -> str:
    """Write a count; one digit more if it is a mean of counts."""
    if pd.isna(value):
        return ""
    return f"{value:.0f}" if value == round(value) else f"{value:.1f}"


def _digits(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.3g}"
