"""Measured variables in which a claim's number is what the audit says, one function a claim.

The errors of this study are over an adapter's matrices, which stand for replicates here.
"""

import xarray as xr

from rankscope.evidence.results import Point

Planted = dict[str, xr.DataArray]


def amplifies(point: Point, values: xr.DataArray) -> Planted:
    """Return alignments off those of random directions."""
    return {"alignment": point.predicted.alignment + _over_matrices(values)}


def intruders(point: Point, values: xr.DataArray) -> Planted:
    """Return counts off those of the controls."""
    control = point.measured.intruder_count_control.mean("replicate")
    return {"intruder_count": control + _over_matrices(values)}


def _over_matrices(values: xr.DataArray) -> xr.DataArray:
    return values.rename(replicate="matrix")
