"""Measured variables in which a claim's number is what the audit says, one function a claim."""

import xarray as xr

from rankscope.evidence.claims import Definition
from rankscope.evidence.results import Point
from rankscope.studies.new_classes.claims import spreads
from rankscope.studies.new_classes.parameters import FULL, READOUT
from rankscope.studies.rank_budget.parameters import REVERSED, SOURCES
from rankscope.studies.rank_budget.plants import directions_known, rank_said

__all__ = [
    "beats_even",
    "beats_reverse",
    "directions_known",
    "full_over_head",
    "more_over_even",
    "rank_said",
]

Planted = dict[str, xr.DataArray]


def full_over_head(point: Point, values: xr.DataArray) -> Planted:
    """Return accuracies of full fine-tuning off those of the readout alone."""
    accuracy = point.measured.accuracy
    moved = accuracy.sel(arm=READOUT) + values
    return {"accuracy": accuracy.where(accuracy.arm != FULL, moved)}


def more_over_even(point: Point, values: xr.DataArray) -> Planted:
    """Return losses of the larger rank below those of the even spread."""
    even, more = spreads(point)
    return _below(point, more, even, values)


def beats_even(point: Point, values: xr.DataArray, said: Definition) -> Planted:
    """Return losses of an allotment below those of the even spread."""
    even, _ = spreads(point)
    return _below(point, said.name, even, values)


def beats_reverse(point: Point, values: xr.DataArray) -> Planted:
    """Return losses of an allotment below those of its reverse."""
    return _below(point, SOURCES[0], REVERSED, values)


def _below(point: Point, tried: str, reference: str, values: xr.DataArray) -> Planted:
    """Return losses as measured, those of one arm below those of another."""
    losses = point.measured.test_loss
    moved = losses.sel(arm=reference) - values
    return {"test_loss": losses.where(losses.arm != tried, moved)}
