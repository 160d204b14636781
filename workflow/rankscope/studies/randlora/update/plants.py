"""Updates whose ranks and moments are what the audit says."""

import math
from collections.abc import Mapping

import xarray as xr

from rankscope.evidence.results import Point

Planted = Mapping[str, xr.DataArray]


def full_rank_sparse(point: Point, values: xr.DataArray) -> Planted:
    """Return updates of a share of the full rank."""
    return {"numerical_rank": values * point.columns}


def lost_columns(point: Point, values: xr.DataArray) -> Planted:
    """Return updates that keep the columns beyond a multiple of the expected loss."""
    kept = float(point.predicted.numerical_rank)
    return {"numerical_rank": kept * values + point.columns * (1 - values)}


def nominal_rank(point: Point, values: xr.DataArray) -> Planted:
    """Return updates as soft, times a number, as the edge of a Gaussian spectrum."""
    edge = (1 / math.sqrt(point.rows) + 1 / math.sqrt(point.columns)) ** 2
    return {"stable_rank": values / edge}
