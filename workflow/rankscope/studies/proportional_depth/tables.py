"""Further tables of the study: every public function is one, and its docstring is its caption."""

import pandas as pd

from rankscope.evidence.results import Results
from rankscope.studies.proportional_depth.claims import EARLY, at_times, half_layers


def half_depths(results: Results) -> pd.DataFrame:
    """How deep a network can be before half of a pair's second direction is lost.

    The layer at which the mean participation ratio beyond 1 is half of the inputs', measured
    (empty: not within the layers drawn, or before the first that is measured) and predicted, and
    the prediction for wider networks: a multiple of the width in networks of one shape c, a few
    layers in ReLU networks. Slope: the negative one over the positive one.
    """
    rows = []
    for point in results.where(lambda p: p.correlation < EARLY, batch_size=2):
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


def ranks_of_batches(results: Results) -> pd.DataFrame:
    """The rank of a batch where depth is comparable to width.

    Centred participation ratio PR at layers l = n/2, n, 2n and 4n, as far as drawn: mean over
    networks with its standard error, that of the covariance SDE, and the formula of first order in
    l/n, which falls below 1; infinite width keeps m - 1.
    """
    rows = []
    for point, time in at_times(results.where(lambda p: p.batch_size > 2)):
        ratio = point.measured.centred_participation_ratio.sel(time=time)
        predicted = point.predicted.sel(time=time)
        rows.append(
            {
                "c": point.shape,
                "n": point.width,
                "m": point.batch_size,
                "cosine of inputs": point.correlation,
                "l / n": time,
                "measured": float(ratio.mean()),
                "error": float(ratio.std(ddof=1)) / ratio.size**0.5,
                "SDE": float(predicted.centred_participation_ratio),
                "first order": float(predicted.centred_participation_ratio_first_order),
            }
        )
    return pd.DataFrame(rows)
