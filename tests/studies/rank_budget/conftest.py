"""A small point, as a configuration would give it."""

import pytest

from rankscope.planning import parameters
from rankscope.studies.rank_budget.parameters import Parameters


@pytest.fixture(scope="session")
def build(small_comparison):
    """Make checked parameters, with other values than those of the small point."""
    own = {"runs": "head+full+lora-1+lora-2", "targets": "qkvoud", "gradient_texts": 8}
    small = own | small_comparison
    return lambda **values: parameters.build(Parameters, small | values, "here")
