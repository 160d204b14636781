"""Planted data: what a run would have measured if the number of a claim were known.

A study's ``plants.py`` has one function per claim, of the name of the claim's evidence. From a
point and the value that the claim's number shall have in each replicate it makes the measured
variables that give it, by a route of its own:

    def known_optimum(point, values):
        return {"trained_error": point.predicted.trained_error + values}

Three kinds of truth are planted at the points, replicates and noise of a run: that the statement
*holds*, that it *fails* by twice its tolerance, and what its *null* gives (chance, or the
trivial alternative).
"""

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import xarray as xr

from rankscope.evidence.claims import Claim, Definition
from rankscope.evidence.region import Region
from rankscope.evidence.results import Family, Point, Results
from rankscope.evidence.samples import (
    Estimate,
    Sample,
    agresti_coull,
    coarse,
    mean,
    proportion,
)

HOLDS, FAILS, NULL = "holds", "fails", "null"
KINDS = (HOLDS, FAILS, NULL)
SAME = 1e-6
"""Share of a tolerance, or of an error, to which numbers are the same."""

Plant = Callable[..., Mapping[str, Any]]
"""From a point, values over replicates (and a definition) to measured variables."""


def plant_of(plants: ModuleType, claim: Claim) -> Plant:
    """Return the function of ``plants`` that has the name of the claim's evidence."""
    found: Plant = getattr(plants, claim.function)
    return found


def with_own_noise(plant: Plant) -> Plant:
    """Mark a plant that makes the noise of its number itself: its values' mean has none."""
    plant.has_own_noise = True  # type: ignore[attr-defined]
    return plant


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
class Estimates:
    """What many draws say about a claim at each of its points, shape ``(draw, sample)``.

    Attributes:
        value: the numbers.
        error: their standard errors; ``nan`` if unknown.
        freedom: degrees of freedom of the errors.
        missing: how many replicates gave no number.
    """

    value: np.ndarray
    error: np.ndarray
    freedom: np.ndarray
    missing: np.ndarray


def collect(samples: Sequence[Sample]) -> Estimates:
    """Return what the samples of one draw say."""
    found = [sample.estimate for sample in samples]
    names = [field.name for field in dataclasses.fields(Estimates)]
    return Estimates(*(np.array([[getattr(one, n) for one in found]], float) for n in names))


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

    @functools.cached_property
    def noise(self) -> list[Estimate]:
        """What the run says, with an error and enough replicates to draw."""
        return [
            dataclasses.replace(
                estimate,
                error=estimate.error if estimate.error > 0 else 0.0,
                replicates=max(estimate.replicates, 2),
            )
            for estimate in (sample.estimate for sample in self.samples)
        ]

    @functools.cached_property
    def sources(self) -> list[int]:
        """Per sample the one whose values its point gets: the last, of a point's several parts."""
        last = {name: i for i, sample in enumerate(self.samples) for name in _names(sample)}
        return [
            max((last[name] for name in _names(sample)), default=i)
            for i, sample in enumerate(self.samples)
        ]

    @property
    def replicates(self) -> int:
        """The most that the run has at a point."""
        return max(sample.estimate.replicates for sample in self.samples)

    def target(self, sample: Sample, kind: str) -> float:
        """Return what the claim's number is at a sample if the truth is of a kind."""
        region = sample.accepted or self.claim.accepted
        chance = self.claim.chance if math.isnan(sample.chance) else sample.chance
        target = self.claim.targets.get(kind, targets(region, chance)[kind])
        if math.isnan(target):
            raise ValueError(f"{self.claim.name}: no number for {kind!r} at {sample.name}")
        return target

    def draw(self, kind: str, generator: np.random.Generator) -> list[xr.DataArray]:
        """Draw, for each sample, values over replicates in which the truth is of a kind."""
        drawn = {
            i: draw(self.target(self.samples[i], kind), self.noise[i], generator)
            for i in sorted(set(self.sources))
        }
        if hasattr(self.plant, "has_own_noise"):
            drawn = {
                i: values - values.mean() + self.target(self.samples[i], kind)
                for i, values in drawn.items()
            }
        return [drawn[i] for i in self.sources]

    def planted(self, values: Sequence[xr.DataArray]) -> Results:
        """Return results in which each sample's point has its values, with the run's noise."""
        arguments = () if self.definition is None else (self.definition,)
        of = {
            name: each
            for sample, each in zip(self.samples, values, strict=True)
            for name in _names(sample)
        }
        return Results(
            [
                _with(point, self.plant(point, of[point.name], *arguments))
                if point.name in of
                else point
                for point in self.results
            ]
        )

    def is_passed_on(self, values: Sequence[xr.DataArray], found: Sequence[Sample]) -> bool:
        """Tell whether the evidence gives the very estimates that its planted values have."""
        if len(found) != len(self.samples):
            return False
        for given, sample in zip(values, found, strict=True):
            estimate, region = sample.estimate, sample.accepted or self.claim.accepted
            if estimate.kind == "proportion":
                expected = proportion(given)
            else:
                expected = mean(given, estimate.resolution)
            room = SAME * float(np.fmax(expected.error, region.width))
            numbers, counts = zip(*map(_split, (estimate, expected)), strict=True)
            alike = np.allclose(numbers[0], numbers[1], rtol=0, atol=room, equal_nan=True)
            if not alike or counts[0] != counts[1]:
                return False
        return True

    def law(self, kind: str, found: Sequence[Sequence[Sample]] = ()) -> list[Estimate]:
        """Return what would be found at each sample, with the error of the run.

        Or, of evidence that does not pass its values on, the error that it found on average.
        """
        law = [
            dataclasses.replace(like, value=self.target(sample, kind))
            for sample, like in zip(self.samples, self.noise, strict=True)
        ]
        if not found or any(len(samples) != len(law) for samples in found):
            return law
        errors = np.nan_to_num([[sample.estimate.error for sample in row] for row in found])
        means = errors.mean(axis=0).tolist()
        return [dataclasses.replace(one, error=e) for one, e in zip(law, means, strict=True)]

    def estimates(
        self, law: Sequence[Estimate], draws: int, generator: np.random.Generator, times: float = 1
    ) -> Estimates:
        """Draw what would be estimated, without planting it.

        A normal mean and an independent chi-squared variance, or a binomial count; parts of one
        point deviate together.

        Args:
            law: per sample the number that is found, its error and its replicates.
            draws: how many.
            generator: of the draws.
            times: how many times these replicates there are.
        """
        value, error, freedom = np.empty((3, draws, len(law)))
        drawn: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        for i, like in enumerate(law):
            count, noise = round(like.replicates * times), like.error / math.sqrt(times)
            if like.kind == "proportion":
                successes = generator.binomial(count, np.clip(like.value, 0, 1), draws)
                value[:, i], error[:, i] = agresti_coull(successes, count)
                freedom[:, i] = math.inf
                continue
            source = self.sources[i]
            if source not in drawn:
                variance = generator.chisquare(count - 1, draws) / (count - 1)
                drawn[source] = generator.standard_normal(draws), np.sqrt(variance)
            normal, spread = drawn[source]
            value[:, i] = like.value + noise * normal
            least = coarse(like.resolution, count) if like.resolution else 0.0
            error[:, i] = np.maximum(noise * spread, least)
            freedom[:, i] = count - 1
        error[error == 0] = math.nan
        return Estimates(value, error, freedom, np.zeros_like(value))

    def is_found(self, kind: str, found: Sequence[Sequence[Sample]]) -> bool:
        """Tell whether the evidence finds, on average over draws, what was planted.

        To five standard errors of the average, a tenth of the tolerance, and the pull of
        Agresti and Coull's rule towards one half.
        """
        if any(len(samples) != len(self.samples) for samples in found):
            return False
        for i, drawn in enumerate(zip(*found, strict=True)):
            sample = self.samples[i]
            off = np.array([one.estimate.value for one in drawn]) - self.target(sample, kind)
            # a few draws may agree by chance: their spread is no less than the noise they have
            noise = max(self.noise[i].error, self.noise[self.sources[i]].error)
            spread = max(float(off.std()), noise) if len(off) > 1 else 0.0
            room = 5 * spread / math.sqrt(len(off))
            room += 0.1 * (sample.accepted or self.claim.accepted).width
            if sample.estimate.kind == "proportion":
                room += 2 / (sample.estimate.replicates + 4)
            if not abs(float(off.mean())) <= room:
                return False
        return True


def draw(target: float, like: Estimate, generator: np.random.Generator) -> xr.DataArray:
    """Draw values over replicates about a target, with the spread that a run had.

    The spread of a mean's values is ``error sqrt(n)``; trials of a proportion are drawn as
    such; a number without randomness has none.
    """
    count = like.replicates
    if like.kind == "proportion":
        values = (generator.random(count) < np.clip(target, 0, 1)).astype(float)
    else:
        values = target + like.error * math.sqrt(count) * generator.standard_normal(count)
    return xr.DataArray(values, dims="replicate")


def _split(one: Estimate) -> tuple[tuple[float, float], tuple[float, int, int]]:
    """Return the numbers of an estimate, and its counts."""
    return (one.value, one.error), (one.freedom, one.missing, one.replicates)


def _names(sample: Sample) -> list[str]:
    """Return the names of the points that a sample is of."""
    points = sample.point if isinstance(sample.point, Family) else [sample.point]
    return [point.name for point in points if isinstance(point, Point)]


def _with(point: Point, variables: Mapping[str, Any]) -> Point:
    """Return the point with other values of some measured variables."""
    measured = point.measured.assign(
        {
            name: value if isinstance(value, xr.DataArray) else ("replicate", np.asarray(value))
            for name, value in variables.items()
        }
    )

    def read(stage: str) -> xr.Dataset:
        return measured if stage == "simulated" else point.predicted

    return Point(point.name, point.parameters, read)
