"""The law of occupied cells without interaction, and how one neuron chooses beside a frozen one.

With the cell of ``+mu`` filled, the residuals are ``4 beta`` at ``+mu`` and 1/2 at ``-mu``. A free
neuron with ``v > 0`` fires there with probability ``Phi(a)`` and ``Phi(-a)``,
``a = m sqrt(lambda) / |W|``, and ``dm/dt = (v/4) [4 beta Phi(a) - Phi(-a) / 2]``: above ``a*``,
``Phi(a*) = 1 / (1 + 8 beta)``, it joins the filled cell, and below it the empty one. At the start
``|W| = 1`` and ``m`` has variance ``1 / d``, so that it chooses the empty cell with probability
``Phi(a* sqrt(d / lambda))``. Derived in docs.
"""

import numpy as np
import xarray as xr
from scipy import special

from rankscope.datasets import variable
from rankscope.studies.eigenspace_alignment.occupancy.parameters import Parameters

CELLS = 4


def predict(parameters: Parameters) -> xr.Dataset:
    """Return the law of cells of any number of living neurons, and the choice."""
    laws = occupancy(parameters.width)
    return xr.Dataset(
        {
            "law_of_living": variable(
                ("neurons", "cells"), laws, "P(cells), each living neuron in one at random"
            ),
            "law": variable("cells", laws[-1], "P(cells), every neuron in one at random"),
            "chosen": variable(
                (),
                choice(parameters.dimension, parameters.snr, parameters.ridge),
                "probability that a free neuron with v > 0 chooses the empty cell",
            ),
        },
        {
            "cells": variable("cells", np.arange(CELLS + 1), "number of cells"),
            "neurons": variable("neurons", np.arange(len(laws)), "number of living neurons"),
        },
    )


def occupancy(width: int) -> np.ndarray:
    """Return the law of filled cells, a row per number 0 to ``width`` of neurons.

    One neuron after the other: of ``r`` filled cells it makes ``r + 1`` with probability
    ``(4 - r) / 4``.
    """
    cells = np.arange(CELLS + 1)
    laws = [np.eye(CELLS + 1)[0]]
    for _ in range(width):
        grown = laws[-1] * (CELLS - cells) / CELLS
        laws.append(laws[-1] - grown + np.roll(grown, 1))
    return np.array(laws)


def threshold(ridge: float) -> float:
    """Return ``a*``."""
    return float(special.ndtri(1 / (1 + 8 * ridge)))


def choice(dimension: int, snr: float, ridge: float) -> float:
    """Return the probability of the empty cell."""
    return float(special.ndtr(threshold(ridge) * np.sqrt(dimension / snr)))
