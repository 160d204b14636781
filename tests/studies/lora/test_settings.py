"""Any setting within the declared bounds is refused in one line, or runs and says what came out."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankscope.errors import ParameterError
from rankscope.planning import parameters, study

STUDIES = ["lora/teacher", "lora/scaling", "lora/risk", "lora/product"]
REACH = {"depth": 2, "starts": 1, "samples": 100}
"""How far above their lower bound counts are tried, if not up to 12."""


def values_of(field):
    """All that a field's own rules let through, sizes and counts being small."""
    rules = {rule: bound for rule, bound in field.metadata["rules"].items() if bound is not None}
    if field.type is str:
        return st.sampled_from(rules["choices"])
    least = rules.get("at_least", rules.get("above"))
    if field.type is int:
        return st.integers(least, least + REACH.get(field.name, 12))
    return st.floats(
        least,
        rules.get("at_most"),
        exclude_min="above" in rules,
        allow_nan=False,
        allow_infinity=False,
    )


def points(name):
    kind = study.part(name, "parameters").Parameters
    fields = {field.name: values_of(field) for field in dataclasses.fields(kind)}
    return st.fixed_dictionaries(fields)


@pytest.mark.parametrize("name", STUDIES)
def test_a_setting_is_refused_or_runs(name):
    kind = study.part(name, "parameters").Parameters
    simulate, predict = study.part(name, "simulation").simulate, study.part(name, "theory").predict
    ran, refusals = [], []

    @settings(max_examples=100, deadline=None, derandomize=True, database=None)
    @given(values=points(name))
    def check(values):
        try:
            point = parameters.build(kind, values, "test")
        except ParameterError as error:
            refusals.append(str(error))
            return
        simulated = simulate(point, np.random.SeedSequence(3).spawn(2))
        assert simulated.sizes["replicate"] == 2
        assert "replicate" not in predict(point).dims
        ran.append(point)

    check()
    assert len(ran) >= 5
    assert not any("\n" in refusal for refusal in refusals)
