import pytest

from rankscope.errors import ParameterError
from rankscope.planning.parameters import build
from rankscope.studies.lora.probe.parameters import Parameters

SMALL = {
    "rows": 12, "columns": 10, "rank": 2, "other_rank": 4, "teacher_rank": 3, "decay": 0.0,
    "base": "independent", "samples": 30, "noise": 0.0, "optimiser": "adam", "steps": 20,
    "batch_size": 5, "learning_rate": 0.05,
}  # fmt: skip


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"base": "other"}, "base must be one of"),
        ({"other_rank": 2}, "other_rank must be above rank and at most 10, got 2"),
        ({"teacher_rank": 6}, "teacher_rank must be at most 5, got 6"),
    ],
)
def test_impossible_points_are_refused_with_the_value(values, message):
    with pytest.raises(ParameterError, match=message):
        build(Parameters, {**SMALL, **values}, "test")
