"""Read the results of all configured studies into what the report shows."""

import base64
import dataclasses
import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from rankscope.jobs import journal
from rankscope.planning import code as sources
from rankscope.planning import configuration, study
from rankscope.planning.configuration import RESULTS, Configuration
from rankscope.report import prose

VERDICTS = ("supported", "contradicted", "undecided", "not tested")
SOUND = ("full text", "derived here")
"""Bases of a claim that need no warning."""

STAGES = {
    "simulated": "simulate",
    "predicted": "predict",
    "judged": "judge",
    "plotted": "plot",
    "tabulated": "tabulate",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure or a further table of a study, with its caption.

    Attributes:
        name: the function that makes it.
        title: the first paragraph of the docstring of its function, as HTML.
        caption: the rest of that docstring, as HTML.
        file: where the workflow writes it.
        content: the picture as a data URL, or the table as HTML.
        pixels: width of a picture.
    """

    name: str
    title: Markup
    caption: Markup
    file: Path
    content: str
    pixels: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Family:
    """Claims whose names agree up to the colon: one statement under several definitions.

    Attributes:
        name: the part of the names before the colon.
        statement: what their statements have in common; empty if they share too little.
        claims: the claims.
    """

    name: str
    statement: str
    claims: Sequence[Mapping[str, Any]]

    @property
    def members(self) -> str:
        """The claims' own names: the parts after the colon."""
        own = [claim["claim"].partition(": ")[2] for claim in self.claims]
        return ", ".join(filter(None, own))

    @property
    def counts(self) -> dict[str, int]:
        """How many claims have each verdict, those that occur."""
        return tally(self.claims)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Study:
    """What the report says about one study.

    Attributes:
        name: the study's name.
        title: the paper, or the study's subject.
        introduction: one paragraph.
        sections: headings and prose.
        claims: rows of the study's ``claims.csv``.
        figures: its figures.
        tables: its further tables.
        points: number of points of its grid.
        replicates: repetitions of each point.
        seconds: wall-clock seconds by stage.
        grid: the configured section.
    """

    name: str
    title: str
    introduction: Markup
    sections: Mapping[str, Markup]
    claims: Sequence[Mapping[str, Any]]
    figures: Sequence[Figure]
    tables: Sequence[Figure]
    points: int
    replicates: int
    seconds: Mapping[str, float]
    grid: Mapping[str, Any]

    @property
    def counts(self) -> dict[str, int]:
        """How many claims have each verdict, those that occur."""
        return tally(self.claims)

    @property
    def families(self) -> list[Family]:
        """The claims in families, in their order."""
        groups: dict[str, list[Mapping[str, Any]]] = {}
        for claim in self.claims:
            groups.setdefault(claim["claim"].partition(": ")[0], []).append(claim)
        return [
            Family(name=name, statement=shared([c["statement"] for c in claims]), claims=claims)
            for name, claims in groups.items()
        ]

    @property
    def weak_bases(self) -> dict[str, int]:
        """How many claims do not stand in a text that was read, by how they are known."""
        found = [claim["basis"] for claim in self.claims if claim["basis"] not in SOUND]
        return {basis: found.count(basis) for basis in dict.fromkeys(found)}


def tally(claims: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Count the claims of each verdict, those that occur."""
    found = [claim["verdict"] for claim in claims]
    return {kind: found.count(kind) for kind in VERDICTS if kind in found}


def shared(statements: Sequence[str]) -> str:
    """Return the end that statements have in common, from a word on; a short one is none."""
    words = [statement.split()[::-1] for statement in statements]
    agree = itertools.takewhile(lambda same: len(set(same)) == 1, zip(*words, strict=False))
    common = " ".join([same[0] for same in agree][::-1])
    return common[:1].upper() + common[1:] if len(common) >= 30 else ""


def studies(config: Configuration, values: Mapping[str, Any]) -> list[Study]:
    """Gather all configured studies.

    Args:
        config: the checked configuration.
        values: the same as written in the YAML file.
    """
    seconds = run_times()
    return [
        _study(config.studies[name], seconds.get(name, {}), values["studies"][name])
        for name in config.studies
    ]


def run_times() -> dict[str, dict[str, float]]:
    """Return wall-clock seconds by study and stage: the last run of each point, added up."""
    latest = {
        (entry.study, entry.stage, entry.point): entry.seconds
        for entry in journal.read()[0]
        if entry.event in (journal.DONE, journal.TIMED)
    }
    totals: dict[str, dict[str, float]] = {}
    for (name, stage, _), seconds in latest.items():
        stages = totals.setdefault(name, {})
        stages[STAGES.get(stage, stage)] = stages.get(STAGES.get(stage, stage), 0.0) + seconds
    return totals


def definitions() -> tuple[str, Markup, dict[str, Markup]]:
    """Return heading, introduction and sections of the shared definitions."""
    title, introduction, parts = prose.sections(prose.own("definitions.md"))
    shown = {heading: prose.markdown(text) for heading, text in parts.items()}
    return title, prose.markdown(introduction), shown


def derivations() -> dict[str, Markup]:
    """Return the derivations of the documentation by heading, where it is at hand."""
    file = sources.PACKAGE.resolve().parent.parent / "docs" / "derivations.md"
    if not file.exists():
        return {}
    parts = prose.sections(file.read_text(encoding="utf-8"))[2]
    return {heading: prose.markdown(text) for heading, text in parts.items()}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Synthesis:
    """The page across the papers.

    Attributes:
        answers: by question, a sentence per spectrum.
        figures: its figures.
        table: every notion of rank beside its null.
    """

    answers: Mapping[str, Sequence[str]]
    figures: Sequence[Figure]
    table: Markup


def across() -> Synthesis | None:
    """Gather the comparison across the studies; nothing if no study has spectra."""
    from rankscope.comparison import ranks as synthesis

    folder, drawing = RESULTS / "synthesis", "rankscope.synthesis_figures"
    if not synthesis.available():
        return None
    ranks = pd.read_csv(folder / "tables" / "ranks.csv")
    answers: dict[str, list[str]] = {}
    for row in ranks.itertuples():
        question = synthesis.QUESTIONS[str(row.question)]
        answers.setdefault(question, []).append(
            f"{row.label}: {row.energy_rank:.3g} of {row.available} directions hold 90 % of "
            f"the energy; in noise of the same shape {row.null_energy_rank:.3g}."
        )
    shown = ranks[["label", "rows", "columns"]].copy()
    for notion in synthesis.NOTIONS:
        pairs = zip(ranks[notion], ranks[f"null_{notion}"], strict=True)
        shown[notion] = [f"{number(value)} ({number(null)})" for value, null in pairs]
    return Synthesis(
        answers=answers,
        figures=[
            figure(folder / "figures" / f"{item}.png", sources.docstring(drawing, item))
            for item in sources.public_functions(drawing)
        ],
        table=Markup(
            shown.rename(columns=in_words).to_html(index=False, border=0)  # escapes its cells
        ),
    )


def provenance() -> dict[str, Any]:
    """Return the provenance record."""
    return json.loads((RESULTS / "provenance.json").read_text(encoding="utf-8"))


def _study(
    one: configuration.Study, seconds: Mapping[str, float], grid: Mapping[str, Any]
) -> Study:
    title, introduction, parts = prose.sections(_text(one.name))
    return Study(
        name=one.name,
        title=title,
        introduction=prose.markdown(introduction),
        sections={heading: prose.markdown(text) for heading, text in parts.items()},
        claims=_claims(one.name),
        figures=figures(one.name),
        tables=[_table(one.name, name) for name in study.makes(one.name, "tables")],
        points=len(one.points),
        replicates=one.replicates,
        seconds=seconds,
        grid=grid,
    )


def _text(name: str) -> str:
    """Return the study's ``report.md``; without one, its docstring under its name."""
    file = study.FOLDER / name / "report.md"
    if file.exists():
        return file.read_text(encoding="utf-8")
    return f"# {in_words(name)}\n\n{sources.module_docstring(f'rankscope.studies.{name}')}"


def figures(name: str) -> list[Figure]:
    """Gather the figures of a study."""
    module = study.module_name(name, "figures")
    return [
        figure(RESULTS / name / "figures" / f"{item}.png", sources.docstring(module, item))
        for item in study.makes(name, "figures")
    ]


def figure(file: Path, docstring: str) -> Figure:
    """Embed a PNG with its caption."""
    data = file.read_bytes()
    title, caption = title_and_caption(docstring)
    return Figure(
        name=file.stem,
        title=title,
        caption=caption,
        file=file,
        content=data_url("image/png", data),
        pixels=int.from_bytes(data[16:20], "big"),  # the width stands in the header
    )


def _table(name: str, item: str) -> Figure:
    file = RESULTS / name / "tables" / f"{item}.csv"
    return table(file, sources.docstring(study.module_name(name, "tables"), item))


def title_and_caption(docstring: str) -> tuple[Markup, Markup]:
    """Split a docstring after its first paragraph."""
    title, _, rest = docstring.partition("\n\n")
    return prose.line(title), prose.caption(rest)


def table(file: Path, docstring: str) -> Figure:
    """Show a CSV table with its caption."""
    title, caption = title_and_caption(docstring)
    content = pd.read_csv(file).map(number).to_html(index=False, border=0, na_rep="")
    return Figure(
        name=file.stem,
        title=title,
        caption=caption,
        file=file,
        content=Markup(content),
    )


def _claims(name: str) -> list[dict[str, Any]]:
    table = pd.read_csv(RESULTS / name / "claims.csv")
    points = pd.read_csv(RESULTS / name / "verdicts.csv")
    rows = []
    for row in table.to_dict("records"):
        filled = {str(key): "" if _missing(value) else value for key, value in row.items()}
        mine = points[points.claim == row["claim"]]
        filled |= {
            "study": name,
            "anchor": f"{name}-{slug(row['claim'])}",
            "effect_text": ""
            if _missing(row.get("effect"))
            else with_error(row["effect"], row["error"]),
            "accepted": region(row.get("accepted_lower"), row.get("accepted_upper")),
            "data": data_url("text/csv", mine.to_csv(index=False).encode()) if len(mine) else "",
        }
        rows.append(filled)
    return rows


def _missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def region(lower: float | None, upper: float | None) -> str:
    """Write an accepted region: an interval, one bound, or nothing."""
    if lower is None or upper is None or math.isnan(lower) or math.isnan(upper):
        return ""
    if math.isinf(lower) and math.isinf(upper):
        return "any"
    if math.isinf(lower):
        return f"≤ {number(upper)}"
    if math.isinf(upper):
        return f"≥ {number(lower)}"
    return f"{number(lower)} to {number(upper)}"


def number(value: object) -> object:
    """Write a number with four digits; leave anything else."""
    if isinstance(value, float) and not math.isnan(value):
        return f"{value:.4g}".replace("-", "\N{MINUS SIGN}")
    return value


def with_error(value: float, error: float) -> str:
    """Write an estimate and its error, both to the error's second digit."""
    if not error or not math.isfinite(error) or not math.isfinite(value):
        return str(number(value))
    digits = max(0, 1 - math.floor(math.log10(error)))
    if digits > 7 or abs(value) >= 1e6:
        return f"{number(value)} ± {number(float(f'{error:.2g}'))}"
    return f"{value:.{digits}f} ± {error:.{digits}f}".replace("-", "\N{MINUS SIGN}")


def duration(seconds: float) -> str:
    """Write a run time in words a person would use."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s"


PROPER = {"lora": "LoRA", "randlora": "RandLoRA"}


def in_words(name: str) -> str:
    """Turn ``a_name`` into ``A name``, and write proper names as their owners do."""
    words = " ".join(PROPER.get(word, word) for word in name.split("_"))
    return words[:1].upper() + words[1:]


def slug(text: str) -> str:
    """Turn a claim's name into the part of a link."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def data_url(kind: str, data: bytes) -> str:
    """Embed bytes in a URL."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
