"""The commands of a terminal that start nothing, and what they say when something is wrong."""

import dataclasses
import itertools
import json
from pathlib import Path

import pytest
from tqdm import tqdm

import rankscope
from rankscope.errors import BusyError, ConfigurationError
from rankscope.jobs import journal
from rankscope.planning import configuration, limits
from rankscope.running import (
    checkout,
    choice,
    command_line,
    lock,
    plan,
    progress,
    run,
    snakemake_options,
)

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
    # columns are argparse's affair, and differ between Pythons
    assert "status show what is done" in " ".join(capsys.readouterr().out.split())


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
    assert refused(capsys, "status", "--confgfile", "x").endswith(
        "unrecognised arguments: --confgfile x; did you mean '--configfile'?"
    )


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (
            "usage: snakemake [-h]\n  [--cores N]\n__main__.py: error: argument --jobs: expected",
            "argument --jobs: expected",
        ),
        (
            "usage: snakemake [--cores N]\n__main__.py: error: unrecognized arguments: --ony x",
            "unrecognised arguments: --ony x; did you mean '--only'?",
        ),
        (
            "MissingRuleException:\nNo rule to produce efective_dimension (if you use input",
            "config.yaml: no study, paper or file of the results 'efective_dimension'; configured "
            "are effective_dimension; did you mean 'effective_dimension'?",
        ),
        ("Error in rule x:\n    message: No rule to produce y (z", None),
    ],
)
def test_an_option_or_target_that_snakemake_does_not_know_is_one_line(here, said, line):
    config = configuration.read(Path("config.yaml"))
    assert snakemake_options.mistake(said, config) == line


@pytest.mark.parametrize("words", ["--config seed=3", "-C seed=3", "-Cseed=3", "--config=studies=1",
                                   "-n --config batch_seconds=3 seed=3"])  # fmt: skip
def test_numbers_cannot_be_changed_beside_the_file(here, capsys, words):
    line = refused(capsys, "study", *words.split())
    assert "=... is not taken, only batch_seconds and split_points are" in line
    assert not (here / "results").exists()


def test_what_decides_no_number_can_be_given_beside_the_file_or_by_a_profile(here):
    (here / "mine").mkdir()
    (here / "mine/config.yaml").write_text("jobs: 50\nconfig: {batch_seconds: 9}\n")
    config = configuration.read(Path("config.yaml"))
    applied, at_a_time = snakemake_options.applied, snakemake_options.at_a_time
    snakemake_options.refuse_overrides(["-n", "--config", "batch_seconds=3", "--cores", "2"])
    given = applied(config, ["--config", "batch_seconds=3", "split_points=True"])
    assert (given.batch_seconds, given.split_points) == (3, True)
    assert applied(config, ["--profile", "mine"]).batch_seconds == 9
    assert applied(config, ["-n"]) == config
    assert [
        at_a_time(words.split()) for words in ("--cores 7", "-c5", "--profile=mine", "-j3")
    ] == [
        7,
        5,
        50,
        3,
    ]
    assert at_a_time(["--cores", "all"]) == at_a_time([]) == limits.cores()


def test_a_bare_word_that_is_a_study_or_a_paper_is_made_alone(presets):
    config = configuration.check(presets["test"])
    words = ["-n", "lora", "--cores", "2", "randlora/fit", "results/claims.csv"]
    names, rest = snakemake_options.studies_among(config, words)
    assert names == ["lora", "randlora/fit"]
    assert rest == ["-n", "--cores", "2", "results/claims.csv"]


def test_what_was_never_run_is_not_audited(here, capsys):
    line = refused(capsys, "audit")
    assert line == (
        "rankscope audit: error: results/provenance.json does not exist; `make study` makes it"
    )
    assert not (here / "results").exists()


def test_an_audit_says_where_it_is_and_all_else_once(here, capsys, monkeypatch):
    (here / "results").mkdir()
    for name in ("provenance.json", "claims.md", "report.html"):
        (here / "results" / name).touch()

    def ended(config, _file, _arguments, _states, *, silent):
        assert silent
        return 0

    monkeypatch.setattr(run, "snakemake", ended)
    assert run.audit(Path("config.yaml")) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "audit:    results/audit.md"
    assert [line.split(":")[0] for line in lines] == ["audit", "verdicts", "report"]


def test_the_plan_counts_with_the_jobs_that_run_at_a_time(here):
    config = configuration.read(Path("config.yaml"))
    (study,) = config.studies.values()
    long = dataclasses.replace(study, replicates=2 * 10**7)
    config = dataclasses.replace(config, studies={study.name: long})
    each = [sum(state.seconds for state in progress.states(config))]
    several = [list(plan.lines(config, {}, jobs))[-2] for jobs in (1, 2, 9)]
    hours = tqdm.format_interval(each[0])
    assert several[0].startswith(f"points: {hours} on one core, {hours} with 1 jobs at a time")
    assert several[1] != several[0]
    # a point is on one core
    longest = max(point.seconds("simulated", 2 * 10**7) for point in study.points)
    assert f"{tqdm.format_interval(longest)} with 9 jobs at a time" in several[2]
    heading, row, *_ = plan.lines(config, {}, 1)
    (kept,) = {point.parameters.cost().replicate_kb for point in study.points}
    of_simulated = len(study.points) * (plan.FILE_KB + kept * long.replicates)
    of_predicted = len(study.points) * plan.FILE_KB
    assert row.split()[-2:] == [f"{(of_simulated + of_predicted) / 1e6:.1f}", "GB"]
    assert heading.split() == ["study", "points", "left", "jobs", "CPU", "time", "memory", "disk"]


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


def test_a_regression_whose_samples_fill_the_memory_is_refused(here, capsys):
    sizes = {"rows": 50_000, "columns": 50_000, "teacher_rank": 2, "noise": 0.1}
    grid = {key: [value] for key, value in (sizes | {"samples": 100_002}).items()}
    studies = {"lora/risk": {"replicates": 2, "grid": grid}}
    (here / "config.yaml").write_text(json.dumps(VALUES | {"studies": studies}))
    assert "GB of memory; this machine has" in refused(capsys, "study")


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
        ('NameError in file "Snakefile", line 3:\nname x is not defined', None),
    ],
)
def test_what_snakemake_says_before_the_first_job_is_shown_without_noise(said, shown):
    assert run._causes(said) == (shown or said.splitlines())


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    """The clock that progress looks at."""
    clock = Clock()
    monkeypatch.setattr(progress.time, "monotonic", clock.monotonic)
    return clock


def displayed(here, clock, estimates, at_a_time=1):
    """Points of these estimated seconds, and the display of a run of them at its beginning."""
    config = configuration.read(here / "config.yaml")
    (first,) = config.studies["effective_dimension"].points[:1]
    points = [
        configuration.Point(study="some/long_name_of_a_study", name=str(i), parameters=first)
        for i in range(len(estimates))
    ]
    states = [
        progress.State(*each, done=False, seconds=seconds)
        for each, seconds in zip(((p, "simulated") for p in points), estimates, strict=True)
    ]
    return points, progress.Display(states, config, {}, run.log(config.results), at_a_time)


def told(here, clock, estimates, durations, at_a_time=1, every=1):
    """Run points one after the other in jobs; return times, and the seconds left that were told.

    The line is looked at every second and the points' ends come to the journal as they happen.
    """
    points, shown = displayed(here, clock, estimates, at_a_time)
    waiting = list(zip(points, durations, strict=True))
    working, lefts, begin = {}, [], clock.now
    while waiting or working:
        for point, end in list(working.items()):
            if end <= clock.now:
                journal.append(journal.DONE, point, "simulated", 1.0)
                del working[point]
        while waiting and len(working) < at_a_time:
            point, seconds = waiting.pop(0)
            journal.append(journal.STARTED, point, "simulated")
            working[point] = clock.now + seconds
        shown.update()
        lefts.append((clock.now - begin, shown.left, set(working)))
        clock.now += every
    return clock.now - every - begin, lefts


def test_the_time_left_begins_with_the_estimate_and_the_line_fits(here, clock):
    points, shown = displayed(here, clock, [1.0] * 100, at_a_time=2)
    assert shown.line() == "about 00:50 left; 0 of 100 points"
    clock.now += 30  # planning is no work
    shown.update()
    assert shown.line() == "about 00:50 left; 0 of 100 points"
    journal.append(journal.STARTED, points[0], "simulated")
    shown.update()
    clock.now += 10
    shown.update()
    assert shown.line() == "about 00:40 left; 0 of 100 points"
    clock.now += 50
    shown.update()
    assert shown.line() == "longer than estimated; 0 of 100 points"
    assert len(f"rankscope: {shown.line()}, 12345 of 12345 jobs") <= 80


def test_the_time_left_never_grows_while_nothing_is_made(here, clock):
    # a heavy point that saves nothing, beside many light ones
    _, lefts = told(here, clock, [900.0, *[10.0] * 60], [900, *[12] * 60], at_a_time=2)
    for (_, before, same), (_, after, now) in itertools.pairwise(lefts):
        assert after < before or same != now


@pytest.mark.parametrize("slower", [1, 2])
def test_a_heavy_point_that_saves_nothing_does_not_lead_the_time_left_astray(here, clock, slower):
    estimates = [*[10.0] * 60, 900.0]
    took, lefts = told(here, clock, estimates, [slower * e for e in estimates], at_a_time=2)
    for passed, left, _ in lefts[:: len(lefts) // 20]:
        if passed > took / 5:
            assert left == pytest.approx(took - passed, abs=0.2 * took)


def test_the_end_of_a_run_counts_its_jobs(here, clock):
    points, shown = displayed(here, clock, [1.0] * 100)
    for point in points:
        journal.append(journal.DONE, point, "simulated", 1.0)
    run.log(points[0].results).write_text("3 of 9 steps (33%) done\n4 of 9 steps (44%) done\n")
    shown.update()
    assert shown.line() == "points done; collecting, judging, plotting, 4 of 9 jobs"
    assert len(f"100%|{'#' * 15}| {shown.line()}") <= 80
