"""Further tables of the study: every public function is one, and its docstring is its caption."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from rankscope.evidence import samples
from rankscope.evidence.results import Results
from rankscope.studies.language_model.claims.accuracy import gain
from rankscope.studies.language_model.claims.updates import AT_RANK
from rankscope.studies.language_model.selection import all_runs, of, runs, typical_rate

AVERAGED = (
    "relative_norm",
    "stable_rank",
    "effective_rank",
    "rank_90",
    "rank_99",
    "intruders",
    "intruders_random",
    "intruders_full_norm",
    "intruders_equal_loss",
    "cka",
)
PROBED = ("amplification", "amplification_null", "alignment")


def accuracies(results: Results) -> pd.DataFrame:
    """Test accuracy of every run, with 95 % t intervals over replicates and test texts.

    The last columns are the paired difference from full fine-tuning where a point has it.
    Each replicate chooses its rates by tuning seeds that it draws from those of the search, so
    intervals cover the choice; shown is the geometric mean. "end" marks a search that was
    stopped before it had tried all neighbours of its best rates.
    """
    rows = []
    for point in results:
        for run in all_runs(point):
            correct = of(point, "correct", run).transpose("replicate", "text")
            row = {
                "task": point.task,
                "run": run.name,
                "targets": run.targets,
                "parameters": int(of(point, "trainable_parameters", run)),
                "rate": typical_rate(point, "rate", run),
                "head rate": typical_rate(point, "head_rate", run),
                "end": "" if of(point, "rate_inside", run) else "end",
                "replicates": int(correct.notnull().all("text").sum()),
                **_interval("accuracy", correct),
            }
            for full in runs(point, "full"):
                if run != full:
                    row |= _interval("minus full", gain(point, run, full))
            rows.append(row)
    return pd.DataFrame(rows)


def updates(results: Results) -> pd.DataFrame:
    """What the trained updates are: means over matrices and replicates.

    Relative norm, soft ranks, intruders of ten beside those of random directions, linear CKA
    with full fine-tuning, and amplification, its null and alignment at 8
    directions (geometric means; empty where an update has fewer).
    """
    rows = []
    for point in results:
        for run in (run for run in all_runs(point) if run.method != "head"):
            row = {"task": point.task, "run": run.name, "targets": run.targets}
            for name in (name for name in AVERAGED if name in point.measured):
                label = "CKA with full" if name == "cka" else name.replace("_", " ")
                row[label] = float(of(point, name, run).mean())
            for name in PROBED:
                values = of(point, name, run).sel(probed_rank=AT_RANK)
                row[name.replace("_", " ")] = float(np.exp(np.log(values).mean()))
            rows.append(row)
    return pd.DataFrame(rows)


def _interval(name: str, values: ArrayLike) -> dict[str, float]:
    found = samples.crossed(values)
    half = found.half_width
    return {
        name: found.value,
        f"{name}, lower": found.value - half,
        f"{name}, upper": found.value + half,
    }
