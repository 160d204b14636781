"""Claims about single updates: amplification, intruders, representations, sizes."""

import math
from collections.abc import Iterator

import numpy as np
import xarray as xr

from rankscope.evidence.claims import DERIVED, FULL_TEXT, HERE, RECALLED, claim
from rankscope.evidence.region import Region, at_least, at_most, within
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample, exact
from rankscope.studies.language_model.claims.accuracy import LORA, RANDLORA, nearest
from rankscope.studies.language_model.parameters import PROBED_RANKS, Run
from rankscope.studies.language_model.selection import all_runs, matrices, of, runs

AT_RANK = 8
LEAST_RANK = 4
"""Below it the logarithm of a random alignment is itself well below 0 on average (-0.64 at rank
1, -0.14 at rank 2, -0.03 at rank 4); the paper's table 7 begins at 4."""
CHANCE = 1.25

ANY = at_least(0.0, why="any excess over chance, in logarithms")
HALF_A_DIRECTION = "half a direction of ten is the least difference of counts worth a claim"
IN_LOGARITHMS = {
    "scope": "query matrices of the adapted layers, runs at the chosen learning rates",
    "null": "random directions",
    "chance": 0.0,
    "figure": "amplification",
}
OF_COUNTS = {
    "scope": "matrices of the adapted layers, runs at the chosen learning rates",
    "chance": 0.0,
    "figure": "intruders",
}


def probed(point: Point) -> list[Run]:
    """Return LoRA's runs from rank 4 on that are probed at their own rank."""
    return [run for run in runs(point, "lora") if LEAST_RANK <= run.rank in PROBED_RANKS]


def logarithm(point: Point, variable: str, run: Run, matrix: str, rank: int) -> xr.DataArray:
    """Return the logarithm of what is measured at the ``rank`` leading directions."""
    return np.log(of(point, variable, run).sel(matrix=matrix, probed_rank=rank))


def fall(results: Results, variable: str) -> Iterator[Sample]:
    """Compare a variable of W_q at the smallest rank from 4 with that at the largest."""
    for point in results.where(lambda point: len(probed(point)) > 1):
        small, *_, large = probed(point)
        for name in matrices(point, "q"):
            first = logarithm(point, variable, small, name, small.rank)
            last = logarithm(point, variable, large, name, large.rank)
            yield Sample(point, first - last, f"{small.name} / {large.name}, {name}")


def count(point: Point, variable: str, run: Run) -> xr.DataArray:
    """Return a count of intruders, mean over the matrices that a run adapts."""
    return of(point, variable, run).mean("matrix", skipna=False)


def counted(point: Point, values: xr.DataArray, run: Run, part: str) -> Sample:
    """Make a sample of differences of counts, whole numbers averaged over matrices."""
    return Sample(point, values, part, resolution=1 / len(matrices(point, run.targets)))


@claim(
    "LoRA 10: updates amplify directions of W_q",
    "W_q has more weight in the update's directions than in random ones: the logarithm of the "
    "alignment at the adapter's rank, from 4 on, is {accepted}. (Table 7: 0.32 against 0.02 at "
    "rank 4, 1.90 against 0.33 at rank 64.)",
    accepted=ANY,
    estimate="logarithm of the alignment",
    basis=FULL_TEXT,
    source=f"{LORA}, section 7.3 and table 7",
    **IN_LOGARITHMS,
)
def amplifies(results: Results) -> Iterator[Sample]:
    """Measure the alignment of LoRA's updates with W_q at their own rank."""
    for point in results:
        for run in probed(point):
            for name in matrices(point, "q"):
                values = logarithm(point, "alignment", run, name, run.rank)
                yield Sample(point, values, f"{run.name}, {name}")


@claim(
    "LoRA 11: amplification is larger at small rank",
    "The logarithm of the amplification factor of W_q at the smallest rank from 4 over that at "
    "the largest is {accepted} (21.5 at rank 4, 2 at rank 64).",
    accepted=ANY,
    estimate="logarithm of the ratio of amplification factors",
    basis=FULL_TEXT,
    source=f"{LORA}, section 7.3 and appendix H.4",
    **IN_LOGARITHMS | {"null": "equal factors"},
)
def falls_with_rank(results: Results) -> Iterator[Sample]:
    """Compare amplification of the smallest rank from 4 with that of the largest."""
    return fall(results, "amplification")


@claim(
    "Derived 3: the fall of amplification with rank is chance's",
    "Amplification of random directions falls as 1 / r; the logarithm of amplification over "
    "that, at the smaller rank over the larger one, is {accepted} (table 7: 1/16 of chance at "
    "rank 4, 1/6 at 64).",
    accepted=at_most(0.0, why="a smaller rank amplifies no more than chance lets it"),
    estimate="logarithm of the ratio of amplification over its null, small over large rank",
    basis=DERIVED,
    source=HERE,
    **IN_LOGARITHMS,
)
def falls_as_chance_does(results: Results) -> Iterator[Sample]:
    """Compare amplification over its null, the inverse of the alignment, at two ranks."""
    for sample in fall(results, "alignment"):
        yield Sample(sample.point, -sample.values, sample.part)


@claim(
    "Derived 4: a large amplification factor is no evidence of amplification",
    "RandLoRA's 8 leading directions carry what random directions would carry of the base "
    "weight, {accepted}, whatever the factor is.",
    accepted=Region(
        -math.log(CHANCE),
        math.log(CHANCE),
        f"within a factor {CHANCE:g}",
        why="within a quarter of chance counts as chance",
    ),
    estimate="logarithm of the alignment at 8 directions, mean over matrices",
    basis=DERIVED,
    source=HERE,
    **IN_LOGARITHMS | {"scope": OF_COUNTS["scope"]},
)
def amplification_at_chance(results: Results) -> Iterator[Sample]:
    """Measure RandLoRA's alignment at 8 directions."""
    for point in results:
        for run in runs(point, "randlora"):
            values = np.log(of(point, "alignment", run).sel(probed_rank=AT_RANK))
            yield Sample(point, values.mean("matrix", skipna=False), run.name)


@claim(
    "Intruders 1: LoRA has intruder dimensions, full fine-tuning has not",
    "Of the ten leading directions of a tuned weight, those that match no direction of the base "
    "weight are more in LoRA than in full fine-tuning by {accepted}.",
    accepted=at_least(0.5, why=HALF_A_DIRECTION),
    estimate="difference of counts of ten, mean over matrices",
    basis=RECALLED,
    source="Shuttleworth et al., arXiv 2410.21228",
    null="no difference",
    **OF_COUNTS
    | {
        "scope": "short fine-tuning at each method's chosen rate, so that norms differ; counts "
        "follow the norm (Derived 5 and 6)"
    },
)
def intruders(results: Results) -> Iterator[Sample]:
    """Compare counts of intruders of LoRA and full fine-tuning."""
    for point in results:
        for full in runs(point, "full"):
            for run in runs(point, "lora"):
                more = count(point, "intruders", run) - count(point, "intruders", full)
                yield counted(point, more, run, f"{run.name} - full")


@claim(
    "Derived 5: intruders are those of random directions",
    "The number of an adapter's intruders differs from that of an update of its singular values "
    "in random directions by {accepted}.",
    accepted=within(0.5, why=HALF_A_DIRECTION),
    estimate="count minus that of the control, mean over matrices",
    basis=DERIVED,
    source=HERE,
    null="random directions",
    **OF_COUNTS,
)
def intruders_of_its_norm(results: Results) -> Iterator[Sample]:
    """Compare counts of intruders with those of the same spectrum in random directions."""
    for point in results:
        for run in runs(point, "lora", "rslora", "vera", "randlora"):
            more = count(point, "intruders", run) - count(point, "intruders_random", run)
            yield counted(point, more, run, run.name)


@claim(
    "Derived 6: at equal norm LoRA has no more intruders",
    "Scaled to the norm of full fine-tuning's update, LoRA's has more intruders of ten than full "
    "fine-tuning's by {accepted}.",
    accepted=at_most(0.5, why=HALF_A_DIRECTION),
    estimate="difference of counts of ten, mean over matrices",
    basis=DERIVED,
    source=HERE,
    null="no difference",
    **OF_COUNTS,
)
def no_intruders_at_equal_norm(results: Results) -> Iterator[Sample]:
    """Compare LoRA's count, scaled to full fine-tuning's norm, with full fine-tuning's."""
    for point in results:
        for full in runs(point, "full"):
            for run in runs(point, "lora"):
                more = count(point, "intruders_full_norm", run) - count(point, "intruders", full)
                yield counted(point, more, run, f"{run.name} - full")


@claim(
    "RandLoRA 3: representations closer to full fine-tuning",
    "Linear CKA with the fully fine-tuned model, on average over blocks, is higher for RandLoRA "
    "than for the LoRA of nearest size by {accepted}.",
    accepted=at_least(0.0, why="higher means any gain"),
    estimate="difference of mean CKA, paired over replicates",
    scope="states of validation tokens after each block of the adapted layers",
    basis=FULL_TEXT,
    source=f"{RANDLORA}, section 6.1",
    null="no difference",
    chance=0.0,
    figure="representations",
)
def closer_to_full(results: Results) -> Iterator[Sample]:
    """Compare CKA with full fine-tuning of RandLoRA and of the LoRA of nearest size."""
    for point in results.where(lambda point: "cka" in point.measured):
        for run in runs(point, "randlora"):
            for lora in nearest(point, run):
                more = of(point, "cka", run) - of(point, "cka", lora)
                part = f"{run.name} - {lora.name}"
                yield Sample(point, more.mean("block", skipna=False), part)


@claim(
    "Derived 7: one basin",
    "On the straight lines between LoRA, RandLoRA and full fine-tuning the training loss rises "
    "above the line between its ends by {accepted} nat.",
    accepted=at_most(0.05, why="a few per cent of the loss of guessing, ln 2"),
    estimate="largest rise at three points, in nat",
    scope="runs at the chosen learning rates, from one head and data order",
    basis=DERIVED,
    source=HERE,
    null="no barrier",
    chance=0.0,
    figure="loss_plane",
)
def one_basin(results: Results) -> Iterator[Sample]:
    """Measure the loss barrier on each edge between LoRA, RandLoRA and full fine-tuning."""
    for point in results.where(lambda point: "barrier" in point.measured):
        for edge in point.measured.edge.values:
            yield Sample(point, point.measured.barrier.sel(edge=edge), edge)


@claim(
    "Derived 8: numbers of trained parameters",
    "Trained parameters are, {accepted}, D d (full), r (D + d) (LoRA), n (r + min(D, d)) "
    "(RandLoRA) and r + D (VeRA) per matrix.",
    accepted=within(0.5, why="they are whole numbers"),
    estimate="measured minus closed form",
    scope="all runs",
    basis=DERIVED,
    source=HERE,
    figure="rank_and_parameters",
)
def sizes(results: Results) -> Iterator[Sample]:
    """Compare the number of trained parameters with the closed forms."""
    for point in results:
        excess = point.measured.trainable_parameters - point.predicted.trainable_parameters
        for run in all_runs(point):
            yield Sample(point, exact(excess.sel(run=run.name)), run.name)


@claim(
    "Derived 9: no update exceeds its rank",
    "The numerical rank of every update exceeds r for LoRA and VeRA, min(D, d) for RandLoRA and "
    "full fine-tuning, by {accepted}.",
    accepted=at_most(0.0, why="a bound"),
    estimate="largest numerical rank minus the bound, over matrices and replicates",
    scope="all runs",
    basis=DERIVED,
    source=HERE,
    figure="spectra",
)
def bounds(results: Results) -> Iterator[Sample]:
    """Compare the largest numerical rank of an update with its bound."""
    for point in results:
        excess = point.measured.numerical_rank - point.predicted.rank_bound
        for run in (run for run in all_runs(point) if run.method != "head"):
            yield Sample(point, exact(excess.sel(run=run.name).max()), run.name)
