"""Shares of networks in which the number of a claim is known."""

import numpy as np
import xarray as xr

from rankscope.evidence.claims import Definition
from rankscope.evidence.results import Point
from rankscope.studies.eigenspace_alignment.occupancy.claims import Count

Planted = dict[str, xr.DataArray]
LARGE = 100
"""Dimension from which the excess is planted small."""


def _everywhere(point: Point, name: str, four: xr.DataArray) -> Planted:
    """Give a share of networks four cells, and the others as many as the law says they have."""
    law = point.predicted.law.isel(cells=slice(None, -1))
    rest = (1 - four) * law / law.sum()
    shares = xr.concat([rest, four.expand_dims(cells=[4])], "cells")
    return {
        name: xr.zeros_like(point.measured[name]) + shares,
        "drawn": xr.zeros_like(point.measured.drawn) + float(point.predicted.law[4]),
    }


def little_noise(point: Point, values: xr.DataArray, count: Count) -> Planted:
    """Move networks from all other cells to four, as many as the distance says."""
    return _everywhere(point, count.variable, values + float(point.predicted.law[4]))


def no_interaction(point: Point, values: xr.DataArray) -> Planted:
    """Let no neuron die, and move networks to four cells."""
    return {
        "dead": xr.zeros_like(point.measured.dead),
        **_everywhere(point, "living", values + float(point.predicted.law[4])),
    }


def no_fluctuations(point: Point, values: xr.DataArray, count: Count) -> Planted:
    """Let SGD fill four cells in a tenth more networks, and the flow in a multiple of them."""
    excess = 0.1 * (values if point.drive == "flow" else xr.ones_like(values))
    return _everywhere(point, count.variable, excess + float(point.predicted.law[4]))


def power(point: Point, values: xr.DataArray, count: Count) -> Planted:
    """Let the excess be a power of lambda."""
    excess = 0.1 * (point.snr / 100) ** values
    return _everywhere(point, count.variable, excess + float(point.predicted.law[4]))


def dimension_left(point: Point, values: xr.DataArray) -> Planted:
    """Let the excess be a tenth in small dimensions, and a multiple of that in large ones."""
    excess = 0.1 * (values if point.dimension >= LARGE else xr.ones_like(values))
    return _everywhere(point, "living", excess + float(point.predicted.law[4]))


def horizon(point: Point, values: xr.DataArray, count: Count) -> Planted:
    """Move networks between the half of the duration and its end."""
    before = point.measured[count.variable].mean("replicate")
    early = before.isel(checkpoint=1, cells=4, drop=True)
    late = xr.DataArray(np.array([0.0, 0.0, 0.0, 1.0]), dims="checkpoint")
    return _everywhere(point, count.variable, early + late * values)


def choice(point: Point, values: xr.DataArray, _: Definition | None = None) -> Planted:
    """Let as many more choose the empty cell."""
    return {"chosen": xr.zeros_like(point.measured.chosen) + point.predicted.chosen + values}
