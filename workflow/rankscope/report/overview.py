"""What the report says first: of each paper its main claims in words, and one figure."""

import dataclasses
from collections.abc import Collection, Iterator, Sequence

from rankscope.report.gather import Claim, Paper, Study
from rankscope.report.items import Item


@dataclasses.dataclass(frozen=True, kw_only=True)
class Overview:
    """A paper in short.

    Attributes:
        paper: the paper.
        claims: those that stand for it, each with its study.
        study: whose figure is shown.
        figure: that figure, of the first of these claims that has one.
    """

    paper: Paper
    claims: Sequence[tuple[Study, Claim]]
    study: Study | None
    figure: Item | None


def of(papers: Sequence[Paper], headlines: Collection[tuple[str, str]]) -> list[Overview]:
    """Choose what is said first of each paper.

    Args:
        papers: all papers.
        headlines: study and name of the claims that stand for them.
    """
    return [_of(paper, headlines) for paper in papers]


def _of(paper: Paper, headlines: Collection[tuple[str, str]]) -> Overview:
    chosen = [
        (study, claim)
        for study in paper.studies
        for claim in study.claims
        if (study.name, claim.row["claim"]) in headlines
    ]
    study, figure = next(_figures(chosen), (None, None))
    return Overview(paper=paper, claims=chosen, study=study, figure=figure)


def _figures(chosen: Sequence[tuple[Study, Claim]]) -> Iterator[tuple[Study, Item]]:
    for study, claim in chosen:
        for figure in study.figures:
            if figure.name == claim.row["figure"]:
                yield study, figure
