"""Write ``docs/configuration.md``: every key of a configuration and every parameter of a study.

The keys come from the schema, the parameters from the studies' ``Parameters``: what is checked is
what is documented. Run by ``make docs``.
"""

import dataclasses
import inspect
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "workflow"))

from rankscope.planning import configuration, study  # noqa: E402

PAGE = ROOT / "docs" / "configuration.md"

HEAD = """\
# Every key and parameter

What may stand in a configuration. This page is made by `make docs` from what checks it: the
schema and the `Parameters` of each study. How the parts work together:
[define your own grid](own-grid.md).

## Keys
"""
STUDIES = """
## Parameters of each study

A parameter stands in `fixed` or is an axis of the `grid`. One without a default must be given.
"""
BOUNDS = {"at_least": "≥", "above": ">", "at_most": "≤", "below": "<"}
FRAME = {"minimum": "≥", "exclusiveMinimum": ">", "exclusiveMaximum": "<", "pattern": "like"}


def page() -> str:
    """Return the page."""
    schema = yaml.safe_load(configuration.SCHEMA.read_text(encoding="utf-8"))
    section = schema["properties"]["studies"]["additionalProperties"]
    lines = [HEAD, *_table("key", "type", "rule", "meaning"), *_keys(schema, "")]
    lines += [*_keys(section, "studies.<study>."), STUDIES]
    for name in study.names():
        kind = study.part(name, "parameters").Parameters
        lines += [f"### {name}", "", inspect.cleandoc(kind.__doc__).split("\n\n")[0], ""]
        lines += [*_table("parameter", "type", "default", "rule", "meaning")]
        lines += [*map(_parameter, dataclasses.fields(kind)), ""]
    return "\n".join(lines).rstrip() + "\n"


def _keys(schema: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for key, rules in schema["properties"].items():
        kind = rules.get("type") or " or ".join(one["type"] for one in rules["oneOf"])
        rule = ", ".join(f"{sign} {rules[name]}" for name, sign in FRAME.items() if name in rules)
        needed = ["required"] if key in schema["required"] else []
        yield _row(f"`{prefix}{key}`", kind, ", ".join([*needed, *filter(None, [rule])]),
                   rules["description"])  # fmt: skip


def _parameter(field: dataclasses.Field[Any]) -> str:
    rules = field.metadata["rules"]
    bounds = [
        f"{sign} {rules[name]}" for name, sign in BOUNDS.items() if rules.get(name) is not None
    ]
    choices = [", ".join(f"`{choice}`" for choice in rules.get("choices", ()))]
    default = "" if field.default is dataclasses.MISSING else f"`{_text(field.default)}`"
    meaning, unit = field.metadata["meaning"], field.metadata["unit"]
    return _row(f"`{field.name}`", field.type.__name__, default, *[
        ", ".join(filter(None, bounds + choices)), meaning + ("" if unit == "1" else f" ({unit})")
    ])  # fmt: skip


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _table(*heads: str) -> Iterator[str]:
    yield _row(*heads)
    yield "|" + "---|" * len(heads)


def _row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.relative_to(ROOT))
