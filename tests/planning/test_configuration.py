import copy
import dataclasses

import pytest

from rankscope.errors import ConfigurationError
from rankscope.planning import configuration, limits
from rankscope.planning.study import STAGES


@pytest.fixture
def values(presets):
    return copy.deepcopy(presets["test"])


@pytest.mark.parametrize("name", ["default", "cluster", "test"])
def test_every_preset_is_sound_and_names_every_study(presets, name):
    config = configuration.check(presets[name])
    assert set(presets["default"]["studies"]) <= set(config.studies)


def test_every_point_is_in_exactly_one_batch_of_a_stage(presets):
    config = configuration.check(presets["default"])
    for study in config.studies.values():
        for stage in STAGES:
            batches = study.batches(stage, config.batch_seconds)
            assert [p for batch in batches for p in batch.points] == list(study.points)


def test_a_heavy_point_has_a_batch_of_its_own(values):
    study = configuration.check(values).studies["effective_dimension"]
    batches = study.batches("simulated", 1e-9)
    assert [len(batch.points) for batch in batches] == [1] * len(study.points)


def test_a_heavy_point_is_shared_by_jobs_that_ask_for_their_share_of_its_time(values):
    study = configuration.check(values).studies["effective_dimension"]
    study = dataclasses.replace(study, points=study.points[:1], replicates=100)
    whole = study.points[0].seconds("simulated", 100)
    for seconds, shares in ((2 * whole, 0), (whole, 0), (whole / 3.5, 4), (whole / 1e4, 100)):
        (batch,) = study.batches("simulated", seconds, split=True)
        assert (batch.shares, len(set(batch.shared))) == (shares, shares)
    minutes = dataclasses.replace(study, replicates=10**9).batches
    (split,), (one,) = (minutes("simulated", 1e4, split=split) for split in (True, False))
    each = (limits.minutes(one, 1) - limits.MINUTES_AT_LEAST) / split.shares
    assert limits.minutes(split, 1) == pytest.approx(limits.MINUTES_AT_LEAST + each, abs=1)
    assert study.batches("predicted", 1e-9, split=True)[0].shares == 0


@pytest.mark.parametrize(("once", "shares"), [(0.0, 10), (3.0, 15), (8.0, 13), (60.0, 2), (1e6, 0)])
def test_what_every_job_of_a_shared_point_does_once_is_at_most_half_of_its_work(
    values, monkeypatch, once, shares
):
    study = configuration.check(values).studies["effective_dimension"]
    study = dataclasses.replace(study, points=study.points[:1], replicates=100)
    parameters = study.points[0].parameters
    cost = dataclasses.replace(parameters.cost(), seconds=1.0, once_seconds=once)
    monkeypatch.setattr(type(parameters), "cost", lambda _: cost)
    (batch,) = study.batches("simulated", 10.0, split=True)
    assert batch.seconds == once + 100
    assert batch.shares == shares
    assert batch.share_seconds == pytest.approx(once + 100 / max(shares, 1))


def test_a_job_on_a_study_gets_more_for_more_points_and_at_each_retry(values):
    study = configuration.check(values).studies["effective_dimension"]
    large = dataclasses.replace(study, points=study.points[:1] * 100_000)
    for limit in (limits.study_memory_mb, limits.study_minutes):
        assert limit(large, 1) > 2 * limit(study, 1)
        assert [limit(study, attempt) for attempt in (2, 3)] == [
            2 * limit(study, 1),
            4 * limit(study, 1),
        ]


def test_a_batch_has_a_limited_number_of_points(values):
    values["studies"] = {"effective_dimension": values["studies"]["effective_dimension"]}
    section = values["studies"]["effective_dimension"]
    part = section["grid"][0] if isinstance(section["grid"], list) else section["grid"]
    section["grid"] = {**{axis: axis_values[:1] for axis, axis_values in part.items()}}
    section["grid"]["width"] = list(range(8, 8 + 250))
    study = configuration.check(values).studies["effective_dimension"]
    sizes = [len(batch.points) for batch in study.batches("simulated", 1e9)]
    assert sizes == [100, 100, 50]


def refusal(values, where="config.yaml"):
    with pytest.raises(ConfigurationError) as error:
        configuration.check(values, where)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_an_unknown_study_is_named_with_the_known_ones(values):
    values["studies"]["efective_dimension"] = values["studies"].pop("effective_dimension")
    message = refusal(values)
    assert message.startswith("config.yaml: studies: unknown study 'efective_dimension'; known")
    assert "effective_dimension" in message


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "sed",
            1,
            "config.yaml: top level: Additional properties are not allowed ('sed' was "
            "unexpected); did you mean 'seed'?",
        ),
        ("seed", "1e3", "config.yaml: seed: '1e3' is not of type 'integer'; YAML reads"),
        ("seed", "one", "config.yaml: seed: 'one' is not of type 'integer'"),
        ("results", "../elsewhere", "config.yaml: results: '../elsewhere' does not match"),
        ("seed", -1, "config.yaml: seed: -1 is less than the minimum of 0"),
        ("confidence", 95, "config.yaml: confidence: 95 is greater than or equal to the maximum"),
        ("studies", {}, "config.yaml: studies: {} should be non-empty"),
    ],
)
def test_a_bad_key_is_refused_in_one_line(values, key, value, message):
    values[key] = value
    assert refusal(values).startswith(message)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"replicates": 1}, "replicates: 1 is less than the minimum of 2"),
        ({"replicas": 4}, "Additional properties are not allowed ('replicas' was unexpected)"),
        ({"grid": {}}, "parameter 'width' is missing"),
        ({"grid": []}, "grid: the grid is empty"),
    ],
)
def test_a_bad_section_is_refused_in_one_line(values, edit, message):
    section = values["studies"]["effective_dimension"]
    section.update(edit)
    assert message in refusal(values)


def test_an_axis_of_the_grid_overrides_a_fixed_value(values):
    section = values["studies"]["effective_dimension"]
    section["grid"] = [{"width": [8]}, {"width": [8], "batch_size": [5]}]
    section["fixed"] = {"batch_size": 4}
    points = configuration.check(values).studies["effective_dimension"].points
    assert [point.name for point in points] == ["width=8", "width=8,batch_size=5"]
    assert [point.parameters.batch_size for point in points] == [4, 5]


def test_two_names_for_the_same_point_are_refused(values):
    section = values["studies"]["effective_dimension"]
    section["grid"] = [{"width": [8]}, {"width": [8], "batch_size": [4]}]
    section["fixed"] = {"batch_size": 4}
    assert "width=8,batch_size=4: the same point as width=8" in refusal(values)


def test_an_impossible_value_names_its_point(values):
    section = values["studies"]["effective_dimension"]
    parts = section["grid"] if isinstance(section["grid"], list) else [section["grid"]]
    parts[0]["width"] = [0]
    message = refusal(values)
    assert message.startswith("config.yaml: studies.effective_dimension.grid: ")
    assert "width=0" in message


def test_a_file_that_is_no_yaml_is_refused_in_one_line(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text("seed: [1\n")
    with pytest.raises(ConfigurationError, match="not valid YAML") as error:
        configuration.read(path)
    assert "\n" not in str(error.value)


def test_a_file_says_which_study_it_belongs_to(values):
    config = configuration.check(values)
    for one in config.studies.values():
        for stage in STAGES:
            assert configuration.study_of(one.points[0].file(stage)) == one.name
