"""Choose points, take values at the end of training, and gather evidence."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import xarray as xr

from rankscope.verdicts import Evidence

FIELDS = (
    "model",
    "dimension",
    "snr",
    "samples_per_dimension",
    "ridge",
    "step_scale",
    "duration",
    "checkpoints",
    "classes",
    "width",
    "activation",
    "means",
    "start",
    "groups",
    "samples",
    "update",
    "matrices",
    "runs",
)


def parameter(simulated: xr.Dataset, name: str) -> np.ndarray:
    """Return a parameter at all points."""
    return np.atleast_1d(simulated[name].values)


def points(simulated: xr.Dataset, **required: object) -> np.ndarray:
    """Return the indices of the points whose parameters have the required values."""
    chosen = np.ones(simulated.sizes["point"], dtype=bool)
    for name, value in required.items():
        values = parameter(simulated, name)
        chosen &= np.isin(values, value if isinstance(value, tuple) else (value,))
    return np.flatnonzero(chosen)


def value(simulated: xr.Dataset, index: int, name: str) -> float | str:
    """Return a parameter of one point."""
    return parameter(simulated, name)[index].item()


def name_of(simulated: xr.Dataset, index: int) -> str:
    """Return the name of a point."""
    return str(simulated.point.values[index])


def short(simulated: xr.Dataset, index: int, *fields: str) -> str:
    """Name what is tested by some of its parameters, for groups of points."""
    return ",".join(f"{field}={value(simulated, index, field)}" for field in fields)


def at(simulated: xr.Dataset, index: int, name: str) -> xr.DataArray:
    """Return a variable at one point, cut to the lengths that this point has."""
    data = simulated[name].isel(point=index, drop=True)
    lengths = {
        "checkpoint": int(value(simulated, index, "checkpoints")),
        "label": int(value(simulated, index, "classes")),
        "mean": int(value(simulated, index, "classes")),
        "other": int(value(simulated, index, "classes")),
        "neuron": int(value(simulated, index, "width")),
        "run": int(value(simulated, index, "runs")),
        "source": 2 if value(simulated, index, "samples") == "train" else 1,
    }
    return data.isel({dim: slice(lengths[dim]) for dim in data.dims if dim in lengths})


def last(simulated: xr.Dataset, index: int, name: str) -> xr.DataArray:
    """Return a variable of one point at the end of training."""
    return at(simulated, index, name).isel(checkpoint=-1)


def test_blocks(simulated: xr.Dataset, index: int, name: str) -> xr.DataArray:
    """Return a variable of the class blocks from test samples."""
    return at(simulated, index, name).isel(source=0, drop=True)


def families(simulated: xr.Dataset, chosen: Sequence[int], axis: str) -> Iterator[list[int]]:
    """Group points that differ in one parameter alone; yield those of two points or more.

    Points come in ascending order of that parameter. The number of measured times does not
    distinguish points.
    """
    groups: dict[tuple, list[int]] = {}
    fields = [field for field in FIELDS if field not in (axis, "checkpoints")]
    for index in chosen:
        groups.setdefault(tuple(value(simulated, index, f) for f in fields), []).append(index)
    for group in groups.values():
        if len(group) > 1:
            yield sorted(group, key=lambda index: value(simulated, index, axis))


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
