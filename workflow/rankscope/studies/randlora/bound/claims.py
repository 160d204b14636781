"""Claims on theorem 4.1: what its bound says, and what it cannot say."""

from collections.abc import Iterator

from rankscope.evidence.claims import DERIVED, FULL_TEXT, HERE, claim
from rankscope.evidence.region import at_least, at_most
from rankscope.evidence.results import Results
from rankscope.evidence.samples import Sample

PAPER = "Albert et al., arXiv 2502.00987"


@claim(
    "D: the bound says something",
    "n eps is {accepted} times the norm of the target, the error of no update.",
    accepted=at_most(1, why="the error of no update is the norm of the target"),
    estimate="n eps over the norm of the target",
    scope="random bases, blocks fitted by alternating least squares",
    source=f"{PAPER}, theorem 4.1",
    basis=FULL_TEXT,
    null="sqrt(n (1 - r / D))",
    figure="bound",
)
def bound_below_one(results: Results) -> Iterator[Sample]:
    """Theorem 4.1's bound over the norm of the target."""
    for point in results:
        yield Sample(point, point.measured.bound, chance=float(point.predicted.bound_floor))


@claim(
    "D: the bound cannot say anything",
    "n eps is {accepted} of sqrt(n (1 - r / D)) times the norm of the target.",
    accepted=at_least(0.9, why="a tenth for the fluctuation of random subspaces of finite size"),
    estimate="n eps over that value",
    scope="random bases",
    source=HERE,
    basis=DERIVED,
    figure="bound",
)
def bound_floor(results: Results) -> Iterator[Sample]:
    """Theorem 4.1's bound over ``sqrt(n (1 - r / D))``."""
    for point in results:
        yield Sample(point, point.measured.bound / point.predicted.bound_floor)


@claim(
    "D: a joint fit is better than no update",
    "Fitted jointly, the same bases err by {accepted} times the norm of the target.",
    accepted=at_most(1, why="the error of no update is the norm of the target"),
    estimate="error of the joint fit over the norm of the target",
    scope="random bases",
    source=HERE,
    basis=DERIVED,
    null="no update",
    chance=1.0,
    figure="bound",
)
def joint_fit_below_one(results: Results) -> Iterator[Sample]:
    """Norm of the joint fit's error over that of the target."""
    for point in results:
        yield Sample(point, point.measured.joint_error)
