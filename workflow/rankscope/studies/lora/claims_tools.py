"""Pick points of the stacked data, name them, and turn samples into evidence."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from rankscope.evidence.verdicts import Evidence

Sample = tuple[str, np.ndarray | float]


def chosen(simulated: xr.Dataset, experiment: str, **conditions: Any) -> list[int]:  # noqa: ANN401
    """Return the indices of the points of an experiment whose parameters have these values."""
    names = {"experiment": experiment, **conditions}
    found = np.ones(simulated.sizes["point"], dtype=bool)
    for name, value in names.items():
        found &= np.broadcast_to(simulated[name].values, found.shape) == value
    return [int(index) for index in np.flatnonzero(found)]


def value(data: xr.Dataset, name: str, index: int) -> Any:  # noqa: ANN401
    """Return a parameter of a point."""
    return np.broadcast_to(data[name].values, data.sizes["point"])[index]


def label(data: xr.Dataset, index: int, *names: str) -> str:
    """Name a point by the values of some of its parameters."""
    parts = ((name, value(data, name, index)) for name in names)
    return ", ".join(
        f"{name} {number:g}" if isinstance(number, int | float | np.number) else f"{name} {number}"
        for name, number in parts
    )


def sample(data: xr.Dataset, name: str, index: int, **labels: object) -> np.ndarray:
    """Return a variable of a point over replicates, at labels of its other dimensions."""
    return data[name].isel(point=index).sel(labels).values


def number(data: xr.Dataset, name: str, index: int, **labels: object) -> float:
    """Return a variable of a point that does not vary between replicates."""
    return float(data[name].isel(point=index).sel(labels).values)


def gather(
    samples: Iterable[Sample],
    lower: float | Sequence[float],
    upper: float | Sequence[float],
    *,
    null: float | Sequence[float] = np.nan,
) -> Evidence:
    """Turn samples over replicates, or single exact numbers, into evidence.

    Args:
        samples: a name, and values over replicates (mean and standard error are taken) or
            one number without randomness.
        lower: of the accepted region; one, or one per sample.
        upper: of the accepted region; one, or one per sample.
        null: what the null predicts; one, or one per sample.
    """
    names, estimates, errors, freedom = [], [], [], []
    for name, values in samples:
        finite = np.atleast_1d(values)
        finite = finite[np.isfinite(finite)]
        names.append(name)
        estimates.append(finite.mean() if finite.size else np.nan)
        if np.ndim(values) == 0:
            errors.append(0.0)
            freedom.append(np.inf)
        else:
            spread = finite.std(ddof=1) / np.sqrt(finite.size) if finite.size > 1 else np.nan
            errors.append(spread)
            freedom.append(max(finite.size - 1, 1))
    return Evidence(
        point=names,
        estimate=np.array(estimates, dtype=float),
        error=np.array(errors, dtype=float),
        freedom=np.array(freedom, dtype=float),
        lower=np.asarray(lower, dtype=float),
        upper=np.asarray(upper, dtype=float),
        null=np.asarray(null, dtype=float),
    )


def slope(sizes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return, per replicate, the slope of ``log values`` against ``log sizes``.

    Args:
        sizes: shape ``(p,)``.
        values: shape ``(p, replicate)``; a replicate with a missing value gives ``nan``.
    """
    x = np.log(sizes) - np.log(sizes).mean()
    with np.errstate(divide="ignore", invalid="ignore"):
        return x @ np.log(values) / np.sum(x**2)
