"""One run at a time in a results folder, and one configuration for good."""

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from rankscope.errors import BusyError, ConfigurationError
from rankscope.planning.configuration import Configuration

FOLDER = ".run"


def lock(results: Path) -> Path:
    """Return the file that a run holds; its content names the run, its time is the beginning."""
    return results / FOLDER / "lock"


@contextlib.contextmanager
def hold(results: Path) -> Iterator[int]:
    """Hold a results folder's lock; the operating system frees it when its last holder dies.

    Who holds it stands in the file until the end. A run that was signed on another machine and
    has not ended may be alive there, where the file system does not pass on who holds a lock.

    Raises:
        BusyError: if another run works in the folder.
    """
    file = lock(results)
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(
                f"another run ({_owner(file)}) works in {results}/; wait or stop it"
            ) from None
        owner = _owner(file)
        if owner and not owner.endswith(f" on {socket.gethostname()}"):
            raise BusyError(
                f"a run ({owner}) has not ended in {results}/; if it is dead: rm {file}"
            )
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        yield descriptor
        os.truncate(descriptor, 0)
    finally:
        os.close(descriptor)


def since(results: Path) -> float | None:
    """Return when the run that works in a results folder began, or ``None`` if none does."""
    file = lock(results)
    try:
        with file.open("rb") as opened:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return file.stat().st_mtime
    return None


def others_work(results: Path) -> bool:
    """Say whether a run works in another results folder beside this one."""
    folders = {file.parent.parent for file in Path().glob(f"*/{FOLDER}/lock")}
    return any(since(folder) is not None for folder in folders - {results})


def check_owner(config: Configuration) -> None:
    """Refuse a results folder that holds the results of another configuration file.

    Raises:
        ConfigurationError: with one line.
    """
    owner = _mark(config)
    if owner.exists() and (name := owner.read_text(encoding="utf-8").strip()) != _name(config):
        raise ConfigurationError(
            f"{config.source}: {config.results}/ holds the results of {name}; "
            "give this configuration a folder of its own: `results: NAME`"
        )


def sign(config: Configuration) -> None:
    """Write down whose results a folder holds.

    Raises:
        ConfigurationError: if it holds those of another configuration file.
    """
    check_owner(config)
    mark = _mark(config)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(f"{_name(config)}\n", encoding="utf-8")


def _mark(config: Configuration) -> Path:
    return config.results / FOLDER / "configuration"


def _name(config: Configuration) -> str:
    """Return the file or files of a configuration, seen from this folder."""
    return ", ".join(os.path.relpath(file) for file in config.source.split(", "))


def _owner(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
