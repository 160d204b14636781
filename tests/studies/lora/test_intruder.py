import pytest

from rankscope.errors import ParameterError
from rankscope.evidence import results
from rankscope.jobs.streams import streams
from rankscope.planning.parameters import build
from rankscope.studies.lora.intruder import figures, simulation, theory
from rankscope.studies.lora.intruder.parameters import Parameters


def both(count=4, **values):
    point = build(Parameters, values, "test")
    simulated = simulation.simulate(point, streams(5, "lora/intruder", point, 0, count))
    return simulated, theory.predict(point)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rank": 9}, "rank must be at most 8, got 9"),
        ({"spike": 0.0}, "spike must be above 0"),
        ({"spike": 1e200}, "spike must be at most"),
    ],
)
def test_impossible_points_are_refused_with_the_value(values, message):
    with pytest.raises(ParameterError, match=message):
        both(**{"rows": 8, "columns": 9, "rank": 1, "spike": 1.0, **values})


def test_the_spiked_law_of_a_tall_weight_is_that_of_a_wide_one_with_its_sides_exchanged():
    tall, wide = (
        theory.predict(Parameters(rows=rows, columns=columns, rank=1, spike=1.5))
        for rows, columns in ((50, 30), (30, 50))
    )
    assert float(tall.left_overlap) == float(wide.right_overlap) < float(wide.left_overlap)
    simulated, _ = both(count=40, rows=100, columns=60, rank=1, spike=1.5)
    assert float(simulated.left_overlap.mean()) == pytest.approx(float(tall.left_overlap), abs=0.05)


@pytest.mark.parametrize("spike", [0.5, 1.5, 3.0])
def test_an_update_along_the_base_weights_directions_makes_no_intruder(spike):
    simulated, _ = both(count=8, rows=80, columns=100, rank=1, spike=spike)
    counts = simulated.intruders.mean("replicate")
    assert float(counts.sel(control="base directions")) == 0
    assert float(counts.sel(control="few new directions")) >= (spike > 2)


def test_a_norm_spread_out_is_visible_in_all_its_directions_or_in_none():
    for spike, directions in ((2.0, 0 - 1), (3.0, 8 - 1)):
        point = Parameters(rows=128, columns=192, rank=1, spike=spike)
        assert float(theory.predict(point).visible_directions) == directions


def test_the_figure_draws_a_colour_per_shape():
    points = {}
    for rows in (10, 12):
        for spike in (0.5, 2.0):
            values = {"rows": rows, "columns": 12, "rank": 1, "spike": spike}
            points[str(values)] = (values, *both(**values))
    value, overlap, counts = figures.intruders(results.of(points)).axes
    assert len(value.containers) == len(overlap.containers) == 2
    assert len(counts.containers) == 2 * len(simulation.CONTROLS)
    one = results.of(dict(list(points.items())[:1]))
    assert "spike alone" in figures.intruders(one).texts[0].get_text()
