"""What would have overturned a verdict: claims judged on data in which the truth was planted.

A study's ``plants.py`` has one function per claim, of the name of the claim's evidence. From a
point and the value that the claim's number shall have in each replicate it makes the measured
variables that give it, by a route of its own:

    def known_optimum(point, values):
        return {"trained_error": point.predicted.trained_error + values}

The audit plants three things at the points, replicates and noise of a run: that the statement
*holds*, that it *fails* by twice its tolerance, and what its *null* gives (chance, or the
trivial alternative). It counts how often the claim is supported and contradicted, and whether
the number that the evidence finds is the one that was planted.
"""

import dataclasses
import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from rankscope.evidence import verdicts
from rankscope.evidence.claims import Claim, Definition
from rankscope.evidence.region import Region
from rankscope.evidence.results import Family, Point, Results
from rankscope.evidence.samples import Estimate, Sample

HOLDS, FAILS, NULL = "holds", "fails", "null"
KINDS = (HOLDS, FAILS, NULL)
ERROR_RATE = 0.05
"""How often a claim may be supported under a falsehood or its null, or contradicted if true."""
POWER = 0.8
"""How often it should be supported if true, and contradicted if false."""

Plant = Callable[..., Mapping[str, Any]]
"""From a point, values over replicates (and a definition) to measured variables."""

COLUMNS = (
    "claim", "definition", "kind", "draws", "supported", "contradicted", "undecided",
    "depends_on", "sound", "powerful", "found",
)  # fmt: skip


def plant_of(plants: ModuleType, claim: Claim) -> Plant:
    """Return the function of ``plants`` that has the name of the claim's evidence."""
    found: Plant = getattr(plants, claim.function)
    return found


def targets(region: Region, chance: float) -> dict[str, float]:
    """Return what the claim's number is where the statement holds, fails, and by its null.

    It holds in the middle of the region, or a tolerance inside its only bound; it fails at
    twice the tolerance: from the middle, or a tolerance beyond the bound.
    """
    if math.isfinite(region.lower) and math.isfinite(region.upper):
        middle = (region.lower + region.upper) / 2
        return {HOLDS: middle, FAILS: middle + 2 * region.width, NULL: chance}
    if math.isfinite(region.upper):
        return {
            HOLDS: region.upper - region.width, FAILS: region.upper + region.width, NULL: chance
        }  # fmt: skip
    return {HOLDS: region.lower + region.width, FAILS: region.lower - region.width, NULL: chance}


@dataclasses.dataclass(frozen=True)
class Bed:
    """A claim, one of its definitions, and what a run says about it: where to plant.

    Attributes:
        claim: the claim.
        definition: one of its definitions, or ``None``.
        results: the run's results, whose points, replicates and noise are kept.
        plant: makes measured variables.
    """

    claim: Claim
    definition: Definition | None
    results: Results
    plant: Plant

    @functools.cached_property
    def samples(self) -> list[Sample]:
        """What the run itself says."""
        return self.claim.samples(self.results, self.definition)

    def target(self, sample: Sample, kind: str) -> float:
        """Return what the claim's number is at a sample if the truth is of a kind."""
        region = sample.accepted or self.claim.accepted
        chance = self.claim.chance if math.isnan(sample.chance) else sample.chance
        target = self.claim.targets.get(kind, targets(region, chance)[kind])
        if math.isnan(target):
            raise ValueError(f"{self.claim.name}: no number for {kind!r} at {sample.name}")
        return target

    def planted(self, kind: str, generator: np.random.Generator) -> Results:
        """Return results in which the truth is of a kind, with the noise of the run."""
        arguments = () if self.definition is None else (self.definition,)
        drawn: dict[Point, xr.DataArray] = {}
        for sample in self.samples:
            values = draw(self.target(sample, kind), sample.estimate, generator)
            points = sample.point if isinstance(sample.point, Family) else [sample.point]
            # a point with several parts is planted once, with the values of the last
            drawn |= {point: values for point in points if isinstance(point, Point)}
        variables = {p.name: self.plant(p, values, *arguments) for p, values in drawn.items()}
        return Results([_replaced(point, variables.get(point.name)) for point in self.results])

    def is_found(self, kind: str, found: Sequence[Sequence[Sample]]) -> bool:
        """Tell whether the evidence finds, on average over draws, what was planted.

        To five standard errors of the average, a tenth of the tolerance, and the pull of
        Agresti and Coull's rule towards one half.
        """
        if any(len(samples) != len(self.samples) for samples in found):
            return False
        for sample, drawn in zip(self.samples, zip(*found, strict=True), strict=True):
            off = np.array([one.estimate.value for one in drawn]) - self.target(sample, kind)
            # a few draws may agree by chance: their spread is no less than the noise they have
            spread = max(float(off.std()), self._noise(sample)) if len(off) > 1 else 0.0
            room = 5 * spread / math.sqrt(len(off))
            room += 0.1 * (sample.accepted or self.claim.accepted).width
            if sample.estimate.kind == "proportion":
                room += 2 / (sample.estimate.replicates + 4)
            if not abs(float(off.mean())) <= room:
                return False
        return True

    def _noise(self, sample: Sample) -> float:
        """Return the largest error at the sample's point: any of its parts may have planted it."""
        errors = [one.estimate.error for one in self.samples if one.point is sample.point]
        return max((error for error in errors if math.isfinite(error)), default=0.0)


def draw(target: float, like: Estimate, generator: np.random.Generator) -> xr.DataArray:
    """Draw values over replicates about a target, with the spread that a run had.

    The spread of a mean's values is ``error sqrt(n)``; trials of a proportion are drawn as
    such; a number without randomness has none.
    """
    count = max(like.replicates, 2)
    if like.kind == "proportion":
        values = (generator.random(count) < np.clip(target, 0, 1)).astype(float)
    else:
        error = like.error if math.isfinite(like.error) else 0.0
        values = target + error * math.sqrt(count) * generator.standard_normal(count)
    return xr.DataArray(values, dims="replicate")


def _replaced(point: Point, variables: Mapping[str, Any] | None) -> Point:
    if variables is None:
        return point
    measured = point.measured.assign(
        {
            name: value if isinstance(value, xr.DataArray) else ("replicate", np.asarray(value))
            for name, value in variables.items()
        }
    )

    def read(stage: str) -> xr.Dataset:
        return measured if stage == "simulated" else point.predicted

    return Point(point.name, point.parameters, read)


def audit(
    claims: Sequence[Claim],
    plants: ModuleType,
    results: Results,
    *,
    confidence: float,
    draws: int,
    seed: int,
) -> pd.DataFrame:
    """Judge claims on planted data.

    Args:
        claims: those of a study; claims out of reach are passed over.
        plants: the study's ``plants``.
        results: a run whose points, replicates and noise are kept.
        confidence: of the verdicts.
        draws: planted data sets per claim, definition and kind.
        seed: of the draws.

    Returns:
        A row per claim, definition and kind with `COLUMNS`: rates of verdicts, whether the rate
        of the wrong one is sound (`ERROR_RATE`), that of the right one powerful (`POWER`), and
        whether the evidence found the number that was planted.
    """
    rows = [
        row
        for claim in claims
        if claim.evidence is not None
        # the definitions of a statement differ in what is read, not in how it is judged
        for definition in (claim.definitions[:1] or (None,))
        for row in _audit(
            Bed(claim, definition, results, plant_of(plants, claim)), confidence, draws, seed
        )
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _audit(bed: Bed, confidence: float, draws: int, seed: int) -> Iterator[dict[str, Any]]:
    if not bed.samples:
        return
    name = bed.definition.name if bed.definition else ""
    for kind in KINDS:
        generator = np.random.default_rng([seed, KINDS.index(kind)])
        counts = dict.fromkeys(verdicts.VERDICTS, 0)
        found = []
        for _ in range(draws):
            samples = bed.claim.samples(bed.planted(kind, generator), bed.definition)
            found.append(samples)
            points = verdicts.judge(bed.claim, {name: samples}, confidence)
            counts[verdicts.summarise(bed.claim, points, name)["verdict"]] += 1
        wrong = counts[verdicts.CONTRADICTED if kind == HOLDS else verdicts.SUPPORTED] / draws
        right = counts[verdicts.SUPPORTED if kind == HOLDS else verdicts.CONTRADICTED] / draws
        yield {
            "claim": bed.claim.name,
            "definition": name,
            "kind": kind,
            "draws": draws,
            "supported": counts[verdicts.SUPPORTED] / draws,
            "contradicted": counts[verdicts.CONTRADICTED] / draws,
            "undecided": counts[verdicts.UNDECIDED] / draws,
            "depends_on": counts[verdicts.DEPENDS] / draws,
            # three binomial errors, so that a rate at the bound passes
            "sound": wrong <= ERROR_RATE + 3 * math.sqrt(ERROR_RATE * (1 - ERROR_RATE) / draws),
            "powerful": kind == NULL or right >= POWER,
            "found": bed.is_found(kind, found),
        }
