"""Claims about the directions of trained adapters: LoRA's section 7, and what probes can tell."""

from collections.abc import Iterator

from rankscope.evidence.claims import (
    FULL_TEXT,
    Definition,
    claim,
    unreached,
)
from rankscope.evidence.region import at_least, percent, within
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample, ratio_of_means, slope

PAPER = "Hu et al., arXiv 2106.09685"
NULLS = (Definition(name="random directions"), Definition(name="random outputs"))
"""What an update's directions are compared with: uniformly random ones, or those of an adapter
trained on the same inputs towards random outputs."""


def _has_a_first_direction(point: Point) -> bool:
    return point.decay > 0


@claim(
    "D: an unrelated task has alignment one",
    "If the task has nothing to do with the base weight, the alignment is 1, {accepted}, "
    "however large the amplification factor.",
    accepted=percent(10, why="nulls and alignments are compared with factors of 2 and more"),
    estimate="|U^T W V| of the adapter over that of the null, means over replicates",
    scope="planted updates independent of the base weight; inputs isotropic, or strongest along "
    "its leading directions",
    figure="amplification",
    null="as many of the base weight's own singular pairs, chosen at random",
    over="input_decay",
    definitions=NULLS,
)
def unrelated_alignment(results: Results, null: Definition) -> Iterator[Sample]:
    """What adapters capture whose task has nothing to do with the base weight, over the null."""
    for point in results.where(base="independent"):
        pairs = float(point.predicted.pairs_alignment)
        for adapter in ("small", "large"):
            one = point.measured.sel(adapter=adapter, null=null.name)
            yield Sample(
                point, ratio_of_means(one.captured, one.captured_null), adapter, chance=pairs
            )


@claim(
    "D: a related task has alignment above one",
    "If the task lies in singular directions of the base weight, leading or trailing, the "
    "alignment is {accepted}.",
    accepted=at_least(1.1, why="beyond the room that an unrelated task is given"),
    estimate="|U^T W V| of the adapter over that of the null, means over replicates",
    scope="planted updates in the base weight's own directions, smaller rank",
    figure="amplification",
    null="the null itself",
    chance=1.0,
    over="input_decay",
    definitions=NULLS,
)
def related_alignment(results: Results, null: Definition) -> Iterator[Sample]:
    """What the smaller adapter captures, over the null, where the task is in W's directions."""
    for point in results.where(base=("leading", "trailing")):
        small = point.measured.sel(adapter="small", null=null.name)
        yield Sample(point, ratio_of_means(small.captured, small.captured_null))


@claim(
    "D: amplification falls with the rank by chance",
    "For an unrelated task the amplification factor falls as 1 / r, exponent {accepted}: factors "
    "at different ranks cannot be compared.",
    accepted=within(0.5, of=-1, why="nearer to 1 / r than to a factor without a rank"),
    estimate="exponent of the amplification factor in the rank",
    scope="planted updates independent of the base weight",
    figure="amplification",
    null="the factor does not depend on the rank",
    chance=0.0,
)
def factor_falls_with_rank(results: Results) -> Iterator[Sample]:
    """Exponent of the amplification factor between the two ranks."""
    for point in results.where(base="independent"):
        factors = point.measured.amplification
        both = [factors.sel(adapter="small"), factors.sel(adapter="large")]
        yield Sample(point, slope([point.rank, point.other_rank], both))


@claim(
    "E: the first direction is shared",
    "Adapters of a small and a large rank share their first direction: phi(1, 1) is {accepted}.",
    accepted=at_least(0.5, why="above it the paper calls a direction shared (figure 3)"),
    estimate="phi(1, 1)",
    scope="planted updates with decaying spectra in place of the paper's tasks; the paper does "
    "not say whether its seeds were shared",
    source=f"{PAPER}, section 7.2, figure 3",
    basis=FULL_TEXT,
    figure="similarity",
    null="1 / d",
    headline=True,
    targets={"holds": 0.9},
)
def first_direction_shared(results: Results) -> Iterator[Sample]:
    """``phi(1, 1)`` between adapters of two ranks, from one seed and from two."""
    for point in results.where(_has_a_first_direction):
        chance = float(point.predicted.phi_null.sel(i=1, j=1))
        for seeds, phi in (
            ("one seed", point.measured.phi_shared),
            ("two seeds", point.measured.phi_unshared),
        ):
            yield Sample(point, phi.sel(i=1, j=1), seeds, chance=chance)


@claim(
    "E: two seeds share more than chance",
    "All directions of two seeds overlap by more than random ones, by {accepted} spreads of a "
    "pair of random frames.",
    accepted=at_least(3, why="what one pair of random frames rarely exceeds"),
    estimate="phi(r, r) minus its mean over random frames, over its spread",
    scope="planted updates, larger rank, one training set",
    source=f"{PAPER}, section 7.2, figure 4",
    basis=FULL_TEXT,
    figure="similarity",
    null="random frames",
    chance=0.0,
)
def seeds_share_more_than_chance(results: Results) -> Iterator[Sample]:
    """``phi`` of all directions between two seeds, against random frames."""
    for point in results:
        everything = {"i_large": point.other_rank, "j": point.other_rank}
        null, spread = point.predicted.phi_seeds_null, point.predicted.phi_seeds_null_sd
        excess = (point.measured.phi_seeds - null) / spread
        yield Sample(point, excess.sel(everything))


@claim(
    "E: a shared seed raises the similarity",
    "Adapters of two ranks are more similar with one seed than with two, by {accepted} spreads "
    "of a pair of random frames.",
    accepted=at_least(1, why="less is not told apart in one pair of adapters"),
    estimate="phi(r, r) of the smaller rank, one seed minus two, over the spread of random frames",
    scope="planted updates; the paper does not say whether its seeds were shared",
    figure="similarity",
    null="the seed does not matter",
    chance=0.0,
    over="steps",
)
def seed_matters(results: Results) -> Iterator[Sample]:
    """``phi`` of all directions of the smaller rank, one seed minus two seeds."""
    for point in results:
        gain = point.measured.phi_shared - point.measured.phi_unshared
        yield Sample(point, (gain / point.predicted.phi_null_sd).sel(i=point.rank, j=point.rank))


figure_4 = unreached(
    "Z: subspaces of GPT-3's adapters",
    "Two seeds share more directions in the query than in the value updates of layer 48.",
    scope="out of reach here: needs GPT-3 175B; the study language_model asks the same of a "
    "small model",
    source=f"{PAPER}, figure 4",
    basis=FULL_TEXT,
)
