"""Numbers, regions and names as the report and the README write them."""

import base64
import gzip
import math
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

MINUS = "\N{MINUS SIGN}"
LONG_NUMBER = re.compile(r"(?<![\w.])\d{1,3}\.\d{5,}(?![\w.]*\w)")
PROPER = {"lora": "LoRA", "randlora": "RandLoRA", "relu": "ReLU", "sgd": "SGD", "xor": "XOR"}


def is_missing(value: object) -> bool:
    """Say whether a cell of a table is empty."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def number(value: object) -> object:
    """Write a number with four digits; leave anything else."""
    if isinstance(value, float) and not math.isnan(value):
        return f"{value:.4g}".replace("-", MINUS)
    return value


def estimate(row: Mapping[str, Any]) -> str:
    """Write a claim's estimate and the interval that decided, to the error's second digit."""
    if is_missing(row["effect"]):
        return ""
    value, error, ends = row["effect"], row["error"], (row["interval_lower"], row["interval_upper"])
    if is_missing(error) or not error or not all(map(math.isfinite, (value, *ends))):
        return str(number(value))
    digits = max(0, 1 - math.floor(math.log10(error)))
    if digits > 7 or abs(value) >= 1e6:
        texts = [str(number(one)) for one in (value, *ends)]
    else:
        texts = [f"{one:.{digits}f}".replace("-", MINUS) for one in (value, *ends)]
    return f"{texts[0]} [{texts[1]}, {texts[2]}]"


def region(lower: float, upper: float) -> str:
    """Write an accepted region: an interval, one bound, or nothing."""
    if is_missing(lower) or is_missing(upper):
        return ""
    if math.isinf(lower) and math.isinf(upper):
        return "any"
    if math.isinf(lower):
        return f"≤ {number(upper)}"
    if math.isinf(upper):
        return f"≥ {number(lower)}"
    ends = number(float(lower)), number(float(upper))
    if ends[0] == ends[1] and lower < upper:
        return f"{number((lower + upper) / 2)} ± {number((upper - lower) / 2)}"
    return f"{ends[0]} to {ends[1]}"


def remark(row: Mapping[str, Any]) -> str:
    """Say what a verdict leaves open: on what it depends, or what would decide it."""
    if row["verdict"] == "depends on":
        return f"{row['depends_on'].replace('_', ' ')}: turns {row['turns_at']}"
    if row["verdict"] != "undecided":
        return ""
    needed = row["replicates_to_decide"]
    if is_missing(needed):
        return "no number of replicates decides it: values are missing or their error is unknown"
    if math.isinf(needed):
        return "no number of replicates decides it: the estimate lies on a bound"
    return f"about {float(f'{needed:.2g}'):,.0f} replicates would decide it"


def in_sum(counts: Mapping[str, int]) -> str:
    """Say how a claim came out under its definitions."""
    total = sum(counts.values())
    if total == 1:
        return next(iter(counts))
    if len(counts) == 1:
        return f"{next(iter(counts))} under all {total} definitions"
    told = [f"{kind} under {count}" for kind, count in counts.items()]
    return f"{', '.join(told)} of {total} definitions"


def duration(seconds: float) -> str:
    """Write a run time in words a person would use."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s"


def memory(megabytes: float) -> str:
    """Write an amount of memory; nothing if it is unknown."""
    if is_missing(megabytes):
        return ""
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{megabytes:.0f} MB"


def in_words(name: str) -> str:
    """Turn ``paper/a_name`` into ``Paper: a name``; proper names as their owners write them."""
    parts = name.split("/")
    words = [" ".join(PROPER.get(word, word) for word in part.split("_")) for part in parts]
    text = ": ".join(words)
    return text[:1].upper() + text[1:]


def rounded(text: object) -> object:
    """Write numbers of five decimals or more in a text with three digits; leave anything else.

    A paper's number on arXiv has four digits before the point, and is left.
    """
    if not isinstance(text, str):
        return text
    return LONG_NUMBER.sub(lambda found: f"{float(found[0]):.3g}", text)


def chosen(files: Sequence[str]) -> str:
    """Return what chooses a configuration in a command of ``make``; nothing for the default."""
    return "" if list(files) in ([], ["config.yaml"]) else f" CONFIG={shlex.quote(' '.join(files))}"


def slug(text: str) -> str:
    """Turn a name into the part of a link."""
    return re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-")


def data_url(kind: str, data: bytes) -> str:
    """Embed bytes in a URL."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def packed_url(data: bytes) -> str:
    """Embed compressed bytes in a URL; the same bytes give the same URL."""
    return data_url("application/gzip", gzip.compress(data, mtime=0))
