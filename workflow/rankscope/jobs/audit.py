"""Audit the claims of a study on planted data, and join the audits of all studies."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pandas as pd

from rankscope.evidence import audit as audits
from rankscope.evidence import results
from rankscope.evidence.claims import Claim
from rankscope.evidence.results import Results
from rankscope.jobs import provenance, tabulate

DRAWS = 100
FURTHER = 20
"""Draws of a claim's second and further definitions, where all go through the evidence."""
SEED = 20251125
"""Of the planted data; another one changes no result, only which data are planted."""
PREAMBLE = """# Audit

Made at commit `{commit}` by `rankscope audit`, at the points, replicates and noise of the run
of commit `{run}`: claims judged on data in which their truth (*holds*), a falsehood (*fails*, by
twice the tolerance) or chance (*null*) was planted. [How to read it](../read-a-verdict.md).

A row is a claim under one definition with one kind of truth. *Unsound*: the wrong verdict in more
than 5 % of the draws, with 95 % confidence; *wrong at most*: the upper bound on the share of wrong
verdicts, of the same confidence, the largest of a row. *Not found*: the evidence finds another
number than was planted. *Weak*: the right verdict in less than 80 %.

"""
WEAK = """
## Weak

Each falls silent, *undecided*, more often than it should. *Right* is the share of draws with the
right verdict, *replicates* the most that the run has at a point of the claim, *needed* about how
many would give 80 %, all else equal (`inf`: more than 1024 times as many). A claim with several
definitions has one row for all that are weak, with the range.

"""


def audit(
    claims: Sequence[Claim], plants: ModuleType, folder: Path, confidence: float, draws: int = DRAWS
) -> None:
    """Write ``audit`` into a study's folder: rates of verdicts where the truth is known.

    Args:
        claims: the study's claims.
        plants: the study's ``plants``.
        folder: the study's results, whose points, replicates and noise are kept.
        confidence: of the verdicts.
        draws: planted data sets per claim and kind, where all must go through the evidence.
    """
    data = _in_memory(results.read(folder))
    table = audits.audit(
        claims, plants, data, confidence=confidence, draws=draws, further=FURTHER, seed=SEED
    )
    tabulate.write(table, folder / "audit")


def _in_memory(data: Results) -> Results:
    """Read all points at once: each is used again and again."""
    for point in data:
        point.measured.load()
        point.predicted.load()
    return data


def join(folders: dict[str, Path], stem: Path) -> None:
    """Join the audits of studies, given with their names: CSV, LaTeX, and Markdown in short."""
    parts = []
    for name, folder in folders.items():
        part = audits.read(folder / "audit.csv")
        part.insert(0, "study", name)
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    tabulate.write(table, stem)
    run = json.loads((stem.parent / "provenance.json").read_text(encoding="utf-8"))["commit"]
    tabulate.write_text(summary(table, run), stem.with_name(f"{stem.name}.md"))


def summary(table: pd.DataFrame, run: str) -> str:
    """Return in Markdown how many rows of each study fail, and which are weak.

    Args:
        table: the audits of all studies.
        run: the commit that made the run's data.
    """
    counts = pd.DataFrame(
        {
            "study": study,
            "claims": rows.claim.nunique(),
            "rows": len(rows),
            "unsound": sum(~rows.sound),
            "wrong at most": f"{100 * rows.wrong_at_most.max():.0f} %",
            "not found": sum(~rows.found),
            "weak": sum(~rows.powerful),
        }
        for study, rows in table.groupby("study", sort=False)
    )
    weak = pd.DataFrame(_weak(table))
    text = PREAMBLE.format(commit=provenance.commit(), run=run) + counts.to_markdown(index=False)
    return text + "\n" + (WEAK + weak.to_markdown(index=False) + "\n" if len(weak) else "")


def _weak(table: pd.DataFrame) -> Iterator[dict[str, object]]:
    for keys, rows in table.groupby(["study", "claim", "kind"], sort=False):
        weak = rows[~rows.powerful]
        if len(weak):
            right = weak.supported if keys[2] == "holds" else weak.contradicted
            yield {
                **dict(zip(("study", "claim", "planted"), keys, strict=True)),
                "definitions": f"{len(weak)} of {len(rows)}",
                "right": _range(100 * right, " %"),
                "replicates": weak.replicates.max(),
                "needed": _range(weak.replicates_needed),
            }


def _range(values: pd.Series, unit: str = "") -> str:
    least, most = values.min(), values.max()
    return f"{least:.0f}{unit}" if least == most else f"{least:.0f} to {most:.0f}{unit}"
