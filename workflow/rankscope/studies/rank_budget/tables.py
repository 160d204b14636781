"""Further tables of the study: every public function is one, and its docstring is its caption."""

import pandas as pd

from rankscope.evidence.results import Results
from rankscope.studies.rank_budget.claims import gaining, rank_row


def ranks(results: Results) -> pd.DataFrame:
    """What is said of each matrix before training, and what it needed.

    Means over replicates. The gain is that of the matrix's update in full fine-tuning, the others
    left whole; the rank needed keeps 90 % of it, with its 95 % interval ("not measured" where the
    gain is not clear).
    """
    rows = []
    for point in results:
        clear = gaining(point)
        for name in point.measured.matrix.values.tolist():
            row = {"task": point.task, "matrix": name}
            rows.append(row | rank_row(point, name, clear=name in clear))
    return pd.DataFrame(rows)


def arms(results: Results) -> pd.DataFrame:
    """Everything that is trained: parameters without the head, test loss, accuracy, mean ranks."""
    rows = []
    for point in results:
        data = point.measured.mean(("replicate", "text"))
        for name in data.arm.values.tolist():
            own = data.sel(arm=name)
            row: dict[str, object] = {"task": point.task, "arm": name}
            row["parameters"] = round(float(own.adapter_parameters))
            row |= {"test loss / nat": float(own.text_loss), "accuracy": float(own.correct)}
            for matrix in own.matrix.values.tolist() if name in own.allotment else ():
                given = own.given_rank.sel(matrix=matrix, allotment=name)
                row[f"rank of {matrix}"] = round(float(given), 1)
            rows.append(row)
    return pd.DataFrame(rows)
