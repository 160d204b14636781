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

SIZES = st.integers(1, 7)
BASES = {
    "distribution": st.sampled_from(["uniform", "normal", "binary", "ternary"]),
    "sparsity": st.one_of(st.just(0.0), st.floats(0, 1, exclude_max=True)),
}
SHAPE = {"rows": SIZES, "columns": SIZES, "rank": SIZES}
POSITIVE = st.floats(0, allow_infinity=False, allow_nan=False)
TARGET = {
    "target": st.sampled_from(["flat", "power", "gaussian"]),
    "target_rank": SIZES,
    "decay": st.one_of(st.just(0.0), POSITIVE),
    "sweeps": st.integers(1, 5),
}
SETTINGS = {
    "update": {**SHAPE, **BASES, "gamma_spread": st.floats(0, 1e6), "draws": st.integers(1, 2)},
    "fit": {
        **SHAPE,
        **BASES,
        **TARGET,
        "input_decay": st.one_of(st.just(0.0), POSITIVE, st.floats(0, 3)),
        "methods": st.sampled_from(["two", "all"]),
    },
    "bound": {**SHAPE, **BASES, **TARGET},
    "collinear": {"columns": SIZES, "sparsity": BASES["sparsity"], "draws": st.integers(1, 9)},
    "accounting": {**SHAPE, "other_rank": SIZES},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_refused_or_runs(name):
    kind = study.part(f"randlora/{name}", "parameters").Parameters
    simulate = study.part(f"randlora/{name}", "simulation").simulate
    predict = study.part(f"randlora/{name}", "theory").predict
    ran = []

    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(st.fixed_dictionaries(SETTINGS[name]))
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
    assert ran
