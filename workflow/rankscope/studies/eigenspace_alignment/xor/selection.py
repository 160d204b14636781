"""Points of XOR that claims and figures speak of, and what they read of them."""

import xarray as xr

from rankscope.evidence.results import Point
from rankscope.studies.eigenspace_alignment.points import MATRICES

SETTLED = 3.0
"""In units of 1 / beta: neurons have found their cells, or died."""


def gaussian(point: Point) -> bool:
    """Whether both layers start Gaussian."""
    return point.planted_cells == 0


def settled(point: Point) -> bool:
    """Whether neurons have found their cells at the end."""
    return point.duration * point.ridge >= SETTLED


def alive(point: Point) -> xr.DataArray:
    """Return which neurons are alive at the end, where a replicate is one network."""
    return point.measured.alive.isel(checkpoint=-1, run=0) > 0


def living(point: Point, name: str) -> xr.DataArray:
    """Return a variable over ``neuron`` at the end, mean over the living."""
    return point.measured[name].isel(checkpoint=-1).where(alive(point)).mean("neuron")


def plain(values: xr.DataArray) -> xr.DataArray:
    """Return those of last-layer matrices of the loss without the ridge, along ``matrix``."""
    return values.sel(last_matrix=list(MATRICES)).rename(last_matrix="matrix")
