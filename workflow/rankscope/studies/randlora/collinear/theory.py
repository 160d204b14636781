"""Probabilities that two ternary vectors are parallel, or linearly dependent."""

import xarray as xr

from rankscope.datasets import variable
from rankscope.studies.randlora.collinear.parameters import Parameters


def predict(p: Parameters) -> xr.Dataset:
    """Return the printed probability, and the exact ones.

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
            "zeros_factor": variable((), dependent / printed, "dependence / the paper's 2 q^d"),
            "dependent_share": variable((), dependent, "probability of linear dependence"),
        }
    )
