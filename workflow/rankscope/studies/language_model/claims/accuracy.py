"""Claims about accuracy: which rank, which matrices, which method.

Every comparison has a positive control, made of runs that it does not compare: where the control
does not show what it must at 95 % confidence, the comparison is not tested.
"""

from collections.abc import Iterator

import xarray as xr
from scipy import stats

from rankscope.evidence import samples
from rankscope.evidence.claims import DERIVED, FULL_TEXT, HERE, RECALLED, claim
from rankscope.evidence.region import at_least
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample
from rankscope.studies.language_model.parameters import KEPT, Run
from rankscope.studies.language_model.selection import all_runs, of, partner, runs

LORA = "Hu et al., arXiv 2106.09685"
RANDLORA = "Albert et al., arXiv 2502.00987"
RELORA = "Lialin et al., arXiv 2307.05695"
CONFIDENCE = 0.95

MARGIN = 0.02
NOT_WORSE = at_least(
    -MARGIN,
    why="in LoRA's table 6 the smallest rank is at most 1.7 points below the best one (WikiSQL, "
    "W_q: 68.8 against 70.5); the same margin is taken beside full fine-tuning",
)
BETTER = at_least(
    0.005,
    why="half a point: LoRA's table 5 has the choice that it calls best 0.4 points below another",
)
CRUCIAL = at_least(
    MARGIN, why="the margin within which the other rows call two runs as good as each other"
)
FEW = 8
"""Directions that a low intrinsic rank is tested at: the largest rank that LoRA uses on GPT-3."""

ACCURACIES = {
    "estimate": "difference of accuracies on the same test texts",
    "basis": FULL_TEXT,
    "figure": "accuracy",
    "over": "rate_shift",
}
SCOPE = (
    "text classification from the first token of a six-layer encoder whose top layers are "
    "adapted; each run at the rates of body and head that are best for it on tuning seeds, the "
    "body's as many steps of the search off that as rate_shift says; errors cover seeds, draws of "
    "training texts from one pool, and test texts"
)
HEAD_IS_WORSE = {
    **ACCURACIES,
    "scope": f"{SCOPE}; tested where the head alone is clearly worse than what is accepted",
    "null": "the head alone, without any update",
}
FULL_IS_BETTER = {
    **ACCURACIES,
    "scope": f"{SCOPE}; tested where full fine-tuning is clearly better than the second, so that "
    "there is room for the first",
    "null": "no difference",
    "chance": 0.0,
}
CONTROL = {
    **ACCURACIES,
    "basis": DERIVED,
    "source": HERE,
    "scope": SCOPE,
    "null": "no difference",
    "chance": 0.0,
}
LEARNT = {
    **ACCURACIES,
    "scope": f"{SCOPE}; tested where LoRA of all matrices is clearly better than the head alone",
    "null": "no difference",
    "chance": 0.0,
}
CUT = {
    **ACCURACIES,
    "scope": f"{SCOPE}; updates are cut after training, the trained head is kept; tested where "
    "cutting all directions is clearly worse than what is accepted",
    "figure": "truncation",
}


def gain(point: Point, first: Run, second: Run) -> xr.DataArray:
    """Return by how much a run does better than another on each test text."""
    more = of(point, "correct", first) - of(point, "correct", second)
    return more.transpose("replicate", "text")


def clearly(values: xr.DataArray, more_than: float) -> bool:
    """Tell whether a mean over replicates and texts exceeds a bound at 95 % confidence."""
    found = samples.crossed(values)
    half = float(stats.t.isf(1 - CONFIDENCE, found.freedom)) * found.error
    return found.missing == 0 and found.value - half > more_than


def difference(point: Point, first: Run, second: Run, chance: float = float("nan")) -> Sample:
    """Compare the test accuracies of two runs."""
    values = samples.crossed(gain(point, first, second))
    return Sample(point, values, f"{first.name} - {second.name}", chance=chance)


def not_worse(point: Point, tried: list[Run], reference: Run) -> Iterator[Sample]:
    """Compare runs with a reference, where something is lost without any update."""
    for head in runs(point, "head"):
        if clearly(gain(point, reference, head), MARGIN):
            alone = float(gain(point, head, reference).mean())
            for run in tried:
                yield difference(point, run, reference, chance=alone)


def with_room(point: Point, first: Run, second: Run) -> Iterator[Sample]:
    """Compare two runs where full fine-tuning is better than the second."""
    for full in runs(point, "full"):
        if clearly(gain(point, full, second), 0.0):
            yield difference(point, first, second)


def equal_size(point: Point, first: str, second: str) -> list[tuple[Run, Run]]:
    """Return pairs of LoRA's runs of one size, on targets of ``first`` and of ``second``.

    None where LoRA on all of the point's matrices does not do better than the head alone.
    """
    heads = runs(point, "head")
    if not heads or not runs(point, "lora"):
        return []
    if not clearly(gain(point, runs(point, "lora")[-1], heads[0]), MARGIN):
        return []
    lora = [run for run in all_runs(point) if run.method == "lora"]
    return [
        (one, other)
        for one in lora
        for other in lora
        if one.targets in first.split()
        and other.targets in second.split()
        and of(point, "trainable_parameters", one) == of(point, "trainable_parameters", other)
    ]


@claim(
    "Control 1: an adapter learns what the head alone cannot",
    "LoRA's accuracy at the largest rank minus that of the head alone is {accepted}.",
    accepted=CRUCIAL,
    **CONTROL,
)
def adapter_over_head(results: Results) -> Iterator[Sample]:
    """Compare LoRA's largest rank with the head alone."""
    for point in results:
        for head in runs(point, "head"):
            for largest in runs(point, "lora")[-1:]:
                yield difference(point, largest, head)


@claim(
    "Control 2: full fine-tuning learns what rank 1 cannot",
    "The accuracy of full fine-tuning minus that of LoRA at rank 1 is {accepted}.",
    accepted=BETTER,
    **CONTROL,
)
def full_over_rank_one(results: Results) -> Iterator[Sample]:
    """Compare full fine-tuning with LoRA of rank 1."""
    for point in results:
        for full in runs(point, "full"):
            for one in [run for run in runs(point, "lora") if run.rank == 1]:
                yield difference(point, full, one)


@claim(
    "LoRA 1: very small ranks suffice",
    "LoRA's accuracy at a small rank minus that at the largest rank tried is {accepted} (at "
    "rates chosen for each rank; table 6 compares ranks 1 to 64).",
    accepted=NOT_WORSE,
    source=f"{LORA}, section 7.2 and table 6",
    headline=True,
    **HEAD_IS_WORSE | {"figure": "rank_and_parameters"},
)
def small_ranks(results: Results) -> Iterator[Sample]:
    """Compare each smaller rank of LoRA with the largest."""
    for point in results:
        for largest in runs(point, "lora")[-1:]:
            yield from not_worse(point, runs(point, "lora")[:-1], largest)


@claim(
    "LoRA 2: at some rank as good as full fine-tuning",
    "At rates chosen for each, LoRA's accuracy minus that of full fine-tuning of the same matrices "
    "is, at some rank tried, {accepted}.",
    accepted=NOT_WORSE,
    source=f"{LORA}, abstract and section 5",
    somewhere=True,
    headline=True,
    **HEAD_IS_WORSE,
)
def as_good_as_full(results: Results) -> Iterator[Sample]:
    """Compare each rank of LoRA with full fine-tuning."""
    for point in results:
        for full in runs(point, "full"):
            yield from not_worse(point, runs(point, "lora"), full)


@claim(
    "LoRA 3: query and value are the best choice",
    "At equal numbers of parameters, the accuracy of adapting W_q and W_v minus that of the "
    "other choices of attention matrices, on average over them, is {accepted} (table 5: 1.8 "
    "points on WikiSQL, 0.1 on MNLI).",
    accepted=BETTER,
    source=f"{LORA}, section 7.1 and table 5",
    **LEARNT,
)
def query_and_value(results: Results) -> Iterator[Sample]:
    """Compare W_q and W_v with the mean of all other choices."""
    for point in results:
        others = {run.targets for run in all_runs(point)} - {"qv"}
        pairs = equal_size(point, "qv", " ".join(others))
        if pairs:
            mean = sum(gain(point, *pair) for pair in pairs) / len(pairs)
            yield Sample(point, samples.crossed(mean), "qv - others")


@claim(
    "LoRA 4: query or key alone is worse",
    "At equal numbers of parameters, the accuracy of adapting W_q and W_v minus that of W_q or "
    "W_k alone is {accepted}.",
    accepted=BETTER,
    source=f"{LORA}, section 7.1 and table 5",
    **LEARNT,
)
def not_query_or_key_alone(results: Results) -> Iterator[Sample]:
    """Compare W_q and W_v with W_q alone and with W_k alone."""
    for point in results:
        for pair in equal_size(point, "qv", "q k"):
            yield difference(point, *pair)


@claim(
    "LoRA 5: full fine-tuning's updates have a low intrinsic rank",
    f"Cut to its {FEW} leading directions after training, each update of full fine-tuning keeps "
    "its accuracy: the difference from the whole is {accepted}.",
    accepted=NOT_WORSE,
    source=f"{LORA}, section 1 and section 4.1 (as a hypothesis)",
    null="no direction kept",
    headline=True,
    **CUT,
)
def low_intrinsic_rank(results: Results) -> Iterator[Sample]:
    """Compare full fine-tuning cut to a few directions with the whole."""
    for point in results:
        for run in runs(point, "full"):
            if clearly(-_lost(point, run, 0), MARGIN):
                nothing = float(_lost(point, run, 0).mean())
                values = samples.crossed(_lost(point, run, FEW))
                yield Sample(point, values, f"{run.name}, {FEW} directions", chance=nothing)


@claim(
    "rsLoRA 1: better than LoRA at a large rank",
    "At the largest rank tried, the accuracy of rsLoRA minus that of LoRA is {accepted}.",
    accepted=BETTER,
    source="Kalajdzievski, arXiv 2312.03732",
    **FULL_IS_BETTER | {"basis": RECALLED},
)
def stabilised_wins(results: Results) -> Iterator[Sample]:
    """Compare rsLoRA with LoRA of the same rank."""
    for point in results:
        for run in runs(point, "rslora"):
            for lora in [one for one in runs(point, "lora")[-1:] if one.rank == run.rank]:
                yield from with_room(point, run, lora)


@claim(
    "RandLoRA 1: full rank beats low rank at equal size",
    "At rates chosen for each, RandLoRA's accuracy minus that of the LoRA of as many parameters is "
    "{accepted}.",
    accepted=BETTER,
    source=f"{RANDLORA}, section 6 and tables 2 and 11",
    headline=True,
    **FULL_IS_BETTER | {"figure": "rank_and_parameters"},
)
def full_rank_wins(results: Results) -> Iterator[Sample]:
    """Compare RandLoRA with the LoRA run of equal size."""
    for point in results:
        for run in runs(point, "randlora"):
            for lora in partner(point, run):
                yield from with_room(point, run, lora)


@claim(
    "RandLoRA 2: as good as full fine-tuning",
    "At rates chosen for each, RandLoRA's accuracy minus that of full fine-tuning of the same "
    "matrices is {accepted}.",
    accepted=NOT_WORSE,
    source=f"{RANDLORA}, abstract and table 11",
    headline=True,
    **HEAD_IS_WORSE,
)
def closes_the_gap(results: Results) -> Iterator[Sample]:
    """Compare RandLoRA with full fine-tuning."""
    for point in results:
        for full in runs(point, "full"):
            yield from not_worse(point, runs(point, "randlora"), full)


@claim(
    "RandLoRA 3: better than VeRA",
    "RandLoRA's accuracy minus that of VeRA is {accepted} (table 11: 84.4 against 74.6).",
    accepted=BETTER,
    source=f"{RANDLORA}, table 11",
    **FULL_IS_BETTER,
)
def better_than_vera(results: Results) -> Iterator[Sample]:
    """Compare RandLoRA with VeRA."""
    for point in results:
        for vera in runs(point, "vera"):
            for run in runs(point, "randlora"):
                yield from with_room(point, run, vera)


@claim(
    "Derived 1: RandLoRA needs more directions than the LoRA of its size has",
    "RandLoRA's accuracy minus that with its updates cut to the rank of the LoRA of as many "
    "parameters is {accepted}.",
    accepted=BETTER,
    source=f"{HERE}, after {RANDLORA}, section 6: what would make rank the reason",
    null="the leading directions are all it needs",
    chance=0.0,
    **CUT | {"basis": DERIVED},
)
def its_rank_is_used(results: Results) -> Iterator[Sample]:
    """Compare RandLoRA with itself, cut to the rank of the LoRA of equal size."""
    for point in results:
        for run in runs(point, "randlora"):
            for lora in partner(point, run):
                if lora.rank in KEPT and clearly(-_lost(point, run, 0), MARGIN):
                    values = samples.crossed(-_lost(point, run, lora.rank))
                    yield Sample(point, values, f"{run.name}, {lora.rank} directions")


@claim(
    "Derived 6: rank helps at the same number of parameters",
    "ReLoRA's accuracy minus that of the LoRA of as many parameters, whose rank is that of one of "
    "ReLoRA's products, is {accepted}.",
    accepted=BETTER,
    source=f"{HERE}, after {RELORA}: what would hold if rank were what LoRA lacks",
    **FULL_IS_BETTER | {"basis": DERIVED, "figure": "rank_and_parameters"},
)
def restarts_win(results: Results) -> Iterator[Sample]:
    """Compare ReLoRA with the LoRA run of equal size."""
    for point in results:
        for run in runs(point, "relora"):
            for lora in partner(point, run):
                yield from with_room(point, run, lora)


@claim(
    "Derived 7: a sum of small products is as good as LoRA at a larger rank",
    "ReLoRA's accuracy minus that of LoRA at the largest rank tried, which has more parameters, is "
    "{accepted}.",
    accepted=NOT_WORSE,
    source=f"{HERE}, after {RELORA}: what would hold if parameters were not what LoRA lacks",
    **HEAD_IS_WORSE | {"basis": DERIVED, "figure": "rank_and_parameters"},
)
def restarts_reach_large_ranks(results: Results) -> Iterator[Sample]:
    """Compare ReLoRA with LoRA at the largest rank."""
    for point in results:
        for largest in runs(point, "lora")[-1:]:
            smaller = [run for run in runs(point, "relora") if run.rank < largest.rank]
            yield from not_worse(point, smaller, largest)


def _lost(point: Point, run: Run, kept: int) -> xr.DataArray:
    """Return how a run does on each text with a cut update, minus the whole."""
    cut = of(point, "truncated_correct", run).sel(kept=kept) - of(point, "correct", run)
    return cut.transpose("replicate", "text")
