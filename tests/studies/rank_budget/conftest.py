"""A small point, as a configuration would give it."""

import pytest

from rankscope.planning import parameters
from rankscope.studies.rank_budget.parameters import Parameters

SMALL = {
    "task": "tweets",
    "runs": "head+full+lora-1+lora-2",
    "targets": "qkvoud",
    "layers": 1,
    "steps": 6,
    "batch_size": 4,
    "tokens": 12,
    "training_pool": 60,
    "training_texts": 40,
    "validation_texts": 16,
    "tested_texts": 16,
    "tuning_seeds": 1,
    "tuning_moves": 0,
    "rate_factor": 3.0,
    "gradient_texts": 8,
}


@pytest.fixture(scope="session")
def build():
    """Make checked parameters, with other values than those of the small point."""
    return lambda **values: parameters.build(Parameters, SMALL | values, "here")
