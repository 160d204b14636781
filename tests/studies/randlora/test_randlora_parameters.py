import pytest

from rankscope.errors import ParameterError
from rankscope.planning import study
from rankscope.planning.parameters import build

UPDATE = {"rows": 8, "columns": 8, "rank": 2, "gamma_spread": 1.0, "draws": 1}
FIT = {"rows": 8, "columns": 8, "rank": 2, "sweeps": 3, "target": "flat", "target_rank": 4}


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("update", {**UPDATE, "distribution": "cauchy"}, "distribution must be one of"),
        ("update", {**UPDATE, "columns": 9}, "columns must be at most rows = 8, got 9"),
        ("update", {**UPDATE, "rank": 9}, "rank must be at most columns = 8, got 9"),
        ("update", {**UPDATE, "sparsity": 0.5}, "sparsity must be 0 for normal bases, got 0.5"),
        ("collinear", {"columns": 4, "draws": 5, "sparsity": 1.0}, "sparsity must be below 1"),
        ("fit", {**FIT, "target_rank": 0}, "target_rank must be at least 1, got 0"),
        ("fit", {**FIT, "target_rank": 9}, "target_rank must be at most columns = 8, got 9"),
        ("fit", {**FIT, "target": "gaussian"}, "target_rank must be columns = 8 for a gaussian"),
        ("fit", {**FIT, "decay": 1.0}, "decay must be 0 for a flat target, got 1.0"),
        (
            "fit",
            {**FIT, "input_decay": 9.0},
            r"columns\^input_decay must be at most 10\^8, got 9.0",
        ),
        ("fit", {**FIT, "rank": 1, "methods": "all"}, "rank must be at least 2"),
        (
            "fit",
            {**FIT, "rows": 20, "rank": 8, "methods": "all"},
            "the parameters must be more than rows = 20 for VeRA, got 16",
        ),
        ("bound", {**FIT, "target_rank": 9}, "target_rank must be at most columns = 8, got 9"),
        (
            "accounting",
            {"rows": 4, "columns": 8, "rank": 2, "other_rank": 1},
            "columns must be at most rows = 4, got 8",
        ),
    ],
)
def test_impossible_points_are_refused_with_the_value(name, values, message):
    with pytest.raises(ParameterError, match=message):
        build(study.part(f"randlora/{name}", "parameters").Parameters, values, "test")


def test_the_budget_counts_bases_that_do_not_divide_the_columns():
    point = build(study.part("randlora/bound", "parameters").Parameters, {**FIT, "rank": 3}, "test")
    assert point.bases() == 3
    assert point.trained_parameters() == 3 * (8 + 3)
