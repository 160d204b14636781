import numpy as np
import pytest

from rankscope.studies.lora.teacher import spectra

SMALL = {
    "rows": 12,
    "columns": 10,
    "rank": 2,
    "teacher": "flat",
    "teacher_rank": 4,
    "optimiser": "adam",
    "steps": 600,
    "batch_size": 20,
    "learning_rate": 0.02,
}
BRIEF = {**SMALL, "steps": 20}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"optimiser": "adagrad"}, "optimiser must be one of sgd, adam, got 'adagrad'"),
        ({"rank": 11}, "rank must be at most 10, got 11"),
        ({"teacher": "gaussian"}, "teacher_rank must be 10 for a gaussian teacher, got 4"),
        ({"decay": 1.0}, "decay must be 0 for a flat teacher, got 1.0"),
    ],
)
def test_impossible_points_are_refused_with_the_value(refused, values, message):
    assert message in refused("teacher", **{**SMALL, **values})


def test_adam_reaches_the_optimum_of_a_small_problem(both):
    simulated, predicted = both("teacher", **SMALL)
    assert float(predicted.best_error) == pytest.approx(0.5)
    np.testing.assert_allclose(simulated.trained_error, 0.5, atol=0.01)
    np.testing.assert_allclose(
        simulated.truncation_error[:, -1], simulated.trained_error, atol=1e-9
    )


def test_the_optimum_of_isotropic_inputs_is_the_predicted_tail(both):
    values = {**BRIEF, "teacher": "power", "teacher_rank": 6, "decay": 1.0}
    simulated, predicted = both("teacher", **values)
    for name in ("best_error", "weight_optimum_error"):
        np.testing.assert_allclose(simulated[name], float(predicted[name]), atol=1e-12)


def test_the_mean_error_of_the_truncated_svd_is_the_same_tail_for_all_inputs(both):
    simulated, predicted = both("teacher", 400, **{**BRIEF, "steps": 1, "input_decay": 1.0})
    assert "best_error" not in predicted
    error = simulated.weight_optimum_error
    assert float(error.mean()) == pytest.approx(
        float(predicted.weight_optimum_error), abs=5 * float(error.std()) / 20
    )


def test_ignoring_the_inputs_costs_error(both):
    simulated, _ = both("teacher", **{**BRIEF, "steps": 1, "teacher_rank": 6, "input_decay": 1.0})
    assert (simulated.weight_optimum_error > simulated.best_error).all()


def test_a_diverged_run_counts_as_no_update(both):
    simulated, _ = both("teacher", **{**SMALL, "optimiser": "sgd", "learning_rate": 50.0})
    assert (simulated.diverged == 1).all()
    np.testing.assert_allclose(simulated.trained_error, 1)


def test_the_spectra_are_those_of_the_largest_rank_for_isotropic_inputs(found):
    gaussian = {**BRIEF, "teacher": "gaussian", "teacher_rank": 10}
    results = found("teacher", BRIEF, {**BRIEF, "rank": 3}, {**BRIEF, "input_decay": 1.0}, gaussian)
    of_flat, of_gaussian = spectra.spectra(results)
    assert of_flat.label == "LoRA, rank 3, flat target"
    assert of_gaussian.label == "LoRA, rank 2, gaussian target"
    assert of_flat.values.shape == (4, 10)
    assert (of_flat.values[:, :3] > 0).all()
    assert (of_flat.values[:, 3:] == 0).all()
