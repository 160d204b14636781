import numpy as np
import pytest

from rankscope.errors import ParameterError
from rankscope.evidence import results
from rankscope.jobs.streams import streams
from rankscope.planning.parameters import build
from rankscope.studies.lora.probe import claims, figures, simulation, theory
from rankscope.studies.lora.probe.parameters import Parameters

SMALL = {
    "rows": 12, "columns": 10, "rank": 2, "other_rank": 4, "teacher_rank": 3, "decay": 1.0,
    "base": "independent", "samples": 30, "noise": 0.0, "optimiser": "adam", "steps": 20,
    "batch_size": 5, "learning_rate": 0.05,
}  # fmt: skip


def both(count=3, **values):
    point = build(Parameters, {**SMALL, **values}, "test")
    simulated = simulation.simulate(point, streams(5, "lora/probe", point, 0, count))
    return simulated, theory.predict(point)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"base": "other"}, "base must be one of"),
        ({"other_rank": 2}, "other_rank must be above rank and at most 10, got 2"),
        ({"teacher_rank": 6}, "teacher_rank must be at most 5, got 6"),
    ],
)
def test_impossible_points_are_refused_with_the_value(values, message):
    with pytest.raises(ParameterError, match=message):
        both(**values)


def test_a_training_that_diverges_says_so():
    simulated, _ = both(optimiser="sgd", learning_rate=1e6, steps=100)
    assert np.isnan(simulated.phi_shared).all()
    assert np.isnan(simulated.captured).all()


def test_an_adapter_learns_the_directions_of_its_task():
    simulated, _ = both(decay=2.0, samples=200, steps=600, batch_size=20)
    np.testing.assert_allclose(simulated.phi_unshared.sel(i=1, j=1), 1, atol=0.02)


def test_a_task_in_the_leading_directions_captures_more_than_chance():
    simulated, _ = both(count=6, rows=40, columns=40, base="leading", samples=200, steps=300)
    ratio = simulated.captured / simulated.captured_null
    assert (ratio.sel(adapter="small").mean("replicate") > 2).all()


def test_the_alignment_of_random_pairs_of_the_weight():
    generator = np.random.default_rng(0)
    _, predicted = both(rows=40, columns=60, other_rank=10)
    values = np.arange(1.0, 41) ** -simulation.BASE_DECAY
    pairs = [np.linalg.norm(generator.choice(values, 10, replace=False)) for _ in range(4000)]
    by_directions = 10 * np.linalg.norm(values) / np.sqrt(40 * 60)
    assert float(predicted.pairs_alignment) == pytest.approx(
        np.sqrt(np.mean(np.square(pairs))) / by_directions, rel=0.02
    )


def test_isotropic_inputs_have_equal_variances_and_others_fall_along_the_weight():
    generator = np.random.default_rng(1)
    right = np.eye(6)[:, ::-1][:, :4]
    point = build(Parameters, {**SMALL, "columns": 6, "samples": 50_000}, "test")
    isotropic = simulation._inputs(point, generator, right)
    np.testing.assert_allclose(isotropic.var(axis=0), 1, rtol=0.05)
    point = build(Parameters, {**SMALL, "columns": 6, "samples": 50_000, "input_decay": 1.0}, "")
    variances = simulation._inputs(point, generator, right).var(axis=0)
    expected = np.array([1 / 4, 1 / 4, 1 / 4, 1 / 3, 1 / 2, 1])
    np.testing.assert_allclose(variances, expected * 6 / expected.sum(), rtol=0.05)


def test_claims_and_simulation_know_the_same_nulls():
    assert tuple(null.name for null in claims.NULLS) == simulation.NULLS


def test_figures_draw_what_there_is():
    points = {}
    for values in ({}, {"base": "leading"}, {"input_decay": 1.0}):
        points[str(values)] = ({**SMALL, "input_decay": 0.0, **values}, *both(**values))
    found = results.of(points)
    similarity = figures.similarity(found)
    assert [axes.get_title()[:8] for axes in similarity.axes[:3]] == [
        "one seed",
        "two seed",
        "random d",
    ]
    _, isotropic, by_task = figures.amplification(found).axes
    assert isotropic.get_ylabel() == "captured / random directions"
    assert len(isotropic.containers) == len(by_task.containers) == 2 * len(points)


def test_without_an_unrelated_task_the_figure_says_so():
    found = results.of({"one": ({**SMALL, "base": "leading", "input_decay": 0.0}, *both())})
    assert "unrelated" in figures.similarity(found).texts[0].get_text()
