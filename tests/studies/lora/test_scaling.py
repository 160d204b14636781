import numpy as np
import pytest

from rankscope.jobs.streams import streams
from rankscope.numerics import adapters, targets
from rankscope.numerics import low_rank_training as training
from rankscope.planning.parameters import build
from rankscope.studies.lora.scaling import simulation
from rankscope.studies.lora.scaling.parameters import Parameters

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


def naive_steps(point, stream, rate, threshold):
    """Steps of plain descent on the whole matrix until its error is below the threshold."""
    generator = np.random.default_rng(stream)
    truth = targets.draw(generator, (point.rows, point.columns), "flat", 2, 0.0).dense()
    start = training.initial_factors(generator, point.rows, point.columns, point.rank)
    scale = adapters.lora_scaling(point.alpha, point.rank, rank_stabilised=False)
    b, a = start.lora_B, start.lora_A
    errors = [1.0]
    while errors[-1] > threshold and len(errors) <= point.steps:
        gap = scale * b @ a - truth
        b, a = b - rate * scale * gap @ a.T, a - rate * scale * b.T @ gap
        errors.append(float(np.sum((scale * b @ a - truth) ** 2)))
    if not errors[-1] <= threshold:
        return np.inf
    above, below = np.log(errors[-2]), np.log(errors[-1])
    return len(errors) - 2 + (above - np.log(threshold)) / (above - below)


def test_steps_and_best_rates_are_those_of_plain_descent_at_each_rate():
    point = build(Parameters, {**SMALL, "draws": 1, "steps": 200, "learning_rate": 0.5}, "test")
    own = streams(5, "lora/scaling", point, 0, 2)
    simulated = simulation.simulate(point, own)
    for replicate, stream in enumerate(own):
        for threshold in (0.1, 0.01):
            with np.errstate(all="ignore"):
                steps = [
                    naive_steps(point, stream, 0.5 * factor, threshold)
                    for factor in simulation.FACTORS
                ]
            found = simulated.isel(replicate=replicate).sel(threshold=threshold)
            best = int(np.argmin(steps))
            assert 0 < best < len(steps) - 1
            assert float(found.least_steps) == pytest.approx(steps[best], rel=1e-6)
            assert float(found.best_learning_rate) == 0.5 * simulation.FACTORS[best]


@pytest.mark.parametrize(("learning_rate", "steps"), [(1e-3, 300), (100.0, 300), (0.5, 1)])
def test_without_an_optimum_among_the_rates_there_is_no_best_one(both, learning_rate, steps):
    values = {**SMALL, "draws": 1, "steps": steps, "learning_rate": learning_rate}
    simulated, _ = both("scaling", 2, **values)
    assert np.isnan(simulated.best_learning_rate.sel(threshold=0.01)).all()
