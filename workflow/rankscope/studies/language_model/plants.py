"""Measured variables in which a claim's number is what the audit says, one function a claim."""

from collections.abc import Callable, Collection

import numpy as np
import xarray as xr

from rankscope.evidence.results import Point
from rankscope.studies.language_model.parameters import Run
from rankscope.studies.language_model.selection import all_runs, own_matrices, runs

Planted = dict[str, xr.DataArray]
LEVEL = 0.3


def small_ranks(point: Point, values: xr.DataArray) -> Planted:
    """Return accuracies of LoRA's smaller ranks off that of the largest."""
    *small, largest = runs(point, "lora")
    return _off(point, small, largest.name, values)


def as_good_as_full(point: Point, values: xr.DataArray) -> Planted:
    """Return LoRA's accuracies off full fine-tuning's."""
    return _off(point, runs(point, "lora"), "full", values)


def closes_the_gap(point: Point, values: xr.DataArray) -> Planted:
    """Return RandLoRA's accuracies off full fine-tuning's."""
    return _off(point, runs(point, "randlora"), "full", values)


def full_rank_wins(point: Point, values: xr.DataArray) -> Planted:
    """Return one accuracy for all runs, and another for RandLoRA."""
    return _two_levels(point, "test_accuracy", values, lambda run: run.method == "randlora")


def query_and_value(point: Point, values: xr.DataArray) -> Planted:
    """Return one accuracy for all choices, and another for query and value."""
    return _two_levels(point, "test_accuracy", values, lambda run: run.targets == "qv")


not_query_or_key_alone = query_and_value


def value_or_output(point: Point, values: xr.DataArray) -> Planted:
    """Return one accuracy for all choices, and another for value or output alone."""
    return _two_levels(point, "test_accuracy", values, lambda run: run.targets in ("v", "o"))


def same_seed(point: Point, values: xr.DataArray) -> Planted:
    """Return the similarity itself."""
    return {"phi": _like(point, "phi") + values}


other_seed = same_seed


def more_than_chance(point: Point, values: xr.DataArray) -> Planted:
    """Return similarities above those of random directions."""
    return {"phi": _like(point, "phi") + point.predicted.phi_null + values}


def query_shares_more(point: Point, values: xr.DataArray) -> Planted:
    """Return one similarity for all matrices, and another for query."""
    zero = _like(point, "phi")
    return {"phi": zero + LEVEL + values * zero.matrix.isin(own_matrices(point, "q"))}


def amplifies(point: Point, values: xr.DataArray) -> Planted:
    """Return the same alignment at every rank."""
    return {"alignment": _like(point, "alignment") + np.exp(values)}


amplification_at_chance = amplifies


def falls_as_chance_does(point: Point, values: xr.DataArray) -> Planted:
    """Return alignments that are a power of the rank, between the two that are compared."""
    probed = point.measured.probed_rank
    ranks = [run.rank for run in runs(point, "lora") if run.rank >= 4 and run.rank in probed]
    power = np.log(probed) / np.log(max(ranks) / min(ranks))
    return {"alignment": _like(point, "alignment") + np.exp(values * power)}


def intruders(point: Point, values: xr.DataArray) -> Planted:
    """Return one count for all runs, and another for LoRA."""
    return _two_levels(point, "intruders", values, lambda run: run.method == "lora")


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


def one_basin(point: Point, values: xr.DataArray) -> Planted:
    """Return the barrier itself, on every edge."""
    return {"barrier": _like(point, "barrier") + values}


def _like(point: Point, variable: str) -> xr.DataArray:
    """Return zeros with all dimensions of a variable but the replicates."""
    return xr.zeros_like(point.measured[variable].isel(replicate=0, drop=True), dtype=float)


def _off(point: Point, tried: Collection[Run], reference: str, values: xr.DataArray) -> Planted:
    """Return accuracies as measured, those of some runs off that of a reference."""
    accuracy = point.measured.test_accuracy
    others = ~accuracy.run.isin([run.name for run in tried])
    return {"test_accuracy": accuracy.where(others, accuracy.sel(run=reference) + values)}


def _two_levels(
    point: Point, variable: str, values: xr.DataArray, higher: Callable[[Run], bool]
) -> Planted:
    """Return one level for all runs, and ``values`` above it for some."""
    zero = _like(point, variable)
    chosen = zero.run.isin([run.name for run in all_runs(point) if higher(run)])
    return {variable: zero + LEVEL + values * chosen}
