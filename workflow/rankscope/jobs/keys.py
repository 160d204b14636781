"""Where a point's files are kept, and what they must say to be whole.

Each file holds the key of all that its numbers depend on; one with another key is as good as
none. Looking whether points are whole needs no library that takes long to load.
"""

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path

from rankscope.jobs import headers, streams
from rankscope.planning import code, parameters, study
from rankscope.planning.configuration import Configuration, Point

FOLDER = ".store"
"""The folder of the store in a results folder."""


def key(config: Configuration, stage: str, point: Point) -> str:
    """Return the hash of code, packages, seed, files read and values; not of replicates."""
    parts = (
        code_of(point.study, stage),
        config.seed if stage == "simulated" else "",
        point.study,
        streams.canonical(point.parameters),
        *(code.content_hash(file) for file in parameters.files(point.parameters)),
    )
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]


@functools.cache
def code_of(name: str, stage: str) -> str:
    """Return the hash of a stage's code and the versions of the packages that it runs on."""
    modules = study.decides(name, stage)
    return f"{code.code_hash(*modules)} {code.versions(*modules)}"


def kept(point: Point, stage: str) -> Path:
    """Return the store's name of a point's file."""
    return point.results / FOLDER / point.file(stage).relative_to(point.results)


def parts(point: Point, stage: str) -> Path:
    """Return the folder of the replicates and checkpoints of a point that is not whole yet."""
    return kept(point, stage).with_suffix("")


def saved(point: Point) -> int:
    """Return how many replicates of a point that is not whole yet are saved."""
    spans = [file.stem.split("-") for file in parts(point, "simulated").glob("[0-9]*-*.nc")]
    return sum(int(last) - int(first) for first, last in spans)


def wanted_replicates(config: Configuration, stage: str, point: Point) -> int:
    """Return how many replicates the point's file shall hold; a prediction counts as one."""
    return config.studies[point.study].replicates if stage == "simulated" else 1


def is_whole(
    config: Configuration,
    stage: str,
    point: Point,
    read: Callable[[Path], headers.Header | None] = headers.read,
) -> bool:
    """Tell whether the point's file or the store's is sound and holds all that is wanted.

    Args:
        config: the configuration.
        stage: ``simulated`` or ``predicted``.
        point: the point.
        read: what reads a file's header.
    """
    header = whole(config, stage, point)
    return any(read(file) == header for file in (point.file(stage), kept(point, stage)))


def is_placed(
    config: Configuration,
    stage: str,
    point: Point,
    read: Callable[[Path], headers.Header | None] = headers.read,
) -> bool:
    """Tell whether the point's file itself, not only the store's, is whole; as `is_whole`."""
    return read(point.file(stage)) == whole(config, stage, point)


def whole(config: Configuration, stage: str, point: Point) -> headers.Header:
    """Return what the header of the point's file says if the file is whole."""
    return key(config, stage, point), wanted_replicates(config, stage, point)
