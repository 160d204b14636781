"""Judge the claims of a study, and join the claims of all studies in one table."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from rankscope.evidence import results, verdicts
from rankscope.evidence.claims import Claim, Definition
from rankscope.evidence.results import Results
from rankscope.jobs import tabulate

READING_COLUMNS = (
    "study", "claim", "definition", "verdict", "basis", "quantifier", "points", "supported",
    "contradicted", "undecided", "effect", "interval_lower", "interval_upper",
    "accepted_lower", "accepted_upper", "worst_point",
)  # fmt: skip
PREAMBLE = """# Verdicts

A verdict is about the statement, under the definition and the tolerance that the row gives,
at the points that were run. *Basis* says how the statement is known: where it reads
"abstract only", the paper's full text was not available, and the verdict judges the
abstract's statement under our definitions; "recalled, not quoted" is a statement from
memory of a paper. *Effect* is the estimate at the worst point, with the interval that decided
there and the region that was accepted in advance.

"""


def judge(
    found: Iterable[Claim], data: Results, confidence: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Judge claims on results.

    Returns:
        A row per claim, definition and point; and a row per claim and definition.
    """
    tables, rows = [], []
    for claim in found:
        named: dict[str, Definition | None] = {one.name: one for one in claim.definitions}
        named = named or {"": None}
        samples = {name: claim.samples(data, one) for name, one in named.items()}
        points = verdicts.judge(claim, samples, confidence)
        tables.append(points)
        rows += [
            verdicts.summarise(claim, points[points.definition == name], name) for name in named
        ]
    filled = [table for table in tables if len(table)]
    points = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()
    return (
        points.reindex(columns=list(verdicts.POINT_COLUMNS)),
        pd.DataFrame(rows).reindex(columns=list(verdicts.CLAIM_COLUMNS)),
    )


def verify(module_claims: Iterable[Claim], folder: Path, confidence: float) -> None:
    """Write ``verdicts`` (a row per point) and ``claims`` into a study's folder."""
    points, rows = judge(module_claims, results.read(folder), confidence)
    tabulate.write(points, folder / "verdicts")
    tabulate.write(rows, folder / "claims")


def summarise(folders: dict[str, Path], stem: Path) -> None:
    """Join the claims of studies: CSV with every column, Markdown to be read.

    Args:
        folders: of each study, by its name.
        stem: of the files to write.
    """
    parts = []
    for name, folder in folders.items():
        part = pd.read_csv(folder / "claims.csv")
        part.insert(0, "study", name)
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    tabulate.write(table.reindex(columns=list(READING_COLUMNS)), stem, PREAMBLE)
    tabulate.write_csv(table, stem)
