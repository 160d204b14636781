"""Claims that random directions decide: nulls of the probes, appendix G, and LoRA's table 7."""

import math
from collections.abc import Iterator

import numpy as np

from rankscope.evidence.claims import DERIVED, FULL_TEXT, HERE, claim
from rankscope.evidence.region import at_least, at_most, percent, varies, within
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample

PAPER = "Hu et al., arXiv 2106.09685"
GPT3 = {"rows": 12288, "columns": 12288, "base_norm": 61.95}
"""The query weight of table 7."""
RANDOM, UPDATE, NORM = {4: 0.02, 64: 0.33}, {4: 0.32, 64: 1.90}, {4: 6.91, 64: 3.57}
"""Per rank, table 7's ``|U^T W V|`` of random directions and of the update's, and ``|dW|``."""
ROUNDING = 0.005
"""Half a unit of the last digit that table 7 prints."""
TEN_PERCENT = percent(10, why="nulls are compared with factors of 2 and more")
IDENTITY = at_most(1e-9, why="rounding of a few hundred sums, ample")


def _is_subspace(point: Point) -> bool:
    return min(point.rank, point.other_rank) >= 2


@claim(
    "C: null of the similarity",
    "Random frames have phi(i, j) = max(i, j) / d on average, {accepted}.",
    accepted=TEN_PERCENT,
    estimate="mean phi over max(i, j) / d",
    scope="uniformly random frames",
    source=HERE,
    basis=DERIVED,
    figure="nulls",
)
def similarity_null(results: Results) -> Iterator[Sample]:
    """Mean of phi between random frames over ``max(i, j) / d``."""
    for point in results:
        yield Sample(point, point.measured.similarity / point.predicted.similarity)


@claim(
    "C: spread of the similarity",
    "Var |U^T V|^2 = 2 i j (d - i)(d - j) / (d^2 (d - 1)(d + 2)) for random frames, {accepted}.",
    accepted=percent(30, why="a variance of a hundred draws has a spread of 14 percent"),
    estimate="variance of phi over the formula",
    scope="ten draws per replicate or more",
    source=HERE,
    basis=DERIVED,
    figure="nulls",
)
def similarity_variance(results: Results) -> Iterator[Sample]:
    """Variance of phi between random frames over the formula."""
    for point in results.where(lambda point: point.draws >= 10):
        ratio = point.measured.similarity_variance / point.predicted.similarity_variance
        yield Sample(point, ratio)


@claim(
    "C: null of what is captured",
    "Random directions capture |U^T W V|^2 = r^2 |W|^2 / (D d) on average, {accepted}.",
    accepted=TEN_PERCENT,
    estimate="captured over r^2 |W|^2 / (D d)",
    scope="uniformly random frames, rank of 4 or more",
    source=HERE,
    basis=DERIVED,
    figure="nulls",
)
def captured_null(results: Results) -> Iterator[Sample]:
    """``|U^T W V|^2`` of random frames over ``r^2 |W|^2 / (D d)``, rank 4 or more."""
    for point in results.where(lambda point: point.rank >= 4):
        yield Sample(point, point.measured.captured_square / point.predicted.captured_square)


@claim(
    "C: identity of appendix G",
    "With the projection metric d^2 = p - sum sigma^2, phi = 1 - d^2 / p, {accepted}.",
    accepted=IDENTITY,
    estimate="largest error of the identity",
    scope="random frames, p of 2 or more",
    source=HERE,
    basis=DERIVED,
    figure="nulls",
)
def identity(results: Results) -> Iterator[Sample]:
    """Largest error of ``phi = 1 - d^2 / p``."""
    for point in results.where(_is_subspace):
        yield Sample(point, point.measured.identity_error)


@claim(
    "C: identity as printed",
    "phi = (1 - d^2) / p: its largest error is {accepted}.",
    accepted=IDENTITY,
    estimate="largest error of the identity",
    scope="random frames, p of 2 or more",
    source=f"{PAPER}, appendix G",
    basis=FULL_TEXT,
    figure="nulls",
)
def printed_identity(results: Results) -> Iterator[Sample]:
    """Largest error of ``phi = (1 - d^2) / p``."""
    for point in results.where(_is_subspace):
        yield Sample(point, point.measured.printed_identity_error)


@claim(
    "D: random column of table 7",
    "Random directions capture 0.02 of GPT-3's W_q at r = 4 and 0.33 at r = 64, {accepted}.",
    accepted=varies(
        "to rounding and three spreads of one draw",
        why="the paper prints one draw, of relative spread 1 / (sqrt(2) r), to two digits",
    ),
    estimate="root mean square of |U^T W V|",
    scope="width 12288, |W_q| = 61.95",
    source=f"{PAPER}, table 7",
    basis=FULL_TEXT,
    figure="table_7",
)
def table_7_random(results: Results) -> Iterator[Sample]:
    """What random directions capture, against the one draw that the paper prints."""
    for point in results.where(rank=tuple(RANDOM), **GPT3):
        printed = RANDOM[point.rank]
        room = ROUNDING + 3 * printed / (math.sqrt(2) * point.rank)
        captured = np.sqrt(point.measured.captured_square)
        yield Sample(point, captured, accepted=within(room, printed))


@claim(
    "D: the update correlates with the weight",
    "The update's directions capture more of W than random ones: {accepted} times as much.",
    accepted=at_least(1, why="the sign is the statement"),
    estimate="printed |U^T W V| over that of random directions",
    scope="table 7's numbers against random directions at its size",
    source=f"{PAPER}, section 7.3",
    basis=FULL_TEXT,
    figure="table_7",
    null="1",
    chance=1.0,
)
def table_7_alignment(results: Results) -> Iterator[Sample]:
    """What dW's directions capture of W in table 7, over what random ones do."""
    for point in results.where(rank=tuple(UPDATE), **GPT3):
        yield Sample(point, UPDATE[point.rank] / np.sqrt(point.measured.captured_square))


@claim(
    "D: the amplification factor is large",
    "The update amplifies its directions by more than an update in random directions would: "
    "its amplification factor is above the null's, {accepted} times it.",
    accepted=at_least(1, why="the sign is the statement"),
    estimate="printed amplification factor over that of random directions",
    scope="table 7's numbers against random directions at its size",
    source=f"{PAPER}, section 7.3, whose factor of 21.5 is given without a null",
    basis=FULL_TEXT,
    figure="table_7",
    null="1",
    chance=1.0,
)
def table_7_amplification(results: Results) -> Iterator[Sample]:
    """The amplification factor of table 7 over that of random directions."""
    for point in results.where(rank=tuple(UPDATE), **GPT3):
        norm = NORM[point.rank]
        of_random = norm / np.sqrt(point.measured.captured_square)
        yield Sample(point, norm / UPDATE[point.rank] / of_random)
