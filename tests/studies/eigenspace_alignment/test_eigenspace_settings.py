"""Any setting within the declared bounds is refused, or runs: finite or nan."""

import any_setting
import pytest
from hypothesis import strategies as st

POSITIVE = st.floats(0, allow_infinity=False, allow_nan=False)
USUAL = {
    "dimension": st.integers(24, 40),
    "snr": st.floats(0.5, 1e4),
    "samples_per_dimension": st.floats(0.2, 4),
    "ridge": st.floats(0, 0.12),
    "step_scale": st.floats(0.3, 8),  # steps are d / c times the duration: some hundreds
}
COMMON = {
    "dimension": st.integers(1, 40),
    "snr": POSITIVE,
    "samples_per_dimension": st.floats(0, 4),
    "ridge": POSITIVE,
    "step_scale": st.floats(0.3, allow_infinity=False),
    "duration": st.one_of(st.just(0.0), st.floats(0, 4)),
    "checkpoints": st.integers(1, 4),
    "matrices": st.sampled_from(["none", "blocks"]),
    "runs": st.integers(1, 2),
}
SETTINGS = {
    "mixture": {
        **COMMON,
        "classes": st.integers(2, 4),
        "means": st.sampled_from(["orthonormal", "correlated", "random"]),
        "start": st.sampled_from(["zero", "gaussian"]),
        "samples": st.sampled_from(["test", "train"]),
        "update": st.sampled_from(["full", "dominant", "bulk"]),
        "matrices": st.sampled_from(["none", "blocks", "full"]),
    },
    "xor": {
        **COMMON,
        "width": st.integers(1, 6),
        "activation": st.sampled_from(["relu", "softplus"]),
        "planted_cells": st.integers(0, 4),
        "measured_from": st.one_of(st.just(0.0), st.floats(0, 4)),
    },
}


def agreeing(values):
    """Settings that keep some of the rules between fields, which chance would seldom do."""
    still = values["duration"] == 0
    values["checkpoints"] = 1 if still else max(2, values["checkpoints"])
    if values["runs"] > 1:
        values["matrices"] = "none"
    if "samples" in values and (still or values["matrices"] == "none"):
        values |= {"samples": "test", "update": "full"}
    if values.get("measured_from", 0) >= values["duration"] or values["checkpoints"] < 3:
        values |= {"measured_from": 0.0} if "measured_from" in values else {}
    if values["matrices"] == "full":
        values["means"] = "orthonormal"
    return values


def drawn(name):
    """Settings of any size, and half of them of usual sizes that mostly agree."""
    usual = st.fixed_dictionaries(SETTINGS[name] | USUAL)
    return st.one_of(usual.map(agreeing), st.fixed_dictionaries(SETTINGS[name]))


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_refused_or_runs(name):
    any_setting.check(f"eigenspace_alignment/{name}", drawn(name), examples=80, at_least=10)
