"""What the report says of the audit: how claims are judged where the truth was planted."""

import dataclasses
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from rankscope.evidence import audit


@dataclasses.dataclass(frozen=True, kw_only=True)
class Audit:
    """The audit of one study.

    Attributes:
        study: its name.
        rows: per claim and definition its row of each kind of truth, of those with a fault.
        others: how many claims and definitions have none.
        counts: how many of the table's rows are unsound, not found and weak.
    """

    study: str
    rows: Sequence[Mapping[str, Mapping[Hashable, Any]]]
    others: int
    counts: Mapping[str, int]


def read(folder: Path) -> tuple[list[Audit], bool]:
    """Return the audit of each study, and whether results are newer; nothing without an audit.

    Args:
        folder: the results' folder.
    """
    file = folder / "audit.csv"
    if not file.exists():
        return [], False
    table = audit.read(file)
    audits = [_of(str(name), rows) for name, rows in table.groupby("study", sort=False)]
    return audits, file.stat().st_mtime < (folder / "claims.csv").stat().st_mtime


def _of(name: str, table: pd.DataFrame) -> Audit:
    faults = pd.DataFrame(
        {"unsound": ~table.sound, "not found": ~table.found, "weak": ~table.powerful}
    )
    faulty = faults.any(axis="columns")
    cells = [rows for _, rows in table.groupby(["claim", "definition"], sort=False)]
    told = [rows for rows in cells if faulty[rows.index].any()]
    return Audit(
        study=name,
        rows=[{row["kind"]: row for row in rows.to_dict("records")} for rows in told],
        others=len(cells) - len(told),
        counts={str(word): int(count) for word, count in faults.sum().items()},
    )
