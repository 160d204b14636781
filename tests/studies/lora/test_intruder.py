import numpy as np
import pytest

from rankscope.errors import ParameterError
from rankscope.jobs.streams import streams
from rankscope.numerics import adapter_probes
from rankscope.planning.parameters import build
from rankscope.studies.lora.intruder import simulation, theory
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
        both(**{"rows": 8, "columns": 9, "rank": 1, "spike": 1.0, "draws": 1, **values})


def test_the_spiked_law_of_a_square_matrix_is_theta_plus_its_inverse():
    value, left, right = theory.spiked(np.array([0.5, 2.0]), 1.0)
    np.testing.assert_allclose(value, [2.0, 2.5])
    np.testing.assert_allclose(left, [0.0, 0.75])
    np.testing.assert_allclose(right, left)


def test_random_match_of_the_theory_is_that_of_the_probe():
    assert theory.random_match(30, 20) == pytest.approx(
        adapter_probes.random_match(30, 20)[0], rel=1e-6
    )


def test_an_update_along_the_base_weights_directions_makes_no_intruder():
    simulated, _ = both(rows=80, columns=100, rank=1, spike=3.0, draws=1)
    counts = simulated.intruders.mean("replicate")
    assert float(counts.sel(control="base directions")) == 0
    assert float(counts.sel(control="few new directions")) >= 1
