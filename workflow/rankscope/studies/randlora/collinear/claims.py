"""Claims on the collinearity of sparse bases."""

from collections.abc import Iterator

import numpy as np

from rankscope.evidence.claims import FULL_TEXT, claim
from rankscope.evidence.region import percent, within
from rankscope.evidence.results import Results
from rankscope.evidence.samples import Sample

PAPER = "Albert et al., arXiv 2502.00987, appendix, collinearity of sparse bases"
TENTH = percent(10, why="the two formulas differ by 15 percent or more on this grid")
DIMENSION, PRINTED = 768, 2e-49
"""Of the paper: the length of its columns, and the probability that it gives for them."""


@claim(
    "E: collinear columns, printed formula",
    "Two ternary vectors are collinear with probability 2 ((s^2 - 4 s + 6) / s^2)^d, {accepted}.",
    accepted=TENTH,
    estimate="share of linearly dependent pairs over 2 q^d",
    scope="d at most 8, where pairs as rare as this can be counted",
    source=PAPER,
    basis=FULL_TEXT,
    null="vectors of zeros counted as dependent",
    figure="collinear",
)
def collinear_printed(results: Results) -> Iterator[Sample]:
    """Share of linearly dependent pairs over the printed ``2 q^d``."""
    for point in results.where(lambda p: p.columns <= 8):
        ratio = point.measured.dependent_share / point.predicted.printed_probability
        yield Sample(point, ratio, chance=float(point.predicted.zeros_factor))


@claim(
    "E: 2e-49 as a probability of dependence",
    "Two columns at d = 768 and s = sqrt(d) are linearly dependent with probability 2e-49, "
    "{accepted} powers of ten.",
    accepted=within(1, why="what an extrapolation over twelve times the length can tell"),
    estimate="powers of ten between the probability extrapolated to d = 768 and 2e-49",
    scope="sparsity 0.928, extrapolated from the logarithm of the shares at d = 32 and 64",
    source=PAPER,
    basis=FULL_TEXT,
    null="vectors of zeros, 2 z^d",
    chance=24.0,
    figure="collinear",
)
def collinear_paper(results: Results) -> Iterator[Sample]:
    """Straight line through ``log10`` of the shares, at the paper's length."""
    for family in results.where(sparsity=0.928, columns=(32, 64)).families("columns"):
        shorter, longer = (np.log10(point.measured.dependent_share) for point in family)
        slope = (longer - shorter) / 32
        yield Sample(family, longer + slope * (DIMENSION - 64) - np.log10(PRINTED))
