"""Evidence from counts of parameters and bytes."""

import numpy as np
import xarray as xr

from rankscope.studies.lora.claims_tools import chosen, gather, label, number, sample
from rankscope.evidence.verdicts import Evidence

PRINTED_MILLIONS = {
    ("roberta-base", 8): (0.3, 0.05),
    ("roberta-large", 8): (0.8, 0.05),
    ("deberta-xxl", 16): (4.7, 0.05),
    ("gpt2-medium", 4): (0.35, 0.005),
    ("gpt2-large", 4): (0.77, 0.005),
    ("gpt3-175b", 1): (4.7, 0.05),
    ("gpt3-175b", 8): (37.7, 0.05),
}
"""Trained parameters as the paper's tables 2 to 4 print them, and half a unit of rounding."""
ROUGHLY = 0.1
"""How the paper's "roughly" is read: within ten per cent."""


def formula(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Enumerated over closed-form number of trained parameters."""
    return gather(
        [
            (
                label(simulated, i, "model", "targets", "rank"),
                sample(simulated, "trained_parameters", i)
                / number(predicted, "trained_parameters", i),
            )
            for i in chosen(simulated, "accounting")
        ],
        1 - 1e-12,
        1 + 1e-12,
    )


def printed(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Enumerated number of trained parameters minus the printed one, in millions."""
    del predicted
    found, room = [], []
    for (model, rank), (millions, half_unit) in PRINTED_MILLIONS.items():
        for i in chosen(simulated, "accounting", model=model, rank=rank, targets="query-value"):
            trained = sample(simulated, "trained_parameters", i) / 1e6
            found.append((f"{model}, rank {rank}", trained - millions))
            room.append(half_unit)
    return gather(found, -np.array(room), np.array(room))


def _gpt3(simulated: xr.Dataset) -> list[int]:
    return chosen(simulated, "accounting", model="gpt3-175b", rank=4, targets="query-value")


def ten_thousand(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Parameters of GPT-3 over those of its adapter."""
    del predicted
    return gather(
        [("rank 4, query and value", sample(simulated, "reduction", i)) for i in _gpt3(simulated)],
        10000 * (1 - ROUGHLY),
        10000 * (1 + ROUGHLY),
    )


def checkpoint(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Size of the adapter's checkpoint in megabytes."""
    del predicted
    return gather(
        [("rank 4, query and value", sample(simulated, "checkpoint", i)) for i in _gpt3(simulated)],
        35 * (1 - ROUGHLY),
        35 * (1 + ROUGHLY),
    )


def three_times(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Memory of full training over adapter training, half precision weights and moments."""
    del predicted
    return gather(
        [
            (
                "rank 4, query and value",
                sample(simulated, "memory_ratio", i, memory="weights, moments"),
            )
            for i in _gpt3(simulated)
        ],
        3 * (1 - ROUGHLY),
        3 * (1 + ROUGHLY),
    )
