"""The question across the papers: where is rank lost, where is it spent, how much is needed.

A study may have a module ``spectra`` whose function ``spectra(results)`` returns the spectra
that answer its part of the question. All of them are measured here with the same notions of
rank, beside the same null: Gaussian matrices of the same shape.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rankscope.evidence import results
from rankscope.numerics import ranks
from rankscope.planning import study

LOST, SPENT, NEEDED = "lost", "spent", "needed"
QUESTIONS = {
    LOST: "Where is rank lost?",
    SPENT: "Where is it spent?",
    NEEDED: "How much of it is needed?",
}
TOLERANCE = 1e-2
SHARE = 0.9
NULL_DRAWS = 4

NOTIONS: dict[str, Callable[[np.ndarray], Any]] = {
    "energy_rank": lambda values: ranks.energy_rank(values, SHARE),
    "stable_rank": ranks.stable_rank,
    "participation_ratio": ranks.participation_ratio,
    "effective_rank": ranks.effective_rank,
    "numerical_rank": lambda values: ranks.numerical_rank(values, TOLERANCE),
}
"""The notions of rank that are compared, each a function of singular values."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Spectrum:
    """Singular values of one kind of matrix.

    Attributes:
        question: ``lost``, ``spent`` or ``needed``.
        label: what the matrix is, in a few words.
        values: singular values, descending, shape ``(samples, k)``; samples are replicates
            or matrices of one kind.
        shape: of the matrix, ``k`` being its smaller side.
    """

    question: str
    label: str
    values: np.ndarray
    shape: tuple[int, int]


def gather(names: Iterable[str], folder: Path) -> Iterator[tuple[str, Spectrum]]:
    """Yield the spectra of studies in a results folder, with the study's name."""
    for name in names:
        found = results.read(folder / name)
        for spectrum in study.part(name, "spectra").spectra(found):
            yield name, spectrum


@functools.cache
def null(shape: tuple[int, int]) -> np.ndarray:
    """Return singular values of Gaussian matrices, shape ``(NULL_DRAWS, k)``.

    The draws are from a fixed stream: their ranks are those of any other draw within a few
    per cent, as the singular values of a Gaussian matrix hardly vary.
    """
    generator = np.random.Generator(np.random.PCG64(0))
    return np.linalg.svd(generator.standard_normal((NULL_DRAWS, *shape)), compute_uv=False)


def ranks_of(spectra: Iterable[tuple[str, Spectrum]]) -> pd.DataFrame:
    """Tabulate every notion of rank of every spectrum and of its null.

    Returns:
        A row per spectrum: question, study, label, shape, number of directions available,
        and each notion's mean over samples, with its null's mean under ``null_<notion>``.
    """
    rows = []
    for name, spectrum in spectra:
        row = {
            "question": spectrum.question,
            "study": name,
            "label": spectrum.label,
            "rows": spectrum.shape[0],
            "columns": spectrum.shape[1],
            "available": min(spectrum.shape),
        }
        for notion, measure in NOTIONS.items():
            row[notion] = float(np.mean(measure(spectrum.values)))
            row[f"null_{notion}"] = float(np.mean(measure(null(spectrum.shape))))
        rows.append(row)
    notions = [name for notion in NOTIONS for name in (notion, f"null_{notion}")]
    columns = ["question", "study", "label", "rows", "columns", "available", *notions]
    return pd.DataFrame(rows, columns=columns)


def energy_held(values: np.ndarray) -> np.ndarray:
    """Return the share of the energy that the leading directions hold, shape ``(samples, k)``.

    Args:
        values: singular values, shape ``(samples, k)``; energy is the sum of their squares.
    """
    energy = np.sort(values**2, axis=-1)[:, ::-1]
    return np.cumsum(energy, axis=-1) / energy.sum(axis=-1, keepdims=True)
