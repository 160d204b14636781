"""Whether anything has changed since a run left all results up to date.

Snakemake takes seconds to find that there is nothing to do, as it plans everything for it. A
run of everything that ends well therefore leaves a record of all that it looked at: content of
the sources, the configuration and the files that points read, the packages installed, and
name, size and time of each result. While the record holds, Snakemake need not be asked.
"""

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from rankscope.planning import code, parameters
from rankscope.planning.configuration import Configuration

SOURCES = ("Snakefile", "workflow", "profiles", "docs/derivations.md", "docs/findings")
"""What a run reads of a checkout."""

NO_RESULTS = {"logs", ".run", ".store"}
"""Folders in a results folder that hold no result."""


def inputs(config: Configuration, config_file: Path) -> str:
    """Return a hash of all that decides what a run makes; take it before the run."""
    digest = hashlib.sha256(f"{sys.version}\0{config.results}\0".encode())
    for folder in map(Path, sys.path):
        digest.update("\0".join(sorted(path.name for path in folder.glob("*.dist-info"))).encode())
    points = [point for one in config.studies.values() for point in one.points]
    read = {file for point in points for file in parameters.files(point.parameters)}
    for file in (*_sources(), config_file, *sorted(read)):
        digest.update(f"{file}\0{code.content_hash(file)}\0".encode())
    return digest.hexdigest()


def record(config: Configuration, before: str) -> None:
    """Write down that what a run of these `inputs` made is up to date."""
    from rankscope import datasets  # takes a third of a second, which `holds` does not need

    with contextlib.suppress(OSError), datasets.atomic(_file(config)) as temporary:
        temporary.write_text(json.dumps([before, _results(config)]), encoding="utf-8")


def holds(config: Configuration, now: str) -> bool:
    """Say whether inputs and results are those of the record; there may be none."""
    try:
        kept = json.loads(_file(config).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(kept == [now, _results(config)])


def _file(config: Configuration) -> Path:
    return config.results / ".run" / "unchanged.json"


def _sources() -> Iterator[Path]:
    root = code.PACKAGE.parent.parent
    for place in (root / name for name in SOURCES):
        found = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from (file for file in found if file.is_file() and "__pycache__" not in file.parts)


def _results(config: Configuration) -> str:
    digest = hashlib.sha256()
    for folder, inner, names in os.walk(config.results):
        inner[:] = sorted(set(inner) - NO_RESULTS)
        for name in sorted(names):
            state = Path(folder, name).stat()
            digest.update(f"{folder}/{name}\0{state.st_size}\0{state.st_mtime_ns}\0".encode())
    return digest.hexdigest()
