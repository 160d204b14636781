"""From ``config.yaml`` to checked studies, points and batches.

Everything is checked before the first job runs. A message is one line that names the file,
the key or the point, the rule and the value.
"""

import dataclasses
import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema

from rankscope.errors import ConfigurationError, Foreseen
from rankscope.planning import code, grid, parameters, spelling, study, yaml_file

SCHEMA = code.PACKAGE / "planning" / "config.schema.yaml"
ENVIRONMENT = "RANKSCOPE_CONFIG"
RESULTS = Path("results")
"""The results folder of ``config.yaml``; that of ``NAME.yaml`` is ``results-NAME``."""

BATCH_SECONDS = 20.0
BATCH_POINTS = 100
"""Snakemake remembers what it has read about 128 files; for a job of more outputs it reads each
six times. Besides, a job's command names its files, and a command has a limited length."""

LARGE = 5_000
LARGE_BATCH_POINTS = 1_000
"""In a study of more points a batch declares one file, its receipt, in place of one per point:
Snakemake takes half a millisecond and 8 kB for each file of a rule."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Point:
    """One point of a study's grid.

    Attributes:
        study: the study's name.
        name: the point's name on disk, made of its grid values.
        parameters: the checked ``Parameters``.
        results: the results folder of its configuration.
    """

    study: str
    name: str
    parameters: Any
    results: Path = RESULTS

    def file(self, stage: str) -> Path:
        """Return the point's file of a stage, ``simulated`` or ``predicted``."""
        return self.results / self.study / stage / f"{self.name}.nc"

    def seconds(self, stage: str, replicates: int) -> float:
        """Return the estimated CPU seconds of a stage of this point."""
        cost = self.parameters.cost()
        if stage != "simulated":
            return cost.prediction_seconds
        return cost.once_seconds + cost.seconds * replicates


@dataclasses.dataclass(frozen=True, kw_only=True)
class Batch:
    """Points that one job works on, one after the other.

    Which points share a job changes no result, so nothing but the job's name depends on it.

    Attributes:
        receipt: the file that a batch of a large study makes besides its points' files, and
            declares in their place; ``None`` in other studies.
        shares: how many jobs, before this one, make the replicates of its only point; 0 where
            this one makes them itself.
    """

    study: str
    stage: str
    number: int
    points: tuple[Point, ...]
    replicates: int
    receipt: Path | None = None
    shares: int = 0

    @property
    def name(self) -> str:
        """The batch's name, which is also its rule's."""
        return f"{self.stage}_{rule_name(self.study)}_{self.number}"

    @property
    def files(self) -> list[str]:
        """The files that the batch declares to make: its points', or its receipt."""
        if self.receipt:
            return [str(self.receipt)]
        return [str(point.file(self.stage)) for point in self.points]

    @property
    def shared(self) -> list[str]:
        """The files by which the jobs of its shares say that they are done."""
        folder = self.points[0].file(self.stage).parent
        return [
            str(folder / f"batch_{self.number}_share_{share}_of_{self.shares}.txt")
            for share in range(1, self.shares + 1)
        ]

    @property
    def seconds(self) -> float:
        """Estimated CPU seconds of the batch."""
        return sum(point.seconds(self.stage, self.replicates) for point in self.points)

    @property
    def share_seconds(self) -> float:
        """Estimated CPU seconds of each of the jobs that make the replicates."""
        once: float = self.points[0].parameters.cost().once_seconds
        return once + (self.seconds - once) / max(self.shares, 1)

    @property
    def memory_mb(self) -> float:
        """Estimated peak memory of the batch's process in megabytes."""
        return max(point.parameters.cost().memory_mb for point in self.points)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Study:
    """A study as configured: its points and how often each is repeated."""

    name: str
    replicates: int
    points: tuple[Point, ...]

    def batches(self, stage: str, seconds: float, *, split: bool = False) -> list[Batch]:
        """Cut the points, in grid order, into jobs of about ``seconds`` of estimated work.

        Args:
            stage: ``simulated`` or ``predicted``.
            seconds: of work per job.
            split: whether several jobs share the replicates of a point that takes longer.
        """
        groups: list[list[Point]] = [[]]
        load = 0.0
        large = len(self.points) > LARGE
        most = LARGE_BATCH_POINTS if large else BATCH_POINTS
        for point in self.points:
            cost = point.seconds(stage, self.replicates)
            if groups[-1] and (load + cost > seconds or len(groups[-1]) == most):
                groups.append([])
                load = 0.0
            groups[-1].append(point)
            load += cost
        return [
            Batch(
                study=self.name,
                stage=stage,
                number=number,
                points=tuple(points),
                replicates=self.replicates,
                receipt=points[0].file(stage).with_name(f"batch_{number}.txt") if large else None,
                shares=self._shares(stage, points, seconds) if split else 0,
            )
            for number, points in enumerate(groups, start=1)
        ]

    def _shares(self, stage: str, points: Sequence[Point], seconds: float) -> int:
        """Return how many jobs share the replicates of a batch, 0 for none but its own."""
        if stage != "simulated" or len(points) > 1:
            return 0
        cost = points[0].parameters.cost()
        # what each job does once is at most half of its work
        each = max(seconds - cost.once_seconds, cost.once_seconds)
        jobs = math.ceil(cost.seconds * self.replicates / each)
        return min(jobs, self.replicates) if jobs > 1 else 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Configuration:
    """The checked configuration.

    Attributes:
        seed: of all random streams.
        confidence: of the intervals behind the verdicts.
        batch_seconds: estimated work of a job.
        split_points: whether several jobs share a point that takes longer.
        studies: by name.
        results: the folder of its results, logs and finished work.
        source: the file or files that it was read from, for messages.
    """

    seed: int
    confidence: float
    batch_seconds: float
    split_points: bool
    studies: Mapping[str, Study]
    results: Path
    source: str

    def batches(self) -> list[Batch]:
        """List the jobs of all studies and stages that work on points."""
        return [
            batch
            for one in self.studies.values()
            for stage in study.STAGES
            for batch in one.batches(stage, self.batch_seconds, split=self.split_points)
        ]


def rule_name(name: str) -> str:
    """Return a study's name as a part of a rule's name: ``lora/risk`` as ``lora_risk``."""
    return name.replace("/", "_")


def study_of(path: Path, results: Path = RESULTS) -> str:
    """Return the name of the study that a point's file in a results folder belongs to."""
    return path.parent.parent.relative_to(results).as_posix()


def results_of(files: Sequence[Path]) -> Path:
    """Return the results folder of a configuration that does not name one."""
    names = [file.stem for file in files if file.stem != "config"]
    return Path("-".join([str(RESULTS), *names]))


def read(path: Path) -> Configuration:
    """Read and check a configuration file.

    Raises:
        ConfigurationError: with one line that says what is wrong.
    """
    return check(yaml_file.read(path), str(path), results_of([path]))


def check_files(values: Any, files: Sequence[str | Path]) -> Configuration:  # noqa: ANN401
    """Check configuration values that Snakemake has read from files, and the files.

    Raises:
        ConfigurationError: with one line that says what is wrong.
    """
    paths = [Path(file) for file in files]
    for path in paths:
        yaml_file.read(path)
    return check(values, ", ".join(map(str, paths)) or "configuration", results_of(paths))


def from_environment() -> Configuration:
    """Return the configuration that the workflow passes to its jobs."""
    return check(json.loads(os.environ[ENVIRONMENT]), "configuration")


def folder() -> Path:
    """Return the results folder of the configuration that the workflow passes to its jobs."""
    return Path(json.loads(os.environ[ENVIRONMENT]).get("results", RESULTS))


def check(
    values: Any,  # noqa: ANN401 - anything can be written in a file
    where: str = "config.yaml",
    results: Path = RESULTS,
) -> Configuration:
    """Check configuration values and expand them into studies and points.

    Args:
        values: what the YAML file holds.
        where: the file's name, for messages.
        results: the folder for results, where the values do not name one.

    Raises:
        ConfigurationError: with one line that names the file, the key or point, the rule
            and the value.
    """
    _check_frame(values, where)
    results = Path(values.get("results", results))
    studies, known = {}, study.names()
    for name, section in values["studies"].items():
        if name not in known:
            raise ConfigurationError(
                f"{where}: studies: unknown study {name!r}; known are {', '.join(known)}"
                f"{spelling.hint(name, known)}"
            )
        try:
            studies[name] = _study(name, section, f"{where}: studies.{name}", results)
        except Foreseen as error:
            raise ConfigurationError(str(error)) from None
    return Configuration(
        seed=values["seed"],
        confidence=float(values["confidence"]),
        batch_seconds=float(values.get("batch_seconds", BATCH_SECONDS)),
        split_points=values.get("split_points", False),
        studies=studies,
        results=results,
        source=where,
    )


def _check_frame(values: Any, where: str) -> None:  # noqa: ANN401
    schema = yaml_file.read(SCHEMA)
    error = jsonschema.exceptions.best_match(
        jsonschema.Draft202012Validator(schema).iter_errors(values)
    )
    if error is not None:
        key = ".".join(str(part) for part in error.absolute_path) or "top level"
        hint = _hint(error.validator, error.instance, error.schema)
        raise ConfigurationError(f"{where}: {key}: {error.message}{hint}")


def _hint(rule: object, value: Any, schema: Any) -> str:  # noqa: ANN401
    """Return what may help with a broken rule of the frame, or nothing."""
    if rule == "type" and parameters.is_number(value):
        return f"; YAML reads this as text, write {float(value)!r}"
    if rule == "additionalProperties":
        known = schema["properties"]
        return "".join(spelling.hint(key, known) for key in value if key not in known)
    return ""


def _study(name: str, section: Mapping[str, Any], where: str, results: Path) -> Study:
    kind = study.part(name, "parameters").Parameters
    fixed = section.get("fixed") or {}
    points: dict[Any, Point] = {}
    for values in grid.expand(section["grid"], f"{where}.grid"):
        here = f"{where}.grid: {parameters.point_name(values)}"
        point = Point(
            study=name,
            name=parameters.point_name(values),
            parameters=parameters.build(kind, {**fixed, **values}, here),
            results=results,
        )
        if len(f"{point.name}.nc".encode()) > 255:
            raise ConfigurationError(f"{here}: the point's name is too long for a file name")
        if point.parameters in points:
            raise ConfigurationError(f"{here}: the same point as {points[point.parameters].name}")
        points[point.parameters] = point
    return Study(name=name, replicates=section["replicates"], points=tuple(points.values()))
