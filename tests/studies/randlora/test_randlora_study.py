import numpy as np
import pytest
import xarray as xr

from rankscope import datasets
from rankscope.planning.parameters import build
from rankscope.jobs.streams import streams
from rankscope.studies.randlora import simulation, theory
from rankscope.studies.randlora.parameters import Parameters


def both(count=4, **values):
    point = build(Parameters, values, "test")
    simulated = simulation.simulate(point, streams(5, "randlora", point, 0, count))
    return simulated, theory.predict(point)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"experiment": "fits"}, "experiment must be one of"),
        (
            {"experiment": "update", "rows": 8, "columns": 9, "rank": 2, "draws": 1},
            "columns must be at most rows = 8, got 9",
        ),
        (
            {"experiment": "collinear", "columns": 4, "draws": 5, "sparsity": 1.0},
            "sparsity must be",
        ),
        (
            {"experiment": "fit", "rows": 8, "columns": 8, "rank": 2, "sweeps": 3},
            r"target_rank must be in \[1, columns = 8\], got 0",
        ),
    ],
)
def test_impossible_points_are_refused_with_the_value(values, message):
    with pytest.raises(ValueError, match=message):
        build(Parameters, values, "test")


UPDATE = {"experiment": "update", "rows": 20, "columns": 16, "rank": 4}


@pytest.mark.parametrize("kind", ["normal", "uniform", "binary", "ternary"])
@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_the_moments_of_an_update_are_their_expectations(kind, spread):
    simulated, predicted = both(
        count=20, **UPDATE, distribution=kind, sparsity=0.5, gamma_spread=spread, draws=20
    )
    for name in ("second_moment", "fourth_moment"):
        values = simulated[name]
        assert float(values.mean()) == pytest.approx(
            float(predicted[name]), abs=5 * float(values.std()) / np.sqrt(20)
        )


def test_a_wrong_kurtosis_would_be_noticed():
    simulated, _ = both(count=20, **UPDATE, distribution="binary", gamma_spread=1.0, draws=20)
    _, wrong = both(count=1, **UPDATE, distribution="ternary", sparsity=0.8, draws=1)
    values = simulated.fourth_moment
    gap = abs(float(values.mean() - wrong.fourth_moment))
    assert gap > 5 * float(values.std()) / np.sqrt(20)


def test_with_equal_gammas_the_rank_is_r_and_with_others_it_is_full():
    simulated, _ = both(**UPDATE, gamma_spread=0.0, draws=2)
    assert (simulated.numerical_rank == 4).all()
    simulated, _ = both(**UPDATE, gamma_spread=1.0, draws=2)
    assert (simulated.numerical_rank == 16).all()
    assert (simulated.block_rank == 4).all()


def test_sparse_bases_lose_the_empty_columns():
    simulated, predicted = both(
        count=20, **UPDATE, distribution="ternary", sparsity=0.66, gamma_spread=1.0, draws=10
    )
    ranks = simulated.numerical_rank
    assert float(predicted.numerical_rank) == pytest.approx(16 * (1 - 0.66**4))
    assert float(ranks.mean()) == pytest.approx(float(predicted.numerical_rank), abs=0.5)


FIT = {"experiment": "fit", "rows": 16, "columns": 16, "rank": 4, "sweeps": 40}


def test_lora_wins_on_low_rank_targets_and_randlora_on_flat_ones():
    low, _ = both(**FIT, target="flat", target_rank=2)
    full, _ = both(**FIT, target="flat", target_rank=16)
    for data, winner in ((low, "LoRA"), (full, "RandLoRA")):
        errors = data.error.mean("replicate").sel(adapter=["LoRA", "RandLoRA"])
        assert str(errors.adapter[int(np.argmin(errors.data))].values) == winner


def test_loras_error_is_the_interpolated_tail():
    simulated, predicted = both(**FIT, target="power", target_rank=16, decay=0.5)
    np.testing.assert_allclose(
        simulated.error.sel(adapter="LoRA"), float(predicted.lora_error), atol=1e-12
    )


def test_gammas_alone_cover_one_base_in_rows_of_the_target():
    simulated, predicted = both(count=30, **FIT, target="flat", target_rank=16)
    values = simulated.gamma_error
    assert float(predicted.gamma_error) == 0.75
    assert float(values.mean()) == pytest.approx(0.75, abs=5 * float(values.std()) / np.sqrt(30))


@pytest.mark.parametrize("decay", [0.0, 1.0])
def test_every_method_is_fitted_within_its_budget_and_below_no_update(decay):
    simulated, _ = both(**FIT, target="gaussian", methods="all", input_decay=decay)
    assert ((simulated.error > 0) & (simulated.error < 1)).all()
    np.testing.assert_allclose(simulated.squared_norm + simulated.error, 1, atol=1e-6)


def test_the_bound_holds_and_says_nothing():
    simulated, predicted = both(
        experiment="bound", rows=16, columns=16, rank=4, target="flat", target_rank=16, sweeps=30
    )
    assert (simulated.block_sum_error < simulated.bound).all()
    assert (simulated.bound > 1).all()
    assert float(simulated.bound.mean()) > float(predicted.bound_floor)
    assert (simulated.joint_error < 1).all()


def test_dependence_of_short_ternary_vectors_by_enumeration():
    point = Parameters(experiment="collinear", columns=2, sparsity=0.5, draws=1)
    values = [(-1, 0.25), (0, 0.5), (1, 0.25)]
    total = 0.0
    for a, pa in values:
        for b, pb in values:
            for c, pc in values:
                for d, pd in values:
                    if a * d == b * c:
                        total += pa * pb * pc * pd
    assert float(theory.collinear(point).dependent_share) == pytest.approx(total, rel=1e-14)


def test_counted_dependence_agrees_with_the_exact_probability_not_the_printed_one():
    simulated, predicted = both(experiment="collinear", columns=6, sparsity=0.6, draws=5000)
    share, exact = float(simulated.dependent_share.mean()), float(predicted.dependent_share)
    assert share == pytest.approx(exact, abs=5 * np.sqrt(exact / 20000))
    assert share > 3 * float(predicted.printed_probability)


def test_the_papers_counts():
    simulated, predicted = both(
        experiment="accounting", rows=768, columns=768, rank=6, other_rank=32
    )
    assert float(simulated.trained_parameters[0]) == float(predicted.trained_parameters) == 99072
    assert float(simulated.lora_parameters[0]) == 49152


CASES = [
    {"experiment": "update", "rows": 9, "columns": 8, "rank": 2, "draws": 2},
    {
        "experiment": "fit",
        "rows": 8,
        "columns": 8,
        "rank": 2,
        "sweeps": 5,
        "target_rank": 4,
        "methods": "all",
    },
    {
        "experiment": "fit",
        "rows": 8,
        "columns": 8,
        "rank": 2,
        "sweeps": 5,
        "target": "gaussian",
        "methods": "all",
        "input_decay": 1.0,
    },
    {"experiment": "bound", "rows": 8, "columns": 8, "rank": 3, "sweeps": 5, "target_rank": 4},
    {"experiment": "collinear", "columns": 4, "sparsity": 0.5, "draws": 50},
    {"experiment": "accounting", "rows": 8, "columns": 8, "rank": 2, "other_rank": 1},
]


@pytest.mark.parametrize("values", CASES, ids=lambda values: values["experiment"])
def test_replicates_do_not_depend_on_how_they_are_batched(values):
    point = build(Parameters, values, "test")
    parts = [
        simulation.simulate(point, streams(5, "randlora", point, *ends)).assign_coords(
            replicate=range(*ends)
        )
        for ends in ((0, 1), (1, 3), (0, 3))
    ]
    xr.testing.assert_identical(datasets.join(parts[:2]), parts[2])
