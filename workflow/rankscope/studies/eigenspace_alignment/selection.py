"""Choose points of stacked datasets, and cut their variables to the lengths they have."""

from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr

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


def lengths(weight_gram: xr.DataArray) -> xr.DataArray:
    """Return ``|x^a|^2``, the diagonal of a Gram matrix over ``label`` and ``other``."""
    return xr.concat(
        [weight_gram.isel(label=a, other=a) for a in range(weight_gram.sizes["label"])],
        dim="label",
    )
