"""Errors that counting dimensions predicts, and LoRA's exact optimum at equal parameters."""

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.studies.randlora.fit.parameters import Parameters

NODES = 40_000
"""Of the midpoint rule over the Marchenko-Pastur law."""


def predict(p: Parameters) -> xr.Dataset:
    """Return LoRA's rank at equal parameters and, in weight space, errors at that budget.

    ``gamma_error`` is exact: the columns of the terms span a random ``n``-dimensional
    subspace per column of the target, which holds ``n / D`` of it. ``dimension_count`` is
    ``1 - P / (D d)``: what ``P`` numbers cover of a target that has no preferred directions.
    With anisotropic inputs neither holds.
    """
    size, sides = p.rows * p.columns, p.rows + p.columns
    rank = p.trained_parameters() / sides
    predicted = xr.Dataset({"equal_rank": variable((), rank, "LoRA's rank at equal parameters")})
    if p.input_decay > 0:
        return predicted
    tails = 1 - np.concatenate([[0.0], np.cumsum(energies(p))])
    return predicted.assign(
        lora_error=variable(
            (),
            float(np.interp(rank, np.arange(len(tails)), tails)),
            "Eckart-Young error at equal parameters",
        ),
        gamma_share=variable(
            (), p.columns / (p.columns + p.rank), "share of the Gamma_j in all parameters"
        ),
        gamma_error=variable((), 1 - p.bases() / p.rows, "error with the Gamma_j fitted only"),
        dimension_count=variable((), 1 - p.trained_parameters() / size, "1 - P / (D d)"),
        crossover_rank=variable((), size / sides, "rank of a flat target where both are equal"),
    )


def energies(p: Parameters) -> np.ndarray:
    """Return the target's expected shares of squared singular values, descending.

    For Gaussian entries they are means of the Marchenko-Pastur law between its quantiles
    ``(i - 1) / d`` and ``i / d``, exact as the shape grows. With ``x = centre - radius cos t``
    its density has no root at either edge.
    """
    if p.target != "gaussian":
        values = np.arange(1.0, p.target_rank + 1) ** (-2 * p.decay)
        return values / values.sum()
    ratio = p.columns / p.rows
    t = (np.arange(NODES) + 0.5) * np.pi / NODES
    x = 1 + ratio - 2 * np.sqrt(ratio) * np.cos(t)
    mass = np.cumsum(np.sin(t) ** 2 / x)
    energy = np.cumsum(np.sin(t) ** 2)
    cuts = np.linspace(0, 1, p.columns + 1)
    return np.diff(np.interp(cuts, mass / mass[-1], energy / energy[-1]))[::-1]
