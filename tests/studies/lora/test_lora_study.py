import numpy as np
import pytest
import xarray as xr

from rankscope import datasets
from rankscope.planning.parameters import build
from rankscope.jobs.streams import streams
from rankscope.studies.lora import (
    simulation,
    simulation_counts,
    theory,
    theory_counts,
    theory_nulls,
    theory_spectra,
)
from rankscope.studies.lora.parameters import MODELS, TARGETS, Parameters


def both(count=4, **values):
    point = build(Parameters, values, "test")
    simulated = simulation.simulate(point, streams(5, "lora", point, 0, count))
    return simulated, theory.predict(point)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"experiment": "teach"}, "experiment must be one of"),
        ({"experiment": "frames", "rows": 8}, "columns must be positive"),
        (
            {
                "experiment": "risk",
                "rows": 8,
                "columns": 8,
                "teacher_rank": 2,
                "samples": 9,
                "noise": 0.1,
            },
            r"samples must exceed columns \+ 1 = 9, got 9",
        ),
        (
            {"experiment": "product", "columns": 4, "rank": 2, "depth": 2, "draws": 1},
            "depth \\* rank must be below columns = 4, got 4",
        ),
        ({"experiment": "accounting", "rank": 4, "model": "gpt5"}, "model must be one of"),
    ],
)
def test_impossible_points_are_refused_with_the_value(values, message):
    with pytest.raises(ValueError, match=message):
        build(Parameters, values, "test")


def test_gaussian_energies_are_those_of_a_drawn_matrix():
    generator = np.random.default_rng(2)
    draws = [
        np.linalg.svd(generator.normal(size=(40, 60)), compute_uv=False) ** 2 for _ in range(50)
    ]
    expected = theory_spectra.noise_energies((40, 60))
    assert expected.sum() == pytest.approx(40 * 60, rel=1e-3)
    np.testing.assert_allclose(np.mean(draws, axis=0)[:30], expected[:30], rtol=0.04)


def test_a_square_gaussian_matrix_has_energies_too():
    expected = theory_spectra.noise_energies((50, 50))
    assert expected.sum() == pytest.approx(2500, rel=1e-3)
    assert expected[0] < 200


def test_the_spiked_law_of_a_square_matrix_is_theta_plus_its_inverse():
    value, left, right = theory_spectra.spiked(np.array([0.5, 2.0]), 1.0)
    np.testing.assert_allclose(value, [2.0, 2.5])
    np.testing.assert_allclose(left, [0.0, 0.75])
    np.testing.assert_allclose(right, left)


def test_random_match_of_the_theory_is_that_of_the_probe():
    from rankscope.numerics import adapter_probes

    assert theory_nulls.random_match(30, 20) == pytest.approx(
        adapter_probes.random_match(30, 20)[0], rel=1e-6
    )


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("chosen", TARGETS)
def test_counting_matrices_and_counting_sides_agree(model, chosen):
    point = Parameters(experiment="accounting", model=model, targets=chosen, rank=3)
    counted = simulation_counts.accounting(point, [None])
    assert float(counted.trained_parameters[0]) == float(
        theory_counts.accounting(point).trained_parameters
    )


def test_gpt3_at_rank_four_trains_nineteen_million():
    simulated, _ = both(experiment="accounting", rank=4)
    assert float(simulated.trained_parameters[0]) == 18_874_368


def test_adam_reaches_the_optimum_of_a_small_problem():
    simulated, predicted = both(
        experiment="teacher",
        rows=12,
        columns=10,
        rank=2,
        teacher_rank=4,
        steps=600,
        batch_size=20,
        learning_rate=0.02,
    )
    assert float(predicted.trained_error) == pytest.approx(0.5)
    np.testing.assert_allclose(simulated.trained_error, 0.5, atol=0.01)
    np.testing.assert_allclose(
        simulated.truncation_error[:, -1], simulated.trained_error, atol=1e-9
    )


def test_ignoring_the_inputs_costs_error():
    simulated, _ = both(
        experiment="teacher",
        rows=12,
        columns=10,
        rank=2,
        teacher_rank=6,
        input_decay=1.0,
        steps=1,
        batch_size=2,
        learning_rate=0.01,
    )
    assert (simulated.weight_optimum_error > simulated.best_error).all()


def test_full_risk_and_asymptotic_risk_are_met():
    simulated, predicted = both(
        count=30, experiment="risk", rows=40, columns=30, teacher_rank=2, samples=120, noise=0.1
    )
    full = simulated.full_risk
    assert float(full.mean()) == pytest.approx(
        float(predicted.full_risk), abs=5 * float(full.std()) / np.sqrt(30)
    )
    for rank in (1, 2, 4, 8):
        mean = float(simulated.risk.sel(fitted_rank=rank).mean())
        assert mean == pytest.approx(float(predicted.risk.sel(fitted_rank=rank)), rel=0.1)


def test_the_simple_count_underestimates_above_the_true_rank():
    simulated, predicted = both(
        count=20, experiment="risk", rows=40, columns=30, teacher_rank=2, samples=120, noise=0.1
    )
    ratio = float(
        simulated.risk.sel(fitted_rank=4).mean() / predicted.risk_simple.sel(fitted_rank=4)
    )
    assert ratio > 1.15


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
@pytest.mark.parametrize("scaling", ["rank", "root-rank"])
def test_the_first_step_covers_its_expected_share(optimiser, scaling):
    simulated, predicted = both(
        count=8,
        experiment="scaling",
        rows=24,
        columns=24,
        rank=8,
        teacher_rank=2,
        alpha=4.0,
        steps=1,
        learning_rate=0.01,
        draws=60,
        optimiser=optimiser,
        scaling=scaling,
    )
    step = simulated.first_step
    assert float(step.mean()) == pytest.approx(
        float(predicted.first_step), abs=5 * float(step.std()) / np.sqrt(8)
    )


def test_the_printed_identity_of_appendix_g_fails_and_the_corrected_holds():
    simulated, _ = both(
        experiment="frames", rows=20, columns=20, rank=3, other_rank=4, draws=5, base_norm=1.0
    )
    assert (simulated.identity_error < 1e-12).all()
    np.testing.assert_allclose(simulated.printed_identity_error, 1 - 1 / 3, atol=1e-12)


def test_an_update_along_the_base_weights_directions_makes_no_intruder():
    simulated, _ = both(experiment="intruder", rows=80, columns=100, rank=1, spike=3.0, draws=1)
    counts = simulated.intruders.mean("replicate")
    assert float(counts.sel(control="base directions")) == 0
    assert float(counts.sel(control="few new directions")) >= 1


def test_two_layers_reach_twice_the_rank():
    simulated, predicted = both(count=2, experiment="product", columns=6, rank=1, depth=2, draws=2)
    assert int(predicted.product_rank) == 2
    tail = np.sqrt((simulated.gap_spectrum[:, 2:] ** 2).sum("gap"))
    np.testing.assert_allclose(simulated.product_error, tail, rtol=1e-3)


CASES = [
    {
        "experiment": "teacher",
        "rows": 9,
        "columns": 8,
        "rank": 2,
        "teacher_rank": 3,
        "steps": 20,
        "batch_size": 7,
        "learning_rate": 0.05,
    },
    {
        "experiment": "teacher",
        "rows": 9,
        "columns": 8,
        "rank": 1,
        "teacher": "gaussian",
        "steps": 20,
        "batch_size": 7,
        "learning_rate": 0.05,
        "optimiser": "sgd",
        "input_decay": 1.0,
    },
    {"experiment": "risk", "rows": 9, "columns": 8, "teacher_rank": 3, "samples": 20, "noise": 0.1},
    {
        "experiment": "probe",
        "rows": 12,
        "columns": 10,
        "rank": 2,
        "other_rank": 4,
        "teacher_rank": 3,
        "samples": 30,
        "steps": 20,
        "batch_size": 5,
        "learning_rate": 0.05,
    },
    {
        "experiment": "frames",
        "rows": 9,
        "columns": 8,
        "rank": 2,
        "other_rank": 3,
        "draws": 3,
        "base_norm": 1.0,
    },
    {
        "experiment": "scaling",
        "rows": 9,
        "columns": 8,
        "rank": 2,
        "teacher_rank": 2,
        "alpha": 4.0,
        "steps": 5,
        "learning_rate": 0.1,
        "draws": 2,
    },
    {"experiment": "product", "columns": 5, "rank": 1, "depth": 2, "draws": 1},
    {"experiment": "intruder", "rows": 12, "columns": 14, "rank": 1, "spike": 2.0, "draws": 2},
    {"experiment": "accounting", "rank": 4},
]


@pytest.mark.parametrize("values", CASES, ids=lambda values: values["experiment"])
def test_replicates_do_not_depend_on_how_they_are_batched(values):
    point = build(Parameters, values, "test")
    parts = [
        simulation.simulate(point, streams(5, "lora", point, *ends)).assign_coords(
            replicate=range(*ends)
        )
        for ends in ((0, 1), (1, 3), (0, 3))
    ]
    xr.testing.assert_identical(datasets.join(parts[:2]), parts[2])
