"""Draw networks, and measure the spectrum of their Jacobian over the layers."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import jacobians, ranks
from rankscope.studies.jacobian_depth.parameters import Parameters

LEADING = 4
LABELS = {
    "participation_ratio": "participation ratio of squared singular values of the Jacobian J",
    "stable_rank": "sum of squared singular values over the largest",
    "effective_rank": "exponential of the entropy of squared singular values",
    "numerical_rank": "singular values above 0.01 of the largest",
    "exact_rank": "rank: the fewest active units in a layer so far",
    "squared_trace": "(tr J J^T)^2 / n^2",
    "trace_square": "tr (J J^T)^2 / n^2",
    "log_norm": "log |J u|^2 for a fixed unit vector u",
    "log_singular_value": "logarithms of the leading squared singular values",
}


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Simulate one network per stream; variables have dimensions ``replicate`` and ``layer``."""
    networks = [_network(parameters, np.random.default_rng(stream)) for stream in streams]
    dims = ("replicate", "layer", "index")
    measured = {}
    for name, text in LABELS.items():
        values = np.stack([one[name] for one in networks])
        measured[name] = variable(dims[: values.ndim], values, text)
    return xr.Dataset(
        measured,
        {
            "layer": variable("layer", np.array(parameters.layers), "layer"),
            "index": variable("index", np.arange(1, LEADING + 1), "number of the singular value"),
        },
    )


def _network(p: Parameters, generator: np.random.Generator) -> dict[str, np.ndarray]:
    inputs = generator.standard_normal(p.width)
    inputs *= np.sqrt(p.width) / np.linalg.norm(inputs)
    orthogonal = p.initialisation == "orthogonal"
    chosen = list(
        jacobians.jacobians(inputs, p.activation, p.layers, generator, orthogonal=orthogonal)
    )
    logarithms = np.stack([jacobian.log_singular_values() for jacobian in chosen])
    # of a network that died, nothing but its rank is defined
    with np.errstate(invalid="ignore"):
        values = np.exp(logarithms - logarithms[:, :1])
    trace, square = np.exp(2 * logarithms), np.exp(4 * logarithms)
    unit = np.eye(p.width)[0]
    return {
        "participation_ratio": ranks.participation_ratio(values),
        "stable_rank": ranks.stable_rank(values),
        "effective_rank": ranks.effective_rank_of_eigenvalues(values),
        "numerical_rank": ranks.numerical_rank(values, 0.01).astype(float),
        "exact_rank": np.array([jacobian.rank for jacobian in chosen], dtype=float),
        "squared_trace": (trace.sum(axis=1) / p.width) ** 2,
        "trace_square": square.sum(axis=1) / p.width**2,
        "log_norm": 2 * np.array([jacobian.log_norm(unit) for jacobian in chosen]),
        "log_singular_value": 2 * logarithms[:, :LEADING],
    }
