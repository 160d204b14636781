"""Further tables of the study: every public function is one, and its docstring is its caption."""

import numpy as np
import pandas as pd
import xarray as xr

from rankscope.evidence.results import Results
from rankscope.studies.jacobian_depth.claims import ONE_DIRECTION

MOST = 0.9
"""Share of networks with one direction at the depth that is called deep enough."""


def jacobian_depths(results: Results) -> pd.DataFrame:
    """How deep a network can be before its Jacobian has lost rank.

    Layer at which the participation ratio is n/2 and n/10, and at which nine of ten networks have a
    stable rank of at most 1.1 ("one direction"): measured, between the layers measured (empty: not
    within the layers drawn), and predicted ("never": at no depth). The prediction of the first two
    is that of infinite width, whatever the width; that of the last is also given for wider
    networks.
    """
    rows = []
    for point in results:
        inverse = (point.width / point.measured.participation_ratio).mean("replicate")
        one = (point.measured.stable_rank <= ONE_DIRECTION).mean("replicate")
        row = dict(point.parameters)
        row["PR = n/2"] = _reached(inverse, 2)
        row["n/2, predicted"] = _layer(point.predicted.half_depth)
        row["PR = n/10"] = _reached(inverse, 10)
        row["n/10, predicted"] = _layer(point.predicted.tenth_depth)
        row["one direction"] = _reached(one, MOST)
        row["one direction, predicted"] = _layer(point.predicted.one_direction_depth)
        for wide in point.predicted.one_direction_depth_by_width:
            row[f"one direction, n = {int(wide.any_width)}"] = _layer(wide)
        rows.append(row)
    return pd.DataFrame(rows)


def _reached(curve: xr.DataArray, level: float) -> float:
    """Return where a rising curve first reaches a level, evenly in the logarithm of the layer.

    ``nan`` if it does not, and 1 if it does from the first layer on.
    """
    above = np.flatnonzero(curve >= level)
    if not len(above):
        return float("nan")
    first = int(above[0])
    if first == 0:
        return 1.0
    places = np.log(curve.layer[first - 1 : first + 1])
    return round(float(np.exp(np.interp(level, curve[first - 1 : first + 1], places))), 1)


def _layer(depth: xr.DataArray) -> float | int | str:
    found = max(float(depth), 1.0)
    if found == float("inf"):
        return "never"
    return round(found) if found >= 100 else round(found, 1)
