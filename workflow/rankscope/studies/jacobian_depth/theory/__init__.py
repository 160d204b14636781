"""The rank of a Jacobian by depth: infinite width, any width, and depth beyond the width."""

import functools

import numpy as np
import xarray as xr
from scipy import optimize

from rankscope.datasets import variable
from rankscope.studies.jacobian_depth.parameters import Parameters
from rankscope.studies.jacobian_depth.theory import deep, exact, free

LEADING = 4
ONE_DIRECTION = 1.1
MOST = 0.9
"""Share of networks with one direction at the depth that is called deep enough."""
WIDTHS = (1024, 8192)
DEEPEST = 4096
"""Beyond, K grows as in its last layer."""
STOPPED = 1e-3
"""Least gain of a layer that counts as growth."""


def predict(parameters: Parameters) -> xr.Dataset:
    """Return ranks, moments and leading singular values at the layers measured."""
    p = parameters
    orthogonal = p.initialisation == "orthogonal"
    layers = np.array(p.layers)
    every = free.excess(p.activation, max(p.depth, DEEPEST), orthogonal=orthogonal)
    excess = every[layers - 1]
    share = [deep.one_direction(time, ONE_DIRECTION) for time in excess / p.width]
    found: dict[str, tuple[str | tuple[str, ...], object, str]] = {
        "excess": ("layer", excess, "K: sum of kappa over layers"),
        "participation_ratio": ("layer", p.width / (1 + excess), "participation ratio, free"),
        "share_of_one_direction": (
            "layer",
            share,
            "share of stable ranks up to 1.1, two directions",
        ),
        "share_at_n": ((), deep.one_direction(1.0, ONE_DIRECTION), "that share at K = n"),
        "half_depth": ((), depth_of(every, 1.0), "layer at which PR is n/2"),
        "tenth_depth": ((), depth_of(every, 9.0), "layer at which PR is n/10"),
        "one_direction_depth": ((), depth_of(every, enough() * p.width), "layer of one direction"),
        "one_direction_depth_by_width": (
            "any_width",
            [depth_of(every, enough() * width) for width in WIDTHS],
            "that layer, of other widths",
        ),
    }
    if p.activation in free.GATES:
        found |= _homogeneous(p, layers, orthogonal=orthogonal)
    return xr.Dataset(
        {name: variable(*value) for name, value in found.items()},
        {
            "layer": variable("layer", layers, "layer"),
            "index": variable("index", np.arange(1, LEADING + 1), "number of the singular value"),
            "any_width": variable("any_width", np.array(WIDTHS), "width n"),
        },
    )


def _homogeneous(
    p: Parameters, layers: np.ndarray, *, orthogonal: bool
) -> dict[str, tuple[str | tuple[str, ...], object, str]]:
    """Return what is known of linear and ReLU networks alone."""
    gate = free.GATES[p.activation]
    norm = exact.growth(p.width, gate, 1, orthogonal=orthogonal)
    rates = deep.exponents(p.width, gate, LEADING, orthogonal=orthogonal)
    start = deep.intercepts(p.width, LEADING)
    found: dict[str, tuple[str | tuple[str, ...], object, str]] = {
        "annealed_ratio": (
            "layer",
            exact.annealed_ratio(p.width, gate, layers, orthogonal=orthogonal),
            "E (tr A)^2 / E tr A^2, A = J J^T",
        ),
        "log_norm_mean": ("layer", layers * norm.mean, "mean of log |J u|^2"),
        "log_norm_variance": ("layer", layers * norm.variance, "variance of log |J u|^2"),
        "exponent": ("index", rates, "Lyapunov exponents of squared singular values"),
        "intercept": ("index", start, "constants beside them"),
        "log_singular_value": (
            ("layer", "index"),
            layers[:, None] * rates + start,
            "mean logarithms of squared singular values, depth large",
        ),
    }
    if not orthogonal:
        spectra = [free.spectrum(gate, layer) for layer in layers]
        effective = p.width * np.array([one.effective_rank() for one in spectra])
        numerical = p.width * np.array([one.numerical_rank() for one in spectra])
        found |= {
            "effective_rank": ("layer", effective, "effective rank of eigenvalues, free"),
            "numerical_rank": ("layer", numerical, "rank at 0.01, free"),
        }
    return found


def depth_of(excess: np.ndarray, level: float) -> float:
    """Return the layer, between layers if need be, at which K reaches a level.

    Args:
        excess: K at layers 1 to L; beyond, it grows as in layer L.
        level: what is reached.

    Returns:
        ``inf`` where K has stopped growing before.
    """
    known = np.concatenate([[0.0], excess])
    if level <= known[-1]:
        return float(np.interp(level, known, np.arange(len(known))))
    last = known[-1] - known[-2]
    return float(len(excess) + (level - known[-1]) / last) if last > STOPPED else float("inf")


@functools.cache
def enough() -> float:
    """Return K/n at which a share `MOST` of networks has one direction."""
    return float(optimize.brentq(lambda t: deep.one_direction(t, ONE_DIRECTION) - MOST, 1, 20))
