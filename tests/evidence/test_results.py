"""Results as a table."""

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
