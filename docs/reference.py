"""Write ``docs/configuration.md``, and what the default takes into ``docs/questions.md``.

The keys come from the schema, the parameters and the estimates from the studies' ``Parameters``:
what is checked and planned is what is documented. Run by ``make docs``.
"""

import dataclasses
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from tqdm import tqdm

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "workflow"))

from rankscope.planning import configuration, study  # noqa: E402

CONFIGURATION = ROOT / "docs" / "configuration.md"
QUESTIONS = ROOT / "docs" / "questions.md"
ESTIMATES = re.compile(r"(?<=<!-- estimates -->\n).*(?=<!-- end of estimates -->)", re.DOTALL)

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


def pages() -> dict[Path, str]:
    """Return the pages, by their files."""
    questions = QUESTIONS.read_text(encoding="utf-8")
    table = "\n".join(estimates())
    return {CONFIGURATION: parameters(), QUESTIONS: ESTIMATES.sub(f"\n{table}\n\n", questions)}


def estimates() -> Iterator[str]:
    """Yield the rows of what the default takes, as the plan of a first run says it."""
    config = configuration.read(ROOT / "config.yaml")
    total = 0.0
    yield from _table("study", "points", "CPU time", "memory")
    for name, one in config.studies.items():
        seconds = sum(
            point.seconds(stage, one.replicates) for point in one.points for stage in study.STAGES
        )
        memory = max(point.parameters.cost().memory_mb for point in one.points)
        time = tqdm.format_interval(seconds)
        yield _row(f"`{name}`", str(len(one.points)), time, f"{memory:.0f} MB")
        total += seconds
    points = sum(len(one.points) for one in config.studies.values())
    yield _row("all", str(points), tqdm.format_interval(total), "")


def parameters() -> str:
    """Return the page of keys and parameters."""
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
    for file, text in pages().items():
        file.write_text(text, encoding="utf-8")
        print(file.relative_to(ROOT))
