"""Data in which the truth is planted: what a point would measure if a claim's number were given."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from rankscope.evidence.claims import Definition
from rankscope.evidence.results import Point
from rankscope.studies.eigenspace_alignment.xor.claims.last_layer import REACHED
from rankscope.studies.eigenspace_alignment.xor.selection import Neurons

Planted = Mapping[str, xr.DataArray]
REFERENCE = 1000.0
"""The phi lambda, or lambda, at which an error that is a power of it is planted as 0.1."""


def _everywhere(point: Point, name: str, values: xr.DataArray | float) -> Planted:
    """Give a variable the same value at all its places of a replicate."""
    return {name: xr.ones_like(point.measured[name], dtype=float) * values}


def _first(point: Point, values: xr.DataArray) -> xr.DataArray:
    """Give values to as many replicates as the claim is tested in, and ``nan`` to the others."""
    count = point.measured.sizes["replicate"]
    padded = np.pad(values.to_numpy(), (0, count - len(values)), constant_values=np.nan)
    return xr.DataArray(padded, dims="replicate")


def rank_is_groups(point: Point, values: xr.DataArray, cut: object) -> Planted:
    """Give each network one eigenvalue of 1 per cell, or one fewer; ``cut`` finds them all."""
    assert cut
    shape = point.measured.sizes["replicate"], point.runs
    right = xr.DataArray(np.reshape(values.values, shape), dims=("replicate", "run"))
    # and one where there is no cell
    rank = abs(point.measured.groups_found - (right == 0))
    index = xr.DataArray(np.arange(point.width), dims="eigenvalue_index")
    size = xr.ones_like(point.measured.last_eigenvalues)
    return {"last_eigenvalues": size * (index < rank)}


def occupancy(point: Point, values: xr.DataArray) -> Planted:
    """Move networks to four outliers, as many as the distance says, and deal them out."""
    law, distance = point.predicted.occupancy.values, float(values.mean())
    shares = law * (1 - distance / (1 - law[4]))
    shares[4] = law[4] + distance
    shape = point.measured.sizes["replicate"], point.runs
    edges = np.round(np.cumsum(shares) * np.prod(shape)).astype(int)
    ranks = np.searchsorted(edges, np.arange(np.prod(shape)), side="right")
    dealt = np.random.default_rng(0).permutation(ranks).reshape(shape)
    rank = xr.DataArray(dealt, dims=("replicate", "run"))
    return {"last_outliers": xr.ones_like(point.measured.last_outliers) * rank}


def four_cells(point: Point, values: xr.DataArray) -> Planted:
    """Give four outliers to a share of the networks of each replicate, and none to the others."""
    share = values * float(point.predicted.occupancy[4])
    network = xr.DataArray((np.arange(point.runs) + 0.5) / point.runs, dims="run")
    return {"last_outliers": 4 * (network < share) * xr.ones_like(point.measured.last_outliers)}


def last_levels(point: Point, values: xr.DataArray, matrix: Definition) -> Planted:
    """Give networks of one cell one eigenvalue, at a multiple of its limit."""
    ridge, length = point.ridge, float(point.predicted.cell_length)
    limit = {"hessian": ridge * (1 - 4 * ridge) * length, "g": 4 * ridge**2 * length}[matrix.name]
    level = _first(point, values) * limit
    return {
        **_everywhere(point, "last_outliers", 1.0),
        **_everywhere(point, "groups_found", level.notnull()),
        **_everywhere(point, "last_eigenvalues", level),
    }


def regularised_kernel(point: Point, values: xr.DataArray) -> Planted:
    """Occupy four cells."""
    return _in_three(point, values, cells=4)


def regularised_outside_kernel(point: Point, values: xr.DataArray) -> Planted:
    """Occupy three cells."""
    return _in_three(point, values, cells=3)


def _in_three(point: Point, values: xr.DataArray, cells: int) -> Planted:
    share = _first(point, values)
    return {
        **_everywhere(point, "second_in_three", share),
        **_everywhere(point, "groups_found", cells * share.notnull()),
    }


def one_outlier(point: Point, values: xr.DataArray) -> Planted:
    """Count as many more than one."""
    return _everywhere(point, "last_outliers", 1 + values)


def an_outlier_per_cell(point: Point, values: xr.DataArray) -> Planted:
    """Count as many more than four, and four cells."""
    cells = _everywhere(point, "groups_found", 4.0)
    return {**cells, **_everywhere(point, "last_outliers", 4 + values)}


def layer_order(point: Point, values: xr.DataArray) -> Planted:
    """Let both layers align linearly in time, the second by an eighth of the duration."""
    second = REACHED * point.measured.training_time / (point.duration / 8)
    first = second / np.exp(values)
    return {
        "second_in_four": xr.zeros_like(point.measured.second_in_four) + second,
        "alignment": xr.zeros_like(point.measured.alignment) + first,
    }


def effective_dynamics(point: Point, values: xr.DataArray) -> Planted:
    """Move the second layer off the ODE, and leave the first on it."""
    unit = point.step_scale / np.sqrt(point.dimension)
    return {
        "second_layer": (point.predicted.second_layer + values * unit).expand_dims(run=point.runs),
        "first_layer": (point.predicted.first_layer + 0 * values).expand_dims(run=point.runs),
    }


def predicted_alignment(point: Point, values: xr.DataArray) -> Planted:
    """Move all neurons off the theory."""
    return {"alignment": _theory(point, "alignment") + values}


def predicted_cosine(point: Point, values: xr.DataArray) -> Planted:
    """Move all neurons off the theory."""
    return {"smallest_cosine": _theory(point, "smallest_cosine") + values}


def predicted_eigenvalues(point: Point, values: xr.DataArray) -> Planted:
    """Give all neurons a multiple of the theory."""
    return {"eigenvalues": _theory(point, "eigenvalues") * values}


def bulk_edge(point: Point, values: xr.DataArray) -> Planted:
    """Move the edge of all neurons off the theory."""
    return {"edge": _theory(point, "edge") * (1 + values / point.dimension ** (2 / 3))}


def _theory(point: Point, name: str) -> xr.DataArray:
    """Return a prediction for the blocks, mean over neurons, for each of them."""
    theory = point.predicted[name]
    return theory.mean("neuron").expand_dims(neuron=point.width)


def first_layer_law(point: Point, values: xr.DataArray) -> Planted:
    """Let the error be off its law."""
    law = float(point.predicted.misalignment_law.isel(checkpoint=-1))
    return _everywhere(point, "alignment", 1 - law * (1 + values * (0.15 + point.snr**-0.5)))


def dead_neurons(point: Point, values: xr.DataArray) -> Planted:
    """Let the first neuron die, unaligned, in as many networks as some died in."""
    rho = _first(point, values)
    lives = xr.DataArray(np.arange(point.width) > 0, dims="neuron") | rho.isnull()
    return {**_everywhere(point, "alive", lives), **_everywhere(point, "alignment", lives * rho)}


def kink(point: Point, values: xr.DataArray) -> Planted:
    """Let the almost-everywhere curvature be 1."""
    term = 2 * point.ridge * np.sqrt(point.snr / (2 * np.pi))
    return {
        **_everywhere(point, "curvature_difference", 1 + values * term),
        **_everywhere(point, "curvature_almost_everywhere", 1.0),
    }


no_kink = kink


def gradient_share(point: Point, values: xr.DataArray) -> Planted:
    """Share as much at all times, in all neurons."""
    return _everywhere(point, "gradient_share", values)


def first_layer_order(point: Point, values: xr.DataArray, neurons: Neurons) -> Planted:
    """Let the error be a power of lambda, in neurons that count."""
    return _everywhere(point, "alignment", 1 - _power(point.snr, values, point, neurons))


first_layer_exponent = first_layer_order


def samples_add(point: Point, values: xr.DataArray, neurons: Neurons) -> Planted:
    """Let the mean over replicates be a power of phi lambda, replicates spread as its slope is."""
    size = point.samples_per_dimension * point.snr / REFERENCE
    mean = float(values.mean())
    gap = 0.1 * size**mean * (1 + (values - mean) * np.log(size)) * _counted(point, neurons)
    return {
        **_everywhere(point, "alignment", 1 - gap),
        **_everywhere(point, "weights_in_centres", 1.0),
    }


def centres_order(point: Point, values: xr.DataArray, neurons: Neurons) -> Planted:
    """Let the error be a power of lambda, in neurons that count."""
    return _everywhere(point, "weights_in_centres", 1 - _power(point.snr, values, point, neurons))


def cross_terms(point: Point, values: xr.DataArray, neurons: Neurons) -> Planted:
    """Let the norm be a power of phi lambda, in neurons that count."""
    size = point.samples_per_dimension * point.snr
    return _everywhere(point, "outside", _power(size, values, point, neurons))


def second_layer_order(point: Point, values: xr.DataArray) -> Planted:
    """Let the squared error be a power of lambda."""
    return _everywhere(point, "second_in_four", (1 - 0.1 * (point.snr / 100) ** values) ** 0.5)


def hidden_order(point: Point, values: xr.DataArray) -> Planted:
    """Let the squared error be a power of lambda."""
    return _everywhere(point, "second_in_hidden", (1 - 0.1 * (point.snr / 100) ** values) ** 0.5)


def _power(size: float, values: xr.DataArray, point: Point, neurons: Neurons) -> xr.DataArray:
    error: xr.DataArray = 0.1 * (size / REFERENCE) ** values * _counted(point, neurons)
    return error


def first_layer_in_eigenspaces(point: Point, values: xr.DataArray, neurons: Neurons) -> Planted:
    """Err as much at all times, in all neurons, dead ones too where they count."""
    return _everywhere(point, "alignment", 1 - values * _bound(point) * _counted(point, neurons))


def second_layer_in_eigenspaces(point: Point, values: xr.DataArray) -> Planted:
    """Err as much at all times."""
    return _everywhere(point, "second_in_four", _share(point, values))


def first_layer_in_centres(point: Point, values: xr.DataArray, neurons: Neurons) -> Planted:
    """Err as much at all times, in all neurons, dead ones too where they count."""
    error = values * _bound(point) * _counted(point, neurons)
    return _everywhere(point, "weights_in_centres", 1 - error)


def first_matrices_in_centres(point: Point, values: xr.DataArray, neurons: Neurons) -> Planted:
    """Give the same norm at all times, to all neurons, dead ones too where they count."""
    return _everywhere(point, "outside", values * _bound(point) * _counted(point, neurons))


def _bound(point: Point) -> float:
    return float(0.02 + 2 * point.snr**-0.5)


def _counted(point: Point, neurons: Neurons) -> xr.DataArray:
    """Return 1 for neurons that count; others would err less, and hide what is planted."""
    lives = point.measured.alive.isel(checkpoint=-1, run=0, drop=True) > 0
    return (lives | neurons.dead).astype(float)


def second_layer_in_hidden(point: Point, values: xr.DataArray) -> Planted:
    """Err as much at all times."""
    return _everywhere(point, "second_in_hidden", _share(point, values))


def _share(point: Point, values: xr.DataArray) -> xr.DataArray:
    error: xr.DataArray = (1 - values * 4 / point.snr).clip(min=0)
    return error**0.5
