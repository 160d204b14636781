"""Random frames whose probes give what the audit plants."""

import xarray as xr

from rankscope.evidence.results import Point
from rankscope.studies.lora.frames.claims import RANDOM, ROOM, SPREAD, UPDATE


def printed_identity(point: Point, values: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return an identity that is wrong by the values."""
    return {"printed_identity_error": values}


def table_7_random(point: Point, values: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return random directions that capture the printed number and so many units more."""
    return {"captured_square": (RANDOM[point.rank] + values * ROOM[point.rank]) ** 2}


def table_7_alignment(point: Point, values: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return random directions of which the update's are so many spreads ahead."""
    ahead = 1 + values * SPREAD[point.rank]
    return {"captured_square": (UPDATE[point.rank] / ahead) ** 2}
