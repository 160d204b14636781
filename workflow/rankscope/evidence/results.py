"""A study's results as its claims, figures and readers want them: points at their own lengths.

::

    results = rankscope.load("results/lora/teacher")
    for point in results.where(input_decay=0.0):
        point.rank, point.measured.trained_error, point.predicted.trained_error

Points whose datasets have one shape are stacked in one group of the file; nothing is padded.
Files are opened lazily: what is not used is not read.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from rankscope import datasets

STAGES = ("simulated", "predicted")


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Point:
    """One point of a grid. Its parameters are its attributes: ``point.rank``.

    Attributes:
        name: its name on disk.
        parameters: its parameters by name.
        read: from a stage, ``simulated`` or ``predicted``, to the point's dataset.
    """

    name: str
    parameters: Mapping[str, Any]
    read: Callable[[str], xr.Dataset]

    @functools.cached_property
    def measured(self) -> xr.Dataset:
        """What was simulated, with a ``replicate`` dimension."""
        return self.read("simulated")

    @functools.cached_property
    def predicted(self) -> xr.Dataset:
        """What the theory says, without replicates."""
        return self.read("predicted")

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as many types as parameters
        """Return a parameter."""
        parameters = self.__dict__.get("parameters", {})
        if name in parameters:
            return parameters[name]
        raise AttributeError(f"neither an attribute of a point nor a parameter: {name!r}")

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    def label(self, *names: str) -> str:
        """Name the point by the values of some of its parameters, for a legend."""
        return ", ".join(_label(name, self.parameters[name]) for name in names)


@dataclasses.dataclass(frozen=True, eq=False)
class Family:
    """Points that differ in one parameter alone, in its ascending order.

    Attributes:
        axis: that parameter.
        points: two or more.
        name: what they are; by default the first point's name without the axis.
    """

    axis: str
    points: tuple[Point, ...]
    name: str = ""

    def __iter__(self) -> Iterator[Point]:
        """Go through the points."""
        return iter(self.points)

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.points)

    def __getitem__(self, index: int) -> Point:
        """Return one of the points."""
        return self.points[index]

    def __str__(self) -> str:
        """Return the name."""
        if self.name:
            return self.name
        parts = [p for p in self.points[0].name.split(",") if not p.startswith(f"{self.axis}=")]
        return ",".join([*parts, f"all {self.axis}"])

    @property
    def sizes(self) -> np.ndarray:
        """The values along the axis, shape ``(points,)``."""
        return np.array([point.parameters[self.axis] for point in self.points])


class Results:
    """The points of a study, in the order of its grid."""

    def __init__(self, points: Sequence[Point]) -> None:
        self.points = tuple(points)

    def __iter__(self) -> Iterator[Point]:
        """Go through the points."""
        return iter(self.points)

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.points)

    def __getitem__(self, name: str) -> Point:
        """Return the point of a name."""
        for point in self.points:
            if point.name == name:
                return point
        raise KeyError(name)

    def where(self, *conditions: Callable[[Point], bool], **values: object) -> "Results":
        """Return the points that meet all conditions and whose parameters have these values.

        A tuple of values means any of them.
        """
        return Results(
            [
                point
                for point in self.points
                if all(
                    point.parameters[name] in (value if isinstance(value, tuple) else (value,))
                    for name, value in values.items()
                )
                and all(condition(point) for condition in conditions)
            ]
        )

    def families(self, axis: str, *, ignoring: Sequence[str] = ()) -> Iterator[Family]:
        """Group the points that differ in ``axis`` alone, and maybe in what is ignored."""
        groups: dict[tuple[object, ...], list[Point]] = {}
        for point in self.points:
            key = tuple(
                value
                for name, value in point.parameters.items()
                if name != axis and name not in ignoring
            )
            groups.setdefault(key, []).append(point)
        for group in groups.values():
            if len({point.parameters[axis] for point in group}) > 1:
                yield Family(axis, tuple(sorted(group, key=lambda p: p.parameters[axis])))

    def pairs(
        self, axis: str, first: object, second: object, *, ignoring: Sequence[str] = ()
    ) -> Iterator[tuple[Point, Point]]:
        """Yield points that differ in ``axis`` alone, with these two values of it."""
        for family in self.families(axis, ignoring=ignoring):
            of = {point.parameters[axis]: point for point in family}
            if first in of and second in of:
                yield of[first], of[second]

    def values(self, axis: str) -> list[Any]:
        """Return the values that a parameter has at these points, once each, as they come."""
        return list(dict.fromkeys(point.parameters[axis] for point in self.points))

    def to_dataframe(self, *variables: str, stage: str = "simulated") -> pd.DataFrame:
        """Return variables of all points in one table.

        Args:
            variables: names, one or more; those without a common dimension are combined.
            stage: ``simulated`` for what was measured, or ``predicted``.

        Returns:
            A row per point and element, such as a replicate and layer. Columns: ``point``, the
            dimensions, the variables, the point's parameters. A point that lacks one of the
            variables has no rows.

        Raises:
            KeyError: if no point has the variables.
        """
        frames = []
        for point in self.points:
            data = point.read(stage)
            if set(variables) <= set(data.variables):
                named = data[list(variables)].expand_dims(point=[point.name])
                frame = named.to_dataframe().reset_index()
                others = {k: v for k, v in point.parameters.items() if k not in frame}
                frames.append(frame.assign(**others))
        if not frames:
            raise KeyError(f"no point has {', '.join(variables)} among its {stage} variables")
        return pd.concat(frames, ignore_index=True)


def of(points: Mapping[str, tuple[Mapping[str, Any], xr.Dataset, xr.Dataset]]) -> Results:
    """Make results of datasets in memory.

    Args:
        points: per name of a point its parameters, what was simulated and what is predicted.
    """

    def reader(simulated: xr.Dataset, predicted: xr.Dataset) -> Callable[[str], xr.Dataset]:
        return lambda stage: simulated if stage == "simulated" else predicted

    return Results(
        [
            Point(name, parameters, reader(simulated, predicted))
            for name, (parameters, simulated, predicted) in points.items()
        ]
    )


def read(folder: str | Path) -> Results:
    """Open the collected results of a study, lazily.

    Args:
        folder: the study's results, for example ``"results/effective_dimension"``.

    Raises:
        MissingError: if the study has not been run.
        DamagedFileError: if a file cannot be read.
    """
    files = {stage: _File(Path(folder) / f"{stage}.nc") for stage in STAGES}
    return Results(
        [
            Point(name, parameters, functools.partial(_read, files, name))
            for name, parameters in files["simulated"].parameters.items()
        ]
    )


def _read(files: Mapping[str, "_File"], name: str, stage: str) -> xr.Dataset:
    return files[stage].dataset(name)


class _File:
    """One collected file: an index of its points, and a group for each shape."""

    def __init__(self, path: Path) -> None:
        self._file = datasets.LazyFile(path)
        index = self._file.group().load()
        names = [str(name) for name in index.point_name.values]
        self._places = {
            name: (str(group), int(row))
            for name, group, row in zip(
                names, index.group.values.tolist(), index.row.values.tolist(), strict=True
            )
        }
        known = [str(name) for name in index.data_vars]
        chosen = [name for name in known if name not in ("point_name", "group", "row")]
        columns = {name: index[name].values.tolist() for name in chosen}
        kinds = {name: index[name].attrs.get("kind", "") for name in chosen}
        self.parameters = {
            name: {key: _python(columns[key][row], kinds[key]) for key in columns}
            for row, name in enumerate(names)
        }
        self._groups: dict[str, xr.Dataset] = {}

    def dataset(self, name: str) -> xr.Dataset:
        group, row = self._places[name]
        if group not in self._groups:
            self._groups[group] = self._file.group(group)
        data = self._groups[group].isel(point=row, drop=True)
        return data.drop_vars([n for n in self.parameters[name] if n in data.coords])


def _python(value: object, kind: str) -> object:
    return bool(value) if kind == "bool" else value


def _label(name: str, value: object) -> str:
    words = name.replace("_", " ")
    return f"{words} {value:g}" if isinstance(value, int | float) else f"{words} {value}"
