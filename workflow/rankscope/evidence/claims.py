"""Claims as objects: a statement, the region it accepts, and the function that tests it.

A claim is made by decorating the function that yields its samples::

    @claim(
        "A: Eckart and Young",
        "The trained error is the tail of the squared singular values, {accepted}.",
        accepted=within(0.01, why="a hundredth of the target's energy"),
        estimate="trained error minus tail energy",
        scope="planted updates, isotropic inputs",
        figure="optimum",
    )
    def known_optimum(results):
        for point in results.where(input_decay=0.0):
            yield Sample(point, point.measured.trained_error - point.predicted.trained_error)
"""

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

from rankscope.evidence.region import Region
from rankscope.evidence.results import Results
from rankscope.evidence.samples import Sample

FULL_TEXT, ABSTRACT, RECALLED, DERIVED = (
    "full text",
    "abstract only",
    "recalled, not quoted",
    "derived here",
)
BASES = (FULL_TEXT, ABSTRACT, RECALLED, DERIVED)
HERE = "derived here"
UNREACHED = Region(math.nan, math.nan, "not tested")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Definition:
    """One thing that a word of a statement could mean; a study may add what it needs to read it.

    Attributes:
        name: as tables show it.
    """

    name: str


Evidence = Callable[..., Iterator[Sample]]
"""From `Results`, and a `Definition` where the claim has several, to samples."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Claim:
    """A statement and what would decide it.

    Attributes:
        name: a short identifier, unique in its study.
        statement: one sentence, in which ``{accepted}`` stands for the accepted region.
        accepted: the region, with its reason, fixed before the data.
        estimate: what the number is, with its units.
        scope: the points and depths that it is made for.
        source: paper and place, or ``HERE``, as of a claim that names none.
        basis: one of `BASES`: how the statement is known; with a source it must be said.
        null: what the claim is compared with, such as ``"random directions"``; may be empty.
        chance: the number that the null gives; ``nan`` where there is none.
        figure: the study's figure that shows it; may be empty.
        somewhere: whether it claims something of some point; else of all points in scope.
        over: the parameter that its statement does not name and that may decide it: where
            verdicts turn along it, the claim *depends on* it; may be empty.
        definitions: what the statement could mean; each is judged for itself.
        headline: whether it is a main statement of its paper.
        targets: where the audit plants, if not at the region's own places: what the claim's
            number is where the statement ``holds``, where it ``fails`` and by its ``null``.
        evidence: yields its samples; ``None`` where it is out of reach here, and then
            ``scope`` says why.
    """

    name: str
    statement: str
    accepted: Region
    estimate: str
    scope: str
    source: str
    basis: str
    null: str = ""
    chance: float = math.nan
    figure: str = ""
    somewhere: bool = False
    over: str = ""
    definitions: Sequence[Definition] = ()
    headline: bool = False
    targets: Mapping[str, float] = dataclasses.field(default_factory=dict, hash=False)
    evidence: Evidence | None = None

    @property
    def function(self) -> str:
        """The name of the evidence's function, by which its plant is found."""
        return "" if self.evidence is None else self.evidence.__name__

    @property
    def sentence(self) -> str:
        """The statement with the accepted region in words."""
        return self.statement.replace("{accepted}", self.accepted.words)

    def samples(self, results: Results, definition: Definition | None = None) -> list[Sample]:
        """Return what the results say about the claim, under one of its definitions."""
        if self.evidence is None:
            return []
        arguments = (results,) if definition is None else (results, definition)
        return list(self.evidence(*arguments))


def claim(name: str, statement: str, **fields: Any) -> Callable[[Evidence], Claim]:
    """Make a `Claim` of the decorated function; ``fields`` are the claim's.

    A claim without a ``source`` is nobody's but rankscope's, and derived.
    """
    if "source" not in fields:
        fields |= {"source": HERE, "basis": DERIVED}

    def decorate(evidence: Evidence) -> Claim:
        return Claim(name=name, statement=statement, evidence=evidence, **fields)

    return decorate


def unreached(name: str, statement: str, *, scope: str, source: str, basis: str) -> Claim:
    """Make a claim that cannot be tested here; ``scope`` says why."""
    return Claim(
        name=name,
        statement=statement,
        accepted=UNREACHED,
        estimate="none",
        scope=scope,
        source=source,
        basis=basis,
    )


def of(module: ModuleType) -> tuple[Claim, ...]:
    """Return the claims of a module in the order of the file, or of a folder's modules."""
    found = [value for value in vars(module).values() if isinstance(value, Claim)]
    for value in vars(module).values():
        if isinstance(value, ModuleType) and value.__name__.startswith(f"{module.__name__}."):
            found += of(value)
    return tuple(dict.fromkeys(found))
