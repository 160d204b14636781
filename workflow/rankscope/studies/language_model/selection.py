"""The runs of a point, and what was measured on one of them."""

import numpy as np
import xarray as xr

from rankscope.evidence.results import Point
from rankscope.studies.language_model.parameters import METHODS, Run

SAME_SIZE = 0.01
"""Relative difference of numbers of parameters that are taken for equal."""


def all_runs(point: Point) -> list[Run]:
    """Return the runs in the order in which they are written."""
    return [Run.parse(name, point.targets) for name in point.runs.split("+")]


def runs(point: Point, *methods: str) -> list[Run]:
    """Return the runs of these methods on the point's own targets, by method and rank."""
    own = [run for run in all_runs(point) if run.targets == point.targets]
    found = [run for run in own if run.method in methods]
    return sorted(found, key=lambda run: (METHODS.index(run.method), run.rank))


def matrices(point: Point, letters: str) -> list[str]:
    """Return the matrices of these targets that some run adapts, such as ``5.q``."""
    return [name for name in point.measured.matrix.values.tolist() if name[-1] in letters]


def own_matrices(point: Point, letters: str) -> list[str]:
    """Return the matrices of these targets that the point's own runs adapt."""
    return matrices(point, "".join(set(letters) & set(point.targets)))


def of(point: Point, variable: str, run: Run) -> xr.DataArray:
    """Return a measured variable of a run, at the matrices that the run adapts."""
    values = point.measured[variable].sel(run=run.name)
    if "matrix" in values.dims:
        values = values.sel(matrix=matrices(point, run.targets))
    return values


def typical_rate(point: Point, variable: str, run: Run) -> float:
    """Return the geometric mean of the rates that replicates chose for a run."""
    return float(np.exp(np.log(of(point, variable, run)).mean()))


def partner(point: Point, run: Run) -> list[Run]:
    """Return the LoRA run with as many trained parameters, to one per cent, if there is one."""
    size = float(of(point, "trainable_parameters", run))
    return [
        lora
        for lora in runs(point, "lora")
        if abs(float(of(point, "trainable_parameters", lora)) / size - 1) <= SAME_SIZE
    ]
