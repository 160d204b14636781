"""Names, dimensions and units of everything that the simulation returns."""

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.studies.language_model import simulation_comparisons as comparisons
from rankscope.studies.language_model.parameters import Parameters

_EACH = ("replicate", "run", "matrix")
_UPDATES = {
    "update_norm": "Frobenius norm of the update",
    "relative_norm": "Frobenius norm of the update over that of the base weight",
    "numerical_rank": "numerical rank of the update in single precision",
    "stable_rank": "stable rank of the update",
    "effective_rank": "effective rank of the update's singular values",
    "rank_90": "directions that hold 90 % of the update's energy",
    "rank_99": "directions that hold 99 % of the update's energy",
    "intruders": "intruders among the tuned weight's ten leading directions",
    "intruders_random": "intruders, same singular values in random directions",
    "intruders_full_norm": "intruders, update scaled to the norm of full fine-tuning's",
}
_CAPTURED = {
    "amplification": "amplification factor of the update's leading directions",
    "amplification_null": "amplification factor of random directions",
    "alignment": "base weight held by the update's directions, over that of random ones",
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
        values: stacked over replicates.
        sweep: validation accuracy and loss, shape ``(run, rate, 2)``.
        chosen: the learning rate of each run.
    """
    return xr.Dataset(
        {
            **_curves(values),
            **{k: variable(_EACH, values[k], text) for k, text in _UPDATES.items()},
            **{
                k: variable((*_EACH, "probed_rank"), values[k], text)
                for k, text in _CAPTURED.items()
            },
            "singular_value": variable(
                (*_EACH, "index"), values["singular_value"], "singular values of the update"
            ),
            **_compared(values),
            **_chosen(parameters, sweep, chosen),
            "trainable_parameters": variable(
                "run", values["trainable_parameters"][0], "trained parameters without the head"
            ),
            "majority": variable(
                (),
                float(np.bincount(test_labels).max() / len(test_labels)),
                "share of the largest class in the test pool",
            ),
        },
        coords=_coordinates(parameters),
    )


def _curves(values: dict[str, np.ndarray]) -> dict[str, xr.Variable]:
    each = ("replicate", "run")
    test = values["test"]
    return {
        "training_loss": variable(
            (*each, "step"), values["training_loss"], "cross entropy of the batch", "nat"
        ),
        "validation_accuracy": variable(
            (*each, "evaluation"), values["validation"][..., 0], "accuracy, validation texts"
        ),
        "validation_loss": variable(
            (*each, "evaluation"), values["validation"][..., 1], "loss, validation texts", "nat"
        ),
        "test_accuracy": variable(each, test[..., 0], "accuracy, test texts"),
        "test_loss": variable(each, test[..., 1], "cross entropy, test texts", "nat"),
        "converged": variable(each, values["converged"], "1 if the loss stayed finite"),
        "truncated_accuracy": variable(
            (*each, "kept"), values["truncated"][..., :-1, 0], "accuracy with a truncated update"
        ),
        "truncated_loss": variable(
            (*each, "kept"), values["truncated"][..., :-1, 1], "loss with a truncated update", "nat"
        ),
        "whole_accuracy": variable(
            each, values["truncated"][..., -1, 0], "accuracy on the same texts, whole update"
        ),
    }


def _compared(values: dict[str, np.ndarray]) -> dict[str, xr.Variable]:
    return {
        "phi": variable(
            ("replicate", "pair", "side", "matrix", "phi_i", "phi_j"),
            values["phi"],
            "subspace similarity phi(i, j)",
        ),
        "cka": variable(
            ("replicate", "run", "block"), values["cka"], "linear CKA with full fine-tuning"
        ),
        "cka_full": variable(
            ("replicate", "block"), values["cka_full"], "linear CKA of full, two seeds"
        ),
        "cka_pretrained": variable(
            ("replicate", "block"), values["cka_pretrained"], "linear CKA, pretrained and full"
        ),
        "plane_loss": variable(
            ("replicate", "plane_y", "plane_x"), values["plane_loss"], "training loss", "nat"
        ),
        "barrier": variable(
            ("replicate", "edge"), values["barrier"], "loss barrier between two models", "nat"
        ),
    }


def _chosen(
    parameters: Parameters, sweep: np.ndarray, chosen: dict[str, float]
) -> dict[str, xr.Variable]:
    rates = np.array([parameters.rates(run.method) for run in parameters.run_list()])
    taken = np.array([chosen[run.name] for run in parameters.run_list()])
    ends = np.stack([rates.min(axis=1), rates.max(axis=1)], axis=1)
    at_end = (taken[:, None] == ends).any(axis=1)
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
    blocks = [f"{layer} {name}" for layer in layers for name in ("attention", "layer")]
    counted = np.arange(1, comparisons.SIMILARITY + 1)
    axis = comparisons.plane_axis(parameters)
    count = parameters.evaluations
    evaluated = np.round(np.arange(1, count + 1) * parameters.steps / count).astype(int)
    entries = {
        "run": ([run.name for run in parameters.run_list()], "run: method, rank, targets"),
        "matrix": (list(parameters.matrix_names()), "layer (from 0) and target of a matrix"),
        "step": (np.arange(1, parameters.steps + 1), "optimiser step"),
        "evaluation": (evaluated, "optimiser step"),
        "probed_rank": (list(comparisons.PROBED_RANKS), "number of directions"),
        "kept": (list(comparisons.KEPT), "directions kept of each update"),
        "pair": (list(comparisons.PAIRS), "what is compared"),
        "side": (list(comparisons.SIDES), "whose directions are compared"),
        "phi_i": (counted, "directions of the first"),
        "phi_j": (counted, "directions of the second"),
        "block": (blocks, "states after which block"),
        "plane_x": (axis, "from LoRA (0) to full (1)"),
        "plane_y": (axis, "towards RandLoRA (1)"),
        "edge": (list(comparisons.EDGES), "two models"),
    }
    return {name: variable(name, values, text) for name, (values, text) in entries.items()}
