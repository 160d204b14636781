"""Further tables of the study: every public function is one, and its docstring is its caption."""

import pandas as pd

from rankscope.evidence.results import Results
from rankscope.studies.depth_limits.claims import keeps_lengths, reached


def depth_limits(results: Results) -> pd.DataFrame:
    """How deep a network can be before half of its centred rank is lost.

    Measured and predicted layer or block at which the participation ratio of centred features is
    (m - 1) / 2 ("never": the theory keeps more at any depth; empty: not within the layers drawn),
    the share kept at the last layer, and the prediction for wider networks. "no" where lengths do
    not stay without normalisation, so that the prediction does not hold.
    """
    rows = []
    for point in results:
        half = point.batch_size - 1
        inverse = (1 / point.measured.centred_participation_ratio).mean("replicate")
        row = dict(point.parameters)
        row["lengths stay"] = "yes" if keeps_lengths(point) else "no"
        row["measured"] = reached(inverse.to_numpy(), 2 / half)
        row["predicted"] = _layer(float(point.predicted.half_depth))
        row["kept at the last layer"] = 1 / float(inverse[-1]) / half
        for width in (1024.0, 8192.0):
            wide = float(point.predicted.half_depth_by_width.sel(any_width=width))
            row[f"predicted, n = {width:.0f}"] = _layer(wide)
        rows.append(row)
    return pd.DataFrame(rows)


def _layer(depth: float) -> float | str:
    return "never" if depth == float("inf") else round(depth, 1)
