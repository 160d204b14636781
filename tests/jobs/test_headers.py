import netCDF4
import numpy as np
import pytest
import xarray as xr

from rankscope import datasets
from rankscope.jobs import headers


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "results/some/simulated/width=2.nc"
    data = xr.Dataset({"rank": ("replicate", np.arange(3.0))}, attrs={"key": "abc"})
    datasets.write(data, path)
    return path


def test_a_header_is_the_key_and_the_number_of_replicates(file):
    assert headers.read(file) == ("abc", 3)


def test_a_file_that_is_missing_or_cut_short_has_no_header(file, tmp_path):
    assert headers.read(tmp_path / "gone.nc") is None
    file.write_bytes(file.read_bytes()[:500])
    assert headers.read(file) is None
    assert headers.Headers(tmp_path / "results").read(file) is None


def test_a_file_that_has_not_changed_is_not_opened_again(file, tmp_path, monkeypatch):
    first = headers.Headers(tmp_path / "results")
    assert first.read(file) == ("abc", 3)
    first.save()

    def refuse(_):
        raise AssertionError("opened again")

    monkeypatch.setattr(netCDF4, "Dataset", refuse)
    assert headers.Headers(tmp_path / "results").read(file) == ("abc", 3)


def test_a_file_that_was_cut_short_or_made_anew_is_opened_again(file, tmp_path):
    first = headers.Headers(tmp_path / "results")
    first.read(file)
    first.save()
    whole = file.read_bytes()
    file.write_bytes(whole[:-100])
    assert headers.Headers(tmp_path / "results").read(file) is None
    datasets.write(xr.Dataset({"rank": 1.0}, attrs={"key": "new"}), file)
    assert headers.Headers(tmp_path / "results").read(file) == ("new", 1)


def test_a_copy_that_is_damaged_itself_counts_for_nothing(file, tmp_path):
    first = headers.Headers(tmp_path / "results")
    first.read(file)
    first.save()
    (tmp_path / "results/.run/headers.json").write_text("{")
    assert headers.Headers(tmp_path / "results").read(file) == ("abc", 3)
