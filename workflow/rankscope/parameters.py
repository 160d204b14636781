"""Checked parameters of a point: from configuration values to a frozen object and a name.

A study defines one frozen, keyword-only dataclass called ``Parameters`` whose fields are
``int``, ``float``, ``str`` or ``bool``. It has a method ``check()``, which raises
``ValueError`` with the offending value, and a method ``cost()``, which returns a `Cost`.
This module is read while the workflow is planned, so it imports the standard library only.
"""

import dataclasses
import json
import math
import re
from collections.abc import Mapping
from typing import Any

SAFE_TEXT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cost:
    """What a point needs: a planning estimate that sizes jobs, never a result.

    Attributes:
        seconds: CPU seconds of one replicate's simulation on one core.
        memory_mb: peak memory in megabytes of the process that works on the point.
        prediction_seconds: CPU seconds of the point's theory.
    """

    seconds: float
    memory_mb: float = 400.0
    prediction_seconds: float = 0.5


def build(kind: type, values: Mapping[str, Any], where: str) -> Any:  # noqa: ANN401
    """Make a checked ``Parameters`` object of class ``kind`` from configuration values.

    Args:
        kind: the study's ``Parameters`` dataclass.
        values: field names and values, from ``fixed`` and one point of the ``grid``.
        where: what a message starts with, for example ``"config.yaml: studies.lora"``.

    Returns:
        An instance of ``kind`` whose fields have exactly their declared types.

    Raises:
        ValueError: with one line that names the place, the key, the rule and the value.
    """
    fields = {field.name: field for field in dataclasses.fields(kind)}
    if unknown := sorted(set(values) - set(fields)):
        raise ValueError(
            f"{where}: unknown parameter {unknown[0]!r}; known are {', '.join(fields)}"
        )
    missing = [
        name
        for name, field in fields.items()
        if name not in values and field.default is dataclasses.MISSING
    ]
    if missing:
        raise ValueError(f"{where}: parameter {missing[0]!r} is missing")
    for name, value in values.items():
        _check_type(name, value, fields[name].type, where)
    parameters = kind(**values)
    try:
        parameters.check()
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    return parameters


def _check_type(name: str, value: object, expected: type, where: str) -> None:
    if type(value) is expected:
        if expected is float and not math.isfinite(value):
            raise ValueError(f"{where}: {name} must be finite, got {value!r}")
        return
    hint = ""
    if expected is float and type(value) is int:
        hint = f"; write {float(value)!r}"
    elif expected is float and isinstance(value, str) and _is_number(value):
        hint = f"; YAML reads this as text, write {float(value)!r}"
    raise ValueError(
        f"{where}: {name} must be {expected.__name__}, got {type(value).__name__} {value!r}{hint}"
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def point_name(values: Mapping[str, Any]) -> str:
    """Name a point on disk by its grid values, for example ``width=128,batch_size=64``.

    Raises:
        ValueError: if a text value cannot be part of a file name.
    """
    return ",".join(f"{key}={_as_text(key, value)}" for key, value in values.items()) or "only"


def _as_text(key: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and not SAFE_TEXT.fullmatch(value):
        raise ValueError(f"{key} must be letters, digits and _.+- to name a file, got {value!r}")
    return repr(value) if isinstance(value, float) else str(value)


def as_dict(parameters: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the field names and values of a ``Parameters`` object, in declared order."""
    return dataclasses.asdict(parameters)


def canonical(parameters: Any) -> str:  # noqa: ANN401
    """Return the one text that stands for these values; random streams are keyed by it."""
    return json.dumps(as_dict(parameters), sort_keys=True)
