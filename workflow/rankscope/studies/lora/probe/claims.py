"""Claims about the directions of trained adapters: LoRA's section 7, and what probes can tell."""

from collections.abc import Iterator

from rankscope.evidence.claims import DERIVED, FULL_TEXT, HERE, claim
from rankscope.evidence.region import at_least, between, factor, percent, varies
from rankscope.evidence.results import Results
from rankscope.evidence.samples import Sample

PAPER = "Hu et al., arXiv 2106.09685"
SPREADS = 3


@claim(
    "D: an unrelated task has alignment one",
    "If the task has nothing to do with the base weight, the alignment is 1, {accepted}, "
    "however large the amplification factor.",
    accepted=percent(10, why="nulls and alignments are compared with factors of 2 and more"),
    estimate="amplification of random directions over that of the adapter's",
    scope="planted updates independent of the base weight",
    source=HERE,
    basis=DERIVED,
    figure="amplification",
    null="1",
    chance=1.0,
)
def unrelated_alignment(results: Results) -> Iterator[Sample]:
    """Alignment of adapters whose true update has nothing to do with the base weight."""
    for point in results.where(base="independent"):
        for adapter in ("small", "large"):
            yield Sample(point, point.measured.alignment.sel(adapter=adapter), adapter)


@claim(
    "D: a related task has alignment above one",
    "If the task lies in singular directions of the base weight, leading or trailing, the "
    "alignment is {accepted}.",
    accepted=at_least(1.1, why="beyond the room that an unrelated task is given"),
    estimate="amplification of random directions over that of the adapter's",
    scope="planted updates in the base weight's own directions, smaller rank",
    source=HERE,
    basis=DERIVED,
    figure="amplification",
    null="1",
    chance=1.0,
)
def related_alignment(results: Results) -> Iterator[Sample]:
    """Alignment of the smaller adapter where the truth lies in the base's directions."""
    for point in results.where(base=("leading", "trailing")):
        yield Sample(point, point.measured.alignment.sel(adapter="small"))


@claim(
    "D: amplification falls with the rank by chance",
    "For an unrelated task the amplification factor falls as 1 / r, {accepted}: factors at "
    "different ranks cannot be compared.",
    accepted=factor(2, why="half of the step to a factor that does not depend on the rank"),
    estimate="ratio of amplification factors over the ratio of ranks",
    scope="planted updates independent of the base weight",
    source=HERE,
    basis=DERIVED,
    figure="amplification",
    null="1",
    chance=1.0,
)
def factor_falls_with_rank(results: Results) -> Iterator[Sample]:
    """Amplification of the smaller over the larger rank, over the ratio of the ranks."""
    for point in results.where(base="independent"):
        factors = point.measured.amplification
        small, large = factors.sel(adapter="small"), factors.sel(adapter="large")
        yield Sample(point, small / large / (point.other_rank / point.rank))


@claim(
    "E: the first direction is shared",
    "Adapters of a small and a large rank share their first direction: phi(1, 1) is {accepted}.",
    accepted=between(0.5, 1, why="above it the paper calls a direction shared (figure 3)"),
    estimate="phi(1, 1)",
    scope="planted updates in place of the paper's tasks, shared seed; flat (decay 0) and "
    "decaying spectra",
    source=f"{PAPER}, section 7.2, figure 3",
    basis=FULL_TEXT,
    figure="similarity",
    null="1 / d",
)
def first_direction_shared(results: Results) -> Iterator[Sample]:
    """``phi(1, 1)`` between adapters of two ranks and one seed."""
    for point in results:
        chance = float(point.predicted.phi_null.sel(i=1, j=1))
        yield Sample(point, point.measured.phi_shared.sel(i=1, j=1), chance=chance)


@claim(
    "E: two seeds share more than chance",
    "All directions of two seeds overlap by more than random ones, {accepted}.",
    accepted=varies("by three spreads", why="what one pair of random frames rarely exceeds"),
    estimate="phi(r, r) minus its null",
    scope="planted updates, larger rank, one training set",
    source=f"{PAPER}, section 7.2, figure 4",
    basis=FULL_TEXT,
    figure="similarity",
    null="0",
    chance=0.0,
)
def seeds_share_more_than_chance(results: Results) -> Iterator[Sample]:
    """``phi`` of all directions between two seeds, minus its mean over random frames."""
    for point in results:
        everything = {"i_large": point.other_rank, "j": point.other_rank}
        excess = (point.measured.phi_seeds - point.predicted.phi_seeds_null).sel(everything)
        spread = float(point.predicted.phi_seeds_null_sd.sel(everything))
        yield Sample(point, excess, accepted=at_least(SPREADS * spread))


@claim(
    "E: a shared seed raises the similarity",
    "Adapters of two ranks are more similar with one seed than with two: {accepted}.",
    accepted=at_least(0, why="the sign is the statement"),
    estimate="phi(r, r) of the smaller rank, one seed minus two",
    scope="planted updates; the paper does not say whether its seeds were shared",
    source=HERE,
    basis=DERIVED,
    figure="similarity",
    null="0: the seed does not matter",
    chance=0.0,
)
def seed_matters(results: Results) -> Iterator[Sample]:
    """``phi`` of all directions of the smaller rank, one seed minus two seeds."""
    for point in results:
        gain = point.measured.phi_shared - point.measured.phi_unshared
        yield Sample(point, gain.sel(i=point.rank, j=point.rank))
