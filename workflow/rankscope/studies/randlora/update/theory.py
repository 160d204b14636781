"""Exact moments and expected rank of a random RandLoRA update.

The update is ``B M`` with the ``n`` bases side by side in ``B`` (``D x n r``) and ``M_{(j,k) c}
= lambda_jk a_kc gamma_jc``. All entries are independent with mean zero (``gamma``: mean one)
and variance one, and kurtosis ``kappa`` for the bases. Averaging over ``B`` leaves the moments
of ``K = M^T M``; averaging over ``lambda``, ``a`` and ``gamma`` counts coincident indices.
"""

import xarray as xr

from rankscope.datasets import variable
from rankscope.studies.randlora.update.parameters import Parameters

LAMBDA_FOURTH = 3.0
"""Fourth moment of the standard normal ``lambda``."""


def predict(p: Parameters) -> xr.Dataset:
    """Return expected moments of the singular values, and the expected rank.

    With constant ``gamma`` the sum is ``(sum_j B_j Lambda_j) A``, of rank ``r``. Otherwise a
    column of the update vanishes exactly if ``A``'s does, which for ternary bases happens
    with probability ``z^r``; nothing else lowers the rank of a generic sum.
    """
    second, fourth = _moments(p)
    rank = p.rank if p.gamma_spread == 0 else p.columns * (1 - p.sparsity**p.rank)
    return xr.Dataset(
        {
            "second_moment": variable((), second, "expected sum s^2"),
            "fourth_moment": variable((), fourth, "expected sum s^4"),
            "numerical_rank": variable((), float(rank), "expected rank"),
        }
    )


def _kurtosis(p: Parameters) -> float:
    known = {"uniform": 9 / 5, "normal": 3.0, "binary": 1.0, "ternary": 1 / (1 - p.sparsity)}
    return known[p.distribution]


def _moments(p: Parameters) -> tuple[float, float]:
    """Return ``E tr X`` and ``E tr X^2`` of ``X = dW^T dW``."""
    n, r, rows, columns = p.bases(), p.rank, p.rows, p.columns
    kappa, fourth = _kurtosis(p), LAMBDA_FOURTH
    gamma2 = 1 + p.gamma_spread**2
    gamma4 = 1 + 6 * p.gamma_spread**2 + 3 * p.gamma_spread**4
    pairs, off = columns, columns * (columns - 1)
    # one column: terms with equal (j, k), equal j, equal k, and neither
    same = n * r * fourth * kappa * gamma4
    same += n * r * (r - 1) * gamma4
    same += n * (n - 1) * r * kappa * gamma2**2
    same += n * (n - 1) * r * (r - 1) * gamma2**2
    # two columns: only terms with equal k survive the signs of A
    square = pairs * same + off * (n * r * fourth * gamma2**2 + n * (n - 1) * r)
    product = pairs * same + off * gamma2**2 * (n * r * fourth + n * r * (n * r - 1))
    length = n * r * fourth * (pairs * kappa * gamma4 + off * gamma2**2)
    total = rows * (rows + 1) * square + rows * product + rows * (kappa - 3) * length
    return rows * n * r * columns * gamma2, total
