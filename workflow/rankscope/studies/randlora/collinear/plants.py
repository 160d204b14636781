"""Pairs that are dependent as often as the audit says."""

from collections.abc import Mapping

import xarray as xr

from rankscope.evidence.results import Point

Planted = Mapping[str, xr.DataArray]


def collinear_printed(point: Point, values: xr.DataArray) -> Planted:
    """Return shares that are a multiple of the printed probability."""
    return {"dependent_share": values * float(point.predicted.printed_probability)}


def collinear_paper(point: Point, values: xr.DataArray) -> Planted:
    """Return shares that fall geometrically to 2e-49 and so many powers of ten at d = 768."""
    return {"dependent_share": (2e-49 * 10**values) ** (point.columns / 768)}
