"""The claim that ranks add up over layers."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from rankscope.evidence.claims import RECALLED, claim
from rankscope.evidence.region import within
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample


def least_error(point: Point) -> xr.DataArray:
    """Return the tail of the gap's singular values beyond rank ``L R``, per replicate."""
    beyond = point.measured.gap > point.predicted.product_rank
    return np.sqrt((point.measured.gap_spectrum.where(beyond, 0.0) ** 2).sum("gap"))


@claim(
    "G: rank adds up over layers",
    "Rank-R updates of L linear layers reach the best rank-LR approximation of the gap, "
    "{accepted}.",
    accepted=within(0.001, why="what the search's tolerance leaves"),
    estimate="least error found over the closed form, minus 1",
    scope="square Gaussian layers and target",
    source="Zeng and Lee, arXiv 2310.17513, linear case",
    basis=RECALLED,
    figure="product",
)
def product_optimum(results: Results) -> Iterator[Sample]:
    """Least error found over the tail of the gap's spectrum beyond ``L R``, minus one."""
    for point in results:
        yield Sample(point, point.measured.product_error / least_error(point) - 1)
