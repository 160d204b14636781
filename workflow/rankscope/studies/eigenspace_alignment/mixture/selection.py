"""Points of the mixture that claims and figures speak of, and what they read of them."""

import xarray as xr

from rankscope.evidence.results import Point
from rankscope.studies.eigenspace_alignment.points import certain, clear_of_edge


def trained(point: Point) -> bool:
    """Whether a point trains for some time by plain SGD."""
    return bool(point.update == "full" and point.duration > 0)


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


def outliers(point: Point) -> tuple[xr.DataArray, xr.DataArray]:
    """Count the outliers of class blocks, each above its own edge: measured and predicted."""
    found, expected = (
        (values > clear_of_edge(edge, point.dimension)).sum("eigenvalue")
        for values, edge in (
            (point.measured.eigenvalues, point.measured.edge),
            (point.predicted.eigenvalues, point.predicted.edge),
        )
    )
    return found.where(certain(point, "edge").notnull()), expected
