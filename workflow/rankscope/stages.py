"""The stages of a run: compute points, collect, verify, plot, tabulate, sum up.

A job works on a batch of points. What it has finished survives a kill: points and
replicates are kept under ``results/.unfinished`` until the batch is complete, because
Snakemake removes the declared outputs of a failed job.
"""

import hashlib
import inspect
import os
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import xarray as xr

from rankscope import configuration, datasets, journal, parameters, sources, streams, study
from rankscope.configuration import RESULTS, STAGES, Configuration, Point

UNFINISHED = RESULTS / ".unfinished"
SAVE_SECONDS = float(os.environ.get("RANKSCOPE_SAVE_SECONDS", "2"))
"""Replicates are saved when this much work would be lost: less is not worth a file."""

CHUNK = 8
"""How many replicates a study simulates per call unless its module says otherwise."""


def compute(stage: str, paths: Sequence[Path]) -> None:
    """Make the files of one batch, computing only what is not there yet.

    Args:
        stage: ``simulated`` or ``predicted``.
        paths: the files to make, as in `configuration.Point.file`.

    Raises:
        ValueError: after the rest of the batch, if a point failed; names the points.
    """
    config = configuration.from_environment()
    failed = []
    for path in paths:
        point = config.point(path)
        try:
            _make(stage, config, point)
        except Exception as error:
            if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
                raise  # the disk is full or unwritable: no other point can do better
            traceback.print_exc()
            message = f"{type(error).__name__}: {error}"
            journal.append(journal.FAILED, point.study, stage, point.name, message=message)
            failed.append(f"{point.study}: {point.name}: {message}")
    if failed:
        raise ValueError("; ".join(failed))
    for path in paths:
        _kept(path).unlink(missing_ok=True)


def _make(stage: str, config: Configuration, point: Point) -> None:
    """Make one point's file, unless there is a sound one of the same origin."""
    path = point.file(stage)
    kept, key = _kept(path), origin(stage, config, point)
    wanted = config.studies[point.study].replicates if stage == "simulated" else 1
    for candidate in (path, kept):
        if datasets.replicates(candidate, key) == wanted:
            _link(candidate, path)
            return
    start = time.perf_counter()
    journal.append(journal.STARTED, point.study, stage, point.name)
    if stage == "simulated":
        dataset = _simulate(config, point, key, wanted)
    else:
        dataset = study.part(point.study, "theory").predict(point.parameters)
    dataset = datasets.with_parameters(dataset, parameters.as_dict(point.parameters))
    dataset.attrs = {"study": point.study, "point": point.name, "seed": config.seed, "origin": key}
    datasets.write(dataset, kept)
    _link(kept, path)
    shutil.rmtree(kept.with_suffix(""), ignore_errors=True)
    seconds = time.perf_counter() - start
    journal.append(journal.DONE, point.study, stage, point.name, seconds)


def _simulate(config: Configuration, point: Point, key: str, wanted: int) -> xr.Dataset:
    """Simulate the replicates that are not on disk yet and join all, in order."""
    module = study.part(point.study, "simulation")
    size = getattr(module, "CHUNK", CHUNK)
    folder = _kept(point.file("simulated")).with_suffix("")
    parts = _earlier(point, key, wanted)
    pending: list[tuple[Path, xr.Dataset]] = []
    done, saved = sum(part.sizes["replicate"] for part in parts), time.perf_counter()
    while done < wanted:
        last = min(wanted, (done // size + 1) * size)
        file = folder / f"{done}-{last}.nc"
        if datasets.replicates(file, key) == last - done:
            part = datasets.read(file)
        else:
            draws = streams.streams(config.seed, point.study, point.parameters, done, last)
            part = _call(module.simulate, point, draws, folder / f"checkpoints-{done}-{last}")
            part = part.assign_coords(replicate=_replicate_labels(done, last))
            part.attrs = {"origin": key}
            pending.append((file, part))
        if time.perf_counter() - saved > SAVE_SECONDS:
            for file, finished in pending:
                datasets.write(finished, file)
            pending, saved = [], time.perf_counter()
        parts.append(part)
        done = last
    return datasets.join(parts)


def _call(simulate: Callable, point: Point, draws: list, checkpoints: Path) -> xr.Dataset:
    if "checkpoints" in inspect.signature(simulate).parameters:
        return simulate(point.parameters, draws, checkpoints)
    return simulate(point.parameters, draws)


def _replicate_labels(first: int, last: int) -> xr.Variable:
    return datasets.variable("replicate", range(first, last), "independent repetition")


def _earlier(point: Point, key: str, wanted: int) -> list[xr.Dataset]:
    """Return the draws of an earlier run with fewer or more replicates, if there is one."""
    path = point.file("simulated")
    if not datasets.replicates(path, key):
        return []
    dataset = datasets.read(path).isel(replicate=slice(0, wanted))
    dataset = dataset.drop_vars(parameters.as_dict(point.parameters))
    dataset.attrs = {"origin": key}
    return [dataset]


def origin(stage: str, config: Configuration, point: Point) -> str:
    """Return the hash of all that a point's file depends on but the number of replicates."""
    code = sources.code_hash(study.module_name(point.study, STAGES[stage]))
    text = f"{code}|{config.seed}|{point.study}|{parameters.canonical(point.parameters)}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _kept(path: Path) -> Path:
    """Return where a finished point waits until its batch is complete."""
    return UNFINISHED / path.relative_to(RESULTS)


def _link(source: Path, target: Path) -> None:
    if source == target:
        return
    with datasets.atomic(target) as temporary:
        temporary.unlink()
        try:
            os.link(source, temporary)
        except OSError:  # a file system without hard links
            shutil.copyfile(source, temporary)


def collect(name: str, stage: str, target: Path) -> None:
    """Stack the files of a study's points and a stage into one."""
    points = configuration.from_environment().studies[name].points
    datasets.stack([point.file(stage) for point in points], [p.name for p in points], target)


def run(function: Callable[..., None], *arguments: object) -> None:
    """Run a stage as a script: a foreseen error is one line and exit status 1."""
    try:
        function(*arguments)
    except (OSError, ValueError, datasets.DamagedFileError) as error:
        sys.exit(f"rankscope: {error}")
