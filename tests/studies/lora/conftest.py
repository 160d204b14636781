"""What the tests of this paper share: a point's simulation beside its theory."""

import pytest

from rankscope.evidence import results
from rankscope.jobs.streams import streams
from rankscope.planning import parameters, study


def point_of(name, values):
    return parameters.build(study.part(name, "parameters").Parameters, values, "test")


@pytest.fixture
def both():
    """From an experiment and values, the simulated and the predicted dataset."""

    def run(experiment, count=4, **values):
        name = f"lora/{experiment}"
        point = point_of(name, values)
        simulated = study.part(name, "simulation").simulate(
            point, streams(5, name, point, 0, count)
        )
        return simulated, study.part(name, "theory").predict(point)

    return run


@pytest.fixture
def found(both):
    """From an experiment and points, their results."""

    def run(experiment, *points, count=4):
        return results.of(
            {
                parameters.point_name(values): (
                    parameters.as_dict(point_of(f"lora/{experiment}", values)),
                    *both(experiment, count, **values),
                )
                for values in points
            }
        )

    return run


@pytest.fixture
def refused():
    """From an experiment and values that no point can have, the message."""

    def run(experiment, **values):
        with pytest.raises(parameters.ParameterError) as error:
            point_of(f"lora/{experiment}", values)
        return str(error.value)

    return run
