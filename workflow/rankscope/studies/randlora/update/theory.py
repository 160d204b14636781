"""Exact moments and expected rank of a random RandLoRA update.

The update is ``B M`` with the ``n`` bases side by side in ``B`` (``D x n r``) and ``M_{(j,k) c}
= lambda_jk a_kc gamma_jc``. All entries are independent with mean zero (``gamma``: mean one)
and variance one, and kurtosis ``kappa`` for the bases. Averaging over ``B`` leaves the moments
of ``K = M^T M``; averaging over ``lambda``, ``a`` and ``gamma`` counts coincident indices.
"""

from math import comb, sqrt

import numpy as np
import xarray as xr
from scipy import stats

from rankscope.datasets import variable
from rankscope.studies.randlora.update.parameters import Parameters

LAMBDA_FOURTH = 3.0
"""Fourth moment of the standard normal ``lambda``."""


def predict(p: Parameters) -> xr.Dataset:
    """Return expected moments of the singular values, the expected rank, and a null's.

    With constant ``gamma`` the sum is ``(sum_j B_j Lambda_j) A``, whose rank is the number of
    rows of ``A`` that are not empty; otherwise see `_distinct`.
    """
    second, fourth = _moments(p)
    rank = p.rank * (1 - p.sparsity**p.columns) if p.gamma_spread == 0 else _distinct(p)
    softest = p.rows * p.columns / (sqrt(p.rows) + sqrt(p.columns)) ** 2
    return xr.Dataset(
        {
            "second_moment": variable((), second, "expected sum s^2"),
            "fourth_moment": variable((), fourth, "expected sum s^4"),
            "numerical_rank": variable((), rank, "expected rank"),
            "initial_share": variable((), p.rank / p.columns, "rank r of the start / columns"),
            "gaussian_ratio": variable(
                (),
                second**2 * (p.rows + p.columns + 1) / (p.rows * p.columns) / fourth,
                "sum s^4 of Gaussian entries with this sum s^2 / expected sum s^4",
            ),
            "gaussian_stable_rank": variable(
                (), softest, "stable rank of a large Gaussian matrix of the same shape"
            ),
        }
    )


def _distinct(p: Parameters) -> float:
    """Return the expected rank once the ``Gamma_j`` differ.

    Columns of the update whose columns of ``A`` are parallel to ``a`` lie in the span of the
    ``n`` vectors ``B_j Lambda_j a``, so that a direction ``a`` gives a generic sum ``min(n,
    columns along a)`` dimensions. Continuous entries have no direction twice. Of ternary ones
    (binary: without zeros) ``C(r, m) 2^(m - 1)`` directions have ``m`` entries that are not
    zero.
    """
    if p.distribution in ("normal", "uniform"):
        return float(p.columns)
    filled, terms = 1 - p.sparsity, np.arange(p.bases())
    rank = 0.0
    for support in range(1, p.rank + 1):
        chance = 2 * (filled / 2) ** support * p.sparsity ** (p.rank - support)
        # E min(n, X) is the sum of P(X > k) over k < n
        kept = float(stats.binom.sf(terms, p.columns, chance).sum())
        rank += comb(p.rank, support) * 2 ** (support - 1) * kept
    return rank


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
