"""Some studies of a configuration: a person names them, or their papers."""

import dataclasses
from collections.abc import Sequence

from rankscope.errors import ConfigurationError
from rankscope.planning import spelling, study
from rankscope.planning.configuration import Configuration

SUFFIXES = {"figures": ("png", "pdf", "rst"), "tables": ("csv", "md", "tex")}
"""What is made of each figure and table."""


def choose(config: Configuration, names: Sequence[str]) -> list[str]:
    """Return the configured studies that names of studies and papers stand for; all for none.

    Raises:
        ConfigurationError: if a name stands for none of them.
    """
    chosen: list[str] = []
    for name in names:
        found = [one for one in config.studies if name in (one, study.paper(one))]
        if not found:
            known = [*config.studies, *map(study.paper, config.studies)]
            raise ConfigurationError(
                f"{config.source}: no study {name!r}; configured are {', '.join(config.studies)}"
                f"{spelling.hint(name, known)}"
            )
        chosen += found
    return list(dict.fromkeys(chosen)) or list(config.studies)


def only(config: Configuration, names: Sequence[str]) -> Configuration:
    """Return the configuration without the studies that are not named."""
    chosen = {name: config.studies[name] for name in choose(config, names)}
    return dataclasses.replace(config, studies=chosen)


def targets(config: Configuration) -> list[str]:
    """Return what is made of the studies alone: verdicts, figures and tables, and no report."""
    return [
        f"{config.results}/{name}/{target}"
        for name in config.studies
        for target in (
            "verdicts.csv",
            *(
                f"{part}/{item}.{suffix}"
                for part, suffixes in SUFFIXES.items()
                for item in study.makes(name, part)
                for suffix in suffixes
            ),
        )
    ]
