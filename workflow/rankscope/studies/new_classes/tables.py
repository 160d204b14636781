"""Further tables of the study: every public function is one, and its docstring is its caption."""

import pandas as pd

from rankscope.evidence.results import Point, Results
from rankscope.studies.new_classes.claims import judged
from rankscope.studies.rank_budget.claims import rank_interval

SETTING = ("images", "new_classes", "depth", "width", "optimiser")


def ranks(results: Results) -> pd.DataFrame:
    """What is said of each layer before fine-tuning, and what it needed.

    Means over networks. The gain is that of the layer's update in full fine-tuning, the others left
    whole; the rank needed keeps 90 % of it, with a 95 % interval ("not measured" where the gain is
    not clear).
    """
    rows = []
    for point in results:
        data, clear = point.measured.mean("replicate"), judged(point)
        for name in data.matrix.values.tolist():
            own = data.sel(matrix=name)
            row = _setting(point) | {"layer": name}
            row["gain / nat"] = float(own.cut_loss.sel(kept="0") - own.cut_loss.sel(kept="all"))
            row["rank needed"] = "not measured"
            if name in clear:
                value, low, high = rank_interval(point, name)
                row["rank needed"] = f"{value:.1f} [{low:.1f}, {high:.1f}]"
            for said in data.predictor.values.tolist()[:-1]:
                row[said] = round(float(own.said_rank.sel(predictor=said)), 1)
            rows.append(row)
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
