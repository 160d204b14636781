import errno

import netCDF4
import numpy as np
import pytest
import xarray as xr

from rankscope import datasets
from rankscope.jobs import collect as stacking


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
    with pytest.raises(datasets.DamagedFileError) as refusal:
        datasets.read(path)
    assert str(refusal.value).startswith(f"{path} is damaged")
    assert str(refusal.value).endswith(f"rm '{path}' && make study")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
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


def stacked(tmp_path, parts):
    paths = [tmp_path / f"{index}.nc" for index in range(len(parts))]
    for part, path in zip(parts, paths, strict=True):
        datasets.write(part, path)
    names = [f"width={index}" for index in range(len(parts))]
    stacking.stack(paths, names, tmp_path / "all.nc")
    return datasets.read(tmp_path / "all.nc")


def test_equal_points_stack_as_xarray_concatenates(tmp_path):
    parts = [point(4), point(4, offset=100.0)]
    ours = stacked(tmp_path, parts)
    theirs = xr.concat(parts, dim="point", data_vars="all", coords="minimal", compat="override")
    np.testing.assert_array_equal(ours["rank"], theirs["rank"])
    assert ours["rank"].dims == ("point", "replicate", "layer")
    assert ours["count"].dtype == parts[0]["count"].dtype
    assert list(ours.point.values) == ["width=0", "width=1"]
    assert list(ours["text"].values) == ["abc", "abc"]
    assert ours["rank"].attrs == {"long_name": "rank", "units": "1"}


def test_shorter_points_are_filled_with_nan_at_the_end(tmp_path):
    ours = stacked(tmp_path, [point(2), point(4)])
    assert np.isnan(ours["rank"].values[0, :, 2:]).all()
    assert not np.isnan(ours["rank"].values[1]).any()
    assert list(ours.layer.values) == [1, 2, 3, 4]
    np.testing.assert_array_equal(ours["count"].values[0], [0, 1, np.nan, np.nan])


def test_a_coordinate_that_differs_between_points_becomes_a_variable_of_the_point(tmp_path):
    later = point(4).assign_coords(layer=[5, 6, 7, 8])
    ours = stacked(tmp_path, [point(4), later])
    np.testing.assert_array_equal(ours["layer_of_point"], [[1, 2, 3, 4], [5, 6, 7, 8]])


def test_points_stack_alike_whether_or_not_they_fit_in_memory(tmp_path, monkeypatch):
    parts = [point(2), point(4), point(3)]
    (tmp_path / "once").mkdir()
    (tmp_path / "slabs").mkdir()
    once = stacked(tmp_path / "once", parts)
    monkeypatch.setattr(stacking, "KEPT_BYTES", 0)
    monkeypatch.setattr(stacking, "SLAB_BYTES", 1)
    slabs = stacked(tmp_path / "slabs", parts)
    xr.testing.assert_identical(once, slabs)


def test_an_integer_and_a_float_of_the_same_name_stack_as_floats(tmp_path):
    whole, half = point(2), point(2)
    half["count"] = half["count"] + 0.5
    ours = stacked(tmp_path, [whole, half])
    np.testing.assert_array_equal(ours["count"], [whole["count"], half["count"]])


def test_only_attributes_that_all_points_share_stay(tmp_path):
    parts = [point(2).assign_attrs(study="a", point=f"p{index}") for index in range(2)]
    assert stacked(tmp_path, parts).attrs == {"study": "a"}


def test_a_damaged_point_is_named_when_points_are_stacked(tmp_path):
    datasets.write(point(4), tmp_path / "good.nc")
    (tmp_path / "bad.nc").write_bytes(b"\x89HDF\r\n\x1a\n and nothing more")
    with pytest.raises(datasets.DamagedFileError, match=r"bad\.nc is damaged"):
        stacking.stack([tmp_path / "good.nc", tmp_path / "bad.nc"], ["a", "b"], tmp_path / "c.nc")
    assert not (tmp_path / "c.nc").exists()


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
