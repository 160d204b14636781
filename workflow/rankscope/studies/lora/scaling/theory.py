"""How the first step and the best learning rate depend on the rank."""

import math

import xarray as xr
from scipy import special

from rankscope.datasets import variable
from rankscope.studies.lora.scaling.parameters import Parameters

FIRST_STEP_EXPONENTS = {
    ("sgd", "rank"): -1.0,
    ("sgd", "root-rank"): 0.0,
    ("adam", "rank"): 0.0,
    ("adam", "root-rank"): 0.5,
}
"""Exponents in ``r`` of the first step's progress at a fixed learning rate. The best
learning rate must undo them, so that its exponents are the negatives."""
SHARPNESS_EXPONENTS = {"rank": 1.0, "root-rank": 0.5}
"""Exponents in ``r`` of ``1 / s``. At a solution ``s B A = T`` the loss has curvature
``s^2 (b^2 + a^2)`` along a direction with singular values ``b`` and ``a`` of the factors, at
least ``2 s t`` where ``s b a = t``. Gradient descent is stable up to two over the curvature."""


def predict(p: Parameters) -> xr.Dataset:
    """Return the expected progress of the first step, and the exponents in the rank.

    With ``B = 0`` and ``A`` Gaussian of variance ``1/d`` the first gradient is ``-s T A^T``.
    A step of SGD covers ``eta s^2 |T A^T|^2``, with expectation ``eta s^2 r |T|^2 / d``. A
    step of Adam moves each entry of ``B`` by ``eta`` and covers ``eta s |T A^T|_1``, with
    expectation ``eta s r sqrt(2 / (pi d)) sum_i |T_i|`` over the rows of ``T``.
    """
    scale = p.alpha / (p.rank if p.scaling == "rank" else math.sqrt(p.rank))
    if p.optimiser == "sgd":
        step = p.learning_rate * scale**2 * p.rank / p.columns
    else:
        rows = p.rows * _mean_row_length(p.rows, p.teacher_rank)
        step = p.learning_rate * scale * p.rank * math.sqrt(2 / (math.pi * p.columns)) * rows
    exponent = FIRST_STEP_EXPONENTS[p.optimiser, p.scaling]
    predicted = xr.Dataset(
        {
            "first_step": variable((), step, "expected share covered by the first step"),
            "first_step_exponent": variable((), exponent, "exponent in r of the first step"),
            "learning_rate_exponent": variable(
                (), -exponent, "exponent in r of the learning rate that undoes the first step's"
            ),
        }
    )
    if p.optimiser == "sgd":
        predicted["sharpness_exponent"] = variable(
            (), SHARPNESS_EXPONENTS[p.scaling], "exponent in r of the largest stable learning rate"
        )
    return predicted


def _mean_row_length(rows: int, rank: int) -> float:
    """Mean length of a row of a flat target of unit norm: ``|U_i| / sqrt(k)``, ``U`` uniform."""
    log = special.gammaln((rank + 1) / 2) - special.gammaln(rank / 2)
    log += special.gammaln(rows / 2) - special.gammaln((rows + 1) / 2)
    return math.exp(log) / math.sqrt(rank)
