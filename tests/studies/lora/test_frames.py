import numpy as np
import pytest

from rankscope.errors import ParameterError
from rankscope.evidence import results
from rankscope.jobs.streams import streams
from rankscope.planning.parameters import build
from rankscope.studies.lora.frames import claims, figures, simulation, theory
from rankscope.studies.lora.frames.parameters import Parameters

SMALL = {
    "rows": 20, "columns": 20, "rank": 3, "other_rank": 4, "draws": 5, "base_norm": 1.0,
    "base_decay": 0.0,
}  # fmt: skip


def both(count=4, **values):
    point = build(Parameters, {**SMALL, **values}, "test")
    simulated = simulation.simulate(point, streams(5, "lora/frames", point, 0, count))
    return simulated, theory.predict(point)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"columns": 0}, "columns must be at least 2, got 0"),
        ({"rank": 21}, "rank must be at most 20, got 21"),
        ({"rows": 10, "other_rank": 21}, "other_rank must be at most columns = 20, got 21"),
        ({"base_norm": 1e200}, "base_norm must be at most"),
    ],
)
def test_impossible_points_are_refused_with_the_value(values, message):
    with pytest.raises(ParameterError, match=message):
        both(**values)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"rows": 12, "columns": 40, "rank": 8, "other_rank": 2},
        {"rows": 90, "columns": 30, "rank": 5, "other_rank": 30},
        {"rows": 300, "columns": 300, "rank": 4, "other_rank": 64, "base_norm": 61.95},
    ],
)
def test_random_frames_follow_their_closed_forms(values):
    simulated, predicted = both(count=20, draws=60, **values)
    for name, room in (("similarity", 0.1), ("captured_square", 0.1)):
        mean, error = float(simulated[name].mean()), float(simulated[name].std()) / np.sqrt(20)
        assert mean == pytest.approx(float(predicted[name]), abs=5 * error + 1e-12)
        assert mean == pytest.approx(float(predicted[name]), rel=room)
    assert float(simulated.similarity_variance.mean()) == pytest.approx(
        float(predicted.similarity_variance), rel=0.3, abs=1e-15
    )


@pytest.mark.parametrize(
    "values",
    [
        {"rows": 12, "columns": 30, "rank": 5, "base_decay": 0.5},
        {"rows": 40, "columns": 20, "rank": 8, "base_decay": 1.0},
        {"rows": 6, "columns": 6, "rank": 6, "base_decay": 0.3},
        {"rank": 10},
    ],
)
def test_what_a_draw_captures_varies_as_derived(values):
    simulated, predicted = both(count=30, draws=150, other_rank=1, **values)
    variance = simulated.captured_square_variance
    error = float(variance.std()) / np.sqrt(30)
    assert float(variance.mean()) == pytest.approx(
        float(predicted.captured_square_variance), abs=5 * error + 1e-15
    )


def test_the_printed_identity_of_appendix_g_fails_and_the_corrected_holds():
    simulated, predicted = both()
    assert (simulated.identity_error < 1e-12).all()
    np.testing.assert_allclose(simulated.printed_identity_error, 1 - 1 / 3, atol=1e-12)
    assert float(predicted.printed_identity_error) == pytest.approx(1 - 1 / 3)


def test_figures_draw_what_there_is():
    small = results.of({"small": (SMALL, *both())})
    assert "size of GPT-3" in figures.table_7(small).texts[0].get_text()
    similarity, _, spread, _ = figures.nulls(small).axes
    assert similarity.get_xticklabels()[0].get_text() == "3, 4; 20, 0"
    assert not spread.containers  # five draws have no variance to speak of
    values = {**SMALL, "rank": 4, **claims.GPT3, "draws": 2}
    held, factors = figures.table_7(results.of({"gpt3": (values, *both(**values))})).axes
    assert len(held.containers) == len(factors.containers) == 3


def test_table_7_is_judged_in_spreads_of_one_draw():
    values = {**SMALL, "rank": 4, **claims.GPT3, "draws": 2}
    found = results.of({"gpt3": (values, *both(**values))})
    (random,) = claims.table_7_random.samples(found)
    (update,) = claims.table_7_alignment.samples(found)
    assert abs(random.estimate.value) < 1 < random.chance
    assert update.estimate.value == pytest.approx(15 * np.sqrt(2) * 4, rel=0.3)
