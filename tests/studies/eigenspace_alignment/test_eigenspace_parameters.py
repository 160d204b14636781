import dataclasses

import numpy as np
import pytest

from rankscope.planning import parameters
from rankscope.numerics import gram_chain
from rankscope.studies.eigenspace_alignment import parameters as study

MIXTURE = {
    "model": "mixture",
    "classes": 3,
    "dimension": 50,
    "snr": 10.0,
    "samples_per_dimension": 4.0,
    "ridge": 0.05,
    "step_scale": 1.0,
    "duration": 16.0,
    "checkpoints": 5,
}
XOR = MIXTURE | {"model": "xor", "classes": 2, "width": 4, "activation": "relu"}


def build(base, **changes):
    return parameters.build(study.Parameters, base | changes, "here")


def test_the_buffer_is_that_of_the_chain():
    assert study.BUFFER == gram_chain.BUFFER


@pytest.mark.parametrize("base", [MIXTURE, XOR])
def test_the_smallest_dimension_is_that_of_the_chain(base):
    spanned, rows = (3, 3) if base is MIXTURE else (2, 4)
    least = gram_chain.smallest_dimension(spanned, rows)
    build(base, dimension=least)
    with pytest.raises(ValueError, match=f"dimension must be at least {least}, got {least - 1}"):
        build(base, dimension=least - 1)


@pytest.mark.parametrize(
    ("base", "changes", "message"),
    [
        (MIXTURE, {"model": "other"}, "model must be one of mixture, xor, got 'other'"),
        (MIXTURE, {"snr": 0.0}, "snr must be positive, got 0.0"),
        (MIXTURE, {"ridge": -0.1}, "ridge must not be negative, got -0.1"),
        (MIXTURE, {"width": 4}, "width must be 0 for the mixture, got 4"),
        (MIXTURE, {"start": "planted"}, "must not be planted"),
        (MIXTURE, {"checkpoints": 1}, "checkpoints must be at least 2, got 1"),
        (MIXTURE, {"duration": 0.0}, "checkpoints must be 1 when duration is 0, got 5"),
        (MIXTURE, {"runs": 2}, "runs must be 1 when matrices are measured, got 2"),
        (MIXTURE, {"matrices": "full", "means": "random"}, "orthonormal for matrices=full"),
        (MIXTURE, {"samples": "train", "samples_per_dimension": 20.0}, "at most 16.0"),
        (MIXTURE, {"update": "bulk", "matrices": "none"}, "need matrices"),
        (XOR, {"width": 0}, "width must be at least 1 for xor, got 0"),
        (XOR, {"ridge": 0.125}, "ridge must be below 1/8 for xor, got 0.125"),
        (XOR, {"start": "planted"}, "groups must be 1 to 4"),
        (XOR, {"groups": 2}, "groups must be 1 to 4"),
        (XOR, {"start": "zero"}, "start must not be zero for xor"),
        (XOR, {"matrices": "full"}, "matrices must not be full for xor"),
        (XOR, {"update": "bulk"}, "update must be full for xor"),
        (XOR, {"classes": 3}, "classes must be 2 for xor, got 3"),
    ],
)
def test_values_that_make_no_point_are_refused_with_the_value(base, changes, message):
    with pytest.raises(ValueError, match=message):
        build(base, **changes)


def test_times_run_from_zero_to_the_duration_and_grow_geometrically():
    times = build(MIXTURE).times()
    assert times[0] == 0.0
    assert times[1] == 0.5
    assert times[-1] == 16.0
    ratios = np.divide(times[2:], times[1:-1])
    np.testing.assert_allclose(ratios, ratios[0])


def test_one_time_after_the_start_is_the_end():
    assert build(MIXTURE, checkpoints=2).times() == (0.0, 16.0)


def test_steps_are_times_in_units_of_the_step():
    point = build(MIXTURE, step_scale=0.5)
    assert point.steps()[-1] == 16 * 50 * 2


@pytest.mark.parametrize("means", study.CHOICES["means"])
def test_class_means_are_unit_and_independent(means):
    gram = np.array(build(MIXTURE, means=means).mean_gram())
    np.testing.assert_allclose(np.diag(gram), 1.0)
    np.testing.assert_array_equal(gram, gram.T)
    assert np.linalg.eigvalsh(gram)[0] > 0.05
    assert build(MIXTURE, means=means).mean_gram() == gram.tolist()


def test_cost_grows_with_what_costs_time():
    cost = build(MIXTURE).cost()
    for changes in ({"dimension": 100}, {"duration": 32.0}, {"checkpoints": 9}):
        assert build(MIXTURE, **changes).cost().seconds > cost.seconds
    assert build(MIXTURE, matrices="none").cost().seconds < cost.seconds
    assert build(MIXTURE, dimension=1000).cost().memory_mb > cost.memory_mb


def test_parameters_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        build(MIXTURE).snr = 1.0
