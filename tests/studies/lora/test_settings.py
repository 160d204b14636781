"""Any setting within the declared bounds is refused in one line, or runs and says what came out."""

import any_setting
import numpy as np
import pytest
from hypothesis import strategies as st

SOME = {
    "teacher": {},
    "scaling": {},
    "risk": {"samples": st.integers(1, 101)},
    "product": {"depth": st.integers(1, 3), "starts": st.integers(1, 2)},
    "frames": {},
    "intruder": {},
    "probe": {"rank": st.integers(1, 4), "teacher_rank": st.integers(1, 4)},
}
NEVER_NAN = {"frames", "intruder"}


@pytest.mark.parametrize("name", SOME)
def test_a_setting_is_refused_or_runs(name):
    some = any_setting.drawn(f"lora/{name}", **SOME[name])
    infinite = {"least_steps"} if name == "scaling" else ()
    ran = any_setting.check(f"lora/{name}", some, examples=60, at_least=5, infinite=infinite)
    for _, *both in ran:
        for data in both if name in NEVER_NAN else []:
            assert np.isfinite(data.to_array()).all()
