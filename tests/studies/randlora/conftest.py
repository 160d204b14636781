"""What the tests of this paper share: a point's simulation and theory, side by side."""

import pytest

from rankscope.jobs.streams import streams
from rankscope.planning import study
from rankscope.planning.parameters import build


@pytest.fixture
def both():
    """From a study's name and values, the simulated and the predicted dataset."""

    def run(name, count=4, **values):
        name = f"randlora/{name}"
        point = build(study.part(name, "parameters").Parameters, values, "test")
        simulate = study.part(name, "simulation").simulate
        simulated = simulate(point, streams(5, name, point, 0, count))
        return simulated, study.part(name, "theory").predict(point)

    return run
