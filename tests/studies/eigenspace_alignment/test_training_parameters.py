import dataclasses

import numpy as np
import pytest

from rankscope.errors import ParameterError
from rankscope.numerics import gram_chain
from rankscope.planning import parameters, study
from rankscope.studies.eigenspace_alignment import training

COMMON = {
    "dimension": 50,
    "snr": 10.0,
    "samples_per_dimension": 4.0,
    "ridge": 0.05,
    "step_scale": 1.0,
    "duration": 16.0,
    "checkpoints": 5,
}
MODELS = {
    "mixture": COMMON | {"classes": 3},
    "xor": COMMON | {"width": 4, "activation": "relu"},
}


def build(model, **changes):
    kind = study.part(f"eigenspace_alignment/{model}", "parameters").Parameters
    return parameters.build(kind, MODELS[model] | changes, "here")


def test_the_buffer_is_that_of_the_chain():
    assert training.BUFFER == gram_chain.BUFFER


@pytest.mark.parametrize(("model", "spanned", "rows"), [("mixture", 3, 3), ("xor", 2, 4)])
def test_the_smallest_dimension_is_that_of_the_chain(model, spanned, rows):
    least = gram_chain.smallest_dimension(spanned, rows)
    build(model, dimension=least)
    with pytest.raises(ParameterError, match=f"must be at least {least}, got {least - 1}"):
        build(model, dimension=least - 1)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"snr": 0.0}, "snr must be at least 0.01, got 0.0"),
        ({"snr": 1e7}, "snr must be at most 1000000.0, got 10000000.0"),
        ({"duration": 0.4, "checkpoints": 3}, "different steps of 20, got 3"),
        ({"snr": 0.1}, "steps overshoot, got 10."),
        ({"ridge": -0.1}, "ridge must be at least 0, got -0.1"),
        ({"samples_per_dimension": 0.01}, "samples_per_dimension times dimension must be at least"),
        ({"checkpoints": 1}, "checkpoints must be at least 2 where duration is above 0, got 1"),
        ({"duration": 0.0}, "checkpoints must be 1 when duration is 0, got 5"),
        ({"runs": 2}, "runs must be 1 when matrices are measured, got 2"),
    ],
)
def test_values_that_make_no_point_are_refused_with_the_value(model, changes, message):
    with pytest.raises(ParameterError, match=message):
        build(model, **changes)


@pytest.mark.parametrize(
    ("model", "changes", "message"),
    [
        ("mixture", {"width": 4}, "unknown parameter 'width'"),
        ("mixture", {"start": "planted"}, "start must be one of zero, gaussian, got 'planted'"),
        ("mixture", {"matrices": "full", "means": "random"}, "orthonormal for matrices=full"),
        ("mixture", {"samples": "train", "samples_per_dimension": 20.0}, "at most 16.0"),
        ("mixture", {"update": "bulk", "matrices": "none"}, "need matrices"),
        ("xor", {"width": 0}, "width must be at least 1, got 0"),
        ("xor", {"ridge": 0.125}, "ridge must be below 0.125, got 0.125"),
        ("xor", {"planted_cells": 5}, "planted_cells must be at most 4, got 5"),
        ("xor", {"width": 2, "planted_cells": 3}, "planted_cells must be at most width, 2, got 3"),
        ("xor", {"matrices": "full"}, "matrices must be one of none, blocks, got 'full'"),
        ("xor", {"update": "bulk"}, "unknown parameter 'update'"),
        ("xor", {"classes": 3}, "unknown parameter 'classes'"),
    ],
)
def test_what_a_model_does_not_have_is_refused(model, changes, message):
    with pytest.raises(ParameterError, match=message):
        build(model, **changes)


def test_times_run_from_zero_to_the_duration_and_grow_geometrically():
    times = build("mixture").times()
    assert times[0] == 0.0
    assert times[1] == 0.5
    assert times[-1] == 16.0
    ratios = np.divide(times[2:], times[1:-1])
    np.testing.assert_allclose(ratios, ratios[0])


def test_one_time_after_the_start_is_the_end():
    assert build("mixture", checkpoints=2).times() == (0.0, 16.0)


def test_steps_are_times_in_units_of_the_step():
    assert build("mixture", step_scale=0.5).steps()[-1] == 16 * 50 * 2


@pytest.mark.parametrize("means", ["orthonormal", "correlated", "random"])
def test_class_means_are_unit_and_independent(means):
    gram = np.array(build("mixture", means=means).mean_gram())
    np.testing.assert_allclose(np.diag(gram), 1.0)
    np.testing.assert_array_equal(gram, gram.T)
    assert np.linalg.eigvalsh(gram)[0] > 0.05
    assert build("mixture", means=means).mean_gram() == gram.tolist()


@pytest.mark.parametrize("model", MODELS)
def test_cost_grows_with_what_costs_time(model):
    cost = build(model).cost()
    for changes in ({"dimension": 100}, {"duration": 32.0}, {"checkpoints": 9}):
        assert build(model, **changes).cost().seconds > cost.seconds
    assert build(model, matrices="none").cost().seconds < cost.seconds
    assert build(model, dimension=1000).cost().memory_mb > cost.memory_mb


@pytest.mark.parametrize(
    "changes", [{"matrices": "full"}, {"samples": "train"}, {"update": "dominant"}]
)
def test_what_is_measured_or_trained_besides_costs_more(changes):
    assert build("mixture", **changes).cost().seconds > build("mixture").cost().seconds


def test_parameters_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        build("mixture").snr = 1.0
