"""Further tables of the study: every public function is one, and its docstring is its caption."""

import pandas as pd

from rankscope.evidence.results import Point, Results
from rankscope.studies.new_classes.claims import judged
from rankscope.studies.rank_budget.claims import rank_row

SETTING = ("images", "new_classes", "depth", "width", "optimiser")


def ranks(results: Results) -> pd.DataFrame:
    """What is said of each layer before fine-tuning, and what it needed.

    Means over networks. The gain is that of the layer's update in full fine-tuning, the others left
    whole; the rank needed keeps 90 % of it, with a 95 % interval ("not measured" where the gain is
    not clear).
    """
    rows = []
    for point in results:
        clear = judged(point)
        for name in point.measured.matrix.values.tolist():
            row = _setting(point) | {"layer": name}
            rows.append(row | rank_row(point, name, clear=name in clear))
    return pd.DataFrame(rows)


def arms(results: Results) -> pd.DataFrame:
    """Everything that is trained from the start on: test loss, accuracy, mean ranks of allotments.

    Parameters of the factors are in the last column, means over networks.
    """
    rows = []
    for point in results:
        data = point.measured.mean("replicate")
        for name in data.arm.values.tolist():
            own = data.sel(arm=name)
            row = _setting(point) | {"arm": name}
            row |= {"test loss / nat": float(own.test_loss), "accuracy": float(own.accuracy)}
            if name in data.allotment:
                given = data.given_rank.sel(allotment=name)
                row["ranks"] = ", ".join(f"{float(rank):.1f}" for rank in given)
                row["parameters"] = round(float((given * point.predicted.rank_parameters).sum()))
            rows.append(row)
    return pd.DataFrame(rows)


def _setting(point: Point) -> dict[str, object]:
    return {name.replace("_", " "): getattr(point, name) for name in SETTING}
