"""Run the workflow for a person: one run at a time, no lock-out after a crash, progress."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rankscope.errors import BusyError
from rankscope.jobs import journal
from rankscope.planning import configuration
from rankscope.planning.configuration import RESULTS, Configuration
from rankscope.running import cluster, progress

LOCK = Path(".snakemake/rankscope.lock")
LOG = RESULTS / "logs" / "snakemake.log"
LAST_LINES = 6
"""How much of a log is shown that says nothing of a known kind."""

LOCKED = "RANKSCOPE_LOCKED"
"""Environment variable that tells Snakemake that `study` holds the folder's lock for it."""

_held: list[contextlib.AbstractContextManager[int]] = []


def study(config_file: Path, arguments: Sequence[str], *, points: bool = True) -> int:
    """Make everything the configuration asks for; show progress; say where the results are.

    Args:
        config_file: the configuration.
        arguments: further arguments for Snakemake.
        points: whether the run may compute points, whose progress is then shown.

    Returns:
        The exit status: 0, or Snakemake's if something failed.

    Raises:
        BusyError: if another run works in this folder.
        ConfigurationError: if the configuration breaks a rule.
        OSError: if results cannot be written; one line.
    """
    config = configuration.read(config_file)
    _check_writable()
    with _only_run() as lock:
        begin = time.time()
        # this folder's lock is held; last, because this option takes as many words as follow it
        command = [sys.executable, "-m", "snakemake", "--nolock", *arguments]
        command += ["--configfile", str(config_file)]
        with LOG.open("w", encoding="utf-8") as log:
            # the child inherits the lock, which lasts as long as the last that holds it; it
            # gets signals from here, once, and not from the terminal too
            child = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                pass_fds=[lock],
                process_group=0,
                env={**os.environ, LOCKED: "1"},
            )
        status = _watch(child, progress.states(config) if points else [])
    _say(status, config, begin)
    return status


def begin() -> None:
    """Prepare this folder for jobs; Snakemake calls it before the first one starts.

    Takes the folder's lock unless `study` holds it, cancels the cluster jobs of a run that
    was killed, and removes what killed jobs left half written.

    Raises:
        BusyError: if another run works in this folder.
    """
    from rankscope.jobs import store

    if LOCKED not in os.environ:
        _held.append(_only_run())
        _held[-1].__enter__()  # until this process ends
    if cancelled := cluster.cancel_left_behind():
        print(f"rankscope: cancelled {len(cancelled)} cluster jobs of a run that was killed")
    store.tidy()


def status(config_file: Path) -> None:
    """Show what is done, running, failed and missing, without starting anything."""
    progress.table(configuration.read(config_file), since=_since())


def _watch(child: subprocess.Popen[bytes], states: Iterable[progress.State]) -> int:
    """Show progress until the child ends; pass signals on to it."""
    interrupted = threading.Event()

    def interrupt(number: int, _: object) -> None:
        # Snakemake waits for running jobs on SIGTERM and stops them on SIGINT; they go on
        # later from where they were, so there is nothing to wait for
        interrupted.set()
        child.send_signal(signal.SIGINT)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    position, seen = journal.position(), []
    for state in states:
        seen.append(state)
        if child.poll() is not None:
            break  # there was nothing to do: nobody waits until thousands of files are seen
    display = progress.Display(seen, position)
    try:
        while child.poll() is None:
            display.update()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=0.5)
    finally:
        display.close()
    if interrupted.is_set():
        print("rankscope: interrupted; run again to continue where it stopped", file=sys.stderr)
    return child.returncode


def _say(status: int, config: Configuration, begin: float) -> None:
    """End with where the results are, or with what failed and where its log is."""
    text = LOG.read_text(encoding="utf-8", errors="replace")
    if status != 0:
        wanted = (
            "rankscope: ", "Error in rule", "WorkflowError", "check log file", "OSError",
            "No space left", "SLURM status is", "LockException", "rror: unrecognized",
        )  # fmt: skip
        lines = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
        telling = [line for line in lines if any(mark in line for mark in wanted)]
        print("\n".join(telling or lines[-LAST_LINES:]), file=sys.stderr)
        progress.failures(begin, lambda line: print(line, file=sys.stderr))
        print(f"rankscope: not finished; the whole log is {LOG}", file=sys.stderr)
        return
    if "Nothing to be done" in text:
        print("rankscope: nothing to do, all results are up to date")
    if (RESULTS / "claims.md").exists():
        print(f"verdicts: {RESULTS}/claims.md (all columns: {RESULTS}/claims.csv)")
    for name in config.studies:
        if (RESULTS / name / "figures").exists():
            print(f"figures:  {RESULTS}/{name}/figures/")
    if (RESULTS / "report.html").exists():
        print(f"report:   {RESULTS}/report.html")


def _check_writable() -> None:
    """Raise ``OSError`` with one line if results cannot be written."""
    trial = LOG.with_name(f".writable-{os.getpid()}")
    try:
        LOG.parent.mkdir(parents=True, exist_ok=True)
        LOCK.parent.mkdir(parents=True, exist_ok=True)
        trial.write_text("x" * 4096, encoding="utf-8")
    except OSError as error:
        raise OSError(f"cannot write to {error.filename or trial}: {error.strerror}") from None
    finally:
        with contextlib.suppress(OSError):
            trial.unlink(missing_ok=True)


@contextlib.contextmanager
def _only_run() -> Iterator[int]:
    """Hold this folder's lock; the operating system frees it when its last holder dies.

    Who holds it stands in the file until the end. A run that was signed on another machine and
    has not ended may be alive there, where the file system does not pass on who holds a lock.
    """
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(
                f"another run ({_owner()}) works in this folder; wait or stop it"
            ) from None
        owner = _owner()
        if owner and not owner.endswith(f" on {socket.gethostname()}"):
            raise BusyError(
                f"a run ({owner}) has not ended in this folder; if it is dead: rm {LOCK}"
            )
        # the file's time is the beginning of the run
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        yield descriptor
        os.truncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _owner() -> str:
    try:
        return LOCK.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def _since() -> float | None:
    """Return when the run that works in this folder began, or ``None`` if none does."""
    try:
        with LOCK.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return LOCK.stat().st_mtime
    return None
