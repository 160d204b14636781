"""Run the workflow for a person: one run at a time, no lock-out after a crash, progress."""

import contextlib
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from rankscope.errors import ConfigurationError, MissingError
from rankscope.jobs import journal
from rankscope.planning import configuration, limits
from rankscope.planning.configuration import Configuration
from rankscope.running import (
    checkout,
    choice,
    cluster,
    lock,
    plan,
    progress,
    snakemake_options,
    unchanged,
)

LAST_LINES = 12
"""How much of a log is shown that says nothing of a known kind."""

LOCKED = "RANKSCOPE_LOCKED"
"""Environment variable that tells Snakemake that a command holds the folder's lock for it."""

DRY = {"-n", "--dry-run", "--dryrun", "-np", "-pn"}
ELSEWHERE = ("--profile", "--executor", "-e")
"""Options of Snakemake by which jobs may run on other machines than this one."""

TELLING = (
    "rankscope: ", "Error in rule", "WorkflowError", "check log file", "OSError", "No space left",
    "SLURM status is", "LockException", "rror: ",
)  # fmt: skip
"""What marks the lines that name the cause, in the log of a run that has begun."""

NOISE = (
    "SNAKEMAKE", "=====", "Date: ", "Workflow ID: ", "Platform: ", "Host: ", "host: ", "User: ",
    "Snakemake version", "Python version", "Command: ", "Snakefile: ", "Base directory",
    "Run directory", "Working directory", "Config ", "Using ", "Building DAG", "Assuming ",
    "None of the", "Complete log",
)  # fmt: skip
"""How lines begin that tell no cause, in what Snakemake says before its first job."""

NOTHING = "rankscope: nothing to do, all results are up to date"

PATIENCE = 60.0
"""Seconds in which an interrupted Snakemake may cancel jobs in a queue; it may also hang."""

_held: list[contextlib.AbstractContextManager[int]] = []


def log(results: Path) -> Path:
    """Return the log of the last run that had something to do in a results folder."""
    return results / "logs" / "snakemake.log"


def starting(results: Path) -> Path:
    """Return what Snakemake says before its first job starts; then it becomes the `log`."""
    return results / "logs" / "snakemake-start.log"


def make(config_file: Path, arguments: Sequence[str] = (), *, names: Sequence[str] = ()) -> int:
    """Make everything the configuration asks for; show progress; say where the results are.

    Args:
        config_file: the configuration.
        arguments: further arguments for Snakemake; a bare word that is a study or paper is one
            of ``names``.
        names: studies or papers to make alone; none for all, with the report.

    Returns:
        The exit status: 0, 128 and the signal's number if interrupted (Ctrl-C: 130), else
        Snakemake's.

    Raises:
        BusyError: if another run works in this folder.
        ConfigurationError: if the configuration breaks a rule, or there is no such option or
            target.
        OSError: if results cannot be written; one line.
    """
    config = configuration.read(config_file)
    lock.check_owner(config)
    snakemake_options.refuse_overrides(arguments)
    more, arguments = snakemake_options.studies_among(config, arguments)
    names = [*names, *more]
    config = snakemake_options.applied(config, arguments)
    if names:
        config = choice.only(config, names)
        arguments = [*choice.targets(config), *arguments]
    if not any(word.split("=")[0] in ELSEWHERE for word in arguments):
        limits.require_possible(config)
    everything = snakemake_options.only_how(word for word in arguments if word not in DRY)
    before = unchanged.inputs(config, config_file) if everything else ""
    # results are looked at where no run is changing them
    if everything and not lock.since(config.results) and unchanged.holds(config, before):
        print(NOTHING)
        _print_all(_places(config), sys.stdout)
        return 0
    if DRY & set(arguments):
        return _dry(config, config_file, arguments)
    status = snakemake(config, config_file, arguments, progress.states(config))
    if status == 0 and everything:
        unchanged.record(config, before)
    return status


def audit(config_file: Path) -> int:
    """Judge every claim on planted data, at the points and noise of the results; then report.

    Raises:
        MissingError: if no run has ended whose results it could judge.
    """
    config = configuration.read(config_file)
    lock.check_owner(config)
    if not (record := config.results / "provenance.json").exists():
        raise MissingError(f"{record} does not exist; `make study` makes it")
    for target in ("audit.csv", "report.html"):
        # the report's rule knows the audit's content when it is read, not before
        status = snakemake(
            config,
            config_file,
            [str(config.results / target)],
            progress.states(config),
            silent=True,
        )
        if status:
            return status
    _print_all([f"audit:    {config.results}/audit.md", *_places(config)], sys.stdout)
    return 0


def snakemake(
    config: Configuration,
    config_file: Path,
    arguments: Sequence[str],
    states: Iterable[progress.State] = (),
    *,
    silent: bool = False,
) -> int:
    """Run Snakemake with progress; say where the results are, or what failed.

    Args:
        config: the configuration.
        config_file: the file that Snakemake reads it from.
        arguments: further arguments for Snakemake.
        states: of the points whose progress is shown.
        silent: whether nothing is said of a run that ended well.

    Returns:
        The exit status, as in `make`.
    """
    _check_writable(config.results)
    lock.sign(config)
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        # a script's background commands ignore it, and Snakemake, which inherits that, could
        # not be stopped
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with lock.hold(config.results) as descriptor:
        begin = time.time()
        with starting(config.results).open("w", encoding="utf-8") as file:
            # the child inherits the lock, which lasts as long as the last that holds it; it
            # gets signals from here, once, and not from the terminal too
            child = subprocess.Popen(
                _command(config_file, arguments),
                stdout=file,
                stderr=file,
                pass_fds=[descriptor],
                process_group=0,
                env={**os.environ, LOCKED: "1"},
            )
        status = _watch(child, config, states, snakemake_options.at_a_time(arguments))
    _say(status, config, begin, silent=silent)
    return status


def begin(config: Configuration) -> None:
    """Prepare a results folder for jobs; Snakemake calls it before the first one starts.

    Takes the folder's lock unless a command holds it, cancels the cluster jobs of a run that
    was killed, and removes what killed jobs left half written.

    Raises:
        BusyError: if another run works in this folder.
        ConfigurationError: if the folder holds the results of another configuration.
    """
    from rankscope.jobs import store

    if LOCKED in os.environ:
        starting(config.results).replace(log(config.results))
    else:
        lock.check_owner(config)
        _held.append(lock.hold(config.results))
        _held[-1].__enter__()  # until this process ends
        lock.sign(config)
    # the jobs of another results folder's run cannot be told from those of a killed one
    if not lock.others_work(config.results) and (cancelled := cluster.cancel_left_behind()):
        print(f"rankscope: cancelled {len(cancelled)} cluster jobs of a run that was killed")
    store.tidy(config.results)


def status(config_file: Path) -> None:
    """Show what is done, running, failed and missing, without starting anything."""
    config = configuration.read(config_file)
    lock.check_owner(config)
    progress.table(config, since=lock.since(config.results))


def _command(config_file: Path, arguments: Sequence[str]) -> list[str]:
    # the folder's lock is held; last, because this option takes as many words as follow it
    return [
        *(sys.executable, "-m", "snakemake", "--nolock"),
        *("--snakefile", str(_snakefile()), *arguments),
        *("--configfile", str(config_file)),
    ]


def _snakefile() -> Path:
    """Return this folder's Snakefile, or, in a folder for results alone, the checkout's."""
    here = Path("Snakefile")
    return here if here.exists() else checkout.require("study") / here


def _dry(config: Configuration, config_file: Path, arguments: Sequence[str]) -> int:
    """Show what a run would do, and leave no trace."""
    answer = subprocess.run(
        _command(config_file, [*arguments, "--quiet", "rules"]),
        capture_output=True,
        text=True,
        check=False,
    )
    text = answer.stdout + answer.stderr
    if answer.returncode != 0:
        _refuse_mistake(text, config)
        _print_all(_causes(text))
    elif "Nothing to be done" in text:
        print(NOTHING)
    else:
        at_a_time = snakemake_options.at_a_time(arguments)
        _print_all(plan.lines(config, plan.jobs(text), at_a_time), sys.stdout)
    return answer.returncode


def _watch(
    child: subprocess.Popen[bytes],
    config: Configuration,
    states: Iterable[progress.State],
    at_a_time: int,
) -> int:
    """Show progress until the child ends; pass signals on to it; return the exit status."""
    interrupts: list[int] = []
    until = math.inf

    def interrupt(number: int, _: object) -> None:
        nonlocal until
        # Snakemake stops at SIGINT, but waits for its jobs, which a terminal would have told too;
        # they go on later from where they were, so there is nothing to wait for
        interrupts.append(number)
        until = time.monotonic() + PATIENCE
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGINT)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, interrupt)
    position, seen = journal.position(config.results), []
    for state in states:
        seen.append(state)
        if child.poll() is not None:
            break  # there was nothing to do: nobody waits until thousands of files are seen
    display = progress.Display(seen, config, position, log(config.results), at_a_time)
    try:
        while child.poll() is None:
            display.update()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=0.5)
            if time.monotonic() > until:
                os.killpg(child.pid, signal.SIGKILL)
    finally:
        display.close()
    if interrupts:
        print("rankscope: interrupted; run again to continue where it stopped", file=sys.stderr)
        return 128 + interrupts[0]
    return child.returncode


def _say(status: int, config: Configuration, begin: float, *, silent: bool) -> None:
    """End with where the results are, or with what failed and where its log is."""
    results, begun = config.results, not starting(config.results).exists()
    file = log(results) if begun else starting(results)
    text = file.read_text(encoding="utf-8", errors="replace")
    if status != 0:
        if not begun:
            _refuse_mistake(text, config)
        lines = _lines(text)
        telling = [line for line in lines if any(mark in line for mark in TELLING)]
        _print_all(telling or lines[-LAST_LINES:] if begun else _causes(text))
        progress.failures(results, begin, lambda line: print(line, file=sys.stderr))
        print(f"rankscope: not finished; the whole log is {file}", file=sys.stderr)
        return
    if not begun:
        file.unlink()
    if silent:
        return
    if "Nothing to be done" in text:
        print(NOTHING)
    _print_all(_places(config), sys.stdout)


def _refuse_mistake(said: str, config: Configuration) -> None:
    """Raise ``ConfigurationError`` with one line if Snakemake was given what it does not know."""
    if line := snakemake_options.mistake(said, config):
        raise ConfigurationError(line)


def _places(config: Configuration) -> Iterator[str]:
    """Say where the results are that exist."""
    results = config.results
    if (results / "claims.md").exists():
        yield f"verdicts: {results}/claims.md (all columns: {results}/claims.csv)"
    for name in config.studies:
        if (results / name / "figures").exists():
            yield f"figures:  {results}/{name}/figures/"
    if (results / "report.html").exists():
        yield f"report:   {results}/report.html"


def _causes(text: str) -> list[str]:
    """Return what Snakemake said before its first job, without what tells no cause."""
    return [line for line in _lines(text) if not line.startswith(NOISE)][-LAST_LINES:]


def _lines(text: str) -> list[str]:
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def _print_all(lines: Iterable[str], file: TextIO | None = None) -> None:
    for line in lines:
        print(line, file=file or sys.stderr)


def _check_writable(results: Path) -> None:
    """Raise ``OSError`` with one line if results cannot be written."""
    trial = log(results).with_name(f".writable-{os.getpid()}")
    try:
        trial.parent.mkdir(parents=True, exist_ok=True)
        trial.write_text("x" * 4096, encoding="utf-8")
    except OSError as error:
        raise OSError(f"cannot write to {error.filename or trial}: {error.strerror}") from None
    finally:
        with contextlib.suppress(OSError):
            trial.unlink(missing_ok=True)
