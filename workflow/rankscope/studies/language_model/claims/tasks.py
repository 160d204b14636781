"""Claims about the mean over tasks, of runs with more than one."""

from collections.abc import Iterator

from rankscope.evidence import samples
from rankscope.evidence.claims import claim
from rankscope.evidence.results import Family, Point, Results
from rankscope.evidence.samples import Estimate, Sample
from rankscope.studies.language_model.claims.accuracy import (
    BETTER,
    FULL_IS_BETTER,
    RANDLORA,
    SCOPE,
    full_rank_wins,
)


@claim(
    "RandLoRA 7: full rank beats low rank at equal size, over tasks",
    "On average over tasks, RandLoRA's accuracy minus that of the LoRA of as many parameters is "
    "{accepted}.",
    accepted=BETTER,
    source=f"{RANDLORA}, section 6 and tables 2 and 11",
    **FULL_IS_BETTER
    | {
        "estimate": "mean over tasks of differences of accuracies on the same test texts",
        "scope": f"{SCOPE}, and other tasks, as if these were drawn at random; of two tasks or "
        "more, those where full fine-tuning is clearly better than LoRA",
        "over": "",
    },
)
def full_rank_wins_over_tasks(results: Results) -> Iterator[Sample]:
    """Average the comparison of RandLoRA with the LoRA of equal size over tasks."""
    pairs: dict[str, dict[str, tuple[Point, Estimate]]] = {}
    for point in results.where(rate_shift=0):
        for sample in full_rank_wins.samples(Results([point])):
            pairs.setdefault(str(sample.part), {})[point.task] = point, sample.estimate
    for pair, of_task in pairs.items():
        if len(of_task) > 1:
            points, estimates = zip(*of_task.values(), strict=True)
            family = Family("task", points, f"{len(points)} tasks")
            yield Sample(family, samples.random_effects(estimates), pair)
