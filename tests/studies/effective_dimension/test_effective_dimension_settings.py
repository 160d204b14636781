"""Any setting within the declared bounds is refused in one line, or it runs."""

import math

import any_setting
import pytest
from hypothesis import strategies as st

from rankscope.errors import ParameterError
from rankscope.planning import parameters
from rankscope.studies.effective_dimension.parameters import Parameters

SOME = {
    "width": st.integers(1, 12),
    "batch_size": st.integers(2, 10),
    "depth": st.integers(1, 8),
    "geometry": st.sampled_from(["orthonormal", "sphere", "clustered", "digits"]),
}
LINEAR = {"width": 9, "batch_size": 4, "depth": 6, "initialisation": "orthogonal"}
ALIKE = {"width": 9, "batch_size": 6, "geometry": "clustered", "input_dimension": 2, "clusters": 1}


def test_a_setting_is_refused_in_one_line_or_runs():
    some = any_setting.drawn("effective_dimension", **SOME)
    also = ({**LINEAR, "negative_slope": 1.0}, {**ALIKE, "spread": 0.001})
    ran = any_setting.check("effective_dimension", some, examples=60, at_least=20, also=also)
    for point, simulated, predicted in ran:
        assert (simulated.exact_rank <= min(point.width, point.batch_size)).all()
        assert math.isfinite(predicted.hump_depth)


@pytest.mark.parametrize("slope", [math.nan, -math.inf, math.inf])
def test_a_slope_that_is_no_number_is_refused(slope):
    with pytest.raises(ParameterError, match="negative_slope must be finite"):
        parameters.build(Parameters, {"width": 4, "negative_slope": slope}, "here")
