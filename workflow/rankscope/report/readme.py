"""Refresh the part of the README that tells what was found: its table and its figures.

The rows are kept in ``docs/findings.csv``, written from the results; the table in the README is
made of that file and nothing else, which a test checks.
"""

import csv
import io
import math
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from rankscope import datasets
from rankscope.planning.configuration import RESULTS
from rankscope.report import gather

README, FINDINGS, FIGURES = Path("README.md"), Path("docs/findings.csv"), Path("docs/figures")
BEGIN, END = "<!-- findings: made by `rankscope readme` -->", "<!-- end of findings -->"

HEADLINES = {
    "effective_dimension": (
        "A: exact rank",
        "A: participation ratio",
        "C revival: exact rank",
        "D orthogonal: exact rank",
    ),
    "eigenspace_alignment": (
        "T3.1: weights in leading eigenspaces",
        "T4.1: second layer in leading eigenspaces",
        "C11: occupancy law",
    ),
    "lora": (
        "A: Eckart and Young",
        "D: the amplification factor is large",
        "E: the first direction is shared",
    ),
    "randlora": (
        "A: full rank is also soft",
        "B: full rank beats low rank at equal parameters",
        "D: the bound says something",
    ),
    "language_model": (
        "LoRA 1: very small ranks suffice",
        "RandLoRA 1: full rank beats low rank at equal size",
        "Derived 1: RandLoRA does not use its full rank",
    ),
}
"""The claims in the README's table, by study; how they came out is not decided here."""

SHOWN = (
    "effective_dimension/figures/ranks_by_layer.png",
    "synthesis/figures/ranks_side_by_side.png",
)
COLUMNS = (
    "study", "claim", "statement", "verdict", "basis", "points", "supported", "effect", "error",
    "accepted_lower", "accepted_upper", "null_value",
)  # fmt: skip


def refresh() -> list[Path]:
    """Write the findings, copy the figures, and put the table into the README.

    Returns:
        The files that were written.

    Raises:
        FileNotFoundError: if there are no results.
        ValueError: if a claim of the table is not among the results.
    """
    if not (RESULTS / "claims.csv").exists():
        raise FileNotFoundError(f"{RESULTS}/claims.csv does not exist; `make study` makes it")
    _write(FINDINGS, select(pd.read_csv(RESULTS / "claims.csv")).to_csv(index=False))
    FIGURES.mkdir(parents=True, exist_ok=True)
    figures = [FIGURES / Path(name).name for name in SHOWN]
    for name, figure in zip(SHOWN, figures, strict=True):
        shutil.copyfile(RESULTS / name, figure)
    text = README.read_text(encoding="utf-8")
    _write(README, replaced(text, table(read(FINDINGS.read_text(encoding="utf-8")))))
    return [FINDINGS, README, *figures]


def select(claims: pd.DataFrame) -> pd.DataFrame:
    """Return the headline rows, with four digits so that another platform's agree."""
    rows = claims.set_index(["study", "claim"], drop=False)
    wanted = [(name, claim) for name, claims in HEADLINES.items() for claim in claims]
    if missing := [key for key in wanted if key not in rows.index]:
        raise ValueError(f"the results have no claim {missing[0][1]!r} of {missing[0][0]}")
    short = rows.loc[wanted][list(COLUMNS)].reset_index(drop=True)
    return short.map(lambda cell: float(f"{cell:.4g}") if isinstance(cell, float) else cell)


def read(text: str) -> list[dict[str, str]]:
    """Read the rows of the findings."""
    return list(csv.DictReader(io.StringIO(text)))


def table(rows: Sequence[Mapping[str, str]]) -> str:
    """Return the README's table in Markdown."""
    lines = ["| study | claim | verdict | estimate | accepted |", "|---|---|---|---|---|"]
    for row in rows:
        number = {key: float(row[key] or "nan") for key in COLUMNS[7:]}
        tested = not math.isnan(number["effect"])
        estimate = gather.with_error(number["effect"], number["error"]) if tested else ""
        region = gather.region(number["accepted_lower"], number["accepted_upper"])
        counts = f", {row['supported']} of {row['points']} points" if tested else ""
        statement = row["statement"].replace("|", "\\|")
        lines.append(
            f"| {gather.in_words(row['study'])} | {statement} *({row['basis']})* "
            f"| **{row['verdict']}**{counts} | {estimate} | {region} |"
        )
    return "\n".join(lines)


def replaced(text: str, content: str) -> str:
    """Return a text with what stands between the marks replaced."""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{README} must have the lines {BEGIN!r} and {END!r} once")
    pattern = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
    return pattern.sub(lambda _: f"{BEGIN}\n{content}\n{END}", text)


def between(text: str) -> str:
    """Return what stands between the marks of a text."""
    return text.partition(BEGIN)[2].partition(END)[0].strip()


def _write(path: Path, text: str) -> None:
    with datasets.atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
