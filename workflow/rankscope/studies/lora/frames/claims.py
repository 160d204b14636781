"""Claims of the paper that random directions decide: appendix G, and table 7."""

import math
from collections.abc import Iterator

import numpy as np

from rankscope.evidence.claims import FULL_TEXT, claim
from rankscope.evidence.region import at_least, at_most, within
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample, exact

PAPER = "Hu et al., arXiv 2106.09685"
GPT3 = {"rows": 12288, "columns": 12288, "base_norm": 61.95}
"""The query weight of table 7."""
RANDOM, UPDATE, NORM = {4: 0.02, 64: 0.33}, {4: 0.32, 64: 1.90}, {4: 6.91, 64: 3.57}
"""Per rank, table 7's ``|U^T W V|`` of random directions and of the update's, and ``|dW|``."""
SPREAD = {rank: 1 / (math.sqrt(2) * rank) for rank in RANDOM}
"""Relative spread of ``|U^T W V|`` of one pair of random frames, which the paper prints, if the
weight's spectrum is flat; a steeper one has more (`spread_of_a_draw`)."""
ROOM = {rank: 0.005 + 3 * SPREAD[rank] * printed for rank, printed in RANDOM.items()}
"""Half a unit of the last digit that is printed, and three spreads of one draw."""
OFF = {rank: (UPDATE[rank] - RANDOM[rank]) / ROOM[rank] for rank in RANDOM}


def _has_a_spread(point: Point) -> bool:
    return point.rank >= 2 and point.draws >= 10


def _of_subspaces(point: Point) -> bool:
    return min(point.rank, point.other_rank) >= 2


@claim(
    "C: identity as printed",
    "With the projection metric d^2 = p - sum sigma^2, phi = (1 - d^2) / p: its largest error is "
    "{accepted}.",
    accepted=at_most(1e-9, why="rounding of a few hundred sums, ample"),
    estimate="largest error of the identity",
    scope="random frames, p of 2 or more",
    source=f"{PAPER}, appendix G",
    basis=FULL_TEXT,
    figure="nulls",
    null="phi = 1 - d^2 / p, from which it differs by 1 - 1 / p",
)
def printed_identity(results: Results) -> Iterator[Sample]:
    """Largest error of ``phi = (1 - d^2) / p``."""
    for point in results.where(_of_subspaces):
        corrected = float(point.predicted.printed_identity_error)
        error = point.measured.printed_identity_error.max()
        yield Sample(point, exact(error), chance=corrected)


@claim(
    "C: entries as good as independent",
    "The captured energy |U^T W V|^2 of random directions varies as if its r^2 entries were "
    "independent, the logarithm of its variance {accepted} of theirs.",
    accepted=within(
        0.3, why="a 95 percent interval from such a variance still misses 2 to 9 percent of draws"
    ),
    estimate="logarithm of the variance over draws over 2 / r^2 of the squared mean",
    scope="random frames, r of 2 or more, ten draws per replicate or more",
    figure="nulls",
    null="all entries are one",
    over="base_decay",
)
def spread_of_a_draw(results: Results) -> Iterator[Sample]:
    """Variance of what random directions capture over that of independent entries."""
    for point in results.where(_has_a_spread):
        independent = point.predicted.independent_variance
        ratio = point.measured.captured_square_variance / independent
        yield Sample(point, np.log(ratio), chance=2 * math.log(point.rank))


@claim(
    "D: random column of table 7",
    "Random directions capture 0.02 of GPT-3's W_q at r = 4 and 0.33 at r = 64, {accepted} in "
    "units of rounding and three spreads of one draw.",
    accepted=within(1, why="the paper prints one draw, of relative spread 1 / (sqrt(2) r)"),
    estimate="root mean square of |U^T W V| minus the printed one, in these units",
    scope="width 12288, |W_q| = 61.95",
    source=f"{PAPER}, table 7",
    basis=FULL_TEXT,
    figure="table_7",
    null="the column of the update's directions",
)
def table_7_random(results: Results) -> Iterator[Sample]:
    """What random directions capture, against the one draw that the paper prints."""
    for point in results.where(rank=tuple(RANDOM), **GPT3):
        captured, rank = np.sqrt(point.measured.captured_square), point.rank
        yield Sample(point, (captured - RANDOM[rank]) / ROOM[rank], chance=OFF[rank])


@claim(
    "D: the update correlates with the weight",
    "The update's directions capture more of W than random ones, by {accepted} spreads of one "
    "draw of random ones.",
    accepted=at_least(3, why="what one pair of random frames rarely exceeds"),
    estimate="printed |U^T W V| over that of random directions, minus 1, in these spreads",
    scope="table 7's numbers against random directions at its size, isotropic ones as in the "
    "paper; not against adapters of another task",
    source=f"{PAPER}, section 7.3",
    basis=FULL_TEXT,
    figure="table_7",
    null="random directions",
    chance=0.0,
    headline=True,
)
def table_7_alignment(results: Results) -> Iterator[Sample]:
    """What dW's directions capture of W in table 7, beyond what random ones do."""
    for point in results.where(rank=tuple(UPDATE), **GPT3):
        ratio = UPDATE[point.rank] / np.sqrt(point.measured.captured_square)
        yield Sample(point, (ratio - 1) / SPREAD[point.rank])
