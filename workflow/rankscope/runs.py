"""Run the workflow for a person: one run at a time, no lock-out after a crash, progress."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from rankscope import configuration, progress
from rankscope.configuration import RESULTS

LOCK = Path(".snakemake/rankscope.lock")
SNAKEMAKE_LOCKS = Path(".snakemake/locks")
LOG = RESULTS / "logs" / "snakemake.log"


class BusyError(RuntimeError):
    """Another run works in this folder; the message is one line."""


def study(config_file: Path, arguments: Sequence[str]) -> int:
    """Make everything the configuration asks for; show progress; say where the results are.

    Args:
        config_file: the configuration.
        arguments: further arguments for Snakemake.

    Returns:
        The exit status: 0, or Snakemake's if something failed.

    Raises:
        BusyError: if another run works in this folder.
        configuration.ConfigurationError: if the configuration breaks a rule.
        OSError: if the results folder cannot be written.
    """
    config = configuration.read(config_file)
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with _only_run() as lock:
        _unlock()
        command = [sys.executable, "-m", "snakemake", "--configfile", str(config_file), *arguments]
        with LOG.open("w", encoding="utf-8") as log:
            # the child inherits the lock: it lasts as long as the run does
            child = subprocess.Popen(command, stdout=log, stderr=log, pass_fds=[lock])
        status = _watch(child, config)
    _say(status, config)
    return status


def status(config_file: Path) -> None:
    """Show what is done, running, failed and missing, without starting anything."""
    progress.table(configuration.read(config_file), running=_busy())


def _watch(child: subprocess.Popen, config: configuration.Configuration) -> int:
    """Show progress until the child ends; pass signals on to it."""
    interrupted = threading.Event()

    def forward(number: int, _: object) -> None:
        interrupted.set()
        child.send_signal(number)

    signal.signal(signal.SIGTERM, forward)
    # on Ctrl-C the terminal tells the child too, which cancels its jobs: wait for it
    signal.signal(signal.SIGINT, lambda number, _: interrupted.set())
    display = progress.Display(progress.states(config))
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


def _say(status: int, config: configuration.Configuration) -> None:
    """End with where the results are, or with what failed and where its log is."""
    text = LOG.read_text(encoding="utf-8", errors="replace")
    if status != 0:
        wanted = ("rankscope: ", "Error in rule", "WorkflowError", "log: ", "OSError")
        lines = dict.fromkeys(line.strip() for line in text.splitlines())
        for line in lines:
            if any(mark in line for mark in wanted):
                print(line, file=sys.stderr)
        print(f"rankscope: not finished; the whole log is {LOG}", file=sys.stderr)
        return
    if "Nothing to be done" in text:
        print("rankscope: nothing to do, all results are up to date")
    print(f"verdicts: {RESULTS}/claims.md (all columns: {RESULTS}/claims.csv)")
    for name in config.studies:
        print(f"figures:  {RESULTS}/{name}/figures/")
    if (RESULTS / "report.html").exists():
        print(f"report:   {RESULTS}/report.html")


@contextlib.contextmanager
def _only_run() -> Iterator[int]:
    """Hold this folder's lock; the operating system frees it when its last holder dies."""
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = LOCK.read_text(encoding="utf-8").strip() or "unknown"
            raise BusyError(
                f"another run ({owner}) works in this folder; wait or stop it"
            ) from None
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _busy() -> bool:
    try:
        with _only_run():
            return _snakemake_here() is not None
    except BusyError:
        return True


def _unlock() -> None:
    """Remove the locks that a killed Snakemake left, if no Snakemake works in this folder."""
    if not SNAKEMAKE_LOCKS.is_dir() or not any(SNAKEMAKE_LOCKS.iterdir()):
        return
    if (pid := _snakemake_here()) is not None:
        raise BusyError(f"Snakemake (process {pid}) works in this folder; wait or stop it")
    for lock in SNAKEMAKE_LOCKS.iterdir():
        lock.unlink(missing_ok=True)


def _snakemake_here() -> int | None:
    """Return the process of a Snakemake in this folder on this machine, if there is one."""
    here = str(Path.cwd())
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            words = process.cmdline()
            names = {Path(word).name for word in words[:3]}
            if "snakemake" in names and process.cwd() == here:
                return process.pid
    return None
