"""What needs no training: what chance gives, and what a rank costs."""

import xarray as xr

from rankscope.datasets import variable
from rankscope.studies.rank_budget.parameters import SIDES, Parameters


def predict(parameters: Parameters) -> xr.Dataset:
    """Return shares of random directions, parameters of a rank, and the largest rank.

    A random direction of ``R^K`` has on average ``k / K`` of its squared length in a subspace of
    ``k`` dimensions.
    """
    names = parameters.matrix_names()
    shapes = [parameters.shape(name[-1]) for name in names]
    return xr.Dataset(
        {
            "chance_share": variable(
                ("matrix", "side"),
                [[1 / rows, 1 / columns] for rows, columns in shapes],
                "share of a random direction in a subspace, per dimension of it",
            ),
            "rank_parameters": variable(
                "matrix", [sum(shape) for shape in shapes], "parameters of a LoRA of rank 1"
            ),
            "largest_rank": variable(
                "matrix", [float(min(shape)) for shape in shapes], "rank of a whole matrix"
            ),
        },
        coords={
            "matrix": variable("matrix", list(names), "layer (from 0) and target of a matrix"),
            "side": variable("side", list(SIDES), "outputs or inputs of a matrix"),
        },
    )
