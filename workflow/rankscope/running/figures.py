"""Draw figures again from existing data: the workflow's plotting rules and no others."""

import json
from collections.abc import Sequence
from pathlib import Path

from rankscope.errors import ConfigurationError, MissingError
from rankscope.planning import configuration, study
from rankscope.planning.configuration import Configuration
from rankscope.running import choice, lock, run


def figures(config_file: Path, names: Sequence[str] = ()) -> int:
    """Draw the figures and tables of studies again, and make the report of them.

    Snakemake is allowed the rules that draw, and no others: nothing is simulated, predicted
    or judged, whatever has changed since. What is drawn is what was configured when the data
    were made.

    Args:
        config_file: the configuration.
        names: studies, or papers with all their studies; none for all that are configured.

    Returns:
        Snakemake's exit status.

    Raises:
        ConfigurationError: if a study is not configured, or all that are chosen draw nothing.
        MissingError: if a study has not been run.
    """
    config = configuration.read(config_file)
    lock.check_owner(config)
    config, config_file = _recorded(config, config_file)
    chosen = choice.choose(config, names)
    for name in chosen:
        _require(config.results / name)
    rules = [
        f"{verb}_{configuration.rule_name(name)}"
        for verb, part in (("plot", "figures"), ("tabulate", "tables"))
        for name in chosen
        if study.makes(name, part)
    ]
    if not rules:
        named = ", ".join(chosen)
        raise ConfigurationError(f"{config.source}: {named} draws no figures and no tables")
    if any(study.has(name, "spectra") for name in chosen) and _all_run(config):
        rules.append("compare")
    force = ["--force", *rules]
    if (config.results / "report.html").exists() and _all_run(config):
        force.append("report")
    return run.snakemake(config, config_file, ["--allowed-rules", *rules, "report", *force])


def _recorded(config: Configuration, config_file: Path) -> tuple[Configuration, Path]:
    """Return the configuration that the results were made with, and a file that holds it."""
    record = config.results / "provenance.json"
    if not record.exists():
        return config, config_file
    values = json.loads(record.read_text(encoding="utf-8"))["configuration"]
    values["results"] = str(config.results)
    copy = config.results / lock.FOLDER / "recorded.json"
    copy.parent.mkdir(exist_ok=True)
    copy.write_text(json.dumps(values), encoding="utf-8")
    return configuration.check(values, config.source), copy


def _require(folder: Path) -> None:
    for part in ("simulated.nc", "predicted.nc", "verdicts.csv"):
        if not (folder / part).exists():
            raise MissingError(f"{folder / part} does not exist; `make study` makes it")


def _all_run(config: Configuration) -> bool:
    return all((config.results / name / "verdicts.csv").exists() for name in config.studies)
