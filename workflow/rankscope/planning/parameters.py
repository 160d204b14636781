"""Checked parameters of a point: from configuration values to a frozen object and a name.

A study defines one frozen, keyword-only dataclass called ``Parameters``. Each field is declared
with what it means, its bounds and its unit, by `whole`, `real`, `one_of`, `text` or `flag`.
A method ``check()`` is needed only for rules between fields; it raises
`rankscope.errors.ParameterError`. A method ``cost()`` returns a `Cost`. A method ``files()``
may name the files that a point reads. This module is read while the workflow is planned, so
it imports the standard library only.

A default is the neutral value, at which a field changes nothing: values at their default are
left out of what random streams and finished work are keyed by, so that a new field leaves all
numbers as they are. A default is for good: to change one, rename the field.
"""

import dataclasses
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rankscope.errors import ParameterError
from rankscope.planning import spelling

SAFE_TEXT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")
REQUIRED: Any = dataclasses.MISSING


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cost:
    """What a point needs: a planning estimate that sizes jobs, never a result.

    Attributes:
        seconds: CPU seconds of one replicate's simulation on one core.
        memory_mb: peak memory in megabytes of the process that works on the point.
        prediction_seconds: CPU seconds of the point's theory.
        replicate_kb: kilobytes that a replicate adds to the point's file.
        once_seconds: CPU seconds that a process needs for the point beside its replicates.
    """

    seconds: float
    memory_mb: float = 150.0
    prediction_seconds: float = 0.5
    replicate_kb: float = 1.0
    once_seconds: float = 0.0


def whole(
    meaning: str,
    *,
    at_least: int | None = None,
    at_most: int | None = None,
    default: int = REQUIRED,
    unit: str = "1",
) -> Any:  # noqa: ANN401 - a field stands for a value of the type it declares
    """Declare an ``int`` field: what it means, its bounds (both may be met) and its unit."""
    return _field(meaning, unit, default, at_least=at_least, at_most=at_most)


def real(
    meaning: str,
    *,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
    default: float = REQUIRED,
    unit: str = "1",
) -> Any:  # noqa: ANN401
    """Declare a ``float`` field: what it means, its bounds and its unit."""
    return _field(
        meaning, unit, default, at_least=at_least, above=above, at_most=at_most, below=below
    )


def one_of(meaning: str, *choices: str, default: str = REQUIRED) -> Any:  # noqa: ANN401
    """Declare a ``str`` field with a fixed set of values."""
    return _field(meaning, "1", default, choices=choices)


def text(meaning: str, *, default: str = REQUIRED) -> Any:  # noqa: ANN401
    """Declare a ``str`` field of any value."""
    return _field(meaning, "1", default)


def flag(meaning: str, *, default: bool = REQUIRED) -> Any:  # noqa: ANN401
    """Declare a ``bool`` field."""
    return _field(meaning, "1", default)


def _field(meaning: str, unit: str, default: object, **rules: object) -> Any:  # noqa: ANN401
    metadata = {"meaning": meaning, "unit": unit, "rules": rules}
    return dataclasses.field(default=default, metadata=metadata)


_BOUNDS: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    "at_least": ("at least", lambda value, bound: value >= bound),
    "above": ("above", lambda value, bound: value > bound),
    "at_most": ("at most", lambda value, bound: value <= bound),
    "below": ("below", lambda value, bound: value < bound),
}


def require(holds: bool, rule: str, value: object) -> None:
    """Raise ``ParameterError`` with the rule and the value unless the rule holds."""
    if not holds:
        raise ParameterError(f"{rule}, got {value!r}")


def build(kind: type, values: Mapping[str, Any], where: str) -> Any:  # noqa: ANN401
    """Make a checked ``Parameters`` object of class ``kind`` from configuration values.

    Args:
        kind: the study's ``Parameters`` dataclass.
        values: field names and values, from ``fixed`` and one point of the ``grid``.
        where: what a message starts with, for example ``"config.yaml: studies.lora/risk"``.

    Returns:
        An instance of ``kind`` whose fields have exactly their declared types.

    Raises:
        ParameterError: with one line that names the place, the key, the rule and the value.
    """
    fields = {field.name: field for field in dataclasses.fields(kind)}
    if unknown := sorted(set(values) - set(fields)):
        raise ParameterError(
            f"{where}: unknown parameter {unknown[0]!r}; known are {', '.join(fields)}"
            f"{spelling.hint(unknown[0], fields)}"
        )
    missing = [
        name
        for name, field in fields.items()
        if name not in values and field.default is dataclasses.MISSING
    ]
    if missing:
        raise ParameterError(f"{where}: parameter {missing[0]!r} is missing")
    for name, value in values.items():
        _check_type(name, value, fields[name].type, where)
        _check_rules(name, value, fields[name].metadata.get("rules", {}), where)
    parameters = kind(**values)
    if hasattr(parameters, "check"):
        try:
            parameters.check()
        except ParameterError as error:
            raise ParameterError(f"{where}: {error}") from None
    return parameters


def _check_type(name: str, value: object, expected: Any, where: str) -> None:  # noqa: ANN401
    if type(value) is expected:
        if isinstance(value, float) and not math.isfinite(value):
            raise ParameterError(f"{where}: {name} must be finite, got {value!r}")
        return
    hint = ""
    if expected is float and type(value) is int:
        hint = f"; write {float(value)!r}"
    elif expected is float and isinstance(value, str) and is_number(value):
        hint = f"; YAML reads this as text, write {float(value)!r}"
    raise ParameterError(
        f"{where}: {name} must be {expected.__name__}, got {type(value).__name__} {value!r}{hint}"
    )


def _check_rules(name: str, value: Any, rules: Mapping[str, Any], where: str) -> None:  # noqa: ANN401
    choices = rules.get("choices")
    if choices is not None and value not in choices:
        raise ParameterError(f"{where}: {name} must be one of {', '.join(choices)}, got {value!r}")
    for rule, (words, holds) in _BOUNDS.items():
        bound = rules.get(rule)
        if bound is not None and not holds(value, bound):
            raise ParameterError(f"{where}: {name} must be {words} {bound}, got {value!r}")


def is_number(value: Any) -> bool:  # noqa: ANN401
    """Say whether a value is a text that a person takes for a number, such as ``"1e-3"``."""
    try:
        return isinstance(value, str) and math.isfinite(float(value))
    except ValueError:
        return False


def point_name(values: Mapping[str, Any]) -> str:
    """Name a point on disk by its grid values, for example ``width=128,batch_size=64``.

    Raises:
        ParameterError: if a text value cannot be part of a file name.
    """
    return ",".join(f"{key}={_as_text(key, value)}" for key, value in values.items()) or "only"


def _as_text(key: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and not SAFE_TEXT.fullmatch(value):
        raise ParameterError(
            f"{key} must be letters, digits and _.+- to name a file, got {value!r}"
        )
    return repr(value) if isinstance(value, float) else str(value)


def as_dict(parameters: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the field names and values of a ``Parameters`` object, in declared order."""
    return dataclasses.asdict(parameters)


def labels(parameters: Any) -> dict[str, dict[str, str]]:  # noqa: ANN401
    """Return what each field means and its unit, as attributes of a variable."""
    return {
        field.name: {
            "long_name": f"parameter: {field.metadata.get('meaning', field.name)}",
            "units": field.metadata.get("unit", "1"),
        }
        for field in dataclasses.fields(parameters)
    }


def files(parameters: Any) -> tuple[Path, ...]:  # noqa: ANN401
    """Return the files that a point reads: its ``files()``, or none."""
    return tuple(parameters.files()) if hasattr(parameters, "files") else ()
