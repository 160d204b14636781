"""The table that is printed: a row per matrix, a value beside what chance would give."""

import numpy as np
import pandas as pd
import xarray as xr

SHOWN_RANK = 8


def table(dataset: xr.Dataset) -> pd.DataFrame:
    """Return a row per matrix, with a last row of means.

    Amplification is shown at the largest probed number of directions up to 8 that the
    update has, named in column ``r``.
    """
    probed = dataset.probed_rank.where(
        dataset.alignment.notnull() & (dataset.probed_rank <= SHOWN_RANK)
    ).max("probed_rank")
    at_probed = dataset.sel(probed_rank=probed.fillna(dataset.probed_rank[0]).astype(int))
    columns = {
        "shape": [f"{int(r)}x{int(c)}" for r, c in zip(dataset.rows, dataset.columns, strict=True)],
        "rank": dataset.numerical_rank,
        "|dW|/|W|": dataset.relative_norm,
        "stable": dataset.stable_rank,
        "effective": dataset.effective_rank,
        "r90": dataset.rank_90,
        "r99": dataset.rank_99,
        "r": probed,
        "AF": at_probed.amplification,
        "AF null": at_probed.amplification_null,
        "alignment": at_probed.alignment,
    }
    if "intruders" in dataset:
        columns["intruders"] = dataset.intruders
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
    means = rows.drop(columns=["shape", "r"]).mean()
    rows.loc["mean"] = {"shape": "", "r": np.nan, **means}
    return rows


def text(dataset: xr.Dataset) -> str:
    """Return the table as aligned text, with what its columns mean."""
    rows = table(dataset)
    whole = ("rank", "r90", "r99", "r", "intruders")
    formats = {
        name: _whole if name in whole else _digits for name in rows.columns if name != "shape"
    }
    notes = [
        "rank: numerical, in single precision; stable, effective: soft ranks of the update;",
        "r90, r99: directions that hold 90 and 99 % of its energy; AF: amplification factor at r",
        "directions, with that of random directions; alignment = AF null / AF, 1 is chance",
        "(root mean square; the file holds its 95 % interval, which is wide at small r).",
    ]
    if "intruders" in dataset:
        notes.append(
            f"intruders: of the tuned weight's leading {dataset.sizes['tuned_direction']} "
            "directions; control: an update of the same singular values in random directions."
        )
    if "phi" in dataset:
        notes.append("phi(1,1): squared cosine of the leading input directions, and by chance.")
    if dataset.attrs["skipped"]:
        notes.append(f"{dataset.attrs['skipped']} tensors adapt no matrix and were left out.")
    return "\n".join([rows.to_string(formatters=formats), "", *notes])


def _whole(value: float) -> str:
    """Write a count; one digit more if it is a mean of counts."""
    if pd.isna(value):
        return ""
    return f"{value:.0f}" if value == round(value) else f"{value:.1f}"


def _digits(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.3g}"
