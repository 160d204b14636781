from pathlib import Path

import pytest

from rankscope.errors import ConfigurationError
from rankscope.planning import configuration, limits, spelling, yaml_file


def test_a_key_that_stands_twice_is_refused_with_its_line(tmp_path):
    file = tmp_path / "twice.yaml"
    file.write_text("seed: 1\nstudies:\n  one: {a: 1}\n  two: {a: 1}\n  one: {a: 2}\n")
    with pytest.raises(ConfigurationError) as refusal:
        yaml_file.read(file)
    assert str(refusal.value) == f"{file}: line 5: the key 'one' occurs twice"


def test_anchors_and_merged_keys_are_taken(tmp_path):
    file = tmp_path / "merged.yaml"
    file.write_text("base: &base {a: 1, b: 2}\nmore: {<<: *base, b: 3}\n")
    assert yaml_file.read(file)["more"] == {"a": 1, "b": 3}


def test_the_files_that_snakemake_has_read_are_read_strictly_too(tmp_path, presets):
    file = tmp_path / "mine.yaml"
    file.write_text("seed: 1\nseed: 2\n")
    with pytest.raises(ConfigurationError, match="the key 'seed' occurs twice"):
        configuration.check_files(presets["test"], [file])


@pytest.mark.parametrize(
    ("files", "folder"),
    [
        (["config.yaml"], "results"),
        (["presets/test.yaml"], "results-test"),
        (["config.yaml", "mine.yaml"], "results-mine"),
    ],
)
def test_each_configuration_has_a_results_folder_of_its_own(files, folder):
    assert configuration.results_of([Path(file) for file in files]) == Path(folder)


def test_a_configuration_may_name_its_results_folder(presets):
    config = configuration.check(presets["test"] | {"results": "elsewhere"})
    assert config.results == Path("elsewhere")
    files = [point.file("simulated") for one in config.studies.values() for point in one.points]
    assert {file.parts[0] for file in files} == {"elsewhere"}


def test_a_word_far_from_all_that_are_known_gets_no_hint():
    assert spelling.hint("widht", ["width", "depth"]) == "; did you mean 'width'?"
    assert spelling.hint("colour", ["width", "depth"]) == ""


def test_what_ships_for_one_machine_can_run_on_one(presets, monkeypatch):
    monkeypatch.setattr(limits, "machine_mb", lambda: 8_000.0)
    for name in ("test", "default"):
        limits.require_possible(configuration.check(presets[name]))
