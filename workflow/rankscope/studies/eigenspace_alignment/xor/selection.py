"""Points of XOR that claims and figures speak of, and what they read of them."""

import dataclasses
from collections.abc import Iterator

import xarray as xr

from rankscope.evidence.claims import Definition
from rankscope.evidence.results import Point, Results
from rankscope.studies.eigenspace_alignment.points import MATRICES, certain, steady

SETTLED = 3.0
"""In units of 1 / beta: neurons have found their cells, or died."""


OUTLIERS = "an outlier is above 0.2 of the largest eigenvalue"
ALIVE = "alive (0.1 of the largest part in the span of the centres, or more)"
"""What the simulation counts, as scopes say it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Neurons(Definition):
    """Which neurons a statement on all neurons is about.

    Attributes:
        dead: whether those that died are among them.
    """

    dead: bool


NEURONS = (
    Neurons(name="all neurons", dead=True),
    Neurons(name="neurons alive at the end", dead=False),
)


def gaussian(point: Point) -> bool:
    """Whether both layers start Gaussian."""
    return bool(point.planted_cells == 0)


def settled(point: Point) -> bool:
    """Whether neurons have found their cells at the end."""
    return bool(point.duration * point.ridge >= SETTLED)


def optimal(results: Results, snr: float, activation: str = "relu") -> Iterator[Point]:
    """Go through points with matrices that train long from a planted optimal classifier."""
    least = results.where(steady, lambda point: point.snr >= snr)
    return iter(least.where(planted_cells=4, matrices="blocks", activation=activation))


def alive(point: Point) -> xr.DataArray:
    """Return which neurons are alive at the end, where a replicate is one network."""
    return point.measured.alive.isel(checkpoint=-1, run=0) > 0


def living(point: Point, name: str) -> xr.DataArray:
    """Return a variable of the blocks at the end, mean over the neurons that are alive."""
    return certain(point, name).isel(checkpoint=-1).where(alive(point)).mean("neuron")


def plain(values: xr.DataArray) -> xr.DataArray:
    """Return those of last-layer matrices of the loss without the ridge, along ``matrix``."""
    return values.sel(last_matrix=list(MATRICES)).rename(last_matrix="matrix")
