"""Points of a study: as a table, chosen, in families and in pairs."""

import numpy as np
import pytest
import xarray as xr

from rankscope.evidence import results


def _point(width: int, layers: int) -> tuple[dict[str, int], xr.Dataset, xr.Dataset]:
    measured = xr.Dataset(
        {"rank": (("replicate", "layer"), np.arange(2.0 * layers).reshape(2, layers) + width)},
        {"layer": np.arange(1, layers + 1)},
    )
    return {"width": width}, measured, xr.Dataset({"limit": 10.0 * width})


def test_points_of_different_lengths_make_one_table() -> None:
    found = results.of({"width=1": _point(1, 2), "width=2": _point(2, 3)})
    table = found.to_dataframe("rank")
    assert list(table.columns) == ["point", "replicate", "layer", "rank", "width"]
    assert len(table) == 2 * 2 + 2 * 3
    row = table[(table.width == 2) & (table.replicate == 1) & (table.layer == 3)]
    assert (row.point.item(), row["rank"].item()) == ("width=2", 2 + 5.0)


def test_a_number_without_dimensions_is_a_row_per_point() -> None:
    found = results.of({"width=1": _point(1, 2), "width=2": _point(2, 3)})
    table = found.to_dataframe("limit", stage="predicted")
    assert table.limit.tolist() == [10.0, 20.0]
    with pytest.raises(KeyError, match="no point has ranks among its simulated variables"):
        found.to_dataframe("ranks")


def _grid() -> results.Results:
    nothing = xr.Dataset()
    return results.of(
        {
            f"width={width},depth={depth}": ({"width": width, "depth": depth}, nothing, nothing)
            for width, depth in ((30, 1), (10, 1), (20, 1), (10, 2), (20, 2), (10, 3))
        }
    )


def test_a_family_differs_in_one_parameter_alone_and_ascends_in_it() -> None:
    found = list(_grid().families("width"))
    assert [list(family.sizes) for family in found] == [[10, 20, 30], [10, 20]]
    assert [str(family) for family in found] == ["depth=1,all width", "depth=2,all width"]
    assert len(list(_grid().families("width", ignoring=["depth"]))) == 1


def test_a_pair_has_two_values_of_a_parameter_and_is_left_out_where_one_is_missing() -> None:
    pairs = [(a.name, b.name) for a, b in _grid().pairs("width", 20, 10)]
    assert pairs == [
        ("width=20,depth=1", "width=10,depth=1"),
        ("width=20,depth=2", "width=10,depth=2"),
    ]
    assert [a.name for a, _ in _grid().pairs("width", 30, 10)] == ["width=30,depth=1"]


def test_points_are_chosen_by_values_and_by_conditions() -> None:
    chosen = _grid().where(lambda point: point.parameters["depth"] < 3, width=(10, 30))
    assert [point.name for point in chosen] == [
        "width=30,depth=1", "width=10,depth=1", "width=10,depth=2",
    ]  # fmt: skip
    assert _grid().values("depth") == [1, 2, 3]
