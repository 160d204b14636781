import errno

import netCDF4
import numpy as np
import pytest
import xarray as xr

from rankscope import datasets
from rankscope.errors import DamagedFileError, MissingError


def point(length: int, replicates: int = 3, offset: float = 0.0) -> xr.Dataset:
    values = np.arange(replicates * length, dtype=float).reshape(replicates, length) + offset
    return xr.Dataset(
        {
            "rank": datasets.variable(("replicate", "layer"), values, "rank"),
            "count": datasets.variable("layer", np.arange(length), "count"),
            "text": datasets.variable((), "abc", "a word"),
        },
        coords={
            "layer": datasets.variable("layer", np.arange(1, length + 1), "layer"),
            "replicate": datasets.variable("replicate", np.arange(replicates), "replicate"),
        },
        attrs={"study": "none"},
    )


def test_what_is_written_is_read(tmp_path):
    datasets.write(point(4), tmp_path / "a.nc")
    xr.testing.assert_identical(datasets.read(tmp_path / "a.nc"), point(4))


def test_equal_datasets_are_equal_bytes(tmp_path):
    big = point(4000)  # large enough to be compressed
    datasets.write(big, tmp_path / "a.nc")
    datasets.write(datasets.read(tmp_path / "a.nc"), tmp_path / "b.nc")
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()


def test_units_of_time_are_not_decoded(tmp_path):
    data = xr.Dataset({"t": datasets.variable("step", [1.0, 2.0], "time", "seconds")})
    datasets.write(data, tmp_path / "a.nc")
    assert datasets.read(tmp_path / "a.nc").t.dtype == float


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "a.nc"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), datasets.atomic(path) as temporary:
        temporary.write_text("half of the n")
        _ = 1 / 0
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kept", [0, 10, 2000, -8])
def test_a_truncated_file_is_named_with_how_to_remake_it(tmp_path, kept):
    path = tmp_path / "a.nc"
    datasets.write(point(4000), path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DamagedFileError) as refusal:
        datasets.read(path)
    assert str(refusal.value).startswith(f"{path} is damaged")
    assert str(refusal.value).endswith(f"rm '{path}' && make study")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MissingError, match="does not exist"):
        datasets.read(tmp_path / "a.nc")


def test_parts_joined_along_replicate_are_the_whole():
    whole = point(4)
    parts = [whole.isel(replicate=slice(0, 1)), whole.isel(replicate=slice(1, None))]
    xr.testing.assert_identical(datasets.join(parts), whole)


def test_parts_that_disagree_without_replicate_are_refused():
    other = point(4)
    other["count"] = other["count"] + 1
    with pytest.raises(ValueError, match="count"):
        datasets.join([point(4), other])


def test_no_boolean_reaches_the_file(tmp_path):
    data = xr.Dataset({"converged": datasets.variable("pair", [True, False], "converged")})
    datasets.write(data, tmp_path / "a.nc")
    with netCDF4.Dataset(tmp_path / "a.nc") as file:
        assert file["converged"].dtype == np.int8


def test_a_full_disk_is_an_operating_system_error(tmp_path, monkeypatch):
    def full(*_, **__):
        raise RuntimeError("NetCDF: HDF error")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", full)
    with pytest.raises(OSError, match=r"cannot write .*a\.nc") as refusal:
        datasets.write(point(4), tmp_path / "a.nc")
    assert refusal.value.errno != errno.ENOENT
    assert not list(tmp_path.iterdir())
