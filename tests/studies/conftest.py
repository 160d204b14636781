"""What the tests of studies share: a small comparison of adapters."""

import pytest


@pytest.fixture(scope="session")
def small_comparison():
    """Values of a comparison on a language model, all but its runs and what they adapt."""
    return {
        "task": "tweets",
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
    }
