"""Claims on the collinearity of sparse bases."""

import math
from collections.abc import Iterator

import xarray as xr

from rankscope.evidence.claims import DERIVED, FULL_TEXT, HERE, claim
from rankscope.evidence.region import Region, varies, within
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample, exact

PAPER = "Albert et al., arXiv 2502.00987"
RESOLVED = "to 5 percent and the resolution of the count"


def resolved(point: Point, probability: xr.DataArray) -> Region:
    """Return five per cent about a probability, and what counting so many pairs cannot resolve."""
    p, pairs = float(probability), point.draws * point.measured.sizes["replicate"]
    return within(0.05 * p + 4 * math.sqrt(p / pairs) + 4 / pairs, of=p)


@claim(
    "E: collinear columns, printed formula",
    "Two ternary vectors are collinear with probability 2 ((s^2 - 4 s + 6) / s^2)^d, {accepted}.",
    accepted=varies(RESOLVED, why="what so many pairs can tell"),
    estimate="share of linearly dependent pairs",
    scope="small d, where it can be counted",
    source=f"{PAPER}, appendix, collinearity of sparse bases",
    basis=FULL_TEXT,
    figure="collinear",
)
def collinear_printed(results: Results) -> Iterator[Sample]:
    """Share of linearly dependent pairs against the printed ``2 q^d``."""
    for point in results:
        region = resolved(point, point.predicted.printed_probability)
        yield Sample(point, point.measured.dependent_share, accepted=region)


@claim(
    "E: collinear columns, with vectors of zeros",
    "That probability is 2 q^d + 2 z^d - 3 z^(2 d), {accepted}: a vector of zeros depends on all.",
    accepted=varies(RESOLVED, why="what so many pairs can tell"),
    estimate="share of linearly dependent pairs",
    scope="small d, where it can be counted",
    source=HERE,
    basis=DERIVED,
    figure="collinear",
)
def collinear_exact(results: Results) -> Iterator[Sample]:
    """Share of linearly dependent pairs against ``2 q^d + 2 z^d - 3 z^{2d}``."""
    for point in results:
        region = resolved(point, point.predicted.dependent_share)
        yield Sample(point, point.measured.dependent_share, accepted=region)


@claim(
    "E: 2e-49 as a probability of dependence",
    "Two columns at d = 768 and s = sqrt(d) are linearly dependent with probability 2e-49, to a "
    "power of ten {accepted}.",
    accepted=within(0.1, why="what one printed digit leaves open"),
    estimate="powers of ten between the exact probability and 2e-49",
    scope="recomputed with vectors of zeros",
    source=f"{PAPER}, appendix, collinearity of sparse bases",
    basis=FULL_TEXT,
    figure="collinear",
)
def collinear_paper_exact(results: Results) -> Iterator[Sample]:
    """``log10`` of ``2 q^d + 2 z^d`` at the paper's size, minus that of ``2e-49``."""
    d, s = 768, math.sqrt(768)
    agree, zero = (s**2 - 4 * s + 6) / s**2, 1 - 2 / s
    yield Sample("d 768, s sqrt(768)", exact(math.log10((2 * agree**d + 2 * zero**d) / 2e-49)))
