"""From collected datasets to verdicts, tables and figures; from these to one table of claims."""

import functools
import inspect
import json
import os
import platform
import re
import subprocess
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

import rankscope
from rankscope import datasets
from rankscope.evidence import verdicts
from rankscope.jobs import journal
from rankscope.planning import configuration, code as sources, study
from rankscope.planning.configuration import RESULTS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PACKAGES = ("numpy", "scipy", "xarray", "netCDF4", "snakemake", "scikit-learn", "mlxtend")
LANGUAGE_PACKAGES = ("torch", "transformers", "peft")
POINT_COLUMNS = (
    "claim", "point", "verdict", "estimate", "error", "interval_lower", "interval_upper",
    "lower", "upper", "null", "p_value",
)  # fmt: skip
CLAIM_COLUMNS = (
    "claim", "verdict", "basis", "points", "supported", "contradicted", "undecided",
    "effect", "error", "accepted_lower", "accepted_upper", "null_value", "worst_point",
    "statement", "estimate", "null", "scope", "source", "figure",
)  # fmt: skip
READING_COLUMNS = (
    "study", "claim", "verdict", "basis", "points", "supported", "contradicted", "undecided",
    "effect", "error", "accepted_lower", "accepted_upper", "worst_point",
)  # fmt: skip
PREAMBLE = """# Verdicts

A verdict is about the statement, under the definition and the tolerance that the row gives,
at the points that were run. *Basis* says how the statement is known: where it reads
"abstract only", the paper's full text was not available, and the verdict judges the
abstract's statement under our definitions; "recalled, not quoted" is a statement from
memory of a paper. *Effect* is the estimate at the worst point, with its standard error and
the region that was accepted in advance.

"""


def _timed(stage: str) -> Callable[[Callable[[str], None]], Callable[[str], None]]:
    """Note in the journal how long a stage of a study took."""

    def decorate(function: Callable[[str], None]) -> Callable[[str], None]:
        @functools.wraps(function)
        def timed(name: str) -> None:
            start = time.perf_counter()
            function(name)
            journal.append(journal.TIMED, name, stage, "all", time.perf_counter() - start)

        return timed

    return decorate


@_timed("judged")
def verify(name: str) -> None:
    """Judge all claims of a study: ``verdicts`` (a row per point) and ``claims``."""
    confidence, folder = configuration.from_environment().confidence, RESULTS / name
    data = rankscope.load(folder)
    tables, rows = [], []
    for claim in study.part(name, "claims").CLAIMS:
        points = pd.DataFrame(columns=list(POINT_COLUMNS))
        if claim.evidence is not None:
            evidence = claim.evidence(*data)
            if len(evidence.point):
                points = verdicts.judge(claim, evidence, confidence)
                tables.append(points)
        rows.append(verdicts.summarise(claim, points))
    points = pd.concat(tables) if tables else pd.DataFrame(columns=list(POINT_COLUMNS))
    write_table(points.reindex(columns=list(POINT_COLUMNS)), folder / "verdicts")
    write_table(pd.DataFrame(rows).reindex(columns=list(CLAIM_COLUMNS)), folder / "claims")


def write_table(table: pd.DataFrame, stem: Path, preamble: str = "") -> None:
    """Write a table as CSV (all digits), Markdown and LaTeX (booktabs; four digits)."""
    short = table.map(lambda cell: f"{cell:.4g}" if isinstance(cell, float) else cell).fillna("")
    latex = short.rename(columns=lambda text: text.replace("_", " "))
    texts = {
        ".csv": table.to_csv(index=False),
        ".md": preamble + short.to_markdown(index=False, disable_numparse=True) + "\n",
        ".tex": latex.to_latex(index=False, escape=True),
    }
    for suffix, text in texts.items():
        with datasets.atomic(stem.with_name(stem.name + suffix)) as temporary:
            temporary.write_text(text, encoding="utf-8")


def summarise() -> None:
    """Join the claims of all studies: CSV with every column, Markdown to be read."""
    parts, stem = [], RESULTS / "claims"
    for name in configuration.from_environment().studies:
        part = pd.read_csv(RESULTS / name / "claims.csv")
        part.insert(0, "study", name)
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    write_table(table.reindex(columns=list(READING_COLUMNS)), stem, PREAMBLE)
    with datasets.atomic(stem.with_name(f"{stem.name}.csv")) as temporary:
        table.to_csv(temporary, index=False)


@_timed("plotted")
def plot(name: str) -> None:
    """Make all figures of a study, as PNG and PDF, each with its caption beside it."""
    from rankscope.drawing import style

    style.apply()
    module, folder = study.part(name, "figures"), RESULTS / name
    data = *rankscope.load(folder), pd.read_csv(folder / "verdicts.csv")
    for figure in study.makes(name, "figures"):
        _draw(getattr(module, figure), data, folder / "figures" / figure)


def _draw(function: Callable[..., "Figure"], data: Sequence, stem: Path) -> None:
    """Save a figure, and its caption beside it."""
    from rankscope.drawing import style

    style.save(function(*data), stem)
    with datasets.atomic(stem.with_suffix(".rst")) as temporary:
        temporary.write_text(as_restructured_text(inspect.getdoc(function)), encoding="utf-8")


def as_restructured_text(caption: str) -> str:
    """Write a caption so that Snakemake's report shows its characters as they are."""
    paragraphs = [" ".join(part.split()) for part in caption.split("\n\n")]
    return "\n\n".join(re.sub(r"([\\*|_`])", r"\\\1", part) for part in paragraphs) + "\n"


def synthesise(names: Sequence[str]) -> None:
    """Compare the spectra of studies: a table of ranks, and figures."""
    from rankscope.comparison import ranks as synthesis, figures as synthesis_figures
    from rankscope.drawing import style

    style.apply()
    order = list(synthesis.QUESTIONS)
    spectra = sorted(synthesis.gather(names), key=lambda named: order.index(named[1].question))
    ranks, folder = synthesis.ranks_of(spectra), RESULTS / "synthesis"
    write_table(ranks, folder / "tables" / "ranks")
    held = synthesis.held(spectra)
    for name in sources.public_functions(synthesis_figures.__name__):
        _draw(getattr(synthesis_figures, name), (ranks, held), folder / "figures" / name)


@_timed("tabulated")
def tabulate(name: str) -> None:
    """Make all further tables of a study, as CSV, Markdown and LaTeX."""
    module, folder = study.part(name, "tables"), RESULTS / name
    data = *rankscope.load(folder), pd.read_csv(folder / "verdicts.csv")
    for table in study.makes(name, "tables"):
        write_table(getattr(module, table)(*data), folder / "tables" / table)


def provenance(target: Path) -> None:
    """Write what the results were made with: versions, commit, platform, configuration."""
    record = {
        "rankscope": metadata.version("rankscope"),
        "commit": _commit(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": platform.machine(),
        "packages": {name: _version(name) for name in PACKAGES + LANGUAGE_PACKAGES},
        "configuration": json.loads(os.environ[configuration.ENVIRONMENT]),
    }
    with datasets.atomic(target) as temporary:
        temporary.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    command: Sequence[str] = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    folder = Path(__file__).parent
    answer = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    return answer.stdout.strip() or "not a git checkout"
