"""Further tables of the study: every public function is one, and its docstring is its caption."""

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from rankscope.studies.language_model import claims_tools as tools


def accuracies(
    simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame
) -> pd.DataFrame:
    """Test accuracy of every run, with 95 % t intervals over replicates.

    The last columns are the paired difference from full fine-tuning where a point has it.
    The rate is that of least validation loss; "end" marks the first or last rate tried.
    Intervals cover seeds and draws of test texts, not the choice of the rate.
    """
    rows = []
    for point in tools.points(simulated):
        full = point.of("full")
        for run in point.runs:
            accuracy = point.run("test_accuracy", run).values
            row = {
                "task": str(point.data.task.values),
                "run": run.name,
                "targets": run.targets,
                "parameters": int(point.run("trainable_parameters", run)),
                "rate": float(point.run("rate", run)),
                "end": "end" if int(point.run("rate_at_end", run)) else "",
                "replicates": int(np.isfinite(accuracy).sum()),
            }
            row |= _interval("accuracy", accuracy)
            if full and run.name != full[0].name:
                reference = point.run("test_accuracy", full[0]).values
                row |= _interval("minus full", accuracy - reference)
            rows.append(row)
    return pd.DataFrame(rows)


def updates(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> pd.DataFrame:
    """What the trained updates are: means over matrices and replicates.

    Relative norm, soft ranks, amplification and its null and alignment at 8 directions (empty
    where an update has fewer), intruders of ten beside those of random directions, and linear
    CKA with full fine-tuning, mean over blocks.
    """
    names = ("relative_norm", "stable_rank", "effective_rank", "rank_90", "rank_99")
    rows = []
    for point in tools.points(simulated):
        for run in (run for run in point.runs if run.method != "head"):
            row = {"task": str(point.data.task.values), "run": run.name, "targets": run.targets}
            row |= {name.replace("_", " "): float(point.run(name, run).mean()) for name in names}
            for name in ("amplification", "amplification_null", "alignment"):
                values = point.run(name, run).sel(probed_rank=8)
                row[name.replace("_", " ")] = float(np.exp(np.log(values).mean()))
            for name in ("intruders", "intruders_random", "intruders_full_norm"):
                row[name.replace("_", " ")] = float(point.run(name, run).mean())
            row["CKA with full"] = float(point.run("cka", run).mean())
            rows.append(row)
    return pd.DataFrame(rows)


def _interval(name: str, values: np.ndarray) -> dict[str, float]:
    """Return mean and 95 % t interval of the finite values."""
    finite = values[np.isfinite(values)]
    count = len(finite)
    if count < 2:
        mean = float(finite[0]) if count else float("nan")
        return {name: mean, f"{name}, lower": float("nan"), f"{name}, upper": float("nan")}
    half = stats.t.isf(0.025, count - 1) * finite.std(ddof=1) / np.sqrt(count)
    mean = float(finite.mean())
    return {name: mean, f"{name}, lower": mean - half, f"{name}, upper": mean + half}
