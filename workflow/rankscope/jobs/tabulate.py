"""Write tables as CSV, Markdown and LaTeX; make the further tables of a study."""

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from rankscope import datasets
from rankscope.evidence import results
from rankscope.evidence.results import Results


def tabulate(functions: Sequence[Callable[..., pd.DataFrame]], folder: Path) -> None:
    """Make tables of a study's results, each named as its function."""
    data = results.read(folder)
    for function in functions:
        write(call(function, data, folder), folder / "tables" / function.__name__)


def call(function: Callable[..., Any], data: Results, folder: Path) -> Any:  # noqa: ANN401
    """Call a figure or table with the results, and with the verdicts if it takes them."""
    if len(inspect.signature(function).parameters) == 1:
        return function(data)
    return function(data, verdicts(folder))


def verdicts(folder: Path) -> pd.DataFrame:
    """Read a study's verdicts, a row per point; what has no definition or part has ``""``."""
    texts = ("definition", "part")
    table = pd.read_csv(folder / "verdicts.csv", dtype=dict.fromkeys(texts, str))
    return table.fillna(dict.fromkeys(texts, ""))


def write(table: pd.DataFrame, stem: Path, preamble: str = "") -> None:
    """Write a table as CSV (all digits), Markdown and LaTeX (booktabs; four digits)."""
    short = table.map(lambda cell: f"{cell:.4g}" if isinstance(cell, float) else cell)
    short = short.astype(object).where(table.notna(), "")
    latex = short.rename(columns=lambda text: text.replace("_", " "))
    markdown = preamble + short.to_markdown(index=False, disable_numparse=True) + "\n"
    write_text(markdown, stem.with_name(f"{stem.name}.md"))
    write_text(latex.to_latex(index=False, escape=True), stem.with_name(f"{stem.name}.tex"))
    write_csv(table, stem)


def write_csv(table: pd.DataFrame, stem: Path) -> None:
    """Write a table as CSV, with all digits."""
    write_text(table.to_csv(index=False), stem.with_name(f"{stem.name}.csv"))


def write_text(text: str, path: Path) -> None:
    """Write a file, whole or not at all."""
    with datasets.atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
