"""Draw figures again from existing data: the workflow's plotting rules and no others."""

from collections.abc import Sequence
from pathlib import Path

from rankscope.comparison import ranks as synthesis
from rankscope.planning import configuration, study
from rankscope.running import run as runs
from rankscope.planning.configuration import RESULTS


def figures(config_file: Path, names: Sequence[str] = ()) -> int:
    """Draw the figures and tables of studies again, and make the report of them.

    Snakemake is allowed the rules that draw, and no others: nothing is simulated, predicted
    or judged, whatever has changed since.

    Args:
        config_file: the configuration.
        names: studies; none for all that are configured.

    Returns:
        Snakemake's exit status.

    Raises:
        ValueError: if a study is not configured.
        FileNotFoundError: if a study has not been run.
    """
    config = configuration.read(config_file)
    chosen = list(names) or list(config.studies)
    for name in chosen:
        if name not in config.studies:
            known = ", ".join(config.studies)
            raise ValueError(f"{config_file}: no study {name!r}; configured are {known}")
        _require(name)
    rules = [f"plot_{name}" for name in chosen]
    rules += [f"tabulate_{name}" for name in chosen if study.makes(name, "tables")]
    if any(synthesis.has_spectra(name) for name in chosen) and _all_run(config):
        rules.append("synthesis")
    force = ["--force", *rules]
    if (RESULTS / "report.html").exists() and _all_run(config):
        force.append("report")
    arguments = ["--allowed-rules", *rules, "report", *force]
    return runs.study(config_file, arguments, points=False)


def _require(name: str) -> None:
    for part in ("simulated.nc", "predicted.nc", "verdicts.csv"):
        if not (RESULTS / name / part).exists():
            raise FileNotFoundError(
                f"{RESULTS}/{name}/{part} does not exist; `make study` makes it"
            )


def _all_run(config: configuration.Configuration) -> bool:
    return all((RESULTS / name / "verdicts.csv").exists() for name in config.studies)
