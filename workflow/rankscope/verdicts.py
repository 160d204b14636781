"""Claims as data, and the equivalence test that turns their evidence into verdicts.

A claim says, for each point it covers, which region its estimate must lie in. With the
two-sided confidence interval of the estimate, a point is *supported* if the interval lies
inside the region, *contradicted* if it lies outside, and *undecided* if it straddles a
bound. The points of one claim are corrected for multiplicity with Holm's method (Holm,
Scand. J. Stat. 6, 1979). A claim is made for all its points: one contradicted point
contradicts it, and it is supported if every point is.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

SUPPORTED, CONTRADICTED, UNDECIDED = "supported", "contradicted", "undecided"
NOT_TESTED = "not tested"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Evidence:
    """Estimates of one claim, one entry per tested point.

    Attributes:
        point: names of what is tested: a grid point, or a group of them.
        estimate: the estimates.
        error: their standard errors over replicates; 0 for a value without randomness.
        freedom: degrees of freedom of the errors (``inf`` where they are known).
        lower: lower bounds of the accepted regions, fixed in advance; may be ``-inf``.
        upper: upper bounds of the accepted regions; may be ``inf``.
        null: what the claim's null predicts at each point; ``nan`` where there is none.
    """

    point: Sequence[str]
    estimate: np.ndarray
    error: np.ndarray
    freedom: np.ndarray | float
    lower: np.ndarray | float
    upper: np.ndarray | float
    null: np.ndarray | float = np.nan


@dataclasses.dataclass(frozen=True, kw_only=True)
class Claim:
    """A statement and the function that gathers its evidence.

    Attributes:
        name: a short identifier, unique in its study, such as ``"A: exact rank"``.
        statement: the claim in one sentence, with its definition and its tolerance.
        source: paper and place, or ``"derived here"``.
        scope: the points and depths it is made for.
        basis: ``"full text"``, ``"abstract only"``, ``"recalled, not quoted"`` or
            ``"derived here"``: how the statement is known.
        estimate: what the estimate is, with its units, such as ``"RMSE of rank / m"``.
        null: what the claim is compared with, such as ``"the constant 1"``; may be empty.
        figure: the study's figure that shows it; may be empty.
        evidence: ``(simulated, predicted) -> Evidence``; ``None`` where the claim is out of
            reach here, and then ``scope`` says why.
    """

    name: str
    statement: str
    source: str
    scope: str
    basis: str
    estimate: str
    null: str = ""
    figure: str = ""
    evidence: Callable[[xr.Dataset, xr.Dataset], Evidence] | None = None


def judge(claim: Claim, evidence: Evidence, confidence: float) -> pd.DataFrame:
    """Decide a claim at each of its points.

    The p-value of a point is that of the test that its true value lies on the other side
    of the nearest bound of the region, ``p = 2 P(T > distance / error)``; Holm's correction
    is over the claim's points.

    Args:
        claim: the claim.
        evidence: its evidence.
        confidence: the confidence of the intervals, for example 0.95.

    Returns:
        A row per point: claim, point, estimate, error, interval, region, null, p-value
        after correction, and verdict.
    """
    names = [str(point) for point in evidence.point]
    columns = ("estimate", "error", "freedom", "lower", "upper", "null")
    table = pd.DataFrame({"claim": claim.name, "point": names})
    for column in columns:
        table[column] = np.broadcast_to(
            np.asarray(getattr(evidence, column), dtype=float), len(names)
        )
    inside = (table.estimate >= table.lower) & (table.estimate <= table.upper)
    to_bounds = np.minimum(
        (table.estimate - table.lower).abs(), (table.upper - table.estimate).abs()
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(table.error > 0, to_bounds / table.error, np.inf)
    p_value = 2 * stats.t.sf(statistic, table.freedom)
    missing = ~np.isfinite(table.estimate) | np.isnan(table.error)
    table["p_value"] = holm(np.where(missing, 1.0, p_value))
    half = stats.t.isf((1 - confidence) / 2, table.freedom) * table.error
    table["interval_lower"], table["interval_upper"] = table.estimate - half, table.estimate + half
    decided = table.p_value <= 1 - confidence
    table["verdict"] = np.where(decided, np.where(inside, SUPPORTED, CONTRADICTED), UNDECIDED)
    return table


def holm(p_values: np.ndarray) -> np.ndarray:
    """Return Holm's adjusted p-values (step-down Bonferroni)."""
    order = np.argsort(p_values)
    factors = np.arange(len(p_values), 0, -1)
    adjusted = np.minimum(1.0, np.maximum.accumulate(factors * np.asarray(p_values)[order]))
    result = np.empty(len(p_values))
    result[order] = adjusted
    return result


def summarise(claim: Claim, points: pd.DataFrame) -> dict[str, str | int | float]:
    """Sum up a judged claim in one row of the claims table.

    ``effect`` is the estimate at the worst point: the one that lies farthest outside its
    region, in the units of the estimate, or nearest to leaving it.
    """
    row = {
        "claim": claim.name,
        "verdict": NOT_TESTED,
        "points": len(points),
        "supported": 0,
        "contradicted": 0,
        "undecided": 0,
    }
    if len(points):
        counts = points.verdict.value_counts()
        row |= {kind: int(counts.get(kind, 0)) for kind in (SUPPORTED, CONTRADICTED, UNDECIDED)}
        row["verdict"] = (
            CONTRADICTED if row[CONTRADICTED] else UNDECIDED if row[UNDECIDED] else SUPPORTED
        )
        outside = np.maximum(points.lower - points.estimate, points.estimate - points.upper)
        worst = points.loc[outside.fillna(-np.inf).idxmax()]
        row |= {
            "worst_point": worst.point,
            "effect": worst.estimate,
            "error": worst.error,
            "accepted_lower": worst.lower,
            "accepted_upper": worst.upper,
            "null_value": worst.null,
        }
    fields = ("statement", "estimate", "null", "scope", "source", "basis", "figure")
    return row | {field: getattr(claim, field) for field in fields}


def mean_and_error(
    values: xr.DataArray, dim: str = "replicate"
) -> tuple[xr.DataArray, xr.DataArray]:
    """Return the mean over replicates and its standard error."""
    count = values.count(dim)
    return values.mean(dim), values.std(dim, ddof=1) / np.sqrt(count)


def proportion(successes: np.ndarray, trials: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Estimate a proportion and its standard error by Agresti and Coull's rule.

    Two successes and two failures are added, so that "all of n" is no certainty (Agresti
    and Coull, Am. Stat. 52, 1998).
    """
    n = np.asarray(trials) + 4.0
    p = (np.asarray(successes) + 2.0) / n
    return p, np.sqrt(p * (1 - p) / n)
