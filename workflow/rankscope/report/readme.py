"""Refresh the part of the README that tells what was found: its table and its figures.

The rows are kept in ``docs/findings.csv``, written from the results; the table in the README is
made of that file and nothing else, which a test checks. Which claims are shown follows a rule
(`headlines`); how they came out is not decided here.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from rankscope import datasets
from rankscope.errors import InputError, MissingError
from rankscope.evidence.verdicts import CONTRADICTED, NOT_TESTED, SUPPORTED, VERDICTS
from rankscope.planning import study
from rankscope.planning.configuration import RESULTS
from rankscope.report import formats, gather, items

README, FINDINGS, FIGURES = Path("README.md"), Path("docs/findings.csv"), Path("docs/figures")
BEGIN, END = "<!-- findings: made by `rankscope readme` -->", "<!-- end of findings -->"

SHOWN = (
    "effective_dimension/figures/ranks_by_layer.png",
    "comparison/figures/ranks_side_by_side.png",
)
LISTED = 4
"""Of a claim with more definitions than these the table shows how many came out how, first."""
ARITHMETIC = 1e12
"""Errors from the bound, at which an error is one of rounding."""

COLUMNS = (
    "study", "claim", "definition", "statement", "verdict", "basis", "quantifier", "points",
    "supported", "effect", "error", "interval_lower", "interval_upper", "accepted_lower",
    "accepted_upper", "chance", "depends_on", "turns_at", "replicates_to_decide", "headline",
)  # fmt: skip


def refresh() -> list[Path]:
    """Write the findings, copy the figures, and put the table into the README.

    Returns:
        The files that were written.

    Raises:
        MissingError: if there are no results.
    """
    if not (RESULTS / "claims.csv").exists():
        raise MissingError(f"{RESULTS}/claims.csv does not exist; `make study` makes it")
    _write(FINDINGS, select(pd.read_csv(RESULTS / "claims.csv")).to_csv(index=False))
    FIGURES.mkdir(parents=True, exist_ok=True)
    figures = [FIGURES / Path(name).name for name in SHOWN]
    for name, figure in zip(SHOWN, figures, strict=True):
        shutil.copyfile(RESULTS / name, figure)
    text = README.read_text(encoding="utf-8")
    _write(README, replaced(text, table(pd.read_csv(FINDINGS))))
    return [FINDINGS, README, *figures]


def select(claims: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the headlines, with six digits so that another platform's agree."""
    parts = [
        claims[(claims.study == one) & (claims.claim == name)] for one, name in headlines(claims)
    ]
    rows = pd.concat(parts or [claims.iloc[:0]], ignore_index=True)[list(COLUMNS)]
    return rows.map(lambda cell: float(f"{cell:.6g}") if isinstance(cell, float) else cell)


def headlines(claims: pd.DataFrame) -> list[tuple[str, str]]:
    """Return study and name of the claims that the README shows.

    Of each paper: its main statements (``headline``); then, of its other claims, the most
    strongly supported and the most strongly contradicted one. A claim is as strong as the
    distance of its worst point from the bound of its region, in standard errors; one with several
    definitions counts if its verdict is the same under all, and is as strong as the weakest.
    Numbers without an error, or with one of rounding alone (counts, arithmetic) are not ranked.
    """
    chosen: list[tuple[str, str]] = []
    for _, paper in claims.groupby(claims.study.map(study.paper), sort=False):
        groups = {
            (str(name), str(claim)): rows
            for (name, claim), rows in paper.groupby(["study", "claim"], sort=False)
        }
        main = [key for key, rows in groups.items() if rows.headline.any()]
        rest = {key: rows for key, rows in groups.items() if key not in main}
        chosen += main
        for verdict in (SUPPORTED, CONTRADICTED):
            strengths = {
                key: rows.apply(gather.strength, axis=1).abs().min(skipna=False)
                for key, rows in rest.items()
                if (rows.verdict == verdict).all()
            }
            ranked = {key: value for key, value in strengths.items() if value < ARITHMETIC}
            if ranked:
                chosen.append(max(ranked, key=lambda key: ranked[key]))
    return chosen


def table(rows: pd.DataFrame) -> str:
    """Return the README's table in Markdown: per paper a line of its name, then its claims."""
    lines = ["| claim | verdict, and estimate at the worst point |", "|---|---|"]
    for paper, mine in rows.groupby(rows.study.map(study.paper), sort=False):
        lines.append(f"| **{formats.in_words(str(paper))}** | |")
        for _, cells in mine.groupby(["study", "claim"], sort=False):
            first = cells.iloc[0]
            statement = first.statement.replace("|", "\\|")
            lines.append(f"| {statement} *({first.basis})* | {_cell(cells)} |")
    return "\n".join(lines)


def _cell(cells: pd.DataFrame) -> str:
    """Return the verdicts of a claim; of many definitions their count, and each on request."""
    each = "<br>".join(_verdicts(cells))
    if len(cells) <= LISTED:
        return each
    counts = cells.verdict.value_counts()
    if len(counts) == 1:
        summary = f"**{counts.index[0]}** under all {len(cells)} definitions"
    else:
        parts = (f"**{verdict}** {counts[verdict]}" for verdict in VERDICTS if verdict in counts)
        summary = f"of {len(cells)} definitions: {', '.join(parts)}"
    return f"{summary}<details><summary>each</summary>{each}</details>"


def _verdicts(cells: pd.DataFrame) -> Iterator[str]:
    """Write one line per definition."""
    for cell in items.records(cells):
        text = f"{cell['definition']}: " if cell["definition"] else ""
        text += f"**{cell['verdict']}**"
        remark = formats.remark(cell)
        if remark:
            text += f" ({remark})"
        if cell["verdict"] != NOT_TESTED:
            text += f", {cell['supported']} of {cell['points']} points, {formats.estimate(cell)}"
        yield text


def replaced(text: str, content: str) -> str:
    """Return a text with what stands between the marks replaced."""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise InputError(f"{README} must have the lines {BEGIN!r} and {END!r} once")
    pattern = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
    return pattern.sub(lambda _: f"{BEGIN}\n{content}\n{END}", text)


def between(text: str) -> str:
    """Return what stands between the marks of a text."""
    return text.partition(BEGIN)[2].partition(END)[0].strip()


def _write(path: Path, text: str) -> None:
    with datasets.atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
