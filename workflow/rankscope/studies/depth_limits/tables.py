"""Further tables of the study: every public function is one, and its docstring is its caption."""

import math

import pandas as pd

from rankscope.evidence.results import Results
from rankscope.studies.depth_limits.claims import KEPT, depth_of, keeps_lengths

BEYOND = "beyond"


def depth_limits(results: Results) -> pd.DataFrame:
    """How deep a network can be before its centred rank has fallen to a share of what is full.

    Layer or block at which the participation ratio of centred features is 3/4, 1/2, 1/4 and 1/10 of
    m - 1: measured with its standard error ("beyond": it never falls that far within the layers
    drawn, L of them), and predicted ("beyond": not within 20,000 layers, or, with scaled branches,
    not within L), also for half of the rank of wider networks. Kept: measured, at the last layer.
    "no" where lengths do not stay without normalisation, so that the prediction does not hold.
    """
    rows = []
    for point in results:
        row = dict(point.parameters)
        row["lengths stay"] = "yes" if keeps_lengths(point) else "no"
        for kept in KEPT:
            found = depth_of(point, kept.share)
            row[kept.name] = _measured(found.value, found.error)
            row[f"{kept.name}, predicted"] = _layer(
                float(point.predicted.lost_depth.sel(kept=kept.share))
            )
        inverse = (1 / point.measured.centred_participation_ratio).mean("replicate")
        row["kept at the last layer"] = 1 / float(inverse[-1]) / (point.batch_size - 1)
        halves = point.predicted.lost_depth_by_width.sel(kept=0.5)
        for width in (1024.0, 8192.0):
            row[f"1/2 kept, predicted, n = {width:.0f}"] = _layer(
                float(halves.sel(any_width=width))
            )
        rows.append(row)
    return pd.DataFrame(rows)


def _measured(depth: float, error: float) -> str:
    return BEYOND if math.isnan(depth) else f"{depth:.1f} ± {error if error > 0 else 0:.1f}"


def _layer(depth: float) -> float | str:
    return BEYOND if depth == float("inf") else round(depth, 1)
