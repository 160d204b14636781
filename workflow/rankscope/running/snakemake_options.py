"""What the arguments say that a person gives to Snakemake, before and after it has read them."""

import argparse
import dataclasses
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from rankscope.errors import ConfigurationError
from rankscope.planning import limits, spelling, study, yaml_file
from rankscope.planning.configuration import Configuration

FREE = ("batch_seconds", "split_points")
"""Keys of the configuration that decide no number."""

DEFAULT_PROFILE = "profiles/default"


def refuse_overrides(words: Sequence[str]) -> None:
    """Refuse ``--config KEY=VALUE`` of keys that decide numbers.

    Snakemake would lay them over the file, and results of other numbers would be in its folder.

    Raises:
        ConfigurationError: with one line.
    """
    pairs = _given(words, "--config", "-C", several=True)
    for key in (pair.split("=")[0] for pair in pairs):
        if key not in FREE:
            raise ConfigurationError(
                f"--config {key}=... is not taken, only {' and '.join(FREE)} are: copy the "
                "configuration to a file of its own, change it there, and give --configfile FILE"
            )


def studies_among(config: Configuration, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Tell bare words that are configured studies or papers from the rest.

    Returns:
        These names, and all other words.
    """
    known = {*config.studies, *map(study.paper, config.studies)}
    return [word for word in words if word in known], [word for word in words if word not in known]


def only_how(words: Iterable[str]) -> bool:
    """Say whether options tell how many jobs to run at a time and how quietly, and no more."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--quiet", "-q", action="store_true")
    for names in (("--jobs", "-j"), ("--cores", "-c")):
        parser.add_argument(*names, nargs="?", const="all", default="all")
    found, others = parser.parse_known_args(list(words))
    counts = (found.jobs, found.cores)
    return not others and all(count == "all" or count.isdecimal() for count in counts)


def at_a_time(words: Sequence[str]) -> int:
    """Return how many jobs run at a time: of the options given, or of the profile."""
    values = _profile(words)
    counts = [
        *_given(words, "--jobs", "-j"),
        *_given(words, "--cores", "-c"),
        *(str(values[key]) for key in ("jobs", "cores") if key in values),
    ]
    return next((int(count) for count in counts if count.isdecimal()), limits.cores())


def applied(config: Configuration, words: Sequence[str]) -> Configuration:
    """Return the configuration with what `FREE` keys are in the profile and the options given."""
    pairs = (pair.partition("=") for pair in _given(words, "--config", "-C", several=True))
    laid_over = {key: yaml.safe_load(value) for key, _, value in pairs}
    values = {**(_profile(words).get("config") or {}), **laid_over}
    return dataclasses.replace(config, **{key: values[key] for key in FREE if key in values})


def mistake(said: str, config: Configuration) -> str | None:
    """Return one line for an option or a target that Snakemake does not know; else ``None``.

    Args:
        said: all that Snakemake said.
        config: the configuration, whose studies might have been meant.
    """
    if found := re.search(r"^\S+: error: (.+)", said, re.MULTILINE):
        return spelling.of_options(found[1], f"{said[: found.start()]} --only")
    if found := re.search(r"^No rule to produce (\S+) \(", said, re.MULTILINE):
        known = [*config.studies, *map(study.paper, config.studies)]
        return (
            f"{config.source}: no study, paper or file of the results {found[1]!r}; configured are "
            f"{', '.join(config.studies)}{spelling.hint(found[1], known)}"
        )
    return None


def _profile(words: Sequence[str]) -> dict[str, Any]:
    """Return what the profile says that is given, or the default one."""
    file = Path((_given(words, "--profile") or [DEFAULT_PROFILE])[-1]) / "config.yaml"
    return (yaml_file.read(file) or {}) if file.is_file() else {}


def _given(words: Sequence[str], *names: str, several: bool = False) -> list[str]:
    """Return the values of an option among others that are not known here."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    count = "*" if several else "?"
    parser.add_argument(*names, dest="values", nargs=count, action="append", default=[])
    values = parser.parse_known_args(list(words))[0].values
    return [one for value in values for one in (value if several else [value]) if one is not None]
