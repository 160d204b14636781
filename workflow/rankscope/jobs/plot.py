"""Make figures: of a study from its results, and across the papers from their spectra."""

import inspect
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from rankscope import datasets
from rankscope.drawing import style
from rankscope.evidence import results
from rankscope.jobs import tabulate


def plot(functions: Sequence[Callable[..., Figure]], folder: Path) -> None:
    """Draw figures of a study's results, as PNG and PDF, each with its caption beside it."""
    style.apply()
    data = results.read(folder)
    for function in functions:
        save(tabulate.call(function, data, folder), function, folder / "figures")


def save(figure: Figure, function: Callable[..., Figure], folder: Path) -> None:
    """Save a figure and, beside it, its caption: the docstring of its function."""
    stem = folder / function.__name__
    style.save(figure, stem)
    with datasets.atomic(stem.with_suffix(".rst")) as temporary:
        caption = as_restructured_text(inspect.getdoc(function) or "")
        temporary.write_text(caption, encoding="utf-8")


def as_restructured_text(caption: str) -> str:
    """Write a caption so that Snakemake's report shows its characters as they are."""
    paragraphs = [" ".join(part.split()) for part in caption.split("\n\n")]
    return "\n\n".join(re.sub(r"([\\*|_`])", r"\\\1", part) for part in paragraphs) + "\n"
