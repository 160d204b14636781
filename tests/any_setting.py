"""Any setting within the declared bounds of a study is refused in one line, or runs."""

import dataclasses
import warnings

import numpy as np
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from rankscope.errors import ParameterError
from rankscope.jobs.streams import streams
from rankscope.planning import study
from rankscope.planning.parameters import build

REACH = 12
"""How far above their lower bound whole numbers are tried."""


def drawn(name, **own):
    """Settings of a study that its fields' own rules let through; some by strategies of their own.

    Bounds that may be met are met more often than by chance.
    """
    kind = study.part(name, "parameters").Parameters
    fields = {field.name: field for field in dataclasses.fields(kind)}
    assert set(own) <= set(fields)
    return st.fixed_dictionaries(
        {key: own[key] if key in own else values_of(field) for key, field in fields.items()}
    )


def values_of(field):
    rules = {rule: bound for rule, bound in field.metadata["rules"].items() if bound is not None}
    least = rules.get("at_least", rules.get("above"))
    most = rules.get("at_most", rules.get("below"))
    if field.type is bool:
        return st.booleans()
    if field.type is str:
        return st.sampled_from(rules["choices"])
    if field.type is int:
        return st.integers(least, min(least + REACH, least + REACH if most is None else most))
    inside = st.floats(
        least, most, exclude_min="above" in rules, exclude_max="below" in rules,
        allow_nan=False, allow_infinity=False,
    )  # fmt: skip
    ends = [float(rules[end]) for end in ("at_least", "at_most") if end in rules]
    return inside | st.sampled_from(ends) if ends else inside


def runs(name, values, infinite=()):
    """Run a setting, in which little may be infinite; return ``None`` if it is refused.

    Returns:
        The point, two replicates of its simulation, and its prediction.
    """
    refusal = ""
    try:
        point = build(study.part(name, "parameters").Parameters, values, "test")
    except ParameterError as error:
        refusal = str(error)
    if refusal:
        assert "\n" not in refusal
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        simulated = study.part(name, "simulation").simulate(point, streams(5, name, point, 0, 2))
        predicted = study.part(name, "theory").predict(point)
    assert simulated.sizes["replicate"] == 2
    assert "replicate" not in predicted.dims
    for data in (simulated, predicted):
        for variable, values in data.data_vars.items():
            if values.dtype.kind == "f" and variable not in infinite:
                assert not np.isinf(values).any(), variable
    return point, simulated, predicted


def check(name, some, *, examples, at_least, also=(), infinite=()):
    """Draw settings and run them; return what came out of those that ran, at least so many.

    Args:
        name: the study's.
        some: strategy of its settings.
        examples: how many are drawn.
        at_least: how many of them must run.
        also: settings that are tried whatever is drawn.
        infinite: variables that may be infinite.
    """
    found = []

    # settings that fail are small, and to make them smaller takes minutes
    phases = (Phase.explicit, Phase.generate)

    @settings(max_examples=examples, deadline=None, derandomize=True, database=None, phases=phases)
    @given(some)
    def tried(values):
        if ran := runs(name, values, infinite):
            found.append(ran)

    for values in also:
        tried = example(values)(tried)
    tried()
    assert len(found) >= at_least, "nearly all settings were refused"
    return found
