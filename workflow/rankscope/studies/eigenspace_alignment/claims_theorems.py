"""Evidence for the theorems of the paper at the points of the grid.

The theorems are asymptotic: for ``lambda`` and ``M / d`` large enough and after a time
``T0(eps)``, an error is of order ``eps + 1 / lambda`` (mixture) or ``eps + lambda^(-1/2)``
(XOR). To test them, the unnamed constants are fixed here: ``eps = 0.02``, ``lambda_0 =
100``, ``T0 = log(1 / (2 eps)) / (2 beta)``, the time that the transient takes, and a factor
``k`` (mixture) or 2 (XOR) before the power of ``lambda``.
"""

import math
from collections.abc import Iterator

import numpy as np
import xarray as xr

from rankscope.studies.eigenspace_alignment.claims_mixture import above, measured, trained
from rankscope.studies.eigenspace_alignment.claims_tools import gather
from rankscope.studies.eigenspace_alignment.selection import (
    last,
    name_of,
    parameter,
    points,
    test_blocks,
    value,
)
from rankscope.evidence.verdicts import Evidence

EPSILON = 0.02
SNR = 100.0
XOR_FACTOR = 2.0
SEPARATION = 1.2  # ratio of neighbouring levels that counts as separated
STRICT = 0.02  # rho(x^a, E_1) stays below 1 by at least this


def _late(simulated: xr.Dataset, chosen: np.ndarray) -> np.ndarray:
    """Keep the points with ``lambda >= lambda_0`` that train for at least ``T0``."""
    ridge = parameter(simulated, "ridge")
    time = parameter(simulated, "duration")
    enough = 2 * ridge * time >= math.log(1 / (2 * EPSILON))
    return above(simulated, chosen[enough[chosen] & (ridge[chosen] > 0)], SNR)


def _mixture_bound(simulated: xr.Dataset, index: int) -> float:
    return EPSILON + value(simulated, index, "classes") / value(simulated, index, "snr")


def _xor_bound(simulated: xr.Dataset, index: int) -> float:
    return EPSILON + XOR_FACTOR / math.sqrt(value(simulated, index, "snr"))


def weights_in_eigenspaces(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """3.1: ``1 - rho(x^a, E_k)``, the worst class."""
    del predicted
    entries = []
    for index in _late(simulated, measured(simulated)):
        rho = test_blocks(simulated, index, "alignment").isel(checkpoint=-1).min("label")
        for matrix in ("hessian", "g"):
            name = f"{name_of(simulated, index)} {matrix}"
            error = 1 - rho.sel(matrix=matrix).values
            entries.append((name, error, -np.inf, _mixture_bound(simulated, index), 1.0))
    return gather(entries)


def weights_in_means(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """3.2: ``1 - rho(x^a, Span(mu))``, the worst class."""
    del predicted
    entries = []
    for index in _late(simulated, trained(simulated)):
        rho = last(simulated, index, "weights_in_means").min("label").mean("run").values
        bound = _mixture_bound(simulated, index)
        entries.append((name_of(simulated, index), 1 - rho, -np.inf, bound, 1.0))
    return gather(entries)


def matrices_in_means(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """3.2: ``|A - P A P| / |A|``, the worst class."""
    del predicted
    entries = []
    for index in _late(simulated, measured(simulated)):
        outside = test_blocks(simulated, index, "outside").isel(checkpoint=-1).max("label")
        for matrix in ("hessian", "g"):
            name = f"{name_of(simulated, index)} {matrix}"
            values = outside.sel(matrix=matrix).values
            entries.append((name, values, -np.inf, _mixture_bound(simulated, index), 1.0))
    return gather(entries)


def three_levels(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """3.3: the smaller of the ratios outlier / mini-bulk and mini-bulk / bulk."""
    del predicted
    entries = []
    for index in _late(simulated, measured(simulated, means="orthonormal")):
        k = int(value(simulated, index, "classes"))
        levels = test_blocks(simulated, index, "eigenvalues").isel(checkpoint=-1)
        for matrix in ("hessian", "g"):
            one = levels.sel(matrix=matrix)
            top = one.isel(eigenvalue=0) / one.isel(eigenvalue=1)
            low = one.isel(eigenvalue=k - 1) / one.isel(eigenvalue=k)
            ratio = np.minimum(top, low).mean("label").values
            name = f"{name_of(simulated, index)} {matrix}"
            entries.append((name, ratio, SEPARATION, np.inf, 1.0))
    return gather(entries)


def not_first_alone(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """3.3: ``rho(x^a, E_1)``, bounded away from 1."""
    del predicted
    entries = []
    for index in _late(simulated, measured(simulated, means="orthonormal")):
        rho = test_blocks(simulated, index, "alignment_first").isel(checkpoint=-1).mean("label")
        for matrix in ("hessian", "g"):
            name = f"{name_of(simulated, index)} {matrix}"
            entries.append((name, rho.sel(matrix=matrix).values, -np.inf, 1 - STRICT, 1.0))
    return gather(entries)


def _xor_points(simulated: xr.Dataset) -> Iterator[tuple[int, xr.DataArray]]:
    """Yield late points with blocks, and which neurons are alive at the end."""
    for index in _late(simulated, points(simulated, model="xor", matrices="blocks")):
        yield index, last(simulated, index, "alive").isel(run=0) > 0


def first_layer_in_eigenspaces(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """4.1: ``1 - rho(W_i, E_2)``, mean over the neurons that are alive."""
    del predicted
    entries = []
    for index, alive in _xor_points(simulated):
        rho = last(simulated, index, "alignment_two").where(alive).mean("neuron")
        for matrix in ("hessian", "g"):
            name = f"{name_of(simulated, index)} {matrix}"
            error = 1 - rho.sel(matrix=matrix).values
            entries.append((name, error, -np.inf, _xor_bound(simulated, index), 1.0))
    return gather(entries)


def second_layer_in_eigenspaces(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """4.1: ``1 - rho(v, E_4)``; trivial at width 4, so only wider networks."""
    del predicted
    chosen = _late(simulated, points(simulated, model="xor"))
    entries = []
    for index in chosen[parameter(simulated, "width")[chosen] > 4]:
        rho = last(simulated, index, "second_in_four").mean("run")
        for matrix in ("hessian", "g"):
            name = f"{name_of(simulated, index)} {matrix}"
            error = 1 - rho.sel(last_matrix=matrix).values
            entries.append((name, error, -np.inf, _xor_bound(simulated, index), 1.0))
    return gather(entries)


def first_layer_in_centres(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """4.2: ``1 - rho(W_i, span(mu, nu))`` and ``|A - P A P| / |A|``, neurons alive."""
    del predicted
    entries = []
    for index, alive in _xor_points(simulated):
        bound = _xor_bound(simulated, index)
        share = last(simulated, index, "weights_in_centres").isel(run=0).where(alive)
        entries.append(
            (f"{name_of(simulated, index)} W", 1 - share.mean("neuron").values, -np.inf, bound, 1.0)
        )
        outside = last(simulated, index, "outside_two").where(alive).mean("neuron")
        for matrix in ("hessian", "g"):
            name = f"{name_of(simulated, index)} {matrix}"
            entries.append((name, outside.sel(matrix=matrix).values, -np.inf, bound, 1.0))
    return gather(entries)


def second_layer_in_hidden(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """4.2: ``1 - rho(v, span of g(W theta))`` over the four centres ``theta``."""
    del predicted
    chosen = _late(simulated, points(simulated, model="xor"))
    entries = []
    for index in chosen[parameter(simulated, "width")[chosen] > 4]:
        rho = last(simulated, index, "second_in_hidden").mean("run").values
        bound = _xor_bound(simulated, index)
        entries.append((name_of(simulated, index), 1 - rho, -np.inf, bound, 1.0))
    return gather(entries)
