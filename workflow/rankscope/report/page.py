"""Fill the report's template."""

from collections.abc import Sequence
from pathlib import Path

import jinja2
import yaml
from markupsafe import Markup

from rankscope import datasets
from rankscope.evidence import verdicts
from rankscope.planning import configuration
from rankscope.report import audits, formats, gather, items, overview, prose, readme


def write(target: Path, files: Sequence[str]) -> None:
    """Write the report of the results beside it, with the configuration they were made with.

    Args:
        target: the report.
        files: the configuration's, as the commands that remake the results name them.
    """
    provenance = gather.provenance(target.parent)
    values = provenance["configuration"] | {"results": str(target.parent)}
    config = configuration.check(values, str(target.parent / "provenance.json"))
    papers = gather.papers(config, values)
    headlines = readme.headlines(items.read(target.parent / "claims.csv"))
    audited, outdated = audits.read(target.parent)
    page = (
        _environment()
        .get_template("template.html.j2")
        .render(
            papers=papers,
            overview=overview.of(papers, headlines),
            comparison=gather.comparison(config),
            verdicts=verdicts.VERDICTS,
            stages=gather.STAGES,
            audits=audited,
            audit_is_outdated=outdated,
            definitions=gather.definitions(),
            derivations=gather.derivations(),
            provenance=provenance,
            results=config.results,
            files=files,
            chosen=formats.chosen(files),
            confidence=config.confidence,
            seed=config.seed,
            style=Markup(prose.own("style.css")),
            script=Markup(prose.own("report.js")),
        )
    )
    with datasets.atomic(target) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("rankscope.report", ""),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "number": formats.number,
        "estimate": formats.estimate,
        "in_sum": formats.in_sum,
        "remark": formats.remark,
        "duration": formats.duration,
        "memory": formats.memory,
        "in_words": formats.in_words,
        "slug": formats.slug,
        "source": prose.source,
        "yaml": _as_yaml,
    }
    environment.globals["region"] = formats.region
    return environment


def _as_yaml(values: object) -> str:
    return yaml.safe_dump(values, sort_keys=False, default_flow_style=None, width=88)
