"""Any setting within the declared bounds is refused, or runs: finite or nan."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankscope.errors import ParameterError
from rankscope.jobs.streams import streams
from rankscope.planning import study
from rankscope.planning.parameters import build

POSITIVE = st.floats(0, allow_infinity=False, allow_nan=False)


def scale(low, high):
    """Numbers of any size, and half of them of usual sizes."""
    return st.one_of(st.floats(low, high), POSITIVE)


COMMON = {
    "dimension": st.one_of(st.integers(24, 40), st.integers(1, 40)),
    "snr": scale(0.1, 1e4),
    "samples_per_dimension": st.one_of(st.floats(0.2, 4), st.floats(0, 4)),
    "ridge": scale(0, 0.12),
    # steps are d / c times the duration: these take some hundreds
    "step_scale": st.one_of(st.floats(0.3, 8), st.floats(0.3, allow_infinity=False)),
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
    },
}


def agreeing(values):
    """Settings that keep some of the rules between fields, which chance would seldom do."""
    still = values["duration"] == 0
    values["checkpoints"] = 1 if still else max(2, values["checkpoints"])
    if values["runs"] > 1:
        values["matrices"] = "none"
    return values


def drawn(name):
    anything = st.fixed_dictionaries(SETTINGS[name])
    return st.one_of(anything.map(agreeing), anything)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_refused_or_runs(name):
    kind = study.part(f"eigenspace_alignment/{name}", "parameters").Parameters
    simulate = study.part(f"eigenspace_alignment/{name}", "simulation").simulate
    predict = study.part(f"eigenspace_alignment/{name}", "theory").predict
    ran = []

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(drawn(name))
    def runs(values):
        try:
            point = build(kind, values, "test")
        except ParameterError:
            return
        ran.append(point)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            simulated = simulate(point, streams(5, name, point, 0, 2))
            predicted = predict(point)
        for data in (simulated, predicted):
            for variable in data.data_vars.values():
                assert not np.isinf(variable.astype(float)).any(), variable.attrs["long_name"]

    runs()
    assert len(ran) > 20
