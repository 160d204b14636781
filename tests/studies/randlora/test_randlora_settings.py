"""Any setting within the declared bounds is refused, or runs: finite or nan."""

import any_setting
import pytest
from hypothesis import strategies as st

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
    some = st.fixed_dictionaries(SETTINGS[name])
    any_setting.check(f"randlora/{name}", some, examples=60, at_least=5)
