import dataclasses

import numpy as np
import pytest
import xarray as xr

import rankscope
from rankscope import datasets
from rankscope.errors import DamagedFileError, MissingError
from rankscope.jobs import collect
from rankscope.planning import configuration, parameters


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parameters:
    width: int = parameters.whole("neurons", at_least=1)
    kind: str = parameters.text("law of the weights", default="gaussian")
    centred: bool = parameters.flag("whether the mean is taken off", default=False)


def data(length: int, offset: float = 0.0, first: int = 1) -> xr.Dataset:
    values = np.arange(3 * length, dtype=float).reshape(3, length) + offset
    return xr.Dataset(
        {
            "rank": datasets.variable(("replicate", "layer"), values, "rank"),
            "count": datasets.variable("layer", np.arange(length), "count"),
            "word": datasets.variable((), "abc", "a word"),
        },
        coords={
            "layer": datasets.variable("layer", np.arange(first, first + length), "layer"),
            "replicate": datasets.variable("replicate", np.arange(3), "replicate"),
        },
    )


@pytest.fixture
def collected(tmp_path, monkeypatch):
    """Collect datasets as the points of a study; return its results."""
    monkeypatch.chdir(tmp_path)

    def of(*parts: xr.Dataset):
        points = [
            configuration.Point(
                study="some",
                name=f"width={i + 1}",
                parameters=Parameters(width=i + 1, centred=i > 0),
            )
            for i in range(len(parts))
        ]
        for stage in ("simulated", "predicted"):
            for point, part in zip(points, parts, strict=True):
                values = parameters.as_dict(point.parameters)
                labelled = datasets.with_parameters(
                    part, values, parameters.labels(point.parameters)
                )
                datasets.write(labelled, point.file(stage))
            collect.collect(points, stage, tmp_path / f"results/some/{stage}.nc", {"study": "some"})
        return rankscope.load(tmp_path / "results/some")

    return of


def test_every_point_is_read_back_at_its_own_lengths(collected):
    parts = [data(2), data(4), data(4, offset=100.0), data(3)]
    results = collected(*parts)
    assert [point.name for point in results] == ["width=1", "width=2", "width=3", "width=4"]
    for point, part in zip(results, parts, strict=True):
        xr.testing.assert_equal(point.measured.load(), part)
        assert point.measured["rank"].attrs == part["rank"].attrs
        assert point.measured["count"].dtype == part["count"].dtype


def test_points_of_one_shape_share_a_group_and_no_other_do(collected, tmp_path):
    collected(data(4), data(2), data(4, offset=1.0), data(4, first=5))
    tree = xr.open_datatree(tmp_path / "results/some/simulated.nc", decode_times=False)
    members = [list(group.point.values) for group in tree.children.values()]
    assert members == [["width=1", "width=3"], ["width=2"], ["width=4"]]


def test_nothing_is_padded(collected, tmp_path):
    collected(data(2), data(4000))
    tree = xr.open_datatree(tmp_path / "results/some/simulated.nc", decode_times=False)
    held = sum(group["rank"].size for group in tree.children.values())
    assert held == 3 * (2 + 4000)


def test_parameters_have_their_types_and_the_file_their_meaning(collected, tmp_path):
    results = collected(data(2), data(2))
    assert [point.width for point in results] == [1, 2]
    assert [point.kind for point in results] == ["gaussian", "gaussian"]
    assert [point.centred for point in results] == [False, True]
    index = datasets.read(tmp_path / "results/some/simulated.nc")
    assert index.width.attrs["long_name"] == "parameter: neurons"
    assert index.attrs == {"study": "some"}


def test_points_are_collected_alike_whether_or_not_they_fit_in_memory(
    collected, tmp_path, monkeypatch
):
    parts = [data(2), data(4), data(2, offset=3.0)]
    collected(*parts)
    once = (tmp_path / "results/some/simulated.nc").read_bytes()
    monkeypatch.setattr(collect, "KEPT_BYTES", 0)
    collected(*parts)
    assert (tmp_path / "results/some/simulated.nc").read_bytes() == once


def test_a_damaged_or_missing_point_is_named_and_nothing_is_written(collected, tmp_path):
    results = collected(data(2), data(2))
    assert len(results) == 2
    points = [
        configuration.Point(study="some", name=name, parameters=Parameters(width=1))
        for name in ("width=1", "width=2")
    ]
    bad = points[1].file("simulated")
    bad.write_bytes(b"\x89HDF\r\n\x1a\n and nothing more")
    with pytest.raises(DamagedFileError, match=r"width=2\.nc is damaged"):
        collect.collect(points, "simulated", tmp_path / "c.nc", {})
    bad.unlink()
    with pytest.raises(MissingError, match=r"width=2\.nc does not exist"):
        collect.collect(points, "simulated", tmp_path / "c.nc", {})
    assert not (tmp_path / "c.nc").exists()


def test_points_are_chosen_paired_and_grouped_by_their_parameters(collected):
    results = collected(data(2), data(2), data(2))
    assert [p.name for p in results.where(centred=True)] == ["width=2", "width=3"]
    assert [p.name for p in results.where(lambda p: p.width > 2)] == ["width=3"]
    assert [p.name for p in results.where(width=(1, 3))] == ["width=1", "width=3"]
    (family,) = results.families("width")
    assert list(family.sizes) == [2, 3]
    assert [(a.name, b.name) for a, b in results.pairs("width", 3, 2)] == [("width=3", "width=2")]
    with pytest.raises(AttributeError, match="depth"):
        results["width=1"].depth  # noqa: B018


def test_results_that_are_open_survive_others_of_the_same_file(collected, tmp_path):
    first = collected(data(2), data(4))
    for _ in range(3):
        other = rankscope.load(tmp_path / "results/some")
        assert [float(point.measured["rank"].sum()) for point in other] == [15.0, 66.0]
        del other
        assert [float(point.measured["rank"].sum()) for point in first] == [15.0, 66.0]
