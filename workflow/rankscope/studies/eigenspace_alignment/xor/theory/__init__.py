"""What the theory predicts at a point: dynamics, spectra, alignments and closed forms."""

import numpy as np
import xarray as xr
from scipy import special

from rankscope import datasets
from rankscope.studies.eigenspace_alignment import prediction
from rankscope.studies.eigenspace_alignment.effective_spectrum import spectrum
from rankscope.studies.eigenspace_alignment.nodes import root
from rankscope.studies.eigenspace_alignment.prediction import Variables
from rankscope.studies.eigenspace_alignment.xor.parameters import Parameters
from rankscope.studies.eigenspace_alignment.xor.theory import dynamics, limits

EIGENVALUES = 4
LOG2_NODES = 10


def predict(parameters: Parameters) -> xr.Dataset:
    """Predict the point; a variable of the same name in the simulation is its measurement.

    A Gaussian start, whose basin the noise chooses, has no theory of its trajectory here:
    such a point carries closed forms only.
    """
    data = _limits(parameters)
    if parameters.planted_cells:
        data |= _planted(parameters)
    return prediction.dataset(parameters.times(), data)


def _limits(parameters: Parameters) -> Variables:
    ridge, snr = parameters.ridge, parameters.snr
    data = {
        "occupancy": datasets.variable(
            "cells", limits.occupancy(parameters.width), "P(r), law of occupied cells"
        ),
        "kink_term": datasets.variable(
            (), limits.kink_term(ridge, snr), "curvature that the kink of ReLU adds"
        ),
    }
    if ridge == 0:
        return data
    law = limits.misalignment_law(
        ridge,
        snr,
        parameters.samples_per_dimension,
        parameters.step_scale,
        np.array(parameters.times()),
        max(1.0, parameters.width / limits.CELLS),
    )
    return data | {
        "last_limit": datasets.variable(
            "matrix",
            limits.last_eigenvalues(ridge),
            "last-layer outliers at a fixed point, no noise",
        ),
        "cell_length": datasets.variable(
            (), limits.squared_length(ridge), "sum of v_i^2 over a cell"
        ),
        "misalignment_law": datasets.variable(
            "checkpoint", law, "1 - rho(W_i, E_2) to first order in 1 / lambda"
        ),
    }


def _planted(parameters: Parameters) -> Variables:
    states = dynamics.trajectory(
        dynamics.planted(parameters.width, parameters.planted_cells),
        parameters.activation,
        parameters.snr,
        parameters.ridge,
        parameters.step_scale,
        np.array(parameters.times()),
    )
    outside = np.stack([np.diag(state.outside) for state in states])
    data = {
        "first_layer": datasets.variable(
            ("checkpoint", "neuron", "feature"),
            np.stack([state.first for state in states]),
            "W_i along mu and nu",
        ),
        "second_layer": datasets.variable(
            ("checkpoint", "neuron"), np.stack([state.second for state in states]), "v_i"
        ),
        "first_layer_outside": datasets.variable(
            ("checkpoint", "neuron"), outside, "squared length of W_i outside span(mu, nu)"
        ),
    }
    if parameters.activation == "relu":
        kinks = [dynamics.kink(states[-1], parameters.snr, i) for i in range(parameters.width)]
        data["kink_of_state"] = datasets.variable(
            "neuron", np.array(kinks), "curvature that the kink adds at the end of the ODE"
        )
    if parameters.matrices != "none":
        data |= _blocks(parameters, states)
    return data


def _blocks(parameters: Parameters, states: list[dynamics.State]) -> Variables:
    """Predict first-layer blocks; neurons of one cell follow the same planted trajectory."""
    function, slope, curvature = dynamics.activation(parameters.activation)
    blocks = []
    for state in states:
        inputs, hidden, truth = dynamics.samples(state, parameters.snr, LOG2_NODES)
        vectors = np.concatenate([state.first, root(state.outside)], axis=1)
        s = special.expit(function(hidden) @ state.second)[:, None]
        u, v = s - truth[:, None], state.second
        gauss_newton = s * (1 - s) * (v * slope(hidden)) ** 2
        for weights in (gauss_newton + v * u * curvature(hidden), (u * v * slope(hidden)) ** 2):
            distinct = [
                prediction.block(
                    spectrum(
                        weights[:, neuron],
                        inputs,
                        parameters.snr,
                        parameters.samples_per_dimension,
                        EIGENVALUES,
                    ),
                    vectors[neuron],
                    parameters.spanned,
                    EIGENVALUES,
                )
                for neuron in range(parameters.planted_cells)
            ]
            blocks += [distinct[i % len(distinct)] for i in range(parameters.width)]
    shape = len(states), 2, parameters.width
    return prediction.variables(blocks, shape, ("checkpoint", "matrix", "neuron"))
