"""Further tables of the study: every public function is one, and its docstring is its caption."""

import pandas as pd

from rankscope.evidence.results import Results
from rankscope.studies.proportional_depth.claims import EARLY, half_layers


def half_depths(results: Results) -> pd.DataFrame:
    """How deep a network can be before half of a pair's second direction is lost.

    The layer at which the mean participation ratio beyond 1 is half of the inputs', measured
    (empty: not within the layers drawn, or before the first that is measured) and predicted, and
    the prediction for wider networks: a multiple of the width in networks of one shape c, a few
    layers in ReLU networks. Slope: the negative one over the positive one.
    """
    rows = []
    for point in results.where(lambda p: p.correlation < EARLY):
        kink = 1.0 if point.activation == "relu" else point.shape / (2 * point.width**0.5)
        found = half_layers(point, 1.0).value
        row = {
            "activation": point.activation,
            "c": point.shape if point.activation == "shaped" else None,
            "slope": round((1 - kink) / (1 + kink), 3),
            "n": point.width,
            "cosine of inputs": point.correlation,
            "measured": found if found > point.width / 8 else None,
            "predicted": float(point.predicted.half_depth),
        }
        for layer in point.predicted.half_depth_by_width:
            row[f"predicted, n = {int(layer.any_width)}"] = float(layer)
        rows.append(row)
    return pd.DataFrame(rows).sort_values(["activation", "cosine of inputs", "c", "n"])
