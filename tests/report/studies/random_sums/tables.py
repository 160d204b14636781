"""Tables of sums of matrices of rank one."""

import pandas as pd

from rankscope.evidence.results import Results


def long_headings(results: Results) -> pd.DataFrame:
    """A table that is wider than a sheet of paper."""
    row = {f"a_heading_of_many_letters_{i}": 123456789.0 for i in range(12)}
    return pd.DataFrame([row for _ in results])


def points(results: Results) -> pd.DataFrame:
    """The points that were run.

    A row per point, <b>escaped</b>.
    """
    return pd.DataFrame([dict(point.parameters) for point in results])
