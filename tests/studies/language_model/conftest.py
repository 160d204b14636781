"""A small comparison, as a configuration would give it."""

import pytest

from rankscope.planning import parameters
from rankscope.studies.language_model.parameters import Parameters


@pytest.fixture(scope="session")
def build(small_comparison):
    """Make checked parameters, with other values than those of the small comparison."""
    small = {"runs": "head+full+lora-8+lora-64", "targets": "qkvo", **small_comparison}
    return lambda **values: parameters.build(Parameters, small | values, "here")
