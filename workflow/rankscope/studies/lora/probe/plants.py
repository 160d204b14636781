"""Adapters whose probes give what the audit plants."""

from typing import Any

import xarray as xr

from rankscope.evidence.claims import Definition
from rankscope.evidence.results import Point


def unrelated_alignment(
    point: Point, values: xr.DataArray, null: Definition
) -> dict[str, xr.DataArray]:
    """Return adapters that capture as many times what the null does, all at one value of it."""
    by_chance = point.measured.captured_null.mean("replicate")
    chance = by_chance.where(by_chance.null == null.name, 7 * by_chance)
    return {
        "captured": values * by_chance.sel(null=null.name, drop=True),
        "captured_null": xr.ones_like(values) * chance,
    }


related_alignment = unrelated_alignment


def factor_falls_with_rank(point: Point, values: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return amplification factors ``5 r^values``."""
    ranks = xr.DataArray([point.rank, point.other_rank, point.rank], dims="adapter")
    return {"amplification": 5.0 * ranks**values}


def first_direction_shared(point: Point, values: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return similarities that are the values wherever one direction is asked for."""
    everywhere = {"i": point.measured.i, "j": point.measured.j}
    phi = values.expand_dims(everywhere)
    return {"phi_shared": phi, "phi_unshared": phi}


def seeds_share_more_than_chance(point: Point, values: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return similarities that many spreads above those of random frames."""
    predicted = point.predicted
    return {"phi_seeds": predicted.phi_seeds_null + values * predicted.phi_seeds_null_sd}


def seed_matters(point: Point, values: xr.DataArray) -> dict[str, Any]:
    """Return similarities that two seeds have, and one seed has that many spreads above."""
    two = point.measured.phi_unshared.mean("replicate") * xr.ones_like(values)
    return {"phi_unshared": two, "phi_shared": two + values * point.predicted.phi_null_sd}
