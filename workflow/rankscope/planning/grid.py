"""Grids of the configuration: a mapping of axes is crossed, a list of mappings united.

The semantics are those of scikit-learn's ``ParameterGrid``, but order is kept as written.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from rankscope.errors import ConfigurationError

Grid = Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Sequence[Any]]]


def expand(grid: Grid, where: str) -> list[dict[str, Any]]:
    """List the points of a grid.

    Args:
        grid: a mapping from axis to values (crossed), or a list of such mappings (united).
        where: what a message starts with, for example ``"config.yaml: studies.lora.grid"``.

    Returns:
        One mapping from axis to value per point, in the order in which they are written.

    Raises:
        ConfigurationError: if the grid or an axis is empty, an axis is no list, or a point occurs
            twice.
    """
    parts = [grid] if isinstance(grid, Mapping) else list(grid)
    if not parts:
        raise ConfigurationError(f"{where}: the grid is empty")
    points: list[dict[str, Any]] = []
    for part in parts:
        for axis, values in part.items():
            if not isinstance(values, list | tuple):
                raise ConfigurationError(f"{where}: axis {axis!r} must be a list, got {values!r}")
            if not values:
                raise ConfigurationError(f"{where}: axis {axis!r} is empty")
        points += [
            dict(zip(part, choice, strict=True)) for choice in itertools.product(*part.values())
        ]
    _refuse_duplicates(points, where)
    return points


def _refuse_duplicates(points: list[dict[str, Any]], where: str) -> None:
    seen = set()
    for point in points:
        key = tuple(sorted((axis, type(value).__name__, value) for axis, value in point.items()))
        if key in seen:
            raise ConfigurationError(f"{where}: the point {point} occurs twice")
        seen.add(key)
