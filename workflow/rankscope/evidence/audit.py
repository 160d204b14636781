"""What would have overturned a verdict: claims judged on data in which the truth was planted.

`planting` says what is planted. The audit counts how often the claim is then supported and
contradicted, at the points, replicates and noise of a run, and whether the number that the
evidence finds is the one that was planted.

Every kind of truth goes through the evidence a few times. Where that gives the very estimates of
the values that were planted, point by point, further draws are judged without it: they would be
the same. Where it does not (a statistic of all replicates, a choice among them), all draws go
through the evidence.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from rankscope.evidence import verdicts
from rankscope.evidence.claims import Claim
from rankscope.evidence.planting import (
    HOLDS,
    KINDS,
    NULL,
    Bed,
    Estimates,
    collect,
    plant_of,
)
from rankscope.evidence.results import Results
from rankscope.evidence.samples import Estimate, Sample

ERROR_RATE = 0.05
"""How often a claim may be supported under a falsehood or its null, or contradicted if true."""
CONFIDENCE = 0.95
"""One-sided, of the bounds on how often the wrong verdict comes."""
POWER = 0.8
"""How often it should be supported if true, and contradicted if false."""
TRIED = 3
"""Draws that go through the evidence before it is believed to pass values on."""
JUDGED = 400
"""Draws of a claim whose evidence does."""
AGAIN = 100
"""Draws for a number of replicates that might give the power."""
MOST = 1024
"""Times the replicates of the run, beyond which none are asked for."""

COLUMNS = (
    "claim", "definition", "kind", "draws", "planted", "supported", "contradicted", "undecided",
    "depends_on", "wrong_at_most", "sound", "powerful", "found", "replicates", "replicates_needed",
)  # fmt: skip


def audit(
    claims: Sequence[Claim],
    plants: ModuleType,
    results: Results,
    *,
    confidence: float,
    draws: int,
    seed: int,
    further: int | None = None,
) -> pd.DataFrame:
    """Judge claims on planted data.

    Args:
        claims: those of a study; claims out of reach are passed over.
        plants: the study's ``plants``.
        results: a run whose points, replicates and noise are kept.
        confidence: of the verdicts.
        draws: planted data sets per claim and kind that go through the evidence, where all must.
        seed: of the draws.
        further: the same for a claim's second and further definitions, which differ from the first
            in the noise alone; ``draws`` if it is ``None``.

    Returns:
        A row per claim, definition and kind with `COLUMNS`: how many draws were judged, and how
        many of them planted and read; rates of verdicts; the upper bound on that of the wrong
        one, and whether it is sound (the lower one does not exceed `ERROR_RATE`); whether that of
        the right one is powerful (`POWER`), and whether the evidence
        found the number that was planted; the most replicates that a point has, and about how
        many would make a row powerful that is not (`nan` where it is, ``inf`` for none).
    """
    rows: list[dict[str, Any]] = []
    for claim in claims:
        if claim.evidence is None:
            continue
        plant = plant_of(plants, claim)
        beds = [Bed(claim, one, results, plant) for one in claim.definitions or (None,)]
        points = sum(len(bed.samples) for bed in beds)
        for number, bed in enumerate(beds):
            if bed.samples:
                rule = Rule(1 - confidence, points - len(bed.samples), seed)
                most = draws if further is None or number == 0 else further
                rows += [_row(bed, kind, rule, most) for kind in KINDS]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def read(file: Path) -> pd.DataFrame:
    """Read an audit that was written as CSV, in which a kind of truth is called ``null``."""
    return pd.read_csv(file, keep_default_na=False, na_values={"replicates_needed": [""]})


@dataclasses.dataclass(frozen=True)
class Rule:
    """How draws are made and judged.

    Attributes:
        level: of each test.
        others: points of the claim under its other definitions, for Holm's correction.
        seed: of the draws.
    """

    level: float
    others: int
    seed: int


@dataclasses.dataclass(frozen=True)
class Counts:
    """How often each verdict was reached.

    Attributes:
        of: per verdict.
        draws: how many were judged.
        planted: how many of them were planted, and read by the evidence.
        found: whether the evidence found what was planted.
        law: what it found at each sample, and with what noise.
        certain: whether nothing is random, so that one draw is all.
    """

    of: Mapping[str, int]
    draws: int
    planted: int
    found: bool
    law: Sequence[Estimate]
    certain: bool

    def share(self, verdict: str) -> float:
        """Return how often a verdict was reached."""
        return self.of[verdict] / self.draws

    def right(self, kind: str) -> float:
        """Return how often the right verdict was reached."""
        return self.share(verdicts.SUPPORTED if kind == HOLDS else verdicts.CONTRADICTED)

    def wrong(self, kind: str) -> float:
        """Return how often the wrong one was reached."""
        return self.share(verdicts.CONTRADICTED if kind == HOLDS else verdicts.SUPPORTED)


def _row(bed: Bed, kind: str, rule: Rule, draws: int) -> dict[str, Any]:
    counts = _count(bed, kind, rule, draws)
    powerful = kind == NULL or counts.right(kind) >= POWER
    least, most = bounds(round(counts.wrong(kind) * counts.draws), counts.draws)
    if counts.certain:
        least = most = counts.wrong(kind)
    return {
        "claim": bed.claim.name,
        "definition": bed.definition.name if bed.definition else "",
        "kind": kind,
        "draws": counts.draws,
        "planted": counts.planted,
        "supported": counts.share(verdicts.SUPPORTED),
        "contradicted": counts.share(verdicts.CONTRADICTED),
        "undecided": counts.share(verdicts.UNDECIDED),
        "depends_on": counts.share(verdicts.DEPENDS),
        "wrong_at_most": most,
        "sound": least <= ERROR_RATE,
        "powerful": powerful,
        "found": counts.found,
        "replicates": bed.replicates,
        "replicates_needed": math.nan if powerful else _needed(bed, kind, rule, counts.law),
    }


def _count(bed: Bed, kind: str, rule: Rule, draws: int) -> Counts:
    """Plant data, and count the verdicts."""
    generator = np.random.default_rng([rule.seed, KINDS.index(kind)])
    found: list[list[Sample]] = []
    reached: list[str] = []
    passed_on, certain = True, False
    while len(found) < draws:
        values = bed.draw(kind, generator)
        found.append(samples := bed.claim.samples(bed.planted(values), bed.definition))
        reached += _judge(bed.claim, samples, collect(samples), rule)
        passed_on = passed_on and bed.is_passed_on(values, samples)
        if certain := all(sample.estimate.kind == "exact" for sample in samples):
            break
        if passed_on and len(found) == TRIED:
            drawn = bed.estimates(bed.law(kind), JUDGED, generator)
            reached = _judge(bed.claim, bed.samples, drawn, rule)
            break
    return Counts(
        of={verdict: reached.count(verdict) for verdict in verdicts.VERDICTS},
        draws=len(reached),
        planted=len(found),
        found=passed_on or bed.is_found(kind, found),
        law=bed.law(kind, () if passed_on else found),
        certain=certain,
    )


def bounds(wrong: int, draws: int) -> tuple[float, float]:
    """Return the exact bounds on a rate (Clopper and Pearson, Biometrika 26, 1934).

    Args:
        wrong: how many draws had it.
        draws: of how many.
    """
    lower = stats.beta.ppf(1 - CONFIDENCE, wrong, draws - wrong + 1) if wrong else 0.0
    upper = stats.beta.ppf(CONFIDENCE, wrong + 1, draws - wrong) if wrong < draws else 1.0
    return float(lower), float(upper)


def _judge(claim: Claim, samples: Sequence[Sample], estimates: Estimates, rule: Rule) -> list[str]:
    """Return the verdict on a claim in each draw, as `verdicts.judge` finds it in a run."""
    if not samples:
        return [verdicts.NOT_TESTED] * len(estimates.value)
    regions = [sample.accepted or claim.accepted for sample in samples]
    inside, outside = verdicts.p_values(
        estimates.value, estimates.error, estimates.freedom, estimates.missing,
        np.array([region.lower for region in regions]),
        np.array([region.upper for region in regions]),
    )  # fmt: skip
    tested = verdicts.levels(claim, inside, outside, rule.level, rule.others)
    settings = [verdicts.setting(claim, sample) for sample in samples]
    points = verdicts.decide(inside, outside, *tested)
    return [verdicts.overall(claim, row, settings)[0] for row in points]


def _needed(bed: Bed, kind: str, rule: Rule, law: Sequence[Estimate]) -> float:
    """Return about how many replicates would give the power that is wanted, to an eighth."""
    right = verdicts.SUPPORTED if kind == HOLDS else verdicts.CONTRADICTED

    def is_powerful(times: float) -> bool:
        generator = np.random.default_rng([rule.seed, KINDS.index(kind)])
        drawn = bed.estimates(law, AGAIN, generator, times)
        reached = _judge(bed.claim, bed.samples, drawn, rule)
        return reached.count(right) >= POWER * AGAIN

    too_few, enough = 1.0, 2.0
    while not is_powerful(enough):
        too_few, enough = enough, 2 * enough
        if enough > MOST:
            return math.inf
    for _ in range(3):
        middle = (too_few + enough) / 2
        too_few, enough = (too_few, middle) if is_powerful(middle) else (middle, enough)
    return math.ceil(enough * bed.replicates)
