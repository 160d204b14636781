import pytest

from rankscope.studies.lora.accounting import simulation, theory
from rankscope.studies.lora.accounting.parameters import MODELS, TARGETS, Parameters


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("chosen", TARGETS)
def test_counting_matrices_and_counting_sides_agree(model, chosen):
    point = Parameters(model=model, targets=chosen, rank=3)
    counted = simulation.simulate(point, [None])
    assert float(counted.trained_parameters[0]) == float(theory.predict(point).trained_parameters)


def test_gpt3_at_rank_four_trains_nineteen_million():
    point = Parameters(model="gpt3-175b", targets="query-value", rank=4)
    assert float(simulation.simulate(point, [None]).trained_parameters[0]) == 18_874_368
