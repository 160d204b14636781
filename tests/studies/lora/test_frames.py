import numpy as np
import pytest

from rankscope.errors import ParameterError
from rankscope.jobs.streams import streams
from rankscope.planning.parameters import build
from rankscope.studies.lora.frames import simulation, theory
from rankscope.studies.lora.frames.parameters import Parameters

SMALL = {
    "rows": 20, "columns": 20, "rank": 3, "other_rank": 4, "draws": 5, "base_norm": 1.0
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


def test_the_printed_identity_of_appendix_g_fails_and_the_corrected_holds():
    simulated, _ = both()
    assert (simulated.identity_error < 1e-12).all()
    np.testing.assert_allclose(simulated.printed_identity_error, 1 - 1 / 3, atol=1e-12)
