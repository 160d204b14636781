"""Audit the claims of a study on planted data, and join the audits of all studies."""

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pandas as pd

from rankscope.evidence import audit as audits
from rankscope.evidence import results
from rankscope.evidence.claims import Claim
from rankscope.jobs import tabulate

DRAWS = 100
FURTHER = 10
"""Of a claim's second and further definitions, where every draw is planted."""
SEED = 20251125
"""Of the planted data; another one changes no result, only which data are planted."""


def audit(
    claims: Sequence[Claim], plants: ModuleType, folder: Path, confidence: float, draws: int = DRAWS
) -> None:
    """Write ``audit`` into a study's folder: rates of verdicts where the truth is known.

    Args:
        claims: the study's claims.
        plants: the study's ``plants``.
        folder: the study's results, whose points, replicates and noise are kept.
        confidence: of the verdicts.
        draws: planted data sets per claim, definition and kind.
    """
    table = audits.audit(
        claims, plants, results.read(folder), confidence=confidence, draws=draws, seed=SEED
    )
    tabulate.write(table, folder / "audit")


def join(folders: dict[str, Path], stem: Path) -> None:
    """Join the audits of studies, given with their names, in one table."""
    parts = []
    for name, folder in folders.items():
        part = pd.read_csv(folder / "audit.csv")
        part.insert(0, "study", name)
        parts.append(part)
    tabulate.write(pd.concat(parts, ignore_index=True), stem)
