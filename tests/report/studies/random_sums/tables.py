"""Tables of sums of matrices of rank one."""

import pandas as pd

from rankscope.evidence.results import Results


def points(results: Results) -> pd.DataFrame:
    """The points that were run.

    A row per point, <b>escaped</b>.
    """
    return pd.DataFrame([dict(point.parameters) for point in results])
