"""Any setting within the declared bounds is refused in one line, or runs: finite or nan."""

import any_setting
import numpy as np
import pytest
from hypothesis import strategies as st

DEEP = {"activation": "linear", "initialisation": "gaussian", "width": 4, "depth": 3000}
DEAD = {
    "activation": "relu", "architecture": "layer-norm", "width": 2, "batch_size": 3, "depth": 1,
}  # fmt: skip
STEEP = {
    "depth": 1, "width": 4, "images": "digits", "classes": 6, "images_per_class": 14,
    "learning_rate": 1e300, "batch_size": 2, "steps": 2, "checkpoints": 3,
}  # fmt: skip
TRAINED = {
    "dimension": st.integers(9, 36),
    "ridge": st.floats(0, 0.2),
    "step_scale": st.floats(0.3, 8),
    "duration": st.floats(0, 4, exclude_min=True),
}
SOME = {
    "depth_limits": {"width": st.integers(16, 24), "depth": st.integers(1, 5)},
    "jacobian_depth": {},
    "proportional_depth": {
        "shape": st.just(0.0) | st.floats(0, 16),
        "width": st.integers(4, 6).map(lambda eighth: 8 * eighth),
        "depth_ratio": st.integers(1, 9).map(lambda eighths: eighths / 8),
        "runs": st.integers(1, 4),
        "batch_size": st.sampled_from([2, 2, 2, 3]),
    },
    "trained_networks": {
        "depth": st.integers(1, 3),
        "width": st.integers(6, 12),
        "initial_scale": st.floats(0.3, 3),
        "learning_rate": st.floats(1e-6, 0.02),
        "weight_decay": st.floats(0, 1),
        "batch_size": st.integers(1, 8),
        "hessian": st.sampled_from([False, False, True]),
        "steps": st.integers(2, 8),
        "checkpoints": st.integers(2, 3),
        "steps_in": st.sampled_from(["all", "all", "all", "dominant", "bulk", "random"]),
        "switch_step": st.integers(0, 2),
    },
    "eigenspace_alignment/nuisance": {
        **TRAINED,
        "classes": st.integers(2, 4),
        "samples_per_dimension": st.floats(0, 4),
    },
    "eigenspace_alignment/occupancy": {
        **TRAINED,
        "drive": st.sampled_from(["sgd", "flow", "independent", "frozen"]),
        "width": st.just(2) | st.integers(1, 4),
        "dimension": st.integers(19, 36),
        "ridge": st.floats(0, 0.124),
        "runs": st.integers(1, 3),
    },
}
BATCH = {
    "activation": "shaped", "shape": 11.0, "width": 32, "correlation": 0.99, "depth_ratio": 0.5,
    "runs": 2, "batch_size": 24,
}  # fmt: skip
ALSO = {
    "proportional_depth": [BATCH],
    "depth_limits": [DEAD],
    "jacobian_depth": [DEEP, {**DEEP, "activation": "relu", "initialisation": "orthogonal"}],
}
"""Settings that a formula or a division once failed at, and of bounds that are seldom drawn."""
FEW = {"depth_limits": 4, "trained_networks": 6}
"""How many settings are tried where one takes a second."""
INFINITE = {
    "depth_limits": {"lost_depth", "lost_depth_by_width"},
    "proportional_depth": {"half_depth", "half_depth_by_width"},
    "jacobian_depth": {
        *("tenth_depth", "one_direction_depth", "one_direction_depth_by_width"),
        *("log_norm", "log_singular_value"),
    },
}
"""Depths that are never reached, and logarithms of 0."""


@pytest.mark.parametrize("name", SOME)
def test_a_setting_is_refused_or_runs(name):
    some = any_setting.drawn(name, **SOME[name])
    examples, infinite = FEW.get(name, 20), INFINITE.get(name, ())
    also = ALSO.get(name, ())
    any_setting.check(name, some, examples=examples, at_least=3, also=also, infinite=infinite)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"switch_step": 1, "steps_in": "dominant"},
        {"learning_rate": 9.0, "width": 2, "depth": 3, "steps": 5},
        {"learning_rate": 9.0, "width": 2, "depth": 3, "steps": 5, "hessian": True},
    ],
    ids=["diverges", "diverges, confined", "dies", "dies, with its Hessian"],
)
def test_a_network_that_diverges_or_dies_says_so(values):
    _, simulated, _ = any_setting.runs("trained_networks", {**STEEP, **values})
    dead = values.get("depth") == 3
    assert bool(np.isnan(simulated.training_loss.isel(step=-1)).all()) != dead
    assert np.isnan(simulated.spread_of_lengths.isel(step=-1)).any()
    assert np.isfinite(simulated.training_loss.isel(step=0)).all()
