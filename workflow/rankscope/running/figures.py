"""Draw figures again from existing data: the workflow's plotting rules and no others."""

from collections.abc import Sequence
from pathlib import Path

from rankscope.errors import ConfigurationError, MissingError
from rankscope.planning import configuration, study
from rankscope.planning.configuration import RESULTS, Configuration
from rankscope.running import run


def figures(config_file: Path, names: Sequence[str] = ()) -> int:
    """Draw the figures and tables of studies again, and make the report of them.

    Snakemake is allowed the rules that draw, and no others: nothing is simulated, predicted
    or judged, whatever has changed since.

    Args:
        config_file: the configuration.
        names: studies, or papers with all their studies; none for all that are configured.

    Returns:
        Snakemake's exit status.

    Raises:
        ConfigurationError: if a study is not configured.
        MissingError: if a study has not been run.
    """
    config = configuration.read(config_file)
    chosen = choose(config, names, config_file)
    for name in chosen:
        _require(name)
    rules = [f"plot_{configuration.rule_name(name)}" for name in chosen]
    rules += [
        f"tabulate_{configuration.rule_name(name)}"
        for name in chosen
        if study.makes(name, "tables")
    ]
    if any(study.has(name, "spectra") for name in chosen) and _all_run(config):
        rules.append("compare")
    force = ["--force", *rules]
    if (RESULTS / "report.html").exists() and _all_run(config):
        force.append("report")
    arguments = ["--allowed-rules", *rules, "report", *force]
    return run.study(config_file, arguments, points=False)


def choose(config: Configuration, names: Sequence[str], config_file: Path) -> list[str]:
    """Return the configured studies that names of studies and papers stand for.

    Raises:
        ConfigurationError: if a name stands for none of them.
    """
    chosen: list[str] = []
    for name in names:
        found = [one for one in config.studies if name in (one, study.paper(one))]
        if not found:
            known = ", ".join(config.studies)
            raise ConfigurationError(f"{config_file}: no study {name!r}; configured are {known}")
        chosen += found
    return list(dict.fromkeys(chosen)) or list(config.studies)


def _require(name: str) -> None:
    for part in ("simulated.nc", "predicted.nc", "verdicts.csv"):
        if not (RESULTS / name / part).exists():
            raise MissingError(f"{RESULTS}/{name}/{part} does not exist; `make study` makes it")


def _all_run(config: Configuration) -> bool:
    return all((RESULTS / name / "verdicts.csv").exists() for name in config.studies)
