import numpy as np
import pytest

from rankscope.evidence import results
from rankscope.numerics import bilinear_fit as fits
from rankscope.numerics import targets
from rankscope.planning.parameters import build
from rankscope.studies.randlora.fit import claims, simulation, theory
from rankscope.studies.randlora.fit.parameters import Parameters

FIT = {"rows": 16, "columns": 16, "rank": 4, "sweeps": 40}


@pytest.mark.parametrize(("target_rank", "winner"), [(2, "LoRA"), (16, "RandLoRA")])
def test_lora_wins_on_low_rank_targets_and_randlora_on_flat_ones(both, target_rank, winner):
    data, _ = both("fit", **FIT, target="flat", target_rank=target_rank)
    errors = data.error.mean("replicate")
    assert list(errors.adapter.values) == ["LoRA", "RandLoRA"]
    assert str(errors.adapter[int(np.argmin(errors.data))].values) == winner


def test_inputs_of_an_anisotropic_goal_have_variances_of_a_power_law_and_of_mean_one():
    point = build(Parameters, FIT | {"target": "flat", "target_rank": 4, "input_decay": 1.5}, "t")
    metric = simulation._goal(point, np.random.default_rng(1)).metric
    values = np.linalg.eigvalsh(metric)[::-1]
    np.testing.assert_allclose(values / values[0], np.arange(1, 17) ** -1.5, rtol=1e-10)
    assert values.mean() == pytest.approx(1)


def test_loras_error_is_the_interpolated_tail(both):
    simulated, predicted = both("fit", **FIT, target="power", target_rank=16, decay=0.5)
    np.testing.assert_allclose(
        simulated.error.sel(adapter="LoRA"), float(predicted.lora_error), atol=1e-12
    )


@pytest.mark.parametrize("shape", [(120, 120), (150, 100)])
def test_the_energies_of_a_gaussian_target_are_those_of_large_matrices(shape):
    rows, columns = shape
    point = build(
        Parameters,
        {**FIT, "rows": rows, "columns": columns, "target": "gaussian", "target_rank": columns},
        "test",
    )
    generator = np.random.default_rng(0)
    drawn = targets.draw(generator, shape, "gaussian", columns, 0.0).singular_values ** 2
    np.testing.assert_allclose(np.cumsum(theory.energies(point)), np.cumsum(drawn), atol=0.02)
    assert theory.energies(point).sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    "target",
    [
        {"target": "flat", "target_rank": 16},
        {"target": "flat", "target_rank": 2},
        {"target": "power", "target_rank": 16, "decay": 1.0},
        {"target": "gaussian", "target_rank": 16},
    ],
)
def test_gammas_alone_cover_one_base_in_rows_of_the_target(both, target):
    simulated, predicted = both("fit", 30, **FIT, **target)
    values = simulated.gamma_error
    assert float(predicted.gamma_error) == 0.75
    assert float(values.mean()) == pytest.approx(0.75, abs=5 * float(values.std()) / np.sqrt(30))


@pytest.mark.parametrize("decay", [0.0, 1.0])
def test_every_method_is_fitted_within_its_budget_and_below_no_update(both, decay):
    simulated, _ = both(
        "fit", **FIT, target="gaussian", target_rank=16, methods="all", input_decay=decay
    )
    assert simulated.sizes["adapter"] == 7
    assert ((simulated.error > 0) & (simulated.error < 1)).all()
    np.testing.assert_allclose(simulated.squared_norm + simulated.error, 1, atol=1e-6)


@pytest.mark.parametrize("target_rank", [2, 16])
def test_random_entries_hold_their_share_of_the_target(both, target_rank):
    flat = {"target": "flat", "target_rank": target_rank, "methods": "all"}
    simulated, predicted = both("fit", 30, **FIT, **flat)
    values = simulated.error.sel(adapter="entries")
    assert float(predicted.dimension_count) == 1 - 4 * (16 + 4) / 256
    assert float(values.mean()) == pytest.approx(
        float(predicted.dimension_count), abs=5 * float(values.std()) / np.sqrt(30)
    )


def test_half_the_rank_lies_between_too_few_and_too_many_parameters(both, monkeypatch):
    fitted = []
    fit = fits.fit

    def noted(family, goal, **limits):
        result = fit(family, goal, **limits)
        if isinstance(family, fits.RandLora):
            fitted.append((family.gammas.size + family.lambdas.size, result.error))
        return result

    monkeypatch.setattr(fits, "fit", noted)
    simulated, _ = both("fit", 1, **FIT, target="flat", target_rank=16, methods="all")
    (budget, _), (fewer, high), (more, low) = fitted
    assert (fewer, budget, more) == (4 * 18, 4 * 20, 5 * 18)
    between = high + (low - high) * (budget - fewer) / (more - fewer)
    assert float(simulated.error.sel(adapter="RandLoRA-b")[0]) == pytest.approx(between, abs=1e-12)


def test_a_fit_that_did_not_converge_is_no_number(both):
    simulated, predicted = both(
        "fit", 3, **{**FIT, "sweeps": 1}, target="flat", target_rank=16, methods="all"
    )
    point = results.of({"one": ({}, simulated, predicted)})["one"]
    assert claims.error(point, "RandLoRA").isnull().all()
    assert claims.error(point, "LoRA").notnull().all()


def test_anisotropic_inputs_leave_only_the_equal_rank_predicted(both):
    _, predicted = both("fit", 1, **FIT, target="flat", target_rank=16, input_decay=1.0)
    assert list(predicted) == ["equal_rank"]
    assert float(predicted.equal_rank) == 4 * 20 / 32


def test_the_path_of_a_fit_falls_and_holds_its_last_error(both):
    simulated, _ = both("fit", **FIT, target="flat", target_rank=16)
    path = simulated.error_path
    assert (path.diff("sweep") <= 1e-12).all()
    np.testing.assert_array_equal(path.isel(sweep=-1), simulated.error.sel(adapter="RandLoRA"))


def test_other_families_train_as_many_numbers_as_randlora():
    point = build(Parameters, FIT | {"target": "flat", "target_rank": 4, "methods": "all"}, "t")
    made = simulation._other_families(point, np.random.default_rng(1))
    a, vera, nola = (made[name] for name in ("RandLoRA-a", "VeRA", "NoLA"))
    gammas = len(a.right_bases) * point.columns
    counts = (
        a.lambdas.size + gammas,
        vera.inner.size + point.rows,
        len(nola.left_bases) + len(nola.right_bases),
    )
    assert counts == (point.trained_parameters(),) * 3
