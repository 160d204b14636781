"""From samples to verdicts.

A claim is universal, made for all points in its scope, or existential, made for some point.

- Universal. It is *supported* if every point's interval lies inside the accepted region: an
  intersection-union test (Berger, Technometrics 24, 1982), which needs no correction. It is
  *contradicted* if some point's interval lies outside, with Holm's correction (Holm, Scand.
  J. Stat. 6, 1979) over points and, where the statement has several, definitions.
- Existential. It is supported if some point's interval lies inside, with Holm's correction,
  and contradicted if every point's lies outside, without.

Both tests are one-sided, at each bound, at level ``1 - confidence``. The interval that is
printed is the one that decided: it has the level at which the point was tested, and a point is
decided exactly if its interval lies on one side of every bound. A point with a missing
replicate, or whose error is unknown, is undecided whatever its interval.

A claim that names a setting ``over`` which its statement does not fix, and whose points turn
from supported to contradicted along it, *depends on* that setting.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from rankscope.evidence.claims import Claim
from rankscope.evidence.results import Family, Point
from rankscope.evidence.samples import Sample, named

SUPPORTED, CONTRADICTED, UNDECIDED = "supported", "contradicted", "undecided"
DEPENDS, NOT_TESTED = "depends on", "not tested"
VERDICTS = (SUPPORTED, CONTRADICTED, DEPENDS, UNDECIDED, NOT_TESTED)
POWER = 0.8
"""With which probability the replicates that are asked for would decide a point."""

POINT_COLUMNS = (
    "claim", "definition", "point", "part", "verdict", "estimate", "error", "freedom",
    "replicates", "missing", "lower", "upper", "interval_lower", "interval_upper", "p_inside",
    "p_outside", "chance", "setting", "replicates_to_decide",
)  # fmt: skip
CLAIM_COLUMNS = (
    "claim", "definition", "verdict", "basis", "quantifier", "points", "supported",
    "contradicted", "undecided", "effect", "error", "interval_lower", "interval_upper",
    "accepted_lower", "accepted_upper", "chance", "worst_point", "replicates_to_decide",
    "depends_on", "turns_at", "statement", "accepted", "reason", "estimate", "null", "scope",
    "source", "figure", "headline",
)  # fmt: skip


def judge(claim: Claim, samples: Mapping[str, Sequence[Sample]], confidence: float) -> pd.DataFrame:
    """Decide a claim at each of its points, under each of its definitions.

    Args:
        claim: the claim.
        samples: per definition (``""`` where it has none), what the results say.
        confidence: the confidence of each one-sided test, for example 0.95.

    Returns:
        A row per definition and point, with the columns `POINT_COLUMNS`.
    """
    rows = [
        _row(claim, definition, sample) for definition, found in samples.items() for sample in found
    ]
    table = pd.DataFrame(rows, columns=list(POINT_COLUMNS))
    if table.empty:
        return table
    level = 1 - confidence
    columns = ("estimate", "error", "freedom", "missing", "lower", "upper")
    inside, outside = p_values(*(table[name].to_numpy(dtype=float) for name in columns))
    to_support, to_contradict = np.full((2, len(table)), level)
    # some point is claimed under each definition; all points under all of them
    for name in samples if claim.somewhere else [list(samples)]:
        mine = table.definition.isin(np.atleast_1d(name)).to_numpy()
        to_support[mine], to_contradict[mine] = levels(claim, inside[mine], outside[mine], level)
    table["p_inside"], table["p_outside"] = inside, outside
    table["verdict"] = decide(inside, outside, to_support, to_contradict)
    is_inside = (table.estimate >= table.lower) & (table.estimate <= table.upper)
    own_level = np.where(is_inside, to_support, to_contradict)
    half = stats.t.isf(own_level, table.freedom.to_numpy(dtype=float)) * table.error
    table["interval_lower"], table["interval_upper"] = table.estimate - half, table.estimate + half
    table["replicates_to_decide"] = [
        _replicates(row, level) if row.verdict == UNDECIDED else 0
        for row, level in zip(table.itertuples(index=False), own_level, strict=True)
    ]
    return table


def _row(claim: Claim, definition: str, sample: Sample) -> dict[str, Any]:
    estimate = sample.estimate
    region = sample.accepted or claim.accepted
    return {
        "claim": claim.name,
        "definition": definition,
        "point": str(sample.point),
        "part": str(sample.part),
        "estimate": estimate.value,
        "error": estimate.error,
        "freedom": estimate.freedom,
        "replicates": estimate.replicates,
        "missing": estimate.missing,
        "lower": region.lower,
        "upper": region.upper,
        "chance": claim.chance if math.isnan(sample.chance) else sample.chance,
        "setting": setting(claim, sample),
    }


def setting(claim: Claim, sample: Sample) -> Any:  # noqa: ANN401 - any type a parameter has
    """Return the value at a sample of the parameter that its claim is made over; else ''."""
    point = sample.point
    if claim.over and isinstance(point, Family):
        point = point[0]
    return point.parameters.get(claim.over, "") if isinstance(point, Point) else ""


def p_values(
    value: np.ndarray,
    error: np.ndarray,
    freedom: np.ndarray,
    missing: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return one-sided p-values of "not inside" and of "not outside" the region.

    They are 1 where nothing is decided: a replicate is missing, or the error is unknown.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        over_lower = np.where(error > 0, (value - lower) / error, _sign(value - lower))
        under_upper = np.where(error > 0, (upper - value) / error, _sign(upper - value))
    inside = np.maximum(stats.t.sf(over_lower, freedom), stats.t.sf(under_upper, freedom))
    outside = np.minimum(stats.t.sf(-over_lower, freedom), stats.t.sf(-under_upper, freedom))
    sound = (missing == 0) & ~np.isnan(error) & np.isfinite(value)
    inside, outside = (np.where(sound & ~np.isnan(p), p, 1.0) for p in (inside, outside))
    return inside, outside


def levels(
    claim: Claim, inside: np.ndarray, outside: np.ndarray, level: float, others: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return the levels at which points are tested for support, and against.

    Args:
        claim: universal or existential.
        inside: p-values of "not inside", points along the last axis.
        outside: those of "not outside".
        level: of a test without correction.
        others: further points, of other definitions, that a universal claim is tested at.
    """
    plain = np.full(np.shape(inside), level)
    if claim.somewhere:
        return holm_levels(inside, level), plain
    return plain, holm_levels(outside, level, others)


def decide(
    inside: np.ndarray, outside: np.ndarray, to_support: np.ndarray, to_contradict: np.ndarray
) -> np.ndarray:
    """Return the verdict at each point from p-values and the levels that they are tested at."""
    chosen = [inside <= to_support, outside <= to_contradict]
    verdict: np.ndarray = np.select(chosen, [SUPPORTED, CONTRADICTED], UNDECIDED)
    return verdict


def _sign(distance: np.ndarray) -> np.ndarray:
    """Return how many errors away a number without error is; a number on a bound is inside."""
    return np.where(distance >= 0, np.inf, -np.inf)


def _replicates(row: Any, level: float) -> float:  # noqa: ANN401 - a named tuple of pandas
    """Return about how many replicates would decide an undecided point; ``inf`` for none.

    ``n (z_level + z_power)^2 (error / distance)^2``, with the distance to the nearest bound.
    """
    distance = min(abs(row.estimate - row.lower), abs(row.estimate - row.upper))
    if not (row.replicates and row.error > 0 and math.isfinite(distance)) or row.missing:
        return math.nan
    if distance == 0:
        return math.inf
    deviations = float(stats.norm.isf(level) + stats.norm.isf(1 - POWER))
    return float(math.ceil(row.replicates * (deviations * row.error / distance) ** 2))


def holm_levels(p_values: np.ndarray, level: float, others: int = 0) -> np.ndarray:
    """Return the level at which Holm's method tests each p-value: it is rejected at or below.

    The smallest of ``m`` is tested at ``level / m``, the next at ``level / (m - 1)``, and so on
    to the first that is not rejected, at whose level all larger ones stay.

    Args:
        p_values: of one family along the last axis.
        level: of the family.
        others: further p-values of each family, none of which is rejected.
    """
    p_values = np.asarray(p_values, dtype=float)
    order = np.argsort(p_values, axis=-1, kind="stable")
    steps = level / np.arange(p_values.shape[-1] + others, others, -1)
    failed = np.where(np.take_along_axis(p_values, order, axis=-1) > steps, steps, np.inf)
    steps = np.minimum(steps, np.minimum.accumulate(failed, axis=-1))
    levels = np.empty_like(p_values)
    np.put_along_axis(levels, order, steps, axis=-1)
    return levels


def summarise(claim: Claim, points: pd.DataFrame, definition: str = "") -> dict[str, Any]:
    """Sum up a judged claim, under one definition, in one row with `CLAIM_COLUMNS`.

    ``effect`` is the estimate at the worst point: the one that lies farthest outside its
    region, in the units of the estimate, or nearest to leaving it; of an existential claim
    it is the best point.
    """
    row: dict[str, Any] = {
        "claim": claim.name,
        "definition": definition,
        "verdict": NOT_TESTED,
        "quantifier": "at some point" if claim.somewhere else "at all points",
        "points": len(points),
        "statement": claim.sentence,
        "accepted": claim.accepted.words,
        "reason": claim.accepted.why,
    }
    fields = ("estimate", "null", "scope", "source", "basis", "figure", "headline")
    row |= {field: getattr(claim, field) for field in fields}
    judged = list(points.verdict) if len(points) else []
    row |= {kind: judged.count(kind) for kind in (SUPPORTED, CONTRADICTED, UNDECIDED)}
    if not len(points):
        return row
    row["verdict"], place = overall(claim, points.verdict, list(points.setting))
    if place:
        row |= {"depends_on": claim.over, "turns_at": place}
    outside: Any = np.maximum(points.lower - points.estimate, points.estimate - points.upper)
    shown = outside.fillna(np.inf).idxmin() if claim.somewhere else outside.fillna(-np.inf).idxmax()
    worst = points.loc[shown]
    return row | {
        "worst_point": named(worst.point, worst.part),
        "effect": worst.estimate,
        "error": worst.error,
        "interval_lower": worst.interval_lower,
        "interval_upper": worst.interval_upper,
        "accepted_lower": worst.lower,
        "accepted_upper": worst.upper,
        "chance": worst.chance,
        "replicates_to_decide": _enough(claim, points),
    }


def _enough(claim: Claim, points: pd.DataFrame) -> float:
    """Return about how many replicates would decide a claim.

    One point that lies outside its region contradicts a universal claim, one that lies inside
    supports an existential one: the fewest of these. Otherwise all points must be decided.
    """
    inside = (points.estimate >= points.lower) & (points.estimate <= points.upper)
    telling = points.replicates_to_decide[inside if claim.somewhere else ~inside]
    return float(telling.min() if telling.notna().any() else points.replicates_to_decide.max())


def overall(claim: Claim, points: ArrayLike, settings: Sequence[Any]) -> tuple[str, str]:
    """Return the verdict on a claim, and where along its setting it turns, if it does.

    Args:
        claim: the claim.
        points: the verdict at each point, one or more.
        settings: the value at each point of the parameter that the claim is made over.
    """
    found = np.asarray(points)
    supported, contradicted = found == SUPPORTED, found == CONTRADICTED
    if claim.over and supported.any() and contradicted.any():
        place = turning_point(found, settings)
        if place:
            return DEPENDS, place
    if claim.somewhere:
        if supported.any():
            return SUPPORTED, ""
        return (CONTRADICTED if contradicted.all() else UNDECIDED), ""
    if contradicted.any():
        return CONTRADICTED, ""
    return (SUPPORTED if supported.all() else UNDECIDED), ""


def turning_point(points: ArrayLike, settings: Sequence[Any]) -> str:
    """Return where along the setting the verdicts turn; empty if they do not do so cleanly.

    They turn if at every value of the setting no two points disagree, and there is a value at
    which all are supported and one at which all are contradicted.
    """
    kinds: dict[Any, set[str]] = {}
    for verdict, value in zip(np.asarray(points).tolist(), settings, strict=True):
        if verdict != UNDECIDED:
            kinds.setdefault(value, set()).add(verdict)
    if len(kinds) < 2 or any(len(kind) > 1 for kind in kinds.values()):
        return ""
    values = sorted(kinds)
    verdicts = [next(iter(kinds[value])) for value in values]
    turns = [
        f"between {_show(a)} and {_show(b)}"
        for a, b, before, after in zip(values, values[1:], verdicts, verdicts[1:], strict=False)
        if before != after
    ]
    return "; ".join(turns)


def _show(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
