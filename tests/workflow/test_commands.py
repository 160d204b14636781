"""The commands of a terminal that start nothing, and what they say when something is wrong."""

import json

import pytest

import rankscope
from rankscope.errors import BusyError, ConfigurationError
from rankscope.jobs import journal
from rankscope.planning import configuration
from rankscope.running import checkout, choice, command_line, lock, progress, run

GRID = {"width": [8, 9], "batch_size": [4]}
VALUES = {
    "seed": 7,
    "confidence": 0.95,
    "studies": {"effective_dimension": {"replicates": 4, "grid": GRID}},
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to work in, with a configuration of one study."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(json.dumps(VALUES))
    return tmp_path


def refused(capsys, *words: str) -> str:
    """The line with which a command refuses."""
    try:
        status = command_line.main(words)
    except SystemExit as error:
        status = error.code
    assert status == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_no_command_shows_the_commands_and_is_no_error(capsys):
    assert command_line.main([]) == 0
    assert "status    show what is done" in capsys.readouterr().out


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as ended:
        command_line.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"rankscope {rankscope.__version__}\n"


def test_a_misspelt_command_study_or_option_is_refused_with_what_may_be_meant(here, capsys):
    assert refused(capsys, "stauts").endswith("did you mean 'status'?")
    assert refused(capsys, "study", "--only", "efective_dimension").endswith(
        "config.yaml: no study 'efective_dimension'; configured are effective_dimension; "
        "did you mean 'effective_dimension'?"
    )
    assert refused(capsys, "status", "--nonsense").endswith("unrecognised arguments: --nonsense")


def test_without_a_checkout_there_is_one_line(here, capsys, monkeypatch):
    monkeypatch.setattr(checkout, "ROOT", here)
    for command in ("study", "status", "figures", "audit", "readme"):
        assert f"`rankscope {command}` needs a checkout" in refused(capsys, command)


def test_a_configuration_that_does_not_exist_is_named(here, capsys):
    line = refused(capsys, "status", "--configfile", "gone.yaml")
    assert line == "rankscope status: error: cannot read gone.yaml: No such file or directory"


def test_a_point_that_this_machine_cannot_run_is_refused_before_the_run(here, capsys):
    values = json.loads((here / "config.yaml").read_text())
    values["studies"]["effective_dimension"]["grid"] = {"width": [100_000], "batch_size": [100_000]}
    (here / "config.yaml").write_text(json.dumps(values))
    line = refused(capsys, "study")
    assert "studies.effective_dimension: width=100000,batch_size=100000: " in line
    assert "GB of memory; this machine has" in line or "days; a point runs on one core" in line
    assert not (here / "results").exists()


def test_a_paper_stands_for_its_studies_and_each_is_made_without_the_report(presets):
    config = configuration.check(presets["test"])
    assert "lora/accounting" in choice.choose(config, ["lora"])
    assert choice.choose(config, []) == list(config.studies)
    targets = choice.targets(choice.only(config, ["lora"]))
    assert "results/lora/accounting/verdicts.csv" in targets
    assert all(target.startswith("results/lora/") for target in targets)


def test_a_results_folder_belongs_to_one_configuration_file(here):
    ours = configuration.read(here / "config.yaml")
    lock.sign(ours)
    lock.check_owner(ours)
    (here / "deep").mkdir()
    other = here / "deep/config.yaml"
    other.write_text((here / "config.yaml").read_text())
    with pytest.raises(ConfigurationError, match=r"results/ holds the results of config\.yaml"):
        lock.check_owner(configuration.read(other))


def test_runs_in_two_results_folders_do_not_lock_each_other_out(here):
    (here / "a").mkdir()
    with lock.hold(here / "a"):
        with pytest.raises(BusyError, match="another run"), lock.hold(here / "a"):
            pass
        with lock.hold(here / "b"):
            assert lock.since(here / "a") is not None
    assert lock.since(here / "a") is None


def test_only_another_run_of_this_folder_counts_as_another(here):
    ours = configuration.read(here / "config.yaml").results
    with lock.hold(ours):
        assert not lock.others_work(ours)
        with lock.hold(ours.with_name("results-b")):
            assert lock.others_work(ours)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "host: here\nBuilding DAG of jobs...\nMissingRuleException:\nNo rule to produce x",
            ["MissingRuleException:", "No rule to produce x"],
        ),
        (
            "usage: snakemake [-h]\n  [--cores N]\nsnakemake: error: argument --jobs: expected",
            ["snakemake: error: argument --jobs: expected"],
        ),
        ('NameError in file "Snakefile", line 3:\nname x is not defined', None),
    ],
)
def test_what_snakemake_says_before_the_first_job_is_shown_without_noise(said, shown):
    assert run._causes(said) == (shown or said.splitlines())


class Clock:
    """A clock that a test moves."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def display(here, monkeypatch):
    """A display of 100 points of a second each, at time 0."""
    monkeypatch.setattr(progress.time, "monotonic", Clock().monotonic)
    config = configuration.read(here / "config.yaml")
    (first,) = config.studies["effective_dimension"].points[:1]
    points = [
        configuration.Point(study="some/long_name_of_a_study", name=str(i), parameters=first)
        for i in range(100)
    ]
    states = [progress.State(point, "simulated", False, 1.0) for point in points]
    return points, progress.Display(states, config.results, {}, run.log(config.results))


def test_the_time_left_is_told_once_a_twentieth_is_done_and_the_line_fits(
    here, display, monkeypatch
):
    points, shown = display
    assert shown.line() == "estimating the time left; 0 of 100 points"
    journal.append(journal.STARTED, points[0], "simulated")
    shown.update()
    monkeypatch.setattr(Clock, "now", 110.0)
    monkeypatch.setattr(progress.time, "monotonic", Clock().monotonic)
    for point in points[:4]:
        journal.append(journal.DONE, point, "simulated", 1.0)
    shown.update()
    assert shown.line() == "estimating the time left; 4 of 100 points"
    for point in points[4:10]:
        journal.append(journal.DONE, point, "simulated", 1.0)
    shown.update()
    assert shown.line() == "about 01:30 left; 10 of 100 points"
    assert len(f"rankscope: {shown.line()}, 12345 of 12345 jobs") <= 80


def test_the_end_of_a_run_counts_its_jobs(here, display):
    points, shown = display
    for point in points:
        journal.append(journal.DONE, point, "simulated", 1.0)
    run.log(points[0].results).write_text("3 of 9 steps (33%) done\n4 of 9 steps (44%) done\n")
    shown.update()
    assert shown.line() == "points done; collecting, judging, plotting, 4 of 9 jobs"
    assert len(f"100%|{'#' * 15}| {shown.line()}") <= 80
