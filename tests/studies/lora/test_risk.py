import numpy as np
import pytest

SMALL = {"rows": 40, "columns": 30, "teacher_rank": 2, "samples": 120, "noise": 0.1}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rows": 8, "columns": 8, "samples": 9}, "samples must exceed columns + 1 = 9, got 9"),
        ({"teacher_rank": 30}, "teacher_rank must be below 30, got 30"),
        ({"noise": 0.0}, "noise must be at least 1e-06, got 0.0"),
    ],
)
def test_impossible_points_are_refused_with_the_value(refused, values, message):
    assert message in refused("risk", **{**SMALL, **values})


def test_full_risk_and_asymptotic_risk_are_met(both):
    simulated, predicted = both("risk", 30, **SMALL)
    full = simulated.full_risk
    assert float(full.mean()) == pytest.approx(
        float(predicted.full_risk), abs=5 * float(full.std()) / np.sqrt(30)
    )
    for rank in (1, 2, 4, 8):
        mean = float(simulated.risk.sel(fitted_rank=rank).mean())
        assert mean == pytest.approx(float(predicted.risk.sel(fitted_rank=rank)), rel=0.1)


def test_the_asymptotic_risk_holds_for_wide_weights_and_decaying_targets(both):
    values = {"rows": 30, "columns": 40, "teacher_rank": 2, "decay": 0.5, "samples": 160}
    simulated, predicted = both("risk", 30, **values, noise=0.05)
    for rank in (1, 2, 4):
        mean = float(simulated.risk.sel(fitted_rank=rank).mean())
        assert mean == pytest.approx(float(predicted.risk.sel(fitted_rank=rank)), rel=0.1)


def test_the_simple_count_underestimates_above_the_true_rank(both):
    simulated, predicted = both("risk", 20, **SMALL)
    ratio = float(
        simulated.risk.sel(fitted_rank=4).mean() / predicted.risk_simple.sel(fitted_rank=4)
    )
    assert ratio > 1.15


def test_a_direction_below_the_noise_is_as_good_as_not_there(both):
    weak = SMALL | {"decay": 4.0, "noise": 0.4}
    simulated, predicted = both("risk", 60, **weak)
    # its gain over fitting noise is lost: the second step costs, though a tail is left to fit
    assert float(predicted.risk.sel(fitted_rank=2) - predicted.risk.sel(fitted_rank=1)) > 0
    assert float(predicted.risk_simple[1] - predicted.risk_simple[2]) < 0
    for rank in (1, 2, 4):
        mean = float(simulated.risk.sel(fitted_rank=rank).mean())
        assert mean == pytest.approx(float(predicted.risk.sel(fitted_rank=rank)), rel=0.1)


def test_with_little_noise_the_true_rank_costs_its_count_of_parameters(both):
    simulated, predicted = both("risk", 60, **SMALL | {"samples": 600, "noise": 0.02})
    mean = float(simulated.risk.sel(fitted_rank=2).mean())
    assert mean == pytest.approx(float(predicted.risk_simple.sel(fitted_rank=2)), rel=0.04)
