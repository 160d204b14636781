"""The null of the task: random gradients on given activations."""

import numpy as np
import pytest
from test_probe_peft import model_folder

from rankscope.numerics import low_rank
from rankscope.probe import task_null


def skewed(generator, size):
    basis = low_rank.random_frame(generator, (size, size))
    values = np.arange(1, size + 1.0) ** -2
    return (basis * values) @ basis.T, basis


def test_even_activations_give_the_alignment_of_random_directions():
    generator = np.random.default_rng(0)
    weight = generator.standard_normal((40, 40))
    drawn = task_null.alignments(weight, np.eye(40) / 40, [1, 4], 200, generator)
    mean_square = (drawn**2).mean(axis=0)
    assert abs(mean_square[1] - 1) < 4 * np.sqrt(2 / 16 / 200)


def test_a_base_that_lives_where_activations_are_has_more_alignment_without_any_task():
    generator = np.random.default_rng(1)
    moment, basis = skewed(generator, 40)
    weight = generator.standard_normal((40, 40)) @ (basis * np.arange(1, 41.0) ** -1) @ basis.T
    drawn = task_null.alignments(weight, moment, [4], 50, generator)
    assert drawn.mean() > 1.5


def test_the_interval_covers_another_draw_95_times_in_100():
    generator = np.random.default_rng(2)
    moment, _ = skewed(generator, 12)
    weight = generator.standard_normal((10, 12))
    inside, times = 0, 300
    for _ in range(times):
        found = task_null.interval(weight, moment, [2], generator)
        (another,) = task_null.alignments(weight, moment, [2], 1, generator)[0]
        inside += found["alignment_task_lower"][0] < another < found["alignment_task_upper"][0]
    assert abs(inside / times - 0.95) < 4 * np.sqrt(0.95 * 0.05 / times)


@pytest.mark.model
def test_moments_are_those_of_the_inputs_of_a_real_models_modules():
    pytest.importorskip("transformers")
    name = "encoder.layer.0.attention.self.query"
    found = task_null.moments(model_folder(), ["a text", "and another one"], [name, "head"])
    assert list(found) == [name]
    moment = found[name]
    assert moment.shape == (384, 384)
    assert np.trace(moment) == pytest.approx(1)
    assert np.linalg.eigvalsh(moment).min() > -1e-12
