"""What claims and figures of both models speak of: points that trained for long, two matrices."""

import math
from collections.abc import Iterator

import xarray as xr

from rankscope.evidence.results import Family, Point
from rankscope.evidence.samples import Sample

MATRICES = {"hessian": "Hessian", "g": "G"}
"""Their names in datasets and in figures."""

STEADY = 4.0
"""In units of 1 / beta: the transient is then exp(-8)."""

EPSILON = 0.02
"""What the theorems call epsilon, fixed here."""


def steady(point: Point) -> bool:
    """Whether a point trains until its transient is over."""
    return point.duration * point.ridge >= STEADY


def late(point: Point) -> bool:
    """Whether theorems apply: ``lambda >= 100``, and the transient has fallen to `EPSILON`."""
    return point.snr >= 100 and 2 * point.ridge * point.duration >= math.log(1 / (2 * EPSILON))


def each_matrix(
    point: Point | Family, values: xr.DataArray, part: str = "", **fields: object
) -> Iterator[Sample]:
    """Yield a sample for the Hessian and one for G.

    Args:
        point: the point or family.
        values: over ``replicate`` and ``matrix``.
        part: what else of the point.
        fields: other fields of the samples.
    """
    for matrix in MATRICES:
        name = f"{matrix} {part}".strip()
        yield Sample(point, values.sel(matrix=matrix), name, **fields)
