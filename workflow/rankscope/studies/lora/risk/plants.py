"""Where risks are what the audit says."""

import numpy as np
import xarray as xr

from rankscope.evidence.results import Point
from rankscope.studies.lora.risk.claims import FittedRank

Planted = dict[str, xr.DataArray]


def full_risk(point: Point, values: xr.DataArray) -> Planted:
    """Return risks of least squares in proportion to their law."""
    return {"full_risk": point.predicted.full_risk * values}


def asymptotic_risk(point: Point, values: xr.DataArray, _: FittedRank) -> Planted:
    """Return risks of all ranks in proportion to the asymptotic ones."""
    return {"risk": point.predicted.risk * values}


def _simple(point: Point, values: xr.DataArray, _: FittedRank) -> Planted:
    return {"risk": point.predicted.risk_simple * values}


simple_risk_below = simple_risk_above = _simple


def who_wins(point: Point, values: xr.DataArray) -> Planted:
    """Return risks on the predicted side of full regression at that share of the ranks."""
    count = point.predicted.risk_simple - point.predicted.full_risk
    right = point.predicted.fitted_rank <= np.round(values * point.teacher_rank)
    side = xr.where(right, 1.0, -1.0) * np.sign(count)
    full = xr.ones_like(values)
    return {"full_risk": full, "risk": full + side / 2}


def low_rank_saves_variance(point: Point, values: xr.DataArray) -> Planted:
    """Return a full regression of risk 1 and all others of the risk that is wanted."""
    full = xr.ones_like(values)
    return {"full_risk": full, "risk": values * xr.ones_like(point.predicted.risk)}
