import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankscope.evidence import results
from rankscope.planning.parameters import build
from rankscope.studies.lora.accounting import claims, figures, simulation, tables, theory
from rankscope.studies.lora.accounting.parameters import MODELS, TARGETS, Parameters


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("chosen", TARGETS)
def test_counting_matrices_and_counting_sides_agree(model, chosen):
    point = Parameters(model=model, targets=chosen, rank=3)
    counted, predicted = simulation.simulate(point, [None]), theory.predict(point)
    assert float(counted.trained_parameters[0]) == float(predicted.trained_parameters)
    assert float(counted.checkpoint[0]) == float(predicted.checkpoint)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.sampled_from(MODELS), st.sampled_from(TARGETS), st.integers(1, 10**6))
def test_every_rank_of_every_model_runs(model, targets, rank):
    values = {"model": model, "targets": targets, "rank": rank}
    point = build(Parameters, values, "test")
    counted = simulation.simulate(point, [None])
    assert float(counted.trained_parameters[0]) == float(theory.predict(point).trained_parameters)


def test_gpt3_at_rank_four_trains_nineteen_million():
    point = Parameters(**claims.GPT3)
    assert float(simulation.simulate(point, [None]).trained_parameters[0]) == 18_874_368


def test_gpt3_at_rank_four_is_reduced_nine_thousand_times_and_keeps_35_megabytes():
    found = simulation.simulate(Parameters(**claims.GPT3), [None]).isel(replicate=0)
    assert float(found.reduction) == pytest.approx(175e9 / 18_874_368, rel=0.01)
    assert float(found.checkpoint) == pytest.approx(37.7, abs=0.1)
    assert float(found.model_checkpoint) == pytest.approx(350_000, rel=0.01)
    # mixed precision with Adam: 16 bytes of a trained parameter, 2 of a frozen one
    mixed = found.sel(memory="mixed precision")
    assert float(mixed.memory_full) == pytest.approx(2800, rel=0.01)
    assert float(mixed.memory_adapter) == pytest.approx(350, rel=0.01)
    assert float(mixed.memory_ratio) == pytest.approx(8, rel=0.01)


def test_claims_and_simulation_know_the_same_kinds_of_memory():
    assert tuple(memory.name for memory in claims.MEMORY) == simulation.MEMORY


def test_figure_and_table_show_every_model():
    points = {}
    for model in ("gpt3-175b", "vit-b"):
        values = {**claims.GPT3, "model": model}
        point = Parameters(**values)
        points[model] = (values, simulation.simulate(point, [None]), theory.predict(point))
    found = results.of(points)
    trained, memory = figures.accounting(found).axes
    assert [text.get_text() for text in trained.get_yticklabels()] == list(points)
    assert len(memory.lines) == len(simulation.MEMORY) + 1
    table = tables.accounting(found).set_index("model")
    assert table["trained, millions"]["gpt3-175b"] == pytest.approx(18.874368)
    assert table["weights, moments: ratio"]["gpt3-175b"] == pytest.approx(3, abs=0.01)
