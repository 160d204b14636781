"""Claims on theorem 4.1: what it rests on, and what its bound can say."""

from collections.abc import Iterator

from rankscope.evidence.claims import FULL_TEXT, claim
from rankscope.evidence.region import at_least, at_most
from rankscope.evidence.results import Results
from rankscope.evidence.samples import Sample

PAPER = "Albert et al., arXiv 2502.00987"


@claim(
    "D: blocks are fitted closely",
    "The blocks of theorem 4.1, fitted one by one as it assumes, err by {accepted} times the norm "
    "of the target.",
    accepted=at_most(0.5, why="to err by half is not yet close"),
    estimate="root of the blocks' summed squared errors over the norm of the target",
    scope="random bases, r at most D / 2, blocks fitted by alternating least squares",
    source=f"{PAPER}, theorem 4.1, which assumes a small eps",
    basis=FULL_TEXT,
    null="sqrt(1 - r / D): the part of a target that a random subspace misses",
    figure="bound",
)
def blocks_fitted(results: Results) -> Iterator[Sample]:
    """Error of separately fitted blocks over the norm of the target."""
    for point in results.where(lambda p: 2 * p.rank <= p.rows):
        yield Sample(point, point.measured.block_error, chance=float(point.predicted.block_error))


@claim(
    "D: the bound cannot say anything",
    "n eps is {accepted} times the norm of the target, the error of no update.",
    accepted=at_least(1, why="a bound above the error of no update excludes nothing"),
    estimate="n eps over the norm of the target",
    scope="random bases, r at most D / 2, blocks fitted by alternating least squares",
    null="blocks fitted exactly",
    chance=0.0,
    figure="bound",
)
def bound_is_vacuous(results: Results) -> Iterator[Sample]:
    """Theorem 4.1's bound over the norm of the target."""
    for point in results.where(lambda p: 2 * p.rank <= p.rows):
        yield Sample(point, point.measured.bound)


@claim(
    "D: a joint fit is better than no update",
    "Fitted jointly, the same bases err by {accepted} times the norm of the target.",
    accepted=at_most(0.99, why="a hundredth of the norm: less would not be noticed"),
    estimate="error of the joint fit over the norm of the target",
    scope="random bases",
    null="no update",
    chance=1.0,
    figure="bound",
)
def joint_fit_below_one(results: Results) -> Iterator[Sample]:
    """Norm of the joint fit's error over that of the target."""
    for point in results:
        yield Sample(point, point.measured.joint_error)
