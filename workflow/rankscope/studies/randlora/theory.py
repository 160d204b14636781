"""Predict the study's experiments in closed form, by routes that share no code with them."""

import math

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.studies.lora import theory_spectra
from rankscope.studies.randlora import theory_update
from rankscope.studies.randlora.parameters import Parameters


def predict(parameters: Parameters) -> xr.Dataset:
    """Return what theory says of the point's experiment; see `EXPERIMENTS`."""
    return EXPERIMENTS[parameters.experiment](parameters)


def fit(p: Parameters) -> xr.Dataset:
    """Return the errors that counting dimensions predicts, and LoRA's exact optimum.

    ``gamma_error`` is exact in weight space: the columns of the terms span a random
    ``n``-dimensional subspace per column of the target, which holds ``n / D`` of it.
    ``dimension_count`` is ``1 - P / (D d)``: what ``P`` numbers cover of a target that has
    no preferred directions. With anisotropic inputs neither holds and all are undefined.
    """
    budget, size = p.parameters_of_randlora(), p.rows * p.columns
    rank = budget / (p.rows + p.columns)
    energy = theory_spectra.energies(p.target, (p.rows, p.columns), p.target_rank, p.decay)
    tails = theory_spectra.tails(energy, p.columns)
    lora = float(np.interp(rank, np.arange(len(tails)), tails))
    known = np.nan if p.input_decay > 0 else 1.0
    return xr.Dataset(
        {
            "lora_error": variable((), known * lora, "Eckart-Young error at equal parameters"),
            "gamma_error": variable(
                (), known * (1 - p.bases() / p.rows), "error with the Gamma_j fitted only"
            ),
            "dimension_count": variable((), known * (1 - budget / size), "1 - P / (D d)"),
            "equal_rank": variable((), rank, "LoRA's rank at equal parameters"),
            "crossover_rank": variable(
                (), size / (p.rows + p.columns), "rank of a flat target where both are equal"
            ),
        }
    )


def bound(p: Parameters) -> xr.Dataset:
    """Return what theorem 4.1's bound cannot fall below for random bases.

    A block's fit lies in the span of ``B_j``, a random ``r``-dimensional subspace, and
    misses ``1 - r / D`` of the block's energy in expectation. The largest of ``n`` block
    errors is at least their root mean square, so that ``n eps >= sqrt(n (1 - r / D)) |W|``.
    """
    floor = math.sqrt(p.bases() * (1 - p.rank / p.rows))
    return xr.Dataset({"bound_floor": variable((), floor, "least n eps / norm of the target")})


def collinear(p: Parameters) -> xr.Dataset:
    """Return the probabilities that two ternary vectors are parallel, or dependent.

    With ``s = 2 / (1 - sparsity)`` an entry agrees with probability
    ``q = (s^2 - 4 s + 6) / s^2`` and is zero with probability ``z = 1 - 2 / s``. The paper
    prints ``2 q^d``. A vector of zeros is dependent on every other: the exact probability
    of linear dependence is ``2 q^d + 2 z^d - 3 z^{2 d}``. Derived in the documentation.
    """
    s, d = 2 / (1 - p.sparsity), p.columns
    agree, zero = (s**2 - 4 * s + 6) / s**2, 1 - 2 / s
    printed = 2 * agree**d
    dependent = printed + 2 * zero**d - 3 * zero ** (2 * d)
    return xr.Dataset(
        {
            "printed_probability": variable((), printed, "the paper's 2 q^d"),
            "parallel_share": variable(
                (), printed - zero ** (2 * d), "probability of x = y or x = -y"
            ),
            "dependent_share": variable((), dependent, "probability of linear dependence"),
        }
    )


def accounting(p: Parameters) -> xr.Dataset:
    """Return the paper's counts, ``n (d + r)`` and LoRA's ``r' (D + d)``."""
    trained = p.columns**2 / p.rank + p.columns
    lora = p.other_rank * (p.rows + p.columns)
    return xr.Dataset(
        {
            "trained_parameters": variable((), trained, "d^2 / r + d"),
            "lora_parameters": variable((), float(lora), "r' (D + d)"),
        }
    )


EXPERIMENTS = {
    "update": theory_update.update,
    "fit": fit,
    "bound": bound,
    "collinear": collinear,
    "accounting": accounting,
}
