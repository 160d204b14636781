"""Points of the mixture that claims and figures speak of, and what they read of them."""

import xarray as xr

from rankscope.evidence.results import Point

EDGE_SLACK = 3.0
"""Tracy-Widom: outliers lie above ``edge (1 + 3 d^(-2/3))``."""


def trained(point: Point) -> bool:
    """Whether a point trains for some time by plain SGD."""
    return point.update == "full" and point.duration > 0


def measured(point: Point) -> bool:
    """Whether a point trains by plain SGD and has matrices."""
    return trained(point) and point.matrices != "none"


def plain(point: Point) -> bool:
    """Whether the closed forms are for such a point."""
    return measured(point) and point.means == "orthonormal" and point.samples == "test"


def lengths(weight_gram: xr.DataArray) -> xr.DataArray:
    """Return ``|x^a|^2``, the diagonal of a Gram matrix over ``label`` and ``other``."""
    return xr.concat(
        [weight_gram.isel(label=a, other=a) for a in range(weight_gram.sizes["label"])],
        dim="label",
    )


def clear_of_edge(edge: xr.DataArray, dimension: int) -> xr.DataArray:
    """Return the level above which an empirical eigenvalue counts as an outlier."""
    return edge * (1 + EDGE_SLACK * dimension ** (-2 / 3))


def outliers(point: Point) -> tuple[xr.DataArray, xr.DataArray]:
    """Count outliers of class blocks, as measured and as predicted, above the same level."""
    level = clear_of_edge(point.predicted.edge, point.dimension)
    return (
        (point.measured.eigenvalues > level).sum("eigenvalue"),
        (point.predicted.eigenvalues > level).sum("eigenvalue"),
    )
