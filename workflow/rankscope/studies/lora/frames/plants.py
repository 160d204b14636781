"""Random frames whose probes give what the audit plants."""

import numpy as np
import xarray as xr

from rankscope.evidence.results import Point
from rankscope.studies.lora.frames.claims import RANDOM, ROOM, SPREAD, UPDATE


def printed_identity(point: Point, values: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return an identity that is wrong by that much at most: nothing is random."""
    error = point.measured.printed_identity_error
    return {"printed_identity_error": xr.full_like(error, float(values[0]))}


def spread_of_a_draw(point: Point, values: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return draws that vary e^values times as much as a chi-square variable of r^2 squares."""
    square = point.predicted.captured_square**2
    return {"captured_square_variance": np.exp(values) * 2 * square / point.rank**2}


def table_7_random(point: Point, values: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return random directions that capture the printed number and so many units more."""
    return {"captured_square": (RANDOM[point.rank] + values * ROOM[point.rank]) ** 2}


def table_7_alignment(point: Point, values: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return random directions of which the update's are so many spreads ahead."""
    ahead = 1 + values * SPREAD[point.rank]
    return {"captured_square": (UPDATE[point.rank] / ahead) ** 2}
