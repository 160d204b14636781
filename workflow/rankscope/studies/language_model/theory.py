"""What chance alone gives, and what the methods' definitions fix, in closed form."""

import numpy as np
import xarray as xr
from scipy import stats
from scipy.integrate import quad

from rankscope.datasets import variable
from rankscope.studies.language_model.parameters import Parameters, Run

DIRECTIONS = 64
PROBED_RANKS = (1, 2, 4, 8, 16, 32, 64)
INTRUDER_COSINE = 0.5


def predict(parameters: Parameters) -> xr.Dataset:
    """Return parameter counts, rank bounds and the nulls of the probes.

    The nulls are those of uniformly random directions, independent of the base weight.
    """
    names = parameters.matrix_names()
    shapes = np.array([parameters.shape(name[-1]) for name in names]).reshape(-1, 2)
    runs = parameters.run_list()
    inputs = shapes[:, 1:].astype(float)
    match = [
        match_of_random_direction(int(rows), int(min(rows, columns))) for rows, columns in shapes
    ]
    return xr.Dataset(
        {
            "trainable_parameters": variable(
                "run",
                [count_parameters(run, parameters) for run in runs],
                "trained parameters without the head",
            ),
            "rank_bound": variable(
                ("run", "matrix"),
                [[rank_bound(run, name, parameters) for name in names] for run in runs],
                "largest possible rank of the update",
            ),
            "phi_null": variable(
                ("matrix", "direction"), phi_mean(inputs), "mean of phi(i, i), random directions"
            ),
            "phi_null_sd": variable(
                ("matrix", "direction"),
                phi_deviation(inputs),
                "standard deviation of phi(i, i), random directions",
            ),
            "captured_null": variable(
                ("matrix", "probed_rank"),
                np.array(PROBED_RANKS) / np.sqrt(shapes.prod(axis=1))[:, None],
                "root mean square of |U' W V| / |W|, random directions",
            ),
            "match_null": variable("matrix", match, "mean best cosine of a random direction"),
        },
        coords={
            "run": variable("run", [run.name for run in runs], "run: method, rank, targets"),
            "matrix": variable("matrix", list(names), "layer (from 0) and target of a matrix"),
            "probed_rank": variable("probed_rank", list(PROBED_RANKS), "number of directions"),
            "direction": variable("direction", np.arange(1, DIRECTIONS + 1), "directions of both"),
        },
    )


def count_parameters(run: Run, parameters: Parameters) -> int:
    """Return the number of trained parameters without the classifier.

    Per ``(D, d)`` matrix: full ``D d``; LoRA ``r (D + d)``; RandLoRA
    ``n (r + min(D, d))`` with ``n = ceil(min(D, d) / r)``; VeRA ``r + D``. ReLoRA trains as many
    at a time as LoRA.
    """
    if run.method == "head":
        return 0
    total = 0
    for letter in run.targets:
        rows, columns = parameters.shape(letter)
        smaller = min(rows, columns)
        total += {
            "full": rows * columns,
            "lora": run.rank * (rows + columns),
            "rslora": run.rank * (rows + columns),
            "relora": run.rank * (rows + columns),
            "randlora": int(np.ceil(smaller / max(run.rank, 1))) * (run.rank + smaller),
            "vera": run.rank + rows,
        }[run.method]
    return total * parameters.layers


def rank_bound(run: Run, matrix: str, parameters: Parameters) -> float:
    """Return the largest rank an update can have; ``nan`` if the run leaves the matrix."""
    if run.method == "head" or matrix[-1] not in run.targets:
        return float("nan")
    smaller = min(parameters.shape(matrix[-1]))
    products = parameters.relora_cycles if run.method == "relora" else 1
    full = run.method in ("full", "randlora")
    return float(smaller if full else min(run.rank * products, smaller))


def phi_mean(width: np.ndarray) -> np.ndarray:
    """Return ``E phi(i, i) = i / d`` along the last axis, for widths of shape ``(..., 1)``.

    Each of the ``i^2`` squared cosines has mean ``1 / d``.
    """
    i = np.arange(1, DIRECTIONS + 1)
    return np.where(i <= width, i / width, np.nan)


def phi_deviation(width: np.ndarray) -> np.ndarray:
    """Return the standard deviation of ``phi(i, i)``.

    With ``T = |U' V|_F^2 = tr(P Q)`` for independent uniform projections of rank ``i``:
    ``Var T = 2 i^2 (d - i)^2 / (d^2 (d - 1)(d + 2))``. Derived here; an ``i`` above ``d`` has
    no meaning and gives ``nan``.
    """
    i = np.arange(1, DIRECTIONS + 1)
    deviation = np.sqrt(2 / ((width - 1) * (width + 2))) * (width - i) / width
    return np.where(i <= width, deviation, np.nan)


def match_of_random_direction(width: int, directions: int) -> float:
    """Return the mean largest ``|cos|`` of a random direction with ``directions`` axes.

    A squared coordinate of a uniform unit vector is Beta(1/2, (d - 1)/2); the coordinates
    are taken as independent, so ``E max = integral of 1 - F(t^2)^p``. Their weak negative
    dependence makes the true mean larger by a relative ``O(log d / d)``.
    """
    law = stats.beta(0.5, (width - 1) / 2)
    return float(quad(lambda t: 1 - law.cdf(t * t) ** directions, 0, 1, limit=200)[0])
