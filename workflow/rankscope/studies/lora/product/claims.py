"""The claim that ranks add up over layers."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from rankscope.evidence.claims import RECALLED, claim
from rankscope.evidence.region import within
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample


def least_error(point: Point, rank: xr.DataArray | int) -> xr.DataArray:
    """Return the tail of the gap's singular values beyond a rank, per replicate."""
    beyond = point.measured.gap > rank
    return np.sqrt((point.measured.gap_spectrum.where(beyond, 0.0) ** 2).sum("gap"))


def without_depth(point: Point) -> float:
    """Return what the claim's number is if the layers together reach rank ``R`` only."""
    ratio = least_error(point, point.rank) / least_error(point, point.predicted.product_rank)
    return float(ratio.mean() - 1)


@claim(
    "G: rank adds up over layers",
    "Rank-R updates of L linear layers reach the best rank-LR approximation of the gap: the least "
    "error found exceeds its error by a share {accepted}.",
    accepted=within(0.001, why="far below the step of one rank, far above the search's tolerance"),
    estimate="least error found over the closed form, minus 1",
    scope="square Gaussian layers and target, two layers or more",
    source="Zeng and Lee, arXiv 2310.17513, linear case",
    basis=RECALLED,
    null="the best rank-R approximation",
    figure="product",
)
def product_optimum(results: Results) -> Iterator[Sample]:
    """Least error found over the tail of the gap's spectrum beyond ``L R``, minus one."""
    for point in results.where(lambda p: p.depth > 1):
        ratio = point.measured.product_error / least_error(point, point.predicted.product_rank)
        yield Sample(point, ratio - 1, chance=without_depth(point))
