"""Any setting within the declared bounds is refused in one line, or it runs."""

import dataclasses
import math
import warnings

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rankscope.errors import ParameterError
from rankscope.planning import parameters
from rankscope.studies.effective_dimension import simulation, theory
from rankscope.studies.effective_dimension.parameters import Parameters

SMALL = {"width": 12, "batch_size": 10, "depth": 8, "input_dimension": 12, "clusters": 12}
"""Largest sizes that are tried."""


def values_of(field):
    """Values within a field's bounds, both ends among them."""
    rules = field.metadata["rules"]
    if field.type is bool:
        return st.booleans()
    if field.type is str:
        return st.sampled_from([c for c in rules["choices"] if c != "mnist"])
    low, high = rules["at_least"], rules.get("at_most")
    if field.type is int:
        return st.integers(low, SMALL[field.name])
    return st.floats(low, high) | st.sampled_from([float(low), float(high)])


ANY = st.fixed_dictionaries({f.name: values_of(f) for f in dataclasses.fields(Parameters)})
LINEAR = {"width": 9, "batch_size": 4, "depth": 6, "initialisation": "orthogonal"}
ALIKE = {"width": 9, "batch_size": 6, "geometry": "clustered", "input_dimension": 2, "clusters": 1}


@given(ANY)
@example({**LINEAR, "negative_slope": 1.0})
@example({**ALIKE, "spread": 0.001})
@settings(deadline=None, max_examples=60, derandomize=True)
def test_a_setting_is_refused_in_one_line_or_runs(values):
    refusal = ""
    try:
        point = parameters.build(Parameters, values, "here")
    except ParameterError as error:
        refusal = str(error)
    if refusal:
        assert "\n" not in refusal
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        drawn = simulation.simulate(point, np.random.SeedSequence(1).spawn(2))
        predicted = theory.predict(point)
    assert (drawn.exact_rank <= min(point.width, point.batch_size)).all()
    assert math.isfinite(predicted.hump_depth)


@pytest.mark.parametrize("slope", [math.nan, -math.inf, math.inf])
def test_a_slope_that_is_no_number_is_refused(slope):
    with pytest.raises(ParameterError, match="negative_slope must be finite"):
        parameters.build(Parameters, {"width": 4, "negative_slope": slope}, "here")
