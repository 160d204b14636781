"""From values over replicates to an estimate and its error: the one way to do it.

Missing values follow one rule. A point where something was not measured yields no sample.
A point where it was measured and ``nan`` or ``inf`` came out of some replicate keeps the
estimate of the others, and ``missing`` counts them: such a point decides nothing.

No spread is not certainty. Where replicates may agree because the scale is coarse (a rank, a
count, a share of tests passed), the sample says its ``resolution``; where they agree without
one, the error is unknown.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from rankscope.evidence.region import Region
from rankscope.evidence.results import Family, Point

GROUPS = 400
"""So many parts of the replicates tell a jackknife's error to 4 percent."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number and how well it is known.

    Attributes:
        value: the number.
        error: its standard error; 0 for a number without randomness, ``nan`` if unknown.
        freedom: degrees of freedom of the error.
        missing: how many replicates gave no number.
        replicates: how many there were.
        kind: ``mean``, ``crossed``, ``random effects``, ``proportion``, ``jackknife`` or ``exact``.
        resolution: step of the scale of the replicates; 0 if it is continuous.
    """

    value: float
    error: float
    freedom: float
    missing: int = 0
    replicates: int = 0
    kind: str = "mean"
    resolution: float = 0.0

    @property
    def half_width(self) -> float:
        """Half of the two-sided 95 % interval, from Student's t."""
        return float(stats.t.isf(0.025, self.freedom)) * self.error


@dataclasses.dataclass(frozen=True)
class Sample:
    """What one point, or one family of points, says about a claim.

    Attributes:
        point: the point or family; a text where it is neither.
        values: values over replicates, whose mean is the estimate, or an `Estimate`.
        part: what of the point, such as a matrix or a layer; may be empty.
        accepted: the accepted region here, where the claim's ``varies``.
        chance: what the claim's null gives here; ``nan`` where the claim's own number holds.
        resolution: step of the scale that the values are read on; 0 if it is continuous.
    """

    point: Point | Family | str
    values: ArrayLike | Estimate
    part: object = ""
    _: dataclasses.KW_ONLY
    accepted: Region | None = None
    chance: float = math.nan
    resolution: float = 0.0

    @property
    def name(self) -> str:
        """The point's name, and the part's."""
        return named(self.point, self.part)

    @property
    def estimate(self) -> Estimate:
        """The values' mean, unless they are an estimate already."""
        if isinstance(self.values, Estimate):
            return self.values
        return mean(self.values, self.resolution)


def named(point: object, part: object) -> str:
    """Name a part of a point, or the point where it has none."""
    return f"{point} | {part}" if str(part) else str(point)


def mean(values: ArrayLike, resolution: float = 0.0) -> Estimate:
    """Estimate a mean over replicates, ``sum x / n``, with its standard error ``s / sqrt(n)``.

    Args:
        values: shape ``(replicate,)``.
        resolution: step of the scale. The error is at least that of one value in ``n`` beside
            the others by a step, ``resolution sqrt(p (1 - p) / (n + 4))`` with Agresti and
            Coull's ``p = 2 / (n + 4)``.
    """
    array = np.atleast_1d(np.asarray(values, dtype=float))
    if array.ndim != 1:
        raise ValueError(f"values over replicates have one dimension, got shape {array.shape}")
    finite = array[np.isfinite(array)]
    count = len(finite)
    centre = float(finite.mean()) if count else math.nan
    error = float(finite.std(ddof=1)) / math.sqrt(count) if count > 1 else math.nan
    if count > 1 and resolution:
        error = max(error, coarse(resolution, count))
    elif count > 1 and np.ptp(finite) == 0:
        error = math.nan
    return Estimate(
        value=centre,
        error=error,
        freedom=max(count - 1, 1),
        missing=len(array) - count,
        replicates=len(array),
        resolution=resolution,
    )


def coarse(resolution: float, count: int) -> float:
    """Return the error of one value beside the others by a step of the scale."""
    share = 2 / (count + 4)
    return resolution * math.sqrt(share * (1 - share) / (count + 4))


def crossed(values: ArrayLike) -> Estimate:
    """Estimate a mean over replicates and items that all replicates share, such as test texts.

    ``x_rt = mean + replicate_r + item_t + rest_rt``: both factors are drawn, and claims are made
    beyond both. With ``a^2`` and ``b^2`` the squared errors of the means of rows and of columns,
    each of which counts the rest, and ``e^2`` that of the rest, ``error^2 = a^2 + b^2 - e^2``
    (Searle, Casella and McCulloch, Variance Components, 1992, section 4.3). The error is at
    least the larger of the first two, and that of `mean` on the scale of one item.

    Args:
        values: shape ``(replicate, item)``. A replicate with a value that is not finite counts
            as missing.
    """
    array = np.asarray(values, dtype=float)
    sound = array[np.isfinite(array).all(axis=1)]
    count, items = sound.shape
    rows = mean(sound.mean(axis=1), resolution=1 / items) if count else mean([math.nan])
    error = rows.error
    if count > 1 and items > 1:
        a2 = error**2
        b2 = float(sound.mean(axis=0).var(ddof=1)) / items
        rest = sound - sound.mean(axis=1, keepdims=True) - sound.mean(axis=0) + sound.mean()
        e2 = float(np.sum(rest**2)) / ((count - 1) * (items - 1)) / (count * items)
        error = math.sqrt(max(a2 + b2 - e2, a2, b2))
    return dataclasses.replace(
        rows,
        error=error,
        missing=len(array) - count,
        replicates=len(array),
        kind="crossed",
    )


def random_effects(estimates: Sequence[Estimate]) -> Estimate:
    """Estimate a mean over things that are drawn too, such as tasks, each with its own error.

    ``x_k = mean + task_k + error_k``, weighted by ``1 / (e_k^2 + t^2)`` with the variance ``t^2``
    between tasks of DerSimonian and Laird (Control. Clin. Trials 7, 1986). ``error^2`` is the
    larger of the weighted spread over ``(K - 1) sum w`` and of ``1 / sum w``, with ``K - 1``
    degrees of freedom (Knapp and Hartung, Stat. Med. 22, 2003).

    Args:
        estimates: two or more; its replicates are these.
    """
    values = np.array([one.value for one in estimates])
    variances = np.array([one.error for one in estimates]) ** 2
    freedom = len(values) - 1

    def spread(weights: np.ndarray) -> tuple[float, float]:
        centre = float(np.average(values, weights=weights))
        return centre, float(np.sum(weights * (values - centre) ** 2))

    weights = 1 / variances
    excess = spread(weights)[1] - freedom
    between = max(excess / (weights.sum() - np.sum(weights**2) / weights.sum()), 0.0)
    weights = 1 / (variances + between)
    centre, found = spread(weights)
    return Estimate(
        value=centre,
        error=math.sqrt(max(found / freedom, 1.0) / weights.sum()),
        freedom=freedom,
        missing=sum(one.missing for one in estimates),
        replicates=len(values),
        kind="random effects",
    )


def exact(value: Any) -> Estimate:  # noqa: ANN401 - any number, a DataArray too
    """Take a number without randomness, such as a count of parameters."""
    return Estimate(value=float(value), error=0.0, freedom=math.inf, kind="exact")


def proportion(successes: ArrayLike) -> Estimate:
    """Estimate a proportion by Agresti and Coull's rule.

    Two successes and two failures are added, so that "all of n" is no certainty (Agresti
    and Coull, Am. Stat. 52, 1998).

    Args:
        successes: booleans, or counts of 0 and 1, one per independent trial; ``nan`` where
            a trial gave no answer.
    """
    array = np.asarray(successes, dtype=float).ravel()
    finite = array[np.isfinite(array)]
    p, error = agresti_coull(finite.sum(), len(finite))
    return Estimate(
        value=float(p),
        error=float(error),
        freedom=math.inf,
        missing=len(array) - len(finite),
        replicates=len(array),
        kind="proportion",
    )


def agresti_coull(successes: Any, trials: int) -> tuple[Any, Any]:  # noqa: ANN401 - or arrays
    """Return the estimate of a proportion and its standard error."""
    p = (successes + 2.0) / (trials + 4.0)
    return p, np.sqrt(p * (1 - p) / (trials + 4.0))


def jackknife(
    statistic: Callable[..., float], *samples: ArrayLike, resolution: float = 0.0
) -> Estimate:
    """Estimate a statistic of all replicates, with the jackknife's standard error.

    ``error^2 = (n - 1) / n sum_i (t_i - mean t)^2`` with ``t_i`` the statistic without
    replicate ``i`` (Efron and Stein, Ann. Stat. 9, 1981). Of more than `GROUPS` replicates as
    many groups are left out, one after the other, which then are the ``n``: the time is linear
    in the number of replicates.

    Args:
        statistic: from the samples to a number.
        samples: arrays with replicates along their first axis, left out together. Replicates
            with a value that is not finite count as missing.
        resolution: step of the samples' scale, for statistics that move no more than their
            means; the error is at least that of `mean`.
    """
    arrays = [np.asarray(sample, dtype=float) for sample in samples]
    total = len(arrays[0])
    sound = np.logical_and.reduce(
        [np.isfinite(a).all(axis=tuple(range(1, a.ndim))) for a in arrays]
    )
    kept = [a[sound] for a in arrays]
    count = int(sound.sum())
    groups = np.array_split(np.arange(count), max(1, min(count, GROUPS)))
    value, error = math.nan, math.nan
    if count > 2:
        value = float(statistic(*kept))
        left = np.array([statistic(*(np.delete(a, i, axis=0) for a in kept)) for i in groups])
        spread = float(np.sum((left - left.mean()) ** 2))
        error = math.sqrt((len(groups) - 1) / len(groups) * spread)
        error = max(error, coarse(resolution, count))
    return Estimate(
        value=value,
        error=error or math.nan,
        freedom=max(len(groups) - 1, 1),
        missing=total - count,
        replicates=total,
        kind="jackknife",
        resolution=resolution,
    )


def total_variation(shares: np.ndarray, law: np.ndarray) -> float:
    """Return half the sum of the differences of a law to mean shares, ``(replicate, values)``."""
    return float(np.abs(shares.mean(axis=0) - law).sum() / 2)


def ratio_of_means(above: ArrayLike, below: ArrayLike) -> Estimate:
    """Estimate ``mean(above) / mean(below)`` of paired replicates by the jackknife."""
    return jackknife(lambda a, b: float(np.mean(a) / np.mean(b)), above, below)


def slope(sizes: ArrayLike, values: Sequence[ArrayLike]) -> np.ndarray:
    """Return, per replicate, the slope of ``log values`` against ``log sizes``.

    Args:
        sizes: one per point, shape ``(p,)``.
        values: one row of replicates per point; all of one length.

    Returns:
        Shape ``(replicate,)``; ``nan`` for a replicate with a value that has no logarithm.
    """
    x = np.log(np.asarray(sizes, dtype=float))
    x = x - x.mean()
    y = np.stack([np.asarray(row, dtype=float) for row in values])
    with np.errstate(divide="ignore", invalid="ignore"):
        result: np.ndarray = x @ np.log(np.where(y > 0, y, np.nan)) / np.sum(x**2)
    return result
