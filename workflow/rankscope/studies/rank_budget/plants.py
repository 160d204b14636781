"""Measured variables in which a claim's number is what the audit says, one function a claim."""

import xarray as xr

from rankscope.evidence.results import Point
from rankscope.studies.rank_budget.claims import Directions, Said, rank_needed
from rankscope.studies.rank_budget.parameters import REVERSED, SOURCES

Planted = dict[str, xr.DataArray]


def full_over_head(point: Point, values: xr.DataArray) -> Planted:
    """Return answers of full fine-tuning off those of the head alone."""
    return {"correct": _off(point.measured.correct, "full", "head", values)}


def more_over_even(point: Point, values: xr.DataArray) -> Planted:
    """Return losses of the larger rank below those of the even spread."""
    _, _, even, more = point.runs.split("+")
    return {"text_loss": _off(point.measured.text_loss, more, even, -values)}


def beats_even(point: Point, values: xr.DataArray, said: Said) -> Planted:
    """Return losses of an allotment below those of the even spread."""
    even = point.runs.split("+")[2]
    return {"text_loss": _off(point.measured.text_loss, said.name, even, -values)}


def beats_reverse(point: Point, values: xr.DataArray) -> Planted:
    """Return losses of an allotment below those of its reverse."""
    return {"text_loss": _off(point.measured.text_loss, SOURCES[0], REVERSED, -values)}


def rank_said(point: Point, values: xr.DataArray, said: Said) -> Planted:
    """Return what is said a power of two off the ranks that are needed.

    Matrices that gain nothing have far too much.
    """
    ranks = point.measured.said_rank
    needed = [rank_needed(point, name) for name in ranks.matrix.values]
    planted = xr.DataArray(needed, {"matrix": ranks.matrix}) * 2.0**values
    planted = planted.where(_gains(point), 2.0**20)
    return {"said_rank": ranks.where(ranks.predictor != said.name, planted)}


def directions_known(point: Point, values: xr.DataArray, directions: Directions) -> Planted:
    """Return shares above those of the task null, of one source and one side.

    Matrices that gain nothing share nothing.
    """
    null = point.measured.null_share
    chosen = True
    for name, value in directions.place.items():
        chosen = chosen & (null[name] == value)
    return {"share": (null + values * chosen).where(_gains(point), 0.0)}


def _gains(point: Point) -> xr.DataArray:
    """Return which matrices lose by going without their update, on average."""
    losses = point.measured.cut_loss.mean("replicate")
    return losses.sel(kept="0", drop=True) > losses.sel(kept="all", drop=True)


def _off(losses: xr.DataArray, tried: str, reference: str, values: xr.DataArray) -> xr.DataArray:
    """Return numbers as measured, those of one arm off those of another."""
    moved = losses.sel(arm=reference) + values
    return losses.where(losses.arm != tried, moved)
