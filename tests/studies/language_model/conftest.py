"""A small comparison, as a configuration would give it."""

import pytest

from rankscope.planning import parameters
from rankscope.studies.language_model.parameters import Parameters

SMALL = {
    "task": "tweets",
    "runs": "head+full+lora-8+lora-64",
    "targets": "qkvo",
    "layers": 1,
    "steps": 6,
    "batch_size": 4,
    "tokens": 12,
    "training_texts": 40,
    "validation_texts": 16,
    "test_pool": 16,
    "test_texts": 16,
    "learning_rates": 3,
    "rate_factor": 3.0,
    "head_rate": 3e-3,
    "evaluations": 2,
    "probe_texts": 16,
    "plane_points": 5,
}


@pytest.fixture(scope="session")
def build():
    """Make checked parameters, with other values than those of the small comparison."""
    return lambda **values: parameters.build(Parameters, SMALL | values, "here")
