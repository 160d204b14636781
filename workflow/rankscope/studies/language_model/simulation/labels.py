"""Names, dimensions and units of everything that the simulation returns."""

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.studies.language_model.parameters import DIRECTIONS, PROBED_RANKS, Parameters
from rankscope.studies.language_model.simulation import comparisons, training

_RUN = ("replicate", "run")
_MATRIX = ("replicate", "run", "matrix")
_PROBED = (*_MATRIX, "probed_rank")
_LABELS = {
    "training_loss": ((*_RUN, "step"), "cross entropy of the batch", "nat"),
    "validation_accuracy": ((*_RUN, "evaluation"), "accuracy, validation texts", "1"),
    "validation_loss": ((*_RUN, "evaluation"), "loss, validation texts", "nat"),
    "test_accuracy": (_RUN, "accuracy, test texts", "1"),
    "test_loss": (_RUN, "cross entropy, test texts", "nat"),
    "converged": (_RUN, "1 if the loss stayed finite", "1"),
    "update_norm": (_MATRIX, "Frobenius norm of the update", "1"),
    "relative_norm": (_MATRIX, "Frobenius norm of the update over that of the base weight", "1"),
    "numerical_rank": (_MATRIX, "numerical rank of the update in single precision", "1"),
    "stable_rank": (_MATRIX, "stable rank of the update", "1"),
    "effective_rank": (_MATRIX, "effective rank of the update's singular values", "1"),
    "rank_90": (_MATRIX, "directions that hold 90 % of the update's energy", "1"),
    "rank_99": (_MATRIX, "directions that hold 99 % of the update's energy", "1"),
    "intruders": (_MATRIX, "intruders among the tuned weight's ten leading directions", "1"),
    "intruders_random": (_MATRIX, "intruders, same singular values in random directions", "1"),
    "intruders_full_norm": (_MATRIX, "intruders, update scaled to full fine-tuning's norm", "1"),
    "amplification": (_PROBED, "amplification factor of the update's leading directions", "1"),
    "amplification_null": (_PROBED, "amplification factor of random directions", "1"),
    "alignment": (_PROBED, "base weight in the update's directions over random ones", "1"),
    "singular_value": ((*_MATRIX, "index"), "singular values of the update", "1"),
    "phi": (
        ("replicate", "pair", "side", "matrix", "phi_i", "phi_j"),
        "subspace similarity phi(i, j)",
        "1",
    ),
    "truncated_accuracy": ((*_RUN, "kept"), "accuracy with a truncated update", "1"),
    "truncated_loss": ((*_RUN, "kept"), "loss with a truncated update", "nat"),
    "whole_accuracy": (_RUN, "accuracy on the same texts, whole update", "1"),
    "cka": ((*_RUN, "block"), "linear CKA with full fine-tuning", "1"),
    "cka_full": (("replicate", "block"), "linear CKA of full, two seeds", "1"),
    "cka_pretrained": (("replicate", "block"), "linear CKA, pretrained and full", "1"),
    "plane_loss": (("replicate", "plane_y", "plane_x"), "training loss", "nat"),
    "barrier": (("replicate", "edge"), "loss barrier between two models", "nat"),
}


def label(
    parameters: Parameters,
    test_labels: np.ndarray,
    values: dict[str, np.ndarray],
    sweep: np.ndarray,
    chosen: dict[str, float],
) -> xr.Dataset:
    """Return the labelled dataset of a point.

    Args:
        parameters: the point.
        test_labels: classes of the test pool.
        values: stacked over replicates; what the point has no runs for is left out.
        sweep: validation accuracy and loss, shape ``(run, rate, 2)``.
        chosen: the learning rate of each run.
    """
    measured = {
        name: variable(dims, values[name], text, units)
        for name, (dims, text, units) in _LABELS.items()
        if name in values
    }
    majority = np.bincount(test_labels).max() / len(test_labels)
    fixed = {
        **_chosen(parameters, sweep, chosen),
        "trainable_parameters": variable(
            "run", values["trainable_parameters"][0], "trained parameters without the head"
        ),
        "majority": variable((), majority, "share of the largest class in the test pool"),
    }
    dataset = xr.Dataset(measured | fixed)
    used = {
        name: coordinate
        for name, coordinate in _coordinates(parameters).items()
        if name in dataset.dims
    }
    return dataset.assign_coords(used)


def _chosen(
    parameters: Parameters, sweep: np.ndarray, chosen: dict[str, float]
) -> dict[str, xr.Variable]:
    rates = np.array([parameters.rates(run.method) for run in parameters.run_list()])
    taken = np.array([chosen[run.name] for run in parameters.run_list()])
    at_end = (taken == rates.min(axis=1)) | (taken == rates.max(axis=1))
    return {
        "tried_rate": variable(("run", "trial"), rates, "learning rates tried"),
        "tried_accuracy": variable(("run", "trial"), sweep[..., 0], "accuracy, validation texts"),
        "tried_loss": variable(("run", "trial"), sweep[..., 1], "loss, validation texts", "nat"),
        "rate": variable("run", taken, "learning rate of least validation loss"),
        "rate_at_end": variable(
            "run", at_end.astype(np.int8), "1 if the chosen rate is the first or last tried"
        ),
    }


def _coordinates(parameters: Parameters) -> dict[str, xr.Variable]:
    depth = parameters.architecture()["num_hidden_layers"]
    layers = range(depth - parameters.layers, depth)
    width = max((min(parameters.shape(n[-1])) for n in parameters.matrix_names()), default=1)
    counted = np.arange(1, DIRECTIONS + 1)
    axis = comparisons.plane_axis(parameters)
    entries = {
        "run": ([run.name for run in parameters.run_list()], "run: method, rank, targets"),
        "matrix": (list(parameters.matrix_names()), "layer (from 0) and target of a matrix"),
        "index": (np.arange(1, width + 1), "index of a singular value, from the largest"),
        "step": (np.arange(1, parameters.steps + 1), "optimiser step"),
        "evaluation": (training.evaluation_steps(parameters), "optimiser step"),
        "trial": (np.arange(1, parameters.learning_rates + 1), "learning rate tried, ascending"),
        "probed_rank": (list(PROBED_RANKS), "number of directions"),
        "kept": (list(comparisons.KEPT), "directions kept of each update"),
        "pair": ([*comparisons.pairs(parameters), comparisons.RANDOM], "what is compared"),
        "side": (list(comparisons.SIDES), "whose directions are compared"),
        "phi_i": (counted, "directions of the first"),
        "phi_j": (counted, "directions of the second"),
        "block": (
            [f"{layer} {name}" for layer in layers for name in ("attention", "layer")],
            "states after which block",
        ),
        "plane_x": (axis, "from LoRA (0) to full (1)"),
        "plane_y": (axis, "towards RandLoRA (1)"),
        "edge": (list(comparisons.EDGES), "two models"),
    }
    return {name: variable(name, values, text) for name, (values, text) in entries.items()}
