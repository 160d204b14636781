"""Points of the mixture that claims and figures speak of, and what they read of them."""

import numpy as np
import xarray as xr

from rankscope.evidence.results import Family, Point, Results
from rankscope.studies.eigenspace_alignment.points import certain, clear_of_edge

NEAR_EDGE = 1.2
"""Height of outliers over the edge, below which they are said to have sunk."""

EMERGED = 1.05
"""Height of an outlier over the edge, above which it is said to have emerged."""


def trained(point: Point) -> bool:
    """Whether a point trains for some time by plain SGD."""
    return bool(point.update == "full" and point.duration > 0)


def measured(point: Point) -> bool:
    """Whether a point trains by plain SGD and has class blocks."""
    return trained(point) and not without_blocks(point)


def without_blocks(point: Point) -> bool:
    """Whether a point lacks the class blocks, with which weights could align."""
    return point.matrices in ("none", "first")


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


def above_edge(data: xr.Dataset, classes: int) -> xr.DataArray:
    """Return the mean mini-bulk of the class blocks over the mean edge of their bulks."""
    mini_bulk = data.eigenvalues.isel(eigenvalue=slice(1, classes)).mean("eigenvalue")
    ratio: xr.DataArray = mini_bulk.mean("label") / data.edge.mean("label")
    return ratio


def from_zero(point: Point) -> bool:
    """Whether outliers of the Hessian can emerge: from x = 0, below the start's threshold."""
    if point.start != "zero" or point.matrices != "first" or not trained(point):
        return False
    threshold = point.predicted.start_threshold.sel(matrix="hessian", direction="own")
    return bool(point.snr < threshold)


def emerged(times: np.ndarray, heights: np.ndarray) -> float:
    """Return when heights over the edge first rise to `EMERGED`; ``nan`` if they do not.

    Args:
        times: ascending, the first is 0.
        heights: shape ``(times,)``.
    """
    return sunk(times, NEAR_EDGE * EMERGED / heights)


def sunk(times: np.ndarray, heights: np.ndarray) -> float:
    """Return when heights over the edge first fall to `NEAR_EDGE`; ``nan`` if they do not.

    Args:
        times: ascending, the first is 0.
        heights: shape ``(times,)``.
    """
    below = heights <= NEAR_EDGE
    at = int(np.argmax(below))
    if not below[at] or at < 2:
        return float("nan")
    around = slice(at - 1, at + 1)
    place = np.interp(-np.log(NEAR_EDGE), -np.log(heights[around]), np.log(times[around]))
    return float(np.exp(place))


def noise_families(results: Results) -> list[Family]:
    """Return families of points over lambda, the largest first."""
    chosen = results.where(trained, samples="test", matrices="blocks")
    return sorted(chosen.families("snr", ignoring=("checkpoints",)), key=len, reverse=True)
