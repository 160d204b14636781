"""Measured variables in which a claim's number is what the audit says, one function a claim."""

import zlib
from collections.abc import Callable, Collection

import numpy as np
import xarray as xr

from rankscope.evidence.planting import with_own_noise
from rankscope.evidence.results import Point
from rankscope.studies.language_model.claims.updates import probed
from rankscope.studies.language_model.parameters import Run
from rankscope.studies.language_model.selection import all_runs, own_matrices, partner, runs

Planted = dict[str, xr.DataArray]
LEVEL = 0.3


def adapter_over_head(point: Point, values: xr.DataArray) -> Planted:
    """Return answers of LoRA's largest rank better than those of the head alone."""
    return _off(point, runs(point, "lora")[-1:], "head", values)


def full_over_rank_one(point: Point, values: xr.DataArray) -> Planted:
    """Return answers of full fine-tuning better than LoRA's at rank 1."""
    return _off(point, runs(point, "full"), "lora-1", values)


def small_ranks(point: Point, values: xr.DataArray) -> Planted:
    """Return answers of LoRA's smaller ranks off those of the largest."""
    *small, largest = runs(point, "lora")
    return _off(point, small, largest.name, values)


def as_good_as_full(point: Point, values: xr.DataArray) -> Planted:
    """Return LoRA's answers off full fine-tuning's."""
    return _off(point, runs(point, "lora"), "full", values)


def closes_the_gap(point: Point, values: xr.DataArray) -> Planted:
    """Return RandLoRA's answers off full fine-tuning's."""
    return _off(point, runs(point, "randlora"), "full", values)


def stabilised_wins(point: Point, values: xr.DataArray) -> Planted:
    """Return rsLoRA's answers off LoRA's at the largest rank."""
    return _off(point, runs(point, "rslora"), runs(point, "lora")[-1].name, values)


def full_rank_wins(point: Point, values: xr.DataArray) -> Planted:
    """Return RandLoRA's answers off those of the LoRA of its size."""
    return _off_partner(point, "randlora", values)


@with_own_noise
def full_rank_wins_over_tasks(point: Point, values: xr.DataArray) -> Planted:
    """Return answers as above, a task's difference drawn about the mean with its spread."""
    seed = [zlib.crc32(point.task.encode()), *values.values.view(np.uint64).tolist()]
    own = float(values.mean() + values.std(ddof=1) * np.random.default_rng(seed).standard_normal())
    correct = point.measured.correct
    for run in runs(point, "randlora"):
        for lora in partner(point, run):
            more = correct.sel(run=run.name) - correct.sel(run=lora.name)
            better = correct.sel(run=lora.name) + more - more.mean() + own
            correct = correct.where(correct.run != run.name, better)
    return {"correct": correct}


def restarts_win(point: Point, values: xr.DataArray) -> Planted:
    """Return ReLoRA's answers off those of the LoRA of its size."""
    return _off_partner(point, "relora", values)


def restarts_reach_large_ranks(point: Point, values: xr.DataArray) -> Planted:
    """Return ReLoRA's answers off LoRA's at the largest rank."""
    return _off(point, runs(point, "relora"), runs(point, "lora")[-1].name, values)


def better_than_vera(point: Point, values: xr.DataArray) -> Planted:
    """Return RandLoRA's answers off VeRA's."""
    return _off(point, runs(point, "randlora"), runs(point, "vera")[0].name, values)


def query_and_value(point: Point, values: xr.DataArray) -> Planted:
    """Return answers of query and value off the mean of all other choices."""
    sizes = point.measured.trainable_parameters
    (chosen,) = [run.name for run in all_runs(point) if run.targets == "qv"]
    others = [
        run.name
        for run in all_runs(point)
        if run.name != chosen and sizes.sel(run=run.name) == sizes.sel(run=chosen)
    ]
    correct = point.measured.correct
    mean = correct.sel(run=others).mean("run")
    return {"correct": correct.where(correct.run != chosen, mean + values)}


def not_query_or_key_alone(point: Point, values: xr.DataArray) -> Planted:
    """Return answers of query or key alone off those of query and value."""
    (chosen,) = [run.name for run in all_runs(point) if run.targets == "qv"]
    alone = [run for run in all_runs(point) if run.targets in ("q", "k")]
    return _off(point, alone, chosen, -values)


def low_intrinsic_rank(point: Point, values: xr.DataArray) -> Planted:
    """Return answers at 8 directions off those of the whole, at 0 as measured."""
    cut = point.measured.truncated_correct
    return {"truncated_correct": cut.where(cut.kept == 0, point.measured.correct + values)}


def its_rank_is_used(point: Point, values: xr.DataArray) -> Planted:
    """Return answers with some directions off those of the whole, at 0 as measured."""
    return low_intrinsic_rank(point, -values)


def same_seed(point: Point, values: xr.DataArray) -> Planted:
    """Return the similarity itself."""
    return {"phi": _like(point, "phi") + values}


other_seed = same_seed


def more_than_chance(point: Point, values: xr.DataArray) -> Planted:
    """Return similarities above those on shuffled labels."""
    return {"phi": point.measured.phi_shuffled + values}


def query_shares_more(point: Point, values: xr.DataArray) -> Planted:
    """Return one similarity for all matrices, and another for query."""
    zero = _like(point, "phi")
    return {"phi": zero + LEVEL + values * zero.matrix.isin(own_matrices(point, "q"))}


def amplifies(point: Point, values: xr.DataArray) -> Planted:
    """Return the same alignment at every rank."""
    return {"alignment": _like(point, "alignment") + np.exp(values)}


def falls_as_chance_does(point: Point, values: xr.DataArray) -> Planted:
    """Return alignments that are a power of the rank, between the two that are compared."""
    ranks = [run.rank for run in probed(point)]
    power = np.log(point.measured.probed_rank) / np.log(max(ranks) / min(ranks))
    return {"alignment": _like(point, "alignment") + np.exp(values * power)}


def intruders(point: Point, values: xr.DataArray) -> Planted:
    """Return one count for all runs, and another for LoRA."""
    return _two_levels(point, "intruders", values, lambda run: run.method == "lora")


def intruders_at_equal_loss(point: Point, values: xr.DataArray) -> Planted:
    """Return one count for full fine-tuning, and another for LoRA."""
    return _two_levels(point, "intruders_equal_loss", values, lambda run: run.method == "lora")


def restarts_add_rank(point: Point, values: xr.DataArray) -> Planted:
    """Return one number of directions for all runs, and another for ReLoRA."""
    return _two_levels(point, "rank_99", values, lambda run: run.method == "relora")


def no_intruders_at_equal_norm(point: Point, values: xr.DataArray) -> Planted:
    """Return one count as trained, and another at full fine-tuning's norm."""
    zero = _like(point, "intruders")
    return {"intruders": zero + LEVEL + 0 * values, "intruders_full_norm": zero + LEVEL + values}


def intruders_of_its_norm(point: Point, values: xr.DataArray) -> Planted:
    """Return counts off those of the control."""
    return {"intruders": point.measured.intruders_random + values}


def closer_to_full(point: Point, values: xr.DataArray) -> Planted:
    """Return one closeness for all runs, and another for RandLoRA."""
    return _two_levels(point, "cka", values, lambda run: run.method == "randlora")


def as_close_as_another_seed(point: Point, values: xr.DataArray) -> Planted:
    """Return RandLoRA's closeness off that of full fine-tuning's twin."""
    cka = point.measured.cka
    others = ~cka.run.isin([run.name for run in runs(point, "randlora")])
    return {"cka": cka.where(others, point.measured.cka_full + values)}


def _like(point: Point, variable: str) -> xr.DataArray:
    """Return zeros with all dimensions of a variable but the replicates, where all have it."""
    measured = point.measured[variable]
    return xr.zeros_like(measured.isel(replicate=0, drop=True), dtype=float).where(
        measured.notnull().all("replicate")
    )


def _off(point: Point, tried: Collection[Run], reference: str, values: xr.DataArray) -> Planted:
    """Return answers as measured, those of some runs off those of a reference."""
    correct = point.measured.correct
    others = ~correct.run.isin([run.name for run in tried])
    return {"correct": correct.where(others, correct.sel(run=reference) + values)}


def _off_partner(point: Point, method: str, values: xr.DataArray) -> Planted:
    """Return answers as measured, a method's off those of the LoRA of its size."""
    correct = point.measured.correct
    for run in runs(point, method):
        for lora in partner(point, run):
            better = correct.sel(run=lora.name) + values
            correct = correct.where(correct.run != run.name, better)
    return {"correct": correct}


def _two_levels(
    point: Point, variable: str, values: xr.DataArray, higher: Callable[[Run], bool]
) -> Planted:
    """Return one level for all runs, and ``values`` above it for some."""
    zero = _like(point, variable)
    chosen = zero.run.isin([run.name for run in all_runs(point) if higher(run)])
    return {variable: zero + LEVEL + values * chosen}
