"""Read the results of all configured studies, paper by paper, into what the report shows."""

import dataclasses
import html
import importlib
import inspect
import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from rankscope import __version__
from rankscope.comparison import ranks
from rankscope.evidence import claims, verdicts
from rankscope.planning import code, configuration, study
from rankscope.planning.configuration import Configuration
from rankscope.report import formats, items, prose
from rankscope.report.items import Item

DOCS = code.PACKAGE.resolve().parent.parent / "docs"

SOUND = (claims.FULL_TEXT, claims.DERIVED)
"""Bases of a claim that need no warning."""

WORDED = ["statement", "accepted"]
"""Columns of ``claims.csv`` in which the bounds of a region are written out."""

STAGES = {
    "simulated": "simulate",
    "predicted": "predict",
    "collect": "collect",
    "verify": "judge",
    "plot": "plot",
    "tabulate": "tabulate",
}
"""How the files begin that say what the jobs of a stage took, and what the stage does."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Claim:
    """A statement with its verdicts, one under each of its definitions.

    Attributes:
        study: the study's name.
        cells: rows of the study's ``claims.csv``, one per definition.
        data: the rows of its points, compressed, as a data URL; empty if it was not tested.
        place: file and line of its evidence; empty if it has none.
        text: that code.
        before: how it came out in earlier releases, by definition, where it is not as now.
    """

    study: str
    cells: Sequence[Mapping[str, Any]]
    data: str
    place: str = ""
    text: str = ""
    before: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def row(self) -> Mapping[str, Any]:
        """What all definitions have in common."""
        return self.cells[0]

    @property
    def anchor(self) -> str:
        """Where in the page it stands."""
        return formats.slug(f"{self.study}-{self.row['claim']}")

    @property
    def counts(self) -> dict[str, int]:
        """How many definitions have each verdict, those that occur."""
        return tally(self.cells)

    @property
    def order(self) -> float | str:
        """What tables are sorted by: the least strength; empty if there is none."""
        found = [value for value in map(strength, self.cells) if not math.isnan(value)]
        return max(-1e9, min(1e9, *found)) if found else ""  # scripts sort finite numbers only


@dataclasses.dataclass(frozen=True, kw_only=True)
class Study:
    """What the report says about one study.

    Attributes:
        name: the study's name.
        title: its heading.
        introduction: what is done in it.
        sections: headings and prose.
        claims: its claims.
        figures: its figures.
        tables: its further tables.
        points: number of points of its grid.
        replicates: repetitions of each point.
        times: seconds and megabytes by stage.
        grid: the configured section.
    """

    name: str
    title: str
    introduction: Markup
    sections: Mapping[str, Markup]
    claims: Sequence[Claim]
    figures: Sequence[Item]
    tables: Sequence[Item]
    points: int
    replicates: int
    times: Mapping[str, tuple[float, float]]
    grid: Mapping[str, Any]

    @property
    def anchor(self) -> str:
        """Where in the page it stands."""
        return formats.slug(self.name)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Paper:
    """What the report says about one paper: its text, and its studies.

    Attributes:
        name: the paper's folder.
        title: the paper.
        introduction: one paragraph.
        sections: headings and prose.
        studies: its studies; one of the paper's own name says nothing beside the paper's text.
    """

    name: str
    title: str
    introduction: Markup
    sections: Mapping[str, Markup]
    studies: Sequence[Study]

    @property
    def claims(self) -> list[Claim]:
        """The claims of all its studies."""
        return [claim for one in self.studies for claim in one.claims]

    @property
    def points(self) -> int:
        """How many points its studies have."""
        return sum(one.points for one in self.studies)

    @property
    def counts(self) -> dict[str, int]:
        """How many verdicts there are of each kind, those that occur."""
        return tally([cell for claim in self.claims for cell in claim.cells])

    @property
    def source(self) -> str:
        """The paper on arXiv that most of its claims are from, as a URL; empty if there is none."""
        found = [prose.ARXIV.search(claim.row["source"]) for claim in self.claims]
        numbers = [match[1] for match in found if match]
        return prose.abstract(max(numbers, key=numbers.count)) if numbers else ""

    @property
    def weak_bases(self) -> dict[str, int]:
        """How many claims do not stand in a text that was read, by how they are known."""
        found = [claim.row["basis"] for claim in self.claims if claim.row["basis"] not in SOUND]
        return {basis: found.count(basis) for basis in dict.fromkeys(found)}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Comparison:
    """The page across the papers.

    Attributes:
        answers: by question, a sentence per spectrum.
        figures: its figures.
        table: every notion of rank beside its null.
    """

    answers: Mapping[str, Sequence[str]]
    figures: Sequence[Item]
    table: Markup


def tally(cells: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Count the rows of each verdict, those that occur."""
    found = [cell["verdict"] for cell in cells]
    return {kind: found.count(kind) for kind in verdicts.VERDICTS if kind in found}


def strength(row: Mapping[str, Any]) -> float:
    """Return how many errors inside its region an estimate lies; negative if outside.

    It is infinite for a number without error, and ``nan`` where the error is unknown.
    """
    keys = ("effect", "error", "accepted_lower", "accepted_upper")
    if any(formats.is_missing(row[key]) for key in keys):
        return math.nan
    value, error, lower, upper = (float(row[key]) for key in keys)
    inside = min(value - lower, upper - value)
    return inside / error if error else math.copysign(math.inf, inside)


def papers(config: Configuration, values: Mapping[str, Any]) -> list[Paper]:
    """Gather all configured papers.

    Args:
        config: the checked configuration.
        values: the same as written in the YAML file.
    """
    found: dict[str, list[Study]] = {}
    for name, one in config.studies.items():
        found.setdefault(study.paper(name), []).append(
            _study(one, values["studies"][name], config.results)
        )
    return [_paper(name, studies) for name, studies in found.items()]


def _paper(name: str, studies: Sequence[Study]) -> Paper:
    title, introduction, sections = _text(name)
    return Paper(
        name=name,
        title=title,
        introduction=introduction,
        sections=sections,
        studies=studies,
    )


def _study(one: configuration.Study, grid: Mapping[str, Any], results: Path) -> Study:
    name, folder = one.name, results / one.name
    title, introduction, sections = _text(name)
    figures, tables = study.module_name(name, "figures"), study.module_name(name, "tables")
    return Study(
        name=name,
        title=title,
        introduction=introduction,
        sections=sections,
        claims=_claims(name, folder),
        figures=[
            items.picture(folder / "figures" / f"{item}.png", code.docstring(figures, item))
            for item in study.makes(name, "figures")
        ],
        tables=[
            items.table(folder / "tables" / f"{item}.csv", code.docstring(tables, item))
            for item in study.makes(name, "tables")
        ],
        points=len(one.points),
        replicates=one.replicates,
        times=times(results / "logs" / name),
        grid=grid,
    )


def _text(name: str) -> tuple[str, Markup, dict[str, Markup]]:
    """Return the ``report.md`` of a paper or study; without one, its docstring and its name."""
    file = study.FOLDER / name / "report.md"
    if not file.exists():
        package = importlib.import_module(f"rankscope.studies.{name.replace('/', '.')}")
        return formats.in_words(Path(name).name), prose.caption(inspect.getdoc(package) or ""), {}
    return prose.page(file.read_text(encoding="utf-8"))


def _claims(name: str, folder: Path) -> list[Claim]:
    rows = items.read(folder / "claims.csv")
    points = items.read(folder / "verdicts.csv")
    earlier = history(name)
    known = {claim.name: claim for claim in claims.of(study.part(name, "claims"))}
    found = []
    for claim, cells in rows.groupby("claim", sort=False):
        mine = points[points.claim == claim]
        place, text = _evidence(known.get(str(claim)))
        found.append(
            Claim(
                study=name,
                cells=items.records(cells.assign(**cells[WORDED].map(formats.rounded))),
                data=_packed(mine),
                place=place,
                text=text,
                before={
                    one: _told(earlier.get(full_name(str(claim), one), {}), now)
                    for one, now in zip(cells.definition.fillna(""), cells.verdict, strict=True)
                },
            )
        )
    return found


def _told(earlier: Mapping[str, str], now: str) -> str:
    """Say how a claim came out in earlier releases, unless nothing has changed since."""
    if set(earlier.values()) <= {now}:
        return ""
    return ", ".join(f"{version}: {verdict}" for version, verdict in earlier.items())


def _packed(points: pd.DataFrame) -> str:
    """Pack the rows of a claim's points, to four digits: ``verdicts.csv`` has all."""
    chances = {name: points[name].map("{:.2g}".format) for name in ("p_inside", "p_outside")}
    text = points.assign(**chances).to_csv(index=False, float_format="%.4g")
    return formats.packed_url(text.encode()) if len(points) else ""


def _evidence(claim: claims.Claim | None) -> tuple[str, Markup]:
    """Return where the evidence of a claim stands, and its code, if there is any.

    Without the decorator: what it says stands above the code, in words.
    """
    if claim is None or claim.evidence is None:
        return "", Markup()
    file, line = code.line(claim.evidence.__module__, claim.evidence.__name__)
    place = file.relative_to(code.PACKAGE.parent.parent)
    _, define, body = inspect.getsource(claim.evidence).partition(f"def {claim.evidence.__name__}(")
    return f"{place}:{line}", Markup(html.escape(define + body, quote=False))


def times(folder: Path) -> dict[str, tuple[float, float]]:
    """Return what the jobs of a study took, by stage.

    Args:
        folder: of the files that Snakemake's ``benchmark`` writes, named by stage.

    Returns:
        Wall-clock seconds of all jobs of a stage, and the largest memory of one in megabytes
        (``nan`` where the jobs were too short to be looked at).
    """
    found: dict[str, tuple[float, float]] = {}
    for stage in STAGES:
        files = [file for file in sorted(folder.glob("*.tsv")) if re.match(stage, file.name)]
        if files:
            rows = pd.concat([pd.read_csv(file, sep="\t", na_values="-") for file in files])
            found[stage] = float(rows.s.sum()), float(rows.max_rss.max())
    return found


def definitions() -> tuple[str, Markup, dict[str, Markup]]:
    """Return heading, introduction and sections of the shared definitions."""
    return prose.page(prose.own("definitions.md"))


def full_name(claim: str, definition: str) -> str:
    """Name a claim under one definition, as releases without definitions named it."""
    return f"{claim}: {definition}" if definition else claim


def history(name: str) -> dict[str, dict[str, str]]:
    """Return how a study's claims came out in earlier releases, where their findings are at hand.

    Returns:
        By the full name of the claim, its verdict by version, the latest release first.
    """
    found: dict[str, dict[str, str]] = {}
    releases = set((DOCS / "findings").glob("*.csv")) - {DOCS / "findings" / f"{__version__}.csv"}
    for file in sorted(releases, reverse=True):
        rows = items.read(file)
        for row in items.records(rows[rows.study == name]):
            full = full_name(row["claim"], row["definition"])
            found.setdefault(full, {})[file.stem] = row["verdict"]
    return found


def derivations() -> dict[str, Markup]:
    """Return the derivations of the documentation by heading, where it is at hand."""
    file = DOCS / "derivations.md"
    return prose.page(file.read_text(encoding="utf-8"))[2] if file.exists() else {}


def comparison(config: Configuration) -> Comparison | None:
    """Gather the comparison across the papers; nothing if no study has spectra."""
    if not any(study.has(name, "spectra") for name in config.studies):
        return None
    folder, drawing = config.results / "comparison", "rankscope.comparison.figures"
    measured = items.read(folder / "tables" / "ranks.csv")
    answers: dict[str, list[str]] = {}
    for row in measured.itertuples():
        answers.setdefault(ranks.QUESTIONS[str(row.question)], []).append(
            f"{row.label}: {row.energy_rank:.3g} of {row.available} directions hold 90 % of "
            f"the energy; in noise of the same shape {row.null_energy_rank:.3g}."
        )
    shown = measured[["label", "rows", "columns"]].copy()
    for notion in ranks.NOTIONS:
        pairs = zip(measured[notion], measured[f"null_{notion}"], strict=True)
        shown[notion] = [
            f"{formats.number(value)} ({formats.number(null)})" for value, null in pairs
        ]
    return Comparison(
        answers=answers,
        figures=[
            items.picture(folder / "figures" / f"{item}.png", code.docstring(drawing, item))
            for item in code.public_functions(drawing)
        ],
        table=items.html(shown.rename(columns=formats.in_words)),
    )


def provenance(results: Path) -> dict[str, Any]:
    """Return the provenance record of a results folder."""
    return json.loads((results / "provenance.json").read_text(encoding="utf-8"))
