"""Claims about accuracy: which rank, which matrices, which method."""

import numpy as np
import xarray as xr

from rankscope.studies.language_model import claims_tools as tools
from rankscope.evidence.verdicts import Claim, Evidence

# In LoRA's table 6 the smallest rank is at most 1.7 points below the best one (WikiSQL, W_q:
# 68.8 against 70.5); the same margin is taken for comparisons with full fine-tuning.
NOT_WORSE = -0.02
# In LoRA's table 5, W_q and W_v at rank 4 are at most 0.4 points below any other choice.
BEST_CHOICE = -0.005
# Cutting an update is harmless if it costs no more than the margin above.
HARMLESS = 0.02

LORA = "Hu et al., arXiv 2106.09685"
RANDLORA = "Albert et al., arXiv 2502.00987"
SCOPE = (
    "text classification with a six-layer encoder, top layers adapted; intervals are over "
    "seeds and draws of test texts, at the learning rate that one sweep chose"
)
ESTIMATE = "difference of test accuracies, paired over replicates"


def small_ranks(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Compare each smaller rank of LoRA with the largest."""
    samples = []
    for point in tools.points(simulated):
        *smaller, largest = point.of("lora") or [None]
        samples += [tools.accuracy_difference(point, run, largest) for run in smaller]
    return _paired(simulated, samples, NOT_WORSE)


def as_good_as_full(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Compare each rank of LoRA with full fine-tuning of the same matrices."""
    samples = [
        tools.accuracy_difference(point, run, full)
        for point in tools.points(simulated)
        for full in point.of("full")
        for run in point.of("lora")
    ]
    return _paired(simulated, samples, NOT_WORSE)


def query_and_value(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Compare W_q and W_v with every other choice of the same number of parameters."""
    return _paired(simulated, _against(simulated, ("qv",), None), BEST_CHOICE)


def not_query_or_key_alone(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Compare W_q and W_v with W_q alone and with W_k alone."""
    return _paired(simulated, _against(simulated, ("qv",), ("q", "k")), 0.0)


def value_or_output(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Compare W_v alone and W_o alone with W_q alone and W_k alone."""
    return _paired(simulated, _against(simulated, ("v", "o"), ("q", "k")), 0.0)


def full_rank_wins(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Compare RandLoRA with the LoRA run of nearest size."""
    samples = [
        tools.accuracy_difference(point, run, nearest(point, run))
        for point in tools.points(simulated)
        for run in point.of("randlora")
        if point.of("lora")
    ]
    return _paired(simulated, samples, 0.0)


def closes_the_gap(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Compare RandLoRA with full fine-tuning."""
    samples = [
        tools.accuracy_difference(point, run, full)
        for point in tools.points(simulated)
        for full in point.of("full")
        for run in point.of("randlora")
    ]
    return _paired(simulated, samples, NOT_WORSE)


def needs_few_of_its_directions(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Compare RandLoRA's accuracy with that of its update cut to 64 directions."""
    samples = []
    for point in tools.points(simulated):
        for run in point.of("randlora"):
            cut = point.run("truncated_accuracy", run).sel(kept=64)
            loss = point.run("whole_accuracy", run) - cut
            samples.append((point.label(f"{run.name}, whole - 64 directions"), loss.values))
    step = 1.0 / float(np.min(simulated.probe_texts.values))
    return tools.from_samples(samples, -np.inf, HARMLESS, null=0.0, resolution=step)


def nearest(point: tools.Point, run: object) -> object:
    """Return the LoRA run whose number of parameters is nearest in ratio."""
    size = float(point.run("trainable_parameters", run))
    return min(
        point.of("lora"),
        key=lambda lora: abs(np.log(float(point.run("trainable_parameters", lora)) / size)),
    )


def _against(
    simulated: xr.Dataset, first: tuple[str, ...], second: tuple[str, ...] | None
) -> list[tools.Sample]:
    """Compare LoRA runs of equal size: targets ``first`` with ``second`` (or all others)."""
    samples = []
    for point in tools.points(simulated):
        lora = [run for run in point.runs if run.method == "lora"]
        for one in (run for run in lora if run.targets in first):
            size = float(point.run("trainable_parameters", one))
            samples += [
                tools.accuracy_difference(point, one, other)
                for other in lora
                if float(point.run("trainable_parameters", other)) == size
                and (other.targets in second if second else other.targets != one.targets)
            ]
    return samples


def _paired(simulated: xr.Dataset, samples: list[tools.Sample], lower: float) -> Evidence:
    step = tools.resolution(simulated)
    return tools.from_samples(samples, lower, np.inf, null=0.0, resolution=step)


def _claim(name: str, statement: str, source: str, evidence: object, **other: str) -> Claim:
    fixed = {"basis": "full text", "figure": "accuracy", "null": "no difference"}
    return Claim(
        name=name,
        statement=statement,
        source=source,
        scope=SCOPE,
        estimate=ESTIMATE,
        evidence=evidence,
        **(fixed | other),
    )


CLAIMS = (
    _claim(
        "LoRA 1: very small ranks suffice",
        "LoRA at a small rank is no more than 2 points worse than at the largest rank tried "
        "(tried at rates chosen for each rank; table 6 compares ranks 1 to 64).",
        f"{LORA}, section 7.2 and table 6",
        small_ranks,
        figure="rank_and_parameters",
    ),
    _claim(
        "LoRA 2: as good as full fine-tuning",
        "LoRA is no more than 2 points worse than full fine-tuning of the same matrices.",
        f"{LORA}, abstract and section 5",
        as_good_as_full,
    ),
    _claim(
        "LoRA 3: query and value are the best choice",
        "At equal numbers of parameters, adapting W_q and W_v is no more than half a point "
        "worse than any other choice of attention matrices.",
        f"{LORA}, section 7.1 and table 5",
        query_and_value,
    ),
    _claim(
        "LoRA 4: query or key alone is worse",
        "At equal numbers of parameters, adapting W_q and W_v is better than W_q or W_k alone.",
        f"{LORA}, section 7.1 and table 5",
        not_query_or_key_alone,
    ),
    _claim(
        "LoRA 5: value or output alone beats query or key alone",
        "At equal numbers of parameters, W_v alone and W_o alone are better than W_q alone and "
        "W_k alone.",
        f"{LORA}, table 5 (read from its numbers)",
        value_or_output,
    ),
    _claim(
        "RandLoRA 1: full rank beats low rank at equal size",
        "RandLoRA is better than the LoRA of the nearest number of parameters.",
        f"{RANDLORA}, section 6 and tables 2 and 11",
        full_rank_wins,
        figure="rank_and_parameters",
    ),
    _claim(
        "RandLoRA 2: as good as full fine-tuning",
        "RandLoRA is no more than 2 points worse than full fine-tuning of the same matrices.",
        f"{RANDLORA}, abstract and table 11",
        closes_the_gap,
    ),
    _claim(
        "Derived 1: RandLoRA does not use its full rank",
        "Cutting RandLoRA's trained update to its 64 leading directions, without retraining, "
        "costs at most 2 points of accuracy.",
        "derived here",
        needs_few_of_its_directions,
        basis="derived here",
        figure="truncation",
    ),
)
