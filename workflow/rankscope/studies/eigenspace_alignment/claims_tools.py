"""Gather evidence from values per replicate."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import xarray as xr

from rankscope.studies.eigenspace_alignment.selection import name_of
from rankscope.evidence.verdicts import Evidence


def gather(
    entries: Sequence[tuple[str, np.ndarray, float, float, float]],
) -> Evidence:
    """Make evidence of entries ``(name, values, lower, upper, null)``.

    Values are one per replicate; those that are not finite are left out. A single value is
    taken as known without error only if it is passed as a scalar.
    """
    names, estimates, errors, freedom = [], [], [], []
    for name, values, *_ in entries:
        names.append(name)
        if np.ndim(values) == 0:
            estimates.append(float(values))
            errors.append(0.0)
            freedom.append(np.inf)
            continue
        finite = np.asarray(values, dtype=float)
        finite = finite[np.isfinite(finite)]
        count = len(finite)
        estimates.append(finite.mean() if count else np.nan)
        errors.append(finite.std(ddof=1) / np.sqrt(count) if count > 1 else np.nan)
        freedom.append(max(count - 1, 1))
    bounds = np.array([entry[2:] for entry in entries], dtype=float).reshape(-1, 3)
    return Evidence(
        point=names,
        estimate=np.array(estimates),
        error=np.array(errors),
        freedom=np.array(freedom, dtype=float),
        lower=bounds[:, 0],
        upper=bounds[:, 1],
        null=bounds[:, 2],
    )


def ratio_of_means(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Return jackknife pseudo-values of ``mean(above) / mean(below)``, one per replicate."""
    count = len(above)
    ratio = above.mean() / below.mean()
    left = (above.sum() - above) / (below.sum() - below)
    return count * ratio - (count - 1) * left


def each_matrix(
    simulated: xr.Dataset, chosen: Sequence[int], measure: Callable[[int, str], np.ndarray]
) -> Iterator[tuple[str, int, str, np.ndarray]]:
    """Yield name, index, matrix and values per replicate, for the Hessian and for G."""
    for index in chosen:
        for matrix in ("hessian", "g"):
            yield f"{name_of(simulated, index)} {matrix}", index, matrix, measure(index, matrix)
