"""What claims and figures of both models speak of: late points, certain eigenpairs, matrices."""

import math
from collections.abc import Iterator
from typing import Any

import xarray as xr

from rankscope.evidence.claims import Definition
from rankscope.evidence.region import within
from rankscope.evidence.results import Family, Point
from rankscope.evidence.samples import Sample

MATRICES = {"hessian": "Hessian", "g": "G"}
"""Their names in datasets and in figures."""

STEADY = 4.0
"""In units of 1 / beta: the transient is then exp(-8)."""

EPSILON = 0.02
"""What the theorems call epsilon, fixed here."""

PAPER = "arXiv 2310.03010, theorem "
SPECTRUM = "derived here from arXiv 2502.15655, theorems 1.10 and 1.11"

EDGE_SLACK = 3.0
"""In units of d^(-2/3), the scale of Tracy and Widom: where an eigenvalue is not at the edge."""

MATRIX = tuple(Definition(name=name) for name in MATRICES)
"""The matrix as a cell of its own, where a setting decides of one and not of the other."""

HALF = within(0.5, why="a mean count is then nearest to the predicted one")


def steady(point: Point) -> bool:
    """Whether a point trains until its transient is over."""
    return bool(point.duration * point.ridge >= STEADY)


def certain(point: Point, name: str, prefix: str = "") -> xr.DataArray:
    """Return a variable of the blocks, ``nan`` in replicates with a pair that did not converge."""
    data = point.measured
    converged = data[f"{prefix}converged"] > 0
    others = [dim for dim in converged.dims if dim != "replicate"]
    return data[f"{prefix}{name}"].where(converged.all(others))


def since(point: Point, start: float, values: xr.DataArray) -> xr.DataArray:
    """Return the values from a time on, in units of 1 / beta."""
    chosen = point.measured.training_time * point.ridge >= start
    return values.isel(checkpoint=chosen.values)


def clear_of_edge(edge: xr.DataArray, dimension: int) -> xr.DataArray:
    """Return the level above which an eigenvalue counts as an outlier."""
    return edge * (1 + EDGE_SLACK * dimension ** (-2 / 3))


def chance_alignment(spanned: int, dimension: int) -> float:
    """Return the alignment of a random direction with a space, ``sqrt(spanned / d)``."""
    return math.sqrt(spanned / dimension)


def random_gap(spanned: int, dimension: int, theory: xr.DataArray) -> float:
    """Return how far the alignment of a random direction is from that of a theory."""
    return chance_alignment(spanned, dimension) - float(theory.mean())


def no_spread(point: Point) -> float:
    """Return by how much a bulk of equal weights would have its edge at its mean, a share."""
    return float((1 + point.samples_per_dimension**-0.5) ** -2 - 1)


def distance(one: xr.DataArray, other: xr.DataArray) -> xr.DataArray:
    """Return the absolute difference."""
    return abs(one - other)


def each_matrix(
    point: Point | Family,
    values: xr.DataArray,
    part: str = "",
    **fields: Any,
) -> Iterator[Sample]:
    """Yield a sample for the Hessian and one for G.

    Args:
        point: the point or family.
        values: over ``replicate`` and ``matrix``.
        part: what else of the point.
        fields: other fields of the samples.
    """
    for matrix in MATRICES:
        yield Sample(point, values.sel(matrix=matrix), f"{matrix} {part}".strip(), **fields)


def clear_of_bulk(point: Point) -> bool:
    """Whether cross terms ``(phi lambda)^(-1/2)`` exceed the bulk, of order ``1 / lambda``."""
    return bool(10 * point.samples_per_dimension <= point.snr)
