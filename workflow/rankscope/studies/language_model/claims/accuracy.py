"""Claims about accuracy: which rank, which matrices, which method."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from rankscope.evidence.claims import FULL_TEXT, claim
from rankscope.evidence.region import at_least
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample
from rankscope.studies.language_model.parameters import Run
from rankscope.studies.language_model.selection import all_runs, of, runs

LORA = "Hu et al., arXiv 2106.09685"
RANDLORA = "Albert et al., arXiv 2502.00987"

NOT_WORSE = at_least(
    -0.02,
    why="in LoRA's table 6 the smallest rank is at most 1.7 points below the best one (WikiSQL, "
    "W_q: 68.8 against 70.5); the same margin is taken beside full fine-tuning",
)
BETTER = at_least(
    0.005,
    why="half a point: LoRA's table 5 has the choice that it calls best 0.4 points below another",
)
ACCURACIES = {
    "estimate": "difference of test accuracies, paired over replicates",
    "basis": FULL_TEXT,
}
SCOPE = (
    "text classification with a six-layer encoder, top layers adapted, at the learning rate that "
    "one sweep on one seed chose; the classifier learns at one rate beside adapters and at its "
    "own swept rate alone; intervals are over seeds and draws from one pool of test texts"
)
AGAINST_HEAD = {
    **ACCURACIES,
    "scope": f"where the head alone is worse than what is accepted; {SCOPE}",
    "null": "the head alone, without any update",
}
AGAINST_EQUALS = {**ACCURACIES, "scope": SCOPE, "null": "no difference", "chance": 0.0}


def gain(point: Point, first: Run, second: Run) -> xr.DataArray:
    """Return the test accuracy of a run minus that of another, on the same test texts."""
    return of(point, "test_accuracy", first) - of(point, "test_accuracy", second)


def difference(point: Point, first: Run, second: Run, chance: float = np.nan) -> Sample:
    """Compare the test accuracies of two runs."""
    part = f"{first.name} - {second.name}"
    values, step = gain(point, first, second), 1 / point.test_texts
    return Sample(point, values, part, chance=chance, resolution=step)


def not_worse(point: Point, tried: list[Run], reference: Run) -> Iterator[Sample]:
    """Compare runs with a reference, where something is lost without any update.

    If the head alone meets the margin too, a run that meets it shows nothing.
    """
    for head in runs(point, "head"):
        alone = float(gain(point, head, reference).mean())
        if alone < NOT_WORSE.lower:
            for run in tried:
                yield difference(point, run, reference, chance=alone)


def equal_size(point: Point, first: str, second: str) -> list[tuple[Run, Run]]:
    """Return pairs of LoRA's runs of one size, on targets of ``first`` and of ``second``."""
    lora = [run for run in all_runs(point) if run.method == "lora"]
    return [
        (one, other)
        for one in lora
        for other in lora
        if one.targets in first.split()
        and other.targets in second.split()
        and size(point, one) == size(point, other)
    ]


def size(point: Point, run: Run) -> float:
    """Return a run's number of trained parameters."""
    return float(of(point, "trainable_parameters", run))


def nearest(point: Point, run: Run) -> list[Run]:
    """Return the LoRA run whose number of parameters is nearest in ratio, if there is one."""
    by_ratio = sorted(
        runs(point, "lora"), key=lambda lora: abs(np.log(size(point, lora) / size(point, run)))
    )
    return by_ratio[:1]


@claim(
    "LoRA 1: very small ranks suffice",
    "LoRA's accuracy at a small rank minus that at the largest rank tried is {accepted} (at "
    "rates chosen for each rank; table 6 compares ranks 1 to 64).",
    accepted=NOT_WORSE,
    source=f"{LORA}, section 7.2 and table 6",
    figure="rank_and_parameters",
    headline=True,
    **AGAINST_HEAD,
)
def small_ranks(results: Results) -> Iterator[Sample]:
    """Compare each smaller rank of LoRA with the largest."""
    for point in results:
        for largest in runs(point, "lora")[-1:]:
            yield from not_worse(point, runs(point, "lora")[:-1], largest)


@claim(
    "LoRA 2: as good as full fine-tuning",
    "LoRA's accuracy minus that of full fine-tuning of the same matrices is {accepted}.",
    accepted=NOT_WORSE,
    source=f"{LORA}, abstract and section 5",
    figure="accuracy",
    headline=True,
    **AGAINST_HEAD,
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
    figure="accuracy",
    **AGAINST_EQUALS,
)
def query_and_value(results: Results) -> Iterator[Sample]:
    """Compare W_q and W_v with the mean of all other choices."""
    for point in results:
        others = {run.targets for run in all_runs(point)} - {"qv"}
        pairs = equal_size(point, "qv", " ".join(others))
        if pairs:
            mean = sum(gain(point, *pair) for pair in pairs) / len(pairs)
            yield Sample(point, mean, "qv - others", resolution=1 / point.test_texts)


@claim(
    "LoRA 4: query or key alone is worse",
    "At equal numbers of parameters, the accuracy of adapting W_q and W_v minus that of W_q or "
    "W_k alone is {accepted}.",
    accepted=BETTER,
    source=f"{LORA}, section 7.1 and table 5",
    figure="accuracy",
    **AGAINST_EQUALS,
)
def not_query_or_key_alone(results: Results) -> Iterator[Sample]:
    """Compare W_q and W_v with W_q alone and with W_k alone."""
    for point in results:
        for pair in equal_size(point, "qv", "q k"):
            yield difference(point, *pair)


@claim(
    "LoRA 5: value or output alone beats query or key alone",
    "At equal numbers of parameters, the accuracy of W_v or W_o alone minus that of W_q or W_k "
    "alone is {accepted}.",
    accepted=BETTER,
    source=f"{LORA}, table 5 (read from its numbers)",
    figure="accuracy",
    **AGAINST_EQUALS,
)
def value_or_output(results: Results) -> Iterator[Sample]:
    """Compare W_v alone and W_o alone with W_q alone and W_k alone."""
    for point in results:
        for pair in equal_size(point, "v o", "q k"):
            yield difference(point, *pair)


@claim(
    "RandLoRA 1: full rank beats low rank at equal size",
    "RandLoRA's accuracy minus that of the LoRA of the nearest number of parameters is {accepted}.",
    accepted=BETTER,
    source=f"{RANDLORA}, section 6 and tables 2 and 11",
    figure="rank_and_parameters",
    headline=True,
    **AGAINST_EQUALS,
)
def full_rank_wins(results: Results) -> Iterator[Sample]:
    """Compare RandLoRA with the LoRA run of nearest size."""
    for point in results:
        for run in runs(point, "randlora"):
            for lora in nearest(point, run):
                yield difference(point, run, lora)


@claim(
    "RandLoRA 2: as good as full fine-tuning",
    "RandLoRA's accuracy minus that of full fine-tuning of the same matrices is {accepted}.",
    accepted=NOT_WORSE,
    source=f"{RANDLORA}, abstract and table 11",
    figure="accuracy",
    headline=True,
    **AGAINST_HEAD,
)
def closes_the_gap(results: Results) -> Iterator[Sample]:
    """Compare RandLoRA with full fine-tuning."""
    for point in results:
        for full in runs(point, "full"):
            yield from not_worse(point, runs(point, "randlora"), full)
