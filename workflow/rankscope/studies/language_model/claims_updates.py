"""Claims about single updates: amplification, intruders, sizes, representations."""

import numpy as np
import xarray as xr

from rankscope.studies.language_model import claims_tools as tools
from rankscope.studies.language_model.claims_accuracy import LORA, RANDLORA, nearest
from rankscope.evidence.verdicts import Claim, Evidence

# Within a quarter of chance counts as chance, on the logarithmic scale on which it is tested.
CHANCE = float(np.log(1.25))
# Differences of counts below half a direction of ten are no difference worth a claim.
COUNT = 0.5
# A loss barrier below this is none: a few per cent of the loss of guessing, ln 2.
BARRIER = 0.05
AT_RANK = 8
# Below this rank the logarithm of a random alignment is itself well below 0 on average
# (-0.64 at rank 1, -0.14 at rank 2, -0.03 at rank 4); the paper's table 7 begins at 4.
LEAST_RANK = 4
INTRUDER_PAPER = "Shuttleworth et al., arXiv 2410.21228"


def amplifies(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Measure the alignment of LoRA's updates with W_q at their own rank, in logarithms."""
    samples = []
    for point in tools.points(simulated):
        for run in (run for run in point.of("lora") if run.rank >= LEAST_RANK):
            for name in point.letters("q"):
                samples.append((point.label(f"{run.name}, {name}"), _alignment(point, run, name)))
    return tools.from_samples(samples, 0.0, np.inf, null=0.0)


def falls_with_rank(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Compare amplification of the smallest rank from 4 with that of the largest, on W_q."""
    return tools.from_samples(_two_ranks(simulated, "amplification"), 0.0, np.inf, null=0.0)


def falls_as_chance_does(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Compare amplification over its null between the same two ranks, on W_q."""
    samples = [(name, -ratio) for name, ratio in _two_ranks(simulated, "alignment")]
    return tools.from_samples(samples, -np.inf, 0.0, null=0.0)


def amplification_at_chance(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Measure RandLoRA's alignment at 8 directions, mean over matrices, in logarithms."""
    samples = []
    for point in tools.points(simulated):
        for run in point.of("randlora"):
            values = [_log(point, "alignment", run, name, AT_RANK) for name in point.matrices]
            samples.append((point.label(run.name), np.mean(values, axis=0)))
    return tools.from_samples(samples, -CHANCE, CHANCE, null=0.0)


def intruders(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Compare counts of intruders of LoRA and full fine-tuning."""
    samples = []
    for point in tools.points(simulated):
        for full in point.of("full"):
            for run in point.of("lora"):
                more = _count(point, "intruders", run) - _count(point, "intruders", full)
                samples.append((point.label(f"{run.name} - full"), more))
    return tools.from_samples(samples, COUNT, np.inf, null=0.0, resolution=_count_step(simulated))


def intruders_of_its_norm(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Compare counts of intruders with those of the same spectrum in random directions."""
    samples = []
    for point in tools.points(simulated):
        for run in point.of("lora", "rslora", "vera", "randlora"):
            more = _count(point, "intruders", run) - _count(point, "intruders_random", run)
            samples.append((point.label(run.name), more))
    return tools.from_samples(samples, -COUNT, COUNT, null=0.0, resolution=_count_step(simulated))


def no_intruders_at_equal_norm(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Compare LoRA's count, scaled to full fine-tuning's norm, with full fine-tuning's."""
    samples = []
    for point in tools.points(simulated):
        for full in point.of("full"):
            for run in point.of("lora"):
                scaled = _count(point, "intruders_full_norm", run)
                more = scaled - _count(point, "intruders", full)
                samples.append((point.label(f"{run.name} - full"), more))
    return tools.from_samples(samples, -np.inf, COUNT, null=0.0, resolution=_count_step(simulated))


def closer_to_full(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Compare CKA with full fine-tuning of RandLoRA and of the LoRA of nearest size."""
    samples = []
    for point in tools.points(simulated):
        for run in point.of("randlora"):
            if point.of("lora"):
                other = nearest(point, run)
                more = _cka(point, run) - _cka(point, other)
                samples.append((point.label(f"{run.name} - {other.name}"), more))
    return tools.from_samples(samples, 0.0, np.inf, null=0.0)


def one_basin(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Measure the loss barrier on each edge between LoRA, RandLoRA and full fine-tuning."""
    samples = [
        (point.label(str(edge)), point.data.barrier.sel(edge=edge).values)
        for point in tools.points(simulated)
        for edge in simulated.edge.values
    ]
    return tools.from_samples(samples, -np.inf, BARRIER, null=0.0)


def sizes(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Compare the number of trained parameters with the closed forms."""
    return _exact(simulated, predicted, "trainable_parameters")


def bounds(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Compare the largest numerical rank of an update with its bound."""
    samples = []
    for index, point in enumerate(tools.points(simulated)):
        for run in (run for run in point.runs if run.method != "head"):
            place = [r.name for r in point.runs].index(run.name)
            bound = _at(predicted.rank_bound, index).isel(run=place)
            excess = (point.run("numerical_rank", run) - bound).max(("matrix", "replicate"))
            samples.append((point.label(run.name), float(excess)))
    return _certain(samples, -np.inf, 0.0)


def _exact(simulated: xr.Dataset, predicted: xr.Dataset, variable: str) -> Evidence:
    samples = []
    for index, point in enumerate(tools.points(simulated)):
        for place, run in enumerate(point.runs):
            expected = float(_at(predicted[variable], index).isel(run=place))
            samples.append((point.label(run.name), float(point.run(variable, run)) - expected))
    return _certain(samples, 0.0, 0.0)


def _at(values: xr.DataArray, index: int) -> xr.DataArray:
    return values.isel(point=index) if "point" in values.dims else values


def _certain(samples: list[tuple[str, float]], lower: float, upper: float) -> Evidence:
    """Return evidence of values without randomness."""
    return Evidence(
        point=[name for name, _ in samples],
        estimate=np.array([value for _, value in samples]),
        error=0.0,
        freedom=np.inf,
        lower=lower,
        upper=upper,
    )


def _alignment(point: tools.Point, run: object, matrix: str) -> np.ndarray:
    return _log(point, "alignment", run, matrix, run.rank)


def _log(point: tools.Point, variable: str, run: object, matrix: str, rank: int) -> np.ndarray:
    """Return logarithms over replicates at ``rank`` directions; ``nan`` if that is not probed."""
    values = point.matrix(point.run(variable, run), matrix)
    if rank not in values.probed_rank.values:
        return np.full(values.sizes["replicate"], np.nan)
    return np.log(values.sel(probed_rank=rank).values)


def _two_ranks(simulated: xr.Dataset, variable: str) -> list[tools.Sample]:
    samples = []
    for point in tools.points(simulated):
        runs = [run for run in point.of("lora") if run.rank >= LEAST_RANK]
        if len(runs) > 1:
            small, large = runs[0], runs[-1]
            for name in point.letters("q"):
                drop = _log(point, variable, small, name, small.rank)
                drop = drop - _log(point, variable, large, name, large.rank)
                samples.append((point.label(f"{small.name} / {large.name}, {name}"), drop))
    return samples


def _count(point: tools.Point, variable: str, run: object) -> np.ndarray:
    return point.run(variable, run).mean("matrix").values


def _count_step(simulated: xr.Dataset) -> float:
    return 1.0 / simulated.sizes["matrix"]


def _cka(point: tools.Point, run: object) -> np.ndarray:
    return point.run("cka", run).mean("block").values


def _claim(name: str, statement: str, evidence: object, **other: str) -> Claim:
    fixed = {
        "basis": "derived here",
        "source": "derived here",
        "scope": "matrices of the adapted layers, runs at the chosen learning rates",
        "null": "random directions",
    }
    return Claim(name=name, statement=statement, evidence=evidence, **(fixed | other))


CLAIMS = (
    _claim(
        "LoRA 10: updates amplify directions of W_q",
        "W_q has more weight in the update's directions than in random ones: alignment > 1 at "
        "the adapter's rank, from 4 on. (Table 7: 0.32 against 0.02 at rank 4, 1.90 against 0.33 "
        "at rank 64.)",
        amplifies,
        basis="full text",
        source=f"{LORA}, section 7.3 and table 7",
        estimate="logarithm of the alignment",
        figure="amplification",
    ),
    _claim(
        "LoRA 11: amplification is larger at small rank",
        "The amplification factor of W_q is larger at the smallest rank from 4 than at the "
        "largest (21.5 at rank 4, 2 at rank 64).",
        falls_with_rank,
        basis="full text",
        source=f"{LORA}, section 7.3 and appendix H.4",
        estimate="logarithm of the ratio of amplification factors",
        null="equal factors",
        figure="amplification",
    ),
    _claim(
        "Derived 3: the fall of amplification with rank is chance's",
        "Amplification of random directions falls as 1 / r; measured against that, a smaller "
        "rank amplifies no more than a larger one (table 7: 1/16 of chance at rank 4, 1/6 at 64).",
        falls_as_chance_does,
        estimate="logarithm of the ratio of amplification over its null, small over large rank",
        figure="amplification",
    ),
    _claim(
        "Derived 4: a large amplification factor is no evidence of amplification",
        "RandLoRA's 8 leading directions carry what random directions would carry of the base "
        "weight, to within a quarter, whatever the factor is.",
        amplification_at_chance,
        estimate="logarithm of the alignment at 8 directions, mean over matrices",
        figure="amplification",
    ),
    _claim(
        "Intruders 1: LoRA has intruder dimensions, full fine-tuning has not",
        "Among the ten leading directions of a tuned weight, LoRA has at least half a "
        "direction more than full fine-tuning that match no direction of the base weight.",
        intruders,
        basis="recalled, not quoted",
        source=INTRUDER_PAPER,
        scope="short fine-tuning at each method's chosen rate, so that norms differ; counts "
        "follow the norm (Derived 5 and 6)",
        estimate="difference of counts of ten, mean over matrices",
        null="no difference",
        figure="intruders",
    ),
    _claim(
        "Derived 5: intruders are those of random directions",
        "An adapter has as many intruders as an update of its singular values in random "
        "directions, to within half a direction of ten.",
        intruders_of_its_norm,
        estimate="count minus that of the control, mean over matrices",
        figure="intruders",
    ),
    _claim(
        "Derived 6: at equal norm LoRA has no more intruders",
        "Scaled to the norm of full fine-tuning's update, LoRA's has at most half a direction "
        "of ten more intruders than full fine-tuning's.",
        no_intruders_at_equal_norm,
        estimate="difference of counts of ten, mean over matrices",
        null="no difference",
        figure="intruders",
    ),
    _claim(
        "RandLoRA 3: representations closer to full fine-tuning",
        "Linear CKA with the fully fine-tuned model, on average over blocks, is higher for "
        "RandLoRA than for the LoRA of nearest size.",
        closer_to_full,
        basis="full text",
        source=f"{RANDLORA}, section 6.1",
        estimate="difference of mean CKA, paired over replicates",
        null="no difference",
        figure="representations",
    ),
    _claim(
        "Derived 7: one basin",
        "On the straight lines between LoRA, RandLoRA and full fine-tuning the training loss "
        "rises by at most 0.05 nat above the line between its ends.",
        one_basin,
        estimate="largest rise at three points, in nat",
        null="no barrier",
        figure="loss_plane",
    ),
    _claim(
        "Derived 8: numbers of trained parameters",
        "Trained parameters are D d (full), r (D + d) (LoRA), n (r + min(D, d)) (RandLoRA) "
        "and r + D (VeRA) per matrix.",
        sizes,
        estimate="measured minus closed form",
        null="",
        figure="rank_and_parameters",
    ),
    _claim(
        "Derived 9: no update exceeds its rank",
        "The numerical rank of every update is at most r for LoRA and VeRA.",
        bounds,
        estimate="largest numerical rank minus the bound",
        null="",
        figure="spectra",
    ),
)
