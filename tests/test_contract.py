"""The contract of a study, held against every study on its points of the test preset."""

import dataclasses
import inspect
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from rankscope import datasets
from rankscope.evidence import verdicts
from rankscope.jobs import collect as stacking, compute as stages, streams
from rankscope.planning import configuration, parameters, code as sources, study

PRESET = Path(__file__).parent.parent / "presets" / "test.yaml"
SLOW = {"language_model"}
STUDIES = [
    pytest.param(name, marks=[pytest.mark.model] if name in SLOW else []) for name in study.names()
]


@pytest.fixture(scope="module", params=STUDIES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def points(name):
    config = configuration.read(PRESET)
    if name not in config.studies:
        pytest.skip(f"{name} has no section in presets/test.yaml")
    return config.studies[name].points


@pytest.fixture(scope="module")
def simulate(name, tmp_path_factory):
    function = study.part(name, "simulation").simulate
    folder = tmp_path_factory.mktemp("checkpoints")

    def call(point, first, last):
        draws = streams.streams(7, name, point.parameters, first, last)
        return stages._call(function, point, draws, folder / point.name / f"{first}-{last}")

    return call


@pytest.fixture(scope="module")
def simulated(points, simulate):
    return {point: simulate(point, 0, 3) for point in points}


@pytest.fixture(scope="module")
def predicted(name, points):
    theory = study.part(name, "theory")
    return {point: theory.predict(point.parameters) for point in points}


def test_the_folder_says_which_paper_it_is(name):
    module = study.part(name, "parameters").__package__
    assert len(inspect.getdoc(__import__(module, fromlist=["_"]))) > 100


def test_parameters_are_frozen_keyword_only_and_of_plain_types(name):
    kind = study.part(name, "parameters").Parameters
    assert kind.__dataclass_params__.frozen
    for field in dataclasses.fields(kind):
        assert field.kw_only
        assert field.type in (int, float, str, bool)


def test_a_point_says_what_it_costs(points):
    for point in points:
        cost = point.parameters.cost()
        assert isinstance(cost, parameters.Cost)
        assert cost.seconds > 0
        assert cost.memory_mb > 50
        assert cost.prediction_seconds > 0


def test_replicates_are_bitwise_the_same_however_they_are_batched(points, simulate, simulated):
    point = min(points, key=lambda one: one.parameters.cost().seconds)
    parts = [simulate(point, 0, 1), simulate(point, 1, 3)]
    xr.testing.assert_identical(datasets.join(parts), simulated[point])


def test_a_simulation_repeats_itself(points, simulate, simulated):
    point = min(points, key=lambda one: one.parameters.cost().seconds)
    xr.testing.assert_identical(simulate(point, 0, 3), simulated[point])


def test_simulated_data_have_replicates_and_predictions_have_none(points, simulated, predicted):
    for point in points:
        assert simulated[point].sizes["replicate"] == 3
        assert "replicate" not in predicted[point].dims


def test_every_variable_says_what_it_is_and_its_units(points, simulated, predicted):
    for data in [*simulated.values(), *predicted.values()]:
        for variable_name, variable in data.variables.items():
            assert variable.attrs.get("long_name"), variable_name
            assert variable.attrs.get("units"), variable_name


def test_no_variable_or_dimension_takes_a_parameters_name(points, simulated, predicted):
    for data in [simulated, predicted]:
        for point, dataset in data.items():
            assert not set(dataset.variables) & set(parameters.as_dict(point.parameters))


def test_a_variable_in_both_has_the_same_meaning_and_can_be_compared(points, simulated, predicted):
    for point in points:
        for both in set(simulated[point].data_vars) & set(predicted[point].data_vars):
            ours, theirs = simulated[point][both], predicted[point][both]
            assert ours.attrs["units"] == theirs.attrs["units"], both
            assert set(theirs.dims) <= set(ours.dims), both
            for dim in theirs.dims:
                assert ours.sizes[dim] == theirs.sizes[dim], (both, dim)


def test_datasets_survive_the_file_unchanged(points, simulated, predicted, tmp_path):
    for index, data in enumerate([*simulated.values(), *predicted.values()]):
        datasets.write(data, tmp_path / f"{index}.nc")
        read = datasets.read(tmp_path / f"{index}.nc")
        for variable_name in data.variables:
            np.testing.assert_array_equal(read[variable_name], data[variable_name])


def test_claims_are_named_once_and_say_how_they_are_known(name):
    claims = study.part(name, "claims").CLAIMS
    assert claims
    names = [claim.name for claim in claims]
    assert len(set(names)) == len(names)
    known = {"full text", "abstract only", "recalled, not quoted", "derived here"}
    figures = {"", *study.makes(name, "figures")}
    for claim in claims:
        assert claim.basis in known, claim.name
        assert claim.figure in figures, claim.name
        for text in (claim.statement, claim.source, claim.scope, claim.estimate):
            assert text, claim.name


def test_claims_judge_what_the_test_preset_makes(name, points, simulated, predicted, tmp_path):
    data = []
    for kind, parts in (("simulated", simulated), ("predicted", predicted)):
        paths = []
        for index, point in enumerate(points):
            values = parameters.as_dict(point.parameters)
            paths.append(tmp_path / f"{kind}-{index}.nc")
            datasets.write(datasets.with_parameters(parts[point], values), paths[-1])
        stacking.stack(paths, [point.name for point in points], tmp_path / f"{kind}.nc")
        data.append(datasets.read(tmp_path / f"{kind}.nc"))
    for claim in study.part(name, "claims").CLAIMS:
        if claim.evidence is not None:
            evidence = claim.evidence(*data)
            if len(evidence.point):
                table = verdicts.judge(claim, evidence, 0.95)
                assert set(table.verdict) <= {"supported", "contradicted", "undecided"}


def test_every_figure_and_table_has_a_caption(name):
    for part in ("figures", "tables"):
        for function in study.makes(name, part):
            assert len(sources.docstring(study.module_name(name, part), function)) > 60, function
