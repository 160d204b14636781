import numpy as np
import pytest
from matplotlib.figure import Figure

from rankscope.evidence.results import Results
from rankscope.studies.lora.scaling import figures

SMALL = {
    "rows": 24,
    "columns": 24,
    "rank": 8,
    "teacher_rank": 2,
    "alpha": 4.0,
    "steps": 1,
    "learning_rate": 0.01,
    "draws": 60,
    "optimiser": "sgd",
    "scaling": "rank",
}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"scaling": "none"}, "scaling must be one of rank, root-rank, got 'none'"),
        ({"rank": 25}, "rank must be at most 24, got 25"),
        ({"teacher_rank": 25}, "teacher_rank must be at most 24, got 25"),
    ],
)
def test_impossible_points_are_refused_with_the_value(refused, values, message):
    assert message in refused("scaling", **{**SMALL, **values})


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
@pytest.mark.parametrize("scaling", ["rank", "root-rank"])
def test_the_first_step_covers_its_expected_share(both, optimiser, scaling):
    simulated, predicted = both(
        "scaling", 8, **{**SMALL, "optimiser": optimiser, "scaling": scaling}
    )
    step = simulated.first_step
    assert float(step.mean()) == pytest.approx(
        float(predicted.first_step), abs=5 * float(step.std()) / np.sqrt(8)
    )


def test_the_figure_is_drawn_with_points_and_without(found):
    points = [
        {**SMALL, "draws": 2, "rank": rank, "optimiser": optimiser}
        for rank in (2, 4)
        for optimiser in ("sgd", "adam")
    ]
    for shown in (found("scaling", *points), Results([])):
        assert isinstance(figures.scaling(shown), Figure)
