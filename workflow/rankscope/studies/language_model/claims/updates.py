"""Claims about single updates: amplification, intruders, representations, sizes."""

import math
from collections.abc import Iterator

import numpy as np
import xarray as xr

from rankscope.evidence.claims import ABSTRACT, DERIVED, FULL_TEXT, HERE, RECALLED, claim
from rankscope.evidence.region import Region, at_least, at_most, within
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample
from rankscope.studies.language_model.claims.accuracy import LORA, RANDLORA, RELORA
from rankscope.studies.language_model.parameters import PROBED_RANKS, Run
from rankscope.studies.language_model.selection import (
    matrices,
    of,
    own_matrices,
    partner,
    runs,
    typical_rate,
)

AT_RANK = 8
"""Directions at which a table shows amplification."""
LEAST_RANK = 4
"""Below it the logarithm of a random alignment is itself well below 0 on average (-0.64 at rank
1, -0.14 at rank 2, -0.03 at rank 4); the paper's table 7 begins at 4."""
CHANCE = math.log(1.25)
"""The most that random output gradients on the encoder's own activations gave: 0.87 to 1.24."""
NO_CHANCE = "gradients of random outputs on real activations stay within a factor 1.25 of chance"

HALF_A_DIRECTION = "half a direction of ten is the least difference of counts worth a claim"
AMPLIFICATION = {
    "scope": "adapted matrices, runs at the chosen learning rates",
    "figure": "amplification",
}
INTRUDER = "a direction matches one of the base weight at a cosine of 0.5 or more"
INTRUDERS = {
    "scope": "matrices of the adapted layers; short fine-tuning, each method at the rate of least "
    "validation loss, which decides its norm and with it the count; "
    f"{INTRUDER}",
    "figure": "intruders",
}


def probed(point: Point) -> list[Run]:
    """Return LoRA's runs from rank 4 on that are probed at their own rank.

    A short run may leave directions of a large rank at rounding; such a run is left out.
    """
    return [
        run
        for run in runs(point, "lora")
        if LEAST_RANK <= run.rank in PROBED_RANKS
        and of(point, "alignment", run).sel(probed_rank=run.rank).notnull().all()
    ]


def logarithm(point: Point, variable: str, run: Run, matrix: str, rank: int) -> xr.DataArray:
    """Return the logarithm of what is measured at the ``rank`` leading directions."""
    return xr.ufuncs.log(of(point, variable, run).sel(matrix=matrix, probed_rank=rank))


def count(point: Point, variable: str, run: Run) -> xr.DataArray:
    """Return a count, mean over the matrices that a run adapts."""
    return of(point, variable, run).mean("matrix", skipna=False)


def counted(
    point: Point, values: xr.DataArray, run: Run, part: str, chance: float = math.nan
) -> Sample:
    """Make a sample of differences of counts, whole numbers averaged over matrices."""
    step = 1 / len(matrices(point, run.targets))
    return Sample(point, values, part, chance=chance, resolution=step)


def at_rate(point: Point, run: Run) -> str:
    """Name a run with the learning rate that was chosen for it, on geometric average."""
    return f"{run.name} at {typical_rate(point, 'rate', run):.2g}"


@claim(
    "LoRA 10: updates amplify directions of W_q",
    "W_q has more weight in the update's directions than in random ones: the alignment at the "
    "adapter's rank, from 4 on, is {accepted}. (Table 7: 0.32 against 0.02 at rank 4, 1.90 "
    "against 0.33 at rank 64.)",
    accepted=Region(
        math.log(2),
        math.inf,
        "at least 2",
        why="between what any gradient on real activations gives, 1.25 at most, and table 7, 5.8",
    ),
    estimate="logarithm of the alignment",
    basis=FULL_TEXT,
    source=f"{LORA}, section 7.3 and table 7",
    null="LoRA of the largest rank on shuffled labels, as many of its leading directions",
    **AMPLIFICATION
    | {
        "scope": "adapted matrices, runs at the chosen learning rates; tested where LoRA on "
        "shuffled labels has less than what is accepted"
    },
)
def amplifies(results: Results) -> Iterator[Sample]:
    """Measure the alignment of LoRA's updates with W_q at their own rank."""
    for point in results.where(lambda point: "alignment_shuffled" in point.measured):
        for run in probed(point):
            for name in own_matrices(point, "q"):
                values = logarithm(point, "alignment", run, name, run.rank)
                null = point.measured.alignment_shuffled.sel(matrix=name, probed_rank=run.rank)
                chance = float(np.log(null).mean())
                if chance < amplifies.accepted.lower:
                    yield Sample(point, values, f"{run.name}, {name}", chance=chance)


@claim(
    "Derived 2: the fall of amplification with rank is chance's",
    "LoRA finds W_q's amplification factor larger at small rank (21.5 at rank 4, 2 at rank 64). "
    "That of random directions falls as 1 / r; over it, the factor at the smallest rank from 4 "
    "is {accepted} times that at the largest (table 7: 1/16 of chance at rank 4, 1/6 at 64).",
    accepted=Region(-math.inf, CHANCE, "at most 1.25", why=NO_CHANCE),
    estimate="logarithm of the ratio of amplification over its null, small over large rank",
    basis=DERIVED,
    source=f"{HERE}, against {LORA}, section 7.3 and appendix H.4",
    null="a null that does not fall with rank: the ratio of the ranks",
    **AMPLIFICATION,
)
def falls_as_chance_does(results: Results) -> Iterator[Sample]:
    """Compare the inverse of the alignment, amplification over its null, at two ranks."""
    for point in results.where(lambda point: len(probed(point)) > 1):
        small, *_, large = probed(point)
        for name in own_matrices(point, "q"):
            at_small = logarithm(point, "alignment", small, name, small.rank)
            at_large = logarithm(point, "alignment", large, name, large.rank)
            part = f"{small.name} / {large.name}, {name}"
            chance = math.log(large.rank / small.rank)
            yield Sample(point, at_large - at_small, part, chance=chance)


@claim(
    "Intruders 1: LoRA has intruder dimensions, full fine-tuning has not",
    "Of the ten leading directions of a tuned weight, those that match no direction of the base "
    "weight are more in LoRA than in full fine-tuning by {accepted}, at the learning rate that "
    "is best for each.",
    accepted=at_least(0.5, why=HALF_A_DIRECTION),
    estimate="difference of counts of ten, mean over matrices",
    basis=RECALLED,
    source="Shuttleworth et al., arXiv 2410.21228",
    null="no difference",
    chance=0.0,
    **INTRUDERS,
)
def intruders(results: Results) -> Iterator[Sample]:
    """Compare counts of intruders of LoRA and full fine-tuning."""
    for point in results:
        for full in runs(point, "full"):
            for run in runs(point, "lora"):
                more = count(point, "intruders", run) - count(point, "intruders", full)
                yield counted(point, more, run, f"{at_rate(point, run)} - {at_rate(point, full)}")


@claim(
    "Intruders 2: so it is where both do equally well",
    "With every update scaled to one validation loss, which full fine-tuning and LoRA of every "
    "rank reach, LoRA has more intruders of ten than full fine-tuning by {accepted}.",
    accepted=at_least(0.5, why=HALF_A_DIRECTION),
    estimate="difference of counts of ten, mean over matrices",
    basis=ABSTRACT,
    source='Shuttleworth et al., arXiv 2410.21228, abstract of version 1: "even when they perform '
    'equally"',
    null="no difference",
    chance=0.0,
    **INTRUDERS
    | {
        "scope": "matrices of the adapted layers; short fine-tuning; the trained head is kept "
        f"while an update is scaled, and the loss is that of the worst of these runs; {INTRUDER}"
    },
)
def intruders_at_equal_loss(results: Results) -> Iterator[Sample]:
    """Compare counts of intruders of LoRA and full fine-tuning at one validation loss."""
    for point in results:
        for full in runs(point, "full"):
            for run in runs(point, "lora"):
                first, second = (count(point, "intruders_equal_loss", one) for one in (run, full))
                yield counted(point, first - second, run, f"{run.name} - {full.name}")


@claim(
    "ReLoRA 1: low-rank updates add up to a higher rank",
    "The number of directions that hold 99 % of the energy of ReLoRA's update exceeds that of the "
    "LoRA of as many parameters by {accepted}.",
    accepted=at_least(1.0, why="one direction is the step of the count"),
    estimate="difference of numbers of directions, mean over matrices",
    scope="matrices of the adapted layers; short fine-tuning at the chosen rates, without the "
    "paper's first phase at full rank; the paper pretrains",
    basis=ABSTRACT,
    source=f"{RELORA}, abstract",
    null="no difference",
    chance=0.0,
    figure="spectra",
)
def restarts_add_rank(results: Results) -> Iterator[Sample]:
    """Compare ranks of the updates of ReLoRA and of the LoRA of equal size."""
    for point in results:
        for run in runs(point, "relora"):
            for lora in partner(point, run):
                more = count(point, "rank_99", run) - count(point, "rank_99", lora)
                yield counted(point, more, run, f"{run.name} - {lora.name}")


@claim(
    "Derived 3: intruders are those of random directions",
    "The number of a low-rank adapter's intruders differs from that of an update of its singular "
    "values in random directions by {accepted}, where the latter has one or more.",
    accepted=within(0.5, why=HALF_A_DIRECTION),
    estimate="count minus that of the control, mean over matrices",
    null="no intruders",
    **INTRUDERS,
)
def intruders_of_its_norm(results: Results) -> Iterator[Sample]:
    """Compare counts of intruders with those of the same spectrum in random directions."""
    for point in results:
        for run in runs(point, "lora", "rslora", "vera"):
            control = count(point, "intruders_random", run)
            # an update too small for intruders in any direction shows nothing
            if control.mean() >= 1:
                more = count(point, "intruders", run) - control
                yield counted(point, more, run, at_rate(point, run), chance=-float(control.mean()))


@claim(
    "Derived 4: at equal norm LoRA has no more intruders",
    "Scaled to the norm of full fine-tuning's update, LoRA's has more intruders of ten than full "
    "fine-tuning's by {accepted}.",
    accepted=at_most(0.5, why=HALF_A_DIRECTION),
    estimate="difference of counts of ten, mean over matrices",
    null="one direction more",
    chance=1.0,
    **INTRUDERS,
)
def no_intruders_at_equal_norm(results: Results) -> Iterator[Sample]:
    """Compare LoRA's count, scaled to full fine-tuning's norm, with full fine-tuning's."""
    for point in results:
        for full in runs(point, "full"):
            for run in runs(point, "lora"):
                more = count(point, "intruders_full_norm", run) - count(point, "intruders", full)
                yield counted(point, more, run, f"{run.name} - {at_rate(point, full)}")


@claim(
    "RandLoRA 4: representations closer to full fine-tuning",
    "Linear CKA with the fully fine-tuned model is higher for RandLoRA than for the LoRA of as "
    "many parameters by {accepted}.",
    accepted=at_least(0.05, why="a twentieth of the way from unrelated to equal"),
    estimate="difference of CKA, paired over replicates",
    scope="last states of the test texts' first tokens, at the chosen rates; all runs share head, "
    "training texts and their order with full fine-tuning, which its own twin of another seed does "
    "not: that null lies below 0 where LoRA is closer than the twin, so that 0 is the stricter one",
    basis=FULL_TEXT,
    source=f"{RANDLORA}, section 6.1",
    null="no difference, and full fine-tuning of another seed where it is not closer than LoRA",
    chance=0.0,
    figure="representations",
)
def closer_to_full(results: Results) -> Iterator[Sample]:
    """Compare CKA with full fine-tuning of RandLoRA and of the LoRA of equal size."""
    for point in results.where(lambda point: "cka" in point.measured):
        for run in runs(point, "randlora"):
            for lora in partner(point, run):
                more = of(point, "cka", run) - of(point, "cka", lora)
                part = f"{at_rate(point, run)} - {at_rate(point, lora)}"
                yield Sample(point, more, part)


@claim(
    "Derived 5: RandLoRA is as close to full fine-tuning as another seed",
    "Linear CKA with the fully fine-tuned model is higher for RandLoRA, which shares head and "
    "data order with it, than for full fine-tuning from another head and order by {accepted}.",
    accepted=at_least(-0.05, why="a twentieth of the way from unrelated to equal"),
    estimate="difference of CKA, paired over replicates",
    scope="tested where the pretrained model is less close than what is accepted; LoRA may be as "
    "close, which is another row's question (RandLoRA 4)",
    null="the pretrained model",
    figure="representations",
)
def as_close_as_another_seed(results: Results) -> Iterator[Sample]:
    """Compare CKA with full fine-tuning of RandLoRA and of full fine-tuning's twin."""
    for point in results.where(lambda point: "cka_full" in point.measured):
        twin = point.measured.cka_full
        chance = float((point.measured.cka_pretrained - twin).mean())
        if chance < as_close_as_another_seed.accepted.lower:
            for run in runs(point, "randlora"):
                yield Sample(
                    point, of(point, "cka", run) - twin, f"{run.name} - full", chance=chance
                )
