"""Texts and labels: from packages and from a CSV file."""

import sys

import numpy as np
import pytest

from rankscope.errors import InputError
from rankscope.studies.language_model import corpora, parameters


def test_a_csv_of_texts_and_labels_is_a_corpus(tmp_path):
    path = tmp_path / "texts.csv"
    path.write_text('text,label\n"one, two",b\nthree,a\n"one, two",b\n" ",a\n')
    found = corpora.load(str(path))
    assert found.texts == ("one, two", "three"), "no repeated and no empty text"
    assert found.classes == ("a", "b")
    np.testing.assert_array_equal(found.labels, [1, 0])
    assert not found.test.any()


def test_a_csv_without_the_columns_is_refused(tmp_path):
    path = tmp_path / "texts.csv"
    path.write_text("content,label\nx,a\n")
    with pytest.raises(InputError, match="no column 'text'"):
        corpora.load(str(path))


def test_one_class_is_refused(tmp_path):
    path = tmp_path / "texts.csv"
    path.write_text("text,label\nx,a\ny,a\n")
    with pytest.raises(InputError, match="has 1 classes"):
        corpora.load(str(path))


def test_an_unknown_corpus_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="neither a CSV file nor tweets"):
        corpora.load("poems")


@pytest.mark.parametrize("content", [b"", b'text,label\n"never closed', b"text,label\n\xff,a\n"])
def test_a_damaged_csv_is_one_line(tmp_path, content):
    path = tmp_path / "texts.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"texts\.csv cannot be read as CSV"):
        corpora.load(str(path))


def test_a_corpus_whose_package_is_missing_names_the_package(monkeypatch):
    missing = parameters.Shipped("no-such-package", "no_such_package.inner", ("*.tab",))
    monkeypatch.setitem(parameters.CORPORA, "tweets", missing)
    assert missing.files() == ()
    with pytest.raises(InputError, match="no-such-package ships tweets and is not installed"):
        corpora.load("tweets")


@pytest.mark.parametrize(
    ("name", "size", "classes", "tested"),
    [("tweets", 6434, 2, 0), ("r8", 7595, 8, 2172), ("bbc", 2127, 5, 0)],
)
def test_packaged_corpora_have_their_size_and_split(name, size, classes, tested):
    try:
        found = corpora.load(name)
    except InputError as error:
        pytest.skip(str(error))
    assert (len(found.texts), len(found.classes), found.test.sum()) == (size, classes, tested)
    assert len(found.labels) == size
    assert "Orange" not in sys.modules
