"""Definitions of rank as curves over layers, and the statistics that claims are made of."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import xarray as xr

from rankscope.evidence.verdicts import Evidence


@dataclasses.dataclass(frozen=True)
class Definition:
    """One thing that "effective dimension" could mean.

    Attributes:
        name: as it appears in the names of claims.
        variable: the measured variable.
        tolerance: the one to take, where the variable has several; 0 where it has not.
        scale: by what to divide: the ``batch`` size, or 1 for a ``share``.
    """

    name: str
    variable: str
    tolerance: float = 0.0
    scale: str = "batch"

    def curves(self, data: xr.Dataset, prefix: str = "") -> np.ndarray:
        """Return the values in units of m, shape ``(point, [replicate,] layer)``.

        A point where it was not measured is ``nan``.
        """
        found = data.get(prefix + self.variable)
        if found is None:
            dims = [dim for dim in ("point", "replicate", "layer") if dim in data.sizes]
            return np.full([data.sizes[dim] for dim in dims], np.nan)
        if self.tolerance:
            # a mapping, for the keyword of this name is another one of sel
            found = found.sel({"tolerance": self.tolerance}, method="nearest")
        divisor = data["batch_size"] if self.scale == "batch" else 1.0
        dims = [dim for dim in ("point", "replicate", "layer") if dim in found.dims]
        return (found / divisor).transpose(*dims).values.astype(float)


DEFINITIONS = (
    Definition("exact rank", "exact_rank"),
    Definition("float32 rank", "float32_rank"),
    Definition("rank at 0.001", "numerical_rank", 1e-3),
    Definition("rank at 0.01", "numerical_rank", 1e-2),
    Definition("rank at 0.1", "numerical_rank", 1e-1),
    Definition("effective rank (singular values)", "effective_rank"),
    Definition("effective rank (eigenvalues)", "effective_rank_of_eigenvalues"),
    Definition("participation ratio", "participation_ratio"),
    Definition("stable rank", "stable_rank"),
    Definition("centred rank", "centred_rank"),
    Definition("centred rank at 0.01", "centred_numerical_rank", 1e-2),
    Definition("centred rank at 0.1", "centred_numerical_rank", 1e-1),
    Definition("centred effective rank", "centred_effective_rank"),
    Definition("centred participation ratio", "centred_participation_ratio"),
    Definition("raw centred participation ratio", "raw_centred_participation_ratio"),
    Definition("gate rank", "gate_rank"),
    Definition("gate rank at 0.1", "gate_numerical_rank"),
)

NO_RANK = Definition("largest-eigenvalue share (no rank)", "top_share", scale="share")
"""A measure of collapse, the nearest known curve to the abstract's formula: scored for that."""

Row = tuple[str, float, float, float, float, float]
"""Point, estimate, error, lower, upper, null."""


def gather(rows: Iterable[Row], freedom: float) -> Evidence:
    """Make evidence of rows; a row whose estimate is missing is left out."""
    kept = [row for row in rows if np.isfinite(row[1])]
    names, *columns = zip(*kept, strict=True) if kept else ((), (), (), (), (), ())
    estimate, error, lower, upper, null = (np.array(column, dtype=float) for column in columns)
    return Evidence(
        point=list(names),
        estimate=estimate,
        error=error,
        freedom=freedom,
        lower=lower,
        upper=upper,
        null=null,
    )


def freedom(simulated: xr.Dataset) -> int:
    """Return the degrees of freedom of an error over networks."""
    return max(1, simulated.sizes["replicate"] - 1)


def points(simulated: xr.Dataset, **wanted: object) -> np.ndarray:
    """Return the indices of points with the wanted parameters.

    A wanted value may be a value or a predicate on the array of all points' values.
    """
    chosen = np.ones(simulated.sizes["point"], dtype=bool)
    for name, value in wanted.items():
        values = simulated[name].values
        chosen &= value(values) if callable(value) else values == value
    return np.flatnonzero(chosen)


def relu_gaussian(simulated: xr.Dataset, *, wide: bool = True) -> np.ndarray:
    """Return the points of the abstract's setting: ReLU, Gaussian weights, no bias.

    Args:
        simulated: the stacked measurements.
        wide: whether n >= m (or else n < m).
    """
    chosen = points(simulated, initialisation="gaussian", negative_slope=0.0, bias_variance=0.0)
    enough = simulated["width"].values >= simulated["batch_size"].values
    return np.array([i for i in chosen if enough[i] == wide], dtype=int)


def name_of(simulated: xr.Dataset, index: int) -> str:
    """Return a point's name."""
    return str(simulated["point"].values[index])


def pairs(simulated: xr.Dataset, axis: str, first: str, second: str) -> list[tuple[int, int]]:
    """Return pairs of points that differ in ``axis`` only; ``extras`` does not count."""
    names = [
        str(name)
        for name in simulated.variables
        if simulated[name].dims == ("point",)
        and name not in ("point", "extras", axis)
        and simulated[name].attrs.get("long_name", "").startswith("parameter ")
    ]
    keys = list(zip(*(simulated[name].values.tolist() for name in names), strict=True))
    values = simulated[axis].values
    return [
        (i, j)
        for i in range(len(keys))
        for j in range(len(keys))
        if values[i] == first and values[j] == second and keys[i] == keys[j]
    ]


def columns(simulated: xr.Dataset, layers: Sequence[int]) -> np.ndarray:
    """Return the positions of those of ``layers`` that exist."""
    return np.flatnonzero(np.isin(simulated["layer"].values, layers))


def jackknife(sample: np.ndarray, statistic: Callable[[np.ndarray], float]) -> tuple[float, float]:
    """Return a statistic of networks (axis 0) and its jackknife standard error."""
    count = len(sample)
    left_out = np.array([statistic(np.delete(sample, i, axis=0)) for i in range(count)])
    spread = np.sum((left_out - left_out.mean()) ** 2)
    return float(statistic(sample)), float(np.sqrt((count - 1) / count * spread))


def mean(sample: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard error over networks (axis 0), without those that are ``nan``."""
    count = np.isfinite(sample).sum(axis=0)
    safe = np.maximum(count, 1)
    centre = np.where(count > 0, np.nansum(sample, axis=0) / safe, np.nan)
    square = np.nansum((sample - centre) ** 2, axis=0) / np.maximum(count - 1, 1)
    return centre, np.where(count > 1, np.sqrt(square / safe), np.nan)


def jackknife_of_mean(
    sample: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray]
) -> tuple[float, float]:
    """Return a statistic of the mean curve and its jackknife standard error over networks.

    Args:
        sample: shape ``(replicate, layer)``; networks that are ``nan`` at a layer are left
            out there.
        statistic: from curves, shape ``(any, layer)``, to numbers, shape ``(any,)``.
    """
    present = np.isfinite(sample)
    total, count = np.nansum(sample, axis=0), present.sum(axis=0)
    others = np.maximum(count - present, 1)
    left_out = statistic((total - np.where(present, sample, 0.0)) / others)
    spread = np.sum((left_out - left_out.mean()) ** 2)
    size = len(sample)
    estimate = statistic((total / np.maximum(count, 1))[None])
    return float(estimate[0]), float(np.sqrt((size - 1) / size * spread))


def root_mean_square(values: np.ndarray) -> np.ndarray:
    """Return the root of the mean square over the last axis."""
    return np.sqrt(np.mean(np.square(values), axis=-1))
