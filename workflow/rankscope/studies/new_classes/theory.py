"""What needs no training: what chance gives, and what a rank costs."""

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.studies.new_classes.parameters import Parameters
from rankscope.studies.rank_budget.parameters import SIDES


def predict(parameters: Parameters) -> xr.Dataset:
    """Return shares of random directions, parameters of a rank, and the largest rank.

    A random direction of ``R^K`` has on average ``k / K`` of its squared length in a subspace of
    ``k`` dimensions.
    """
    shapes = np.array(parameters.shapes, dtype=float)
    return xr.Dataset(
        {
            "chance_share": variable(
                ("matrix", "side"),
                1 / shapes,
                "share of a random direction in a subspace, per dimension of it",
            ),
            "rank_parameters": variable(
                "matrix", shapes.sum(axis=1), "parameters of factors of rank 1"
            ),
            "largest_rank": variable("matrix", shapes.min(axis=1), "rank of a whole layer"),
        },
        coords={
            "matrix": variable("matrix", list(parameters.layer_names), "hidden layer"),
            "side": variable("side", list(SIDES), "outputs or inputs of a layer"),
        },
    )
