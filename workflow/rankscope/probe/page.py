"""What a probe found as one HTML page that needs no network, and as JSON for scripts."""

import base64
import html
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from rankscope import datasets
from rankscope.probe import table

FIRST = ("spectrum", "heat_map", "amplification")
"""The figures that a person looks at first."""
STYLE = (
    "body{font-family:sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "img{max-width:100%}table{border-collapse:collapse;font-size:.8rem}"
    "td,th{padding:.15rem .5rem;text-align:right;border-bottom:1px solid #ddd}"
    "td:first-child,th:first-child{text-align:left}div{overflow-x:auto}pre{white-space:pre-wrap}"
)


def write_page(dataset: xr.Dataset, figures: Sequence[tuple[str, str, Path]], out: Path) -> None:
    """Write the page: figures with what is seen in them, the table, what was not probed.

    Args:
        dataset: what was found.
        figures: name, description and PNG file of each.
        out: the file.
    """
    title = html.escape(f"Probe of {dataset.attrs['adapter']} ({dataset.attrs['kind']})")
    ordered = sorted(
        figures, key=lambda one: FIRST.index(one[0]) if one[0] in FIRST else len(FIRST)
    )
    drawn = "".join(
        f"<h2>{html.escape(text.splitlines()[0])}</h2>"
        f'<img alt="{html.escape(name)}" src="data:image/png;base64,'
        f'{base64.b64encode(file.read_bytes()).decode()}">'
        for name, text, file in ordered
    )
    rows = table.table(dataset).to_html(float_format="{:.3g}".format, na_rep="", border=0)
    notes = html.escape("\n".join(table.notes(dataset)))
    body = f"<h1>{title}</h1>{drawn}<h2>Every matrix</h2><div>{rows}</div><pre>{notes}</pre>"
    head = f'<meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
    with datasets.atomic(out) as temporary:
        temporary.write_text(
            f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>\n',
            encoding="utf-8",
        )


def write_json(dataset: xr.Dataset, out: Path) -> None:
    """Write all values with their dimensions and meanings; what is not a number is ``null``."""
    content = {
        "attributes": dict(dataset.attrs),
        "variables": {
            str(name): {
                "dims": list(values.dims),
                "long_name": values.attrs.get("long_name", ""),
                "values": _plain(np.atleast_1d(values.values)),
            }
            for name, values in dataset.variables.items()
        },
    }
    with datasets.atomic(out) as temporary:
        temporary.write_text(
            json.dumps(content, allow_nan=False, indent=1) + "\n", encoding="utf-8"
        )


def _plain(values: np.ndarray) -> object:
    if values.dtype.kind == "f":
        content = values.astype(object)
        content[~np.isfinite(values)] = None
        return content.tolist()
    return values.tolist()
