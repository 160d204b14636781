"""The abstract's claims A to E, each under every definition of effective dimension.

Only the abstract is known: a verdict is about the abstract's statement under the named
definition, and says nothing on the full text. Scores are over layers, errors over networks.
"""

import functools

import numpy as np
import xarray as xr

from rankscope.studies.effective_dimension import claims_evidence as evidence_of
from rankscope.studies.effective_dimension.claims_evidence import (
    DEFINITIONS,
    NO_RANK,
    Definition,
    Row,
)
from rankscope.evidence.verdicts import Claim, Evidence

SOURCE = "Makwana, arXiv 2507.07675, abstract"
BASIS = "abstract only"

SCORED_LAYERS = tuple(range(1, 21))
"""Layers of the score of claim A: beyond the twentieth the formula is 1 to nine digits."""

CLOSE = 0.02
"""Largest RMSE, in units of m, at which the formula counts as met. The formula differs from
the constant 1 by an RMSE of 0.087 over these layers: a quarter of that tells them apart."""

WINDOW = 6
RISE = 0.02
SIGNIFICANT = 4.0
"""Registered test of revival: a rise of the mean by more than 2 % within 6 layers and by more
than 4 standard errors of the paired difference over networks. Six layers are two of the
abstract's periods of 3.1 layers."""

HEIGHT = 0.05
"""Half width, in units of m, of the accepted height at a revival depth."""

FULL = 0.95
"""Least share of min(m, n) that counts as "nearly full rank"."""

DEEP = 20
"""Layer at which "nearly full" is judged: the last one of the score of claim A."""

STRONG = 0.25
"""Least |a| of a "strong" slope, which the abstract does not quantify."""

CONCENTRATED = 0.75
"""Largest accepted exponent of the standard deviation in m: halfway between sqrt(m), which
a sub-Gaussian bound with variance proxy proportional to m implies, and m, no concentration."""

LIGHT_TAIL = 1.0
"""Largest accepted excess kurtosis: 0 for a normal, 3 for a double exponential law."""

FEWEST = 8
"""Fewest networks from which a spread or a tail is estimated."""

PEAK = 1.5
"""Least power at the abstract's frequency, relative to its neighbours, that is a peak."""


def fit_to_formula(
    definition: Definition, simulated: xr.Dataset, predicted: xr.Dataset
) -> Evidence:
    """RMSE over layers between the mean rank and the abstract's formula, in units of m."""
    return _scored(definition, simulated, predicted, wide=True, against_null=False)


def gain_over_null(
    definition: Definition, simulated: xr.Dataset, predicted: xr.Dataset
) -> Evidence:
    """RMSE of the formula less that of the best constant: negative if the formula is better."""
    return _scored(definition, simulated, predicted, wide=True, against_null=True)


def fit_narrow(definition: Definition, simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """RMSE over layers between the mean rank and the formula where n < m."""
    return _scored(definition, simulated, predicted, wide=False, against_null=False)


def _scored(
    definition: Definition,
    simulated: xr.Dataset,
    predicted: xr.Dataset,
    *,
    wide: bool,
    against_null: bool,
) -> Evidence:
    curves = definition.curves(simulated)
    layers = evidence_of.columns(simulated, SCORED_LAYERS)
    formula = (predicted["paper_rank"] / predicted["batch_size"]).transpose("point", "layer").values
    rows: list[Row] = []
    for point in evidence_of.relu_gaussian(simulated, wide=wide):
        target = formula[point, layers]
        sample = curves[point][:, layers]
        keep = np.isfinite(target) & np.isfinite(sample).any(axis=0)
        if not keep.any():
            continue
        score = functools.partial(_score, target=target[keep], against_null=against_null)
        estimate, error = evidence_of.jackknife_of_mean(sample[:, keep], score)
        null = float(evidence_of.root_mean_square(1.0 - target[keep]))
        lower, upper = (-np.inf, 0.0) if against_null else (0.0, CLOSE)
        rows.append((evidence_of.name_of(simulated, point), estimate, error, lower, upper, null))
    return evidence_of.gather(rows, evidence_of.freedom(simulated))


def _score(curves: np.ndarray, target: np.ndarray, *, against_null: bool) -> np.ndarray:
    score = evidence_of.root_mean_square(curves - target)
    if not against_null:
        return score
    return score - evidence_of.root_mean_square(curves - curves.mean(axis=-1, keepdims=True))


def registered_revival(
    definition: Definition, simulated: xr.Dataset, predicted: xr.Dataset
) -> Evidence:
    """The largest relative rise of the mean rank within the window."""
    del predicted
    curves = definition.curves(simulated)
    rows: list[Row] = []
    for point in evidence_of.relu_gaussian(simulated):
        if np.isfinite(curves[point]).any():
            rise, error = largest_rise(curves[point])
            name = evidence_of.name_of(simulated, point)
            rows.append((name, rise, error, RISE, np.inf, 0.0))
    return evidence_of.gather(rows, evidence_of.freedom(simulated))


def largest_rise(sample: np.ndarray) -> tuple[float, float]:
    """Return the largest relative rise within the window, and its standard error.

    Rises that pass the registered test go before those that do not. Where none passes, the
    largest of all is returned, so that noise leaves the claim undecided and only a rise
    shown to be below the threshold contradicts it.

    Args:
        sample: one definition at one point, shape ``(replicate, layer)``.
    """
    best = (False, 0.0, 0.0)
    for lag in range(1, min(WINDOW, sample.shape[1] - 1) + 1):
        rise, error = _relative_rise(sample[:, :-lag], sample[:, lag:])
        passed = passes(rise, error)
        at = int(np.argmax(np.where(passed, rise, -np.inf) if passed.any() else rise))
        best = max(best, (bool(passed[at]), float(rise[at]), float(error[at])))
    return best[1:]


def passes(rise: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Say which rises pass the registered test: more than 2 % and 4 standard errors."""
    return (rise > RISE) & (rise > SIGNIFICANT * error)


def _relative_rise(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    difference, error = evidence_of.mean(after - before)
    base = evidence_of.mean(before)[0]
    base = np.where(base > 0, base, np.nan)
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(difference / base), np.nan_to_num(error / base)


def rise_to_peak(definition: Definition, simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Rise of rank / m from half a period before each revival depth to that depth.

    The first depth, 1.55, is left out: half a period before it there is no layer.
    """
    del predicted
    curves = definition.curves(simulated)
    period = np.pi / np.log(1.0 / (1.0 - 2.0 / np.pi))
    rows: list[Row] = []
    for point in evidence_of.relu_gaussian(simulated):
        for k in (1, 2, 3):
            trough, peak = (round(step * period) - 1 for step in (k, k + 0.5))
            if peak < curves.shape[2]:
                rise, error = evidence_of.mean(curves[point][:, peak] - curves[point][:, trough])
                name = f"{evidence_of.name_of(simulated, point)} | k={k}"
                rows.append((name, float(rise), float(error), RISE, np.inf, 0.0))
    return evidence_of.gather(rows, evidence_of.freedom(simulated))


def height_at_revivals(
    definition: Definition, simulated: xr.Dataset, predicted: xr.Dataset
) -> Evidence:
    """Rank / m at each revival depth, interpolated between layers."""
    curves = definition.curves(simulated)
    layers = simulated["layer"].values.astype(float)
    rows: list[Row] = []
    for point in evidence_of.relu_gaussian(simulated):
        size = float(simulated["batch_size"].values[point])
        depths = np.atleast_2d(predicted["paper_revival_depth"].values)
        heights = np.atleast_1d(predicted["paper_revival_height"].values)
        height = float(heights[point if len(heights) > 1 else 0]) / size
        for k, depth in enumerate(depths[point if len(depths) > 1 else 0]):
            if depth <= layers[-1]:
                at = np.array([np.interp(depth, layers, curve) for curve in curves[point]])
                value, error = evidence_of.mean(at)
                name = f"{evidence_of.name_of(simulated, point)} | k={k}"
                region = (height - HEIGHT, height + HEIGHT, 1.0)
                rows.append((name, float(value), float(error), *region))
    return evidence_of.gather(rows, evidence_of.freedom(simulated))


def periodogram_peak(
    definition: Definition, simulated: xr.Dataset, predicted: xr.Dataset
) -> Evidence:
    """Power of the layer-to-layer increments at one cycle per 3.104 layers.

    The increments of each network's rank, less their mean over networks, relative to the
    mean power one resolution step (two periodogram bins) below and above.
    """
    del predicted
    curves = definition.curves(simulated)
    rows: list[Row] = []
    for point in evidence_of.relu_gaussian(simulated):
        sample = curves[point]
        sample = sample[:, np.isfinite(sample).all(axis=0)]
        if sample.shape[1] < 16:
            continue
        steps = np.diff(sample, axis=1)
        steps = steps - steps.mean(axis=0)
        if not np.any(np.abs(steps) > 1e-12):
            continue
        estimate, error = evidence_of.jackknife(periodic_powers(steps), _peak)
        name = evidence_of.name_of(simulated, point)
        rows.append((name, estimate, error, PEAK, np.inf, 1.0))
    return evidence_of.gather(rows, evidence_of.freedom(simulated))


def periodic_powers(steps: np.ndarray) -> np.ndarray:
    """Return powers at the abstract's frequency and two bins beside it, per network.

    Args:
        steps: shape ``(replicate, layers - 1)``.

    Returns:
        Shape ``(replicate, 3)``: below, at, above.
    """
    length = steps.shape[1]
    frequency = np.log(1.0 / (1.0 - 2.0 / np.pi)) / np.pi
    frequencies = frequency + np.array([-2.0, 0.0, 2.0]) / length
    waves = np.exp(-2j * np.pi * np.outer(np.arange(length), frequencies))
    return np.abs(steps @ waves) ** 2


def _peak(powers: np.ndarray) -> float:
    below, at, above = powers.mean(axis=0)
    return 2.0 * at / (below + above)


def spread_exponent(
    definition: Definition, simulated: xr.Dataset, predicted: xr.Dataset
) -> Evidence:
    """Slope of ln SD of the rank (not divided by m) against ln m, at n = m.

    From the points where the definition was measured, if there are three or more.
    """
    del predicted
    chosen = _square(simulated)
    curves = definition.curves(simulated)
    sizes = simulated["batch_size"].values[chosen].astype(float)
    rows: list[Row] = []
    for layer in (10, DEEP):
        at = evidence_of.columns(simulated, [layer])
        if len(at) == 0 or simulated.sizes["replicate"] < FEWEST:
            continue
        sample = (curves[chosen][:, :, at[0]] * sizes[:, None]).T
        kept = np.isfinite(sample).all(axis=0) & ~_nearly_constant(np.nan_to_num(sample))
        if kept.sum() < 3:
            continue
        slope = functools.partial(_slope, log_size=np.log(sizes[kept]))
        estimate, error = evidence_of.jackknife(sample[:, kept], slope)
        rows.append((f"n = m, layer {layer}", estimate, error, -np.inf, CONCENTRATED, 1.0))
    return evidence_of.gather(rows, evidence_of.freedom(simulated))


def _slope(sample: np.ndarray, log_size: np.ndarray) -> float:
    return float(np.polyfit(log_size, np.log(sample.std(axis=0, ddof=1)), 1)[0])


def tail(definition: Definition, simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Excess kurtosis of the rank's deviations, standardised per point, pooled over n = m."""
    del predicted
    chosen = _square(simulated)
    curves = definition.curves(simulated)
    rows: list[Row] = []
    for layer in (10, DEEP):
        at = evidence_of.columns(simulated, [layer])
        if len(chosen) == 0 or len(at) == 0:
            continue
        sample = curves[chosen][:, :, at[0]].T
        varied = np.isfinite(sample).all(axis=0) & ~_nearly_constant(np.nan_to_num(sample))
        if len(sample) < FEWEST or not varied.any():
            continue
        estimate, error = evidence_of.jackknife(sample[:, varied], _kurtosis)
        rows.append((f"n = m, layer {layer}", estimate, error, -np.inf, LIGHT_TAIL, 3.0))
    return evidence_of.gather(rows, evidence_of.freedom(simulated))


def _kurtosis(sample: np.ndarray) -> float:
    deviation = sample - sample.mean(axis=0)
    variance = (deviation**2).mean(axis=0)
    fourth = (deviation**4).mean(axis=0)
    return float((fourth / variance**2).mean() - 3.0)


def _nearly_constant(sample: np.ndarray) -> np.ndarray:
    """Say where all networks but at most one agree, so that leaving one out leaves no spread."""
    ordered = np.sort(sample, axis=0)
    return (ordered[0] == ordered[-2]) | (ordered[1] == ordered[-1])


def _square(simulated: xr.Dataset) -> np.ndarray:
    chosen = evidence_of.points(
        simulated,
        initialisation="gaussian",
        geometry="orthonormal",
        sampler="reduced",
        negative_slope=0.0,
        bias_variance=0.0,
    )
    width, size = simulated["width"].values, simulated["batch_size"].values
    return np.array([i for i in chosen if width[i] == size[i]], dtype=int)


def full_rank(
    definition: Definition, simulated: xr.Dataset, predicted: xr.Dataset, *, setting: str
) -> Evidence:
    """Mean rank as a share of min(m, n) at the registered layer.

    Args:
        definition: of rank.
        simulated: the measurements.
        predicted: the predictions (not used).
        setting: ``orthogonal``, ``leaky`` or ``wide`` (Gaussian ReLU at n >= 8 m).
    """
    del predicted
    curves = definition.curves(simulated)
    rows: list[Row] = []
    for point in _setting(simulated, setting):
        size, width = (float(simulated[key].values[point]) for key in ("batch_size", "width"))
        valid = np.flatnonzero(np.isfinite(curves[point]).any(axis=0))
        valid = valid[valid < DEEP]
        if len(valid) == 0:
            continue
        sample = curves[point][:, valid[-1]] * size / min(size, width)
        share, error = evidence_of.mean(sample)
        name = evidence_of.name_of(simulated, point)
        rows.append((name, float(share), float(error), FULL, np.inf, np.nan))
    return evidence_of.gather(rows, evidence_of.freedom(simulated))


def _setting(simulated: xr.Dataset, setting: str) -> np.ndarray:
    common = {"bias_variance": 0.0}
    if setting == "orthogonal":
        return evidence_of.points(
            simulated, initialisation="orthogonal", negative_slope=0.0, **common
        )
    if setting == "leaky":
        return evidence_of.points(
            simulated,
            initialisation="gaussian",
            negative_slope=lambda slope: (np.abs(slope) >= STRONG) & (slope != 1.0),
            **common,
        )
    chosen = evidence_of.relu_gaussian(simulated)
    ratio = simulated["width"].values / simulated["batch_size"].values
    return np.array([i for i in chosen if ratio[i] >= 8], dtype=int)


def orthogonal_advantage(
    definition: Definition, simulated: xr.Dataset, predicted: xr.Dataset
) -> Evidence:
    """Rank / m with orthogonal less with Gaussian weights at the registered layer, else equal.

    Accepted if orthogonal keeps at least half of what Gaussian weights lose: the abstract
    says that the deficit is absent there, and gives no number.
    """
    del predicted
    curves = definition.curves(simulated)
    rows: list[Row] = []
    for orthogonal, gaussian in evidence_of.pairs(
        simulated, "initialisation", "orthogonal", "gaussian"
    ):
        valid = np.flatnonzero(np.isfinite(curves[[orthogonal, gaussian]]).any(axis=1).all(axis=0))
        valid = valid[valid < DEEP]
        if len(valid) == 0 or float(simulated["negative_slope"].values[orthogonal]) != 0:
            continue
        kept, kept_error = evidence_of.mean(curves[orthogonal][:, valid[-1]])
        other, other_error = evidence_of.mean(curves[gaussian][:, valid[-1]])
        size, width = (float(simulated[key].values[gaussian]) for key in ("batch_size", "width"))
        full = min(size, width) / size
        if full - other < RISE:
            continue
        estimate = kept - other - (full - other) / 2
        error = float(np.hypot(kept_error, other_error / 2))
        name = evidence_of.name_of(simulated, orthogonal)
        rows.append((name, float(estimate), error, 0.0, np.inf, -(full - other) / 2))
    return evidence_of.gather(rows, evidence_of.freedom(simulated))


def alternation(definition: Definition, simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """How many significant rises alternate with significant falls of the mean over layers.

    Turning points that differ by less than the registered threshold do not count.
    """
    del predicted
    curves = definition.curves(simulated)
    rows: list[Row] = []
    for point in evidence_of.relu_gaussian(simulated):
        sample = curves[point][:, np.isfinite(curves[point]).any(axis=0)]
        if sample.shape[1] > 1:
            name = evidence_of.name_of(simulated, point)
            rows.append((name, float(count_rises(sample)), 0.0, 2.0, np.inf, 0.0))
    return evidence_of.gather(rows, evidence_of.freedom(simulated))


def count_rises(sample: np.ndarray) -> int:
    """Return the number of significant rises after a significant fall, from the first layer.

    A rise is from the lowest mean since the last rise, a fall from the highest since then;
    both must pass the registered threshold, at any distance.
    """
    low = high = 0
    falling, rises = True, 0
    fell = False
    average = evidence_of.mean(sample)[0]
    for layer in range(1, sample.shape[1]):
        if falling:
            low = layer if average[layer] < average[low] else low
            fell = fell or _passes(sample[:, layer], sample[:, high])
            if fell and _passes(sample[:, low], sample[:, layer]):
                rises, falling, high = rises + 1, False, layer
        else:
            high = layer if average[layer] > average[high] else high
            if _passes(sample[:, layer], sample[:, high]):
                falling, fell, low = True, True, layer
    return rises


def _passes(lower: np.ndarray, upper: np.ndarray) -> bool:
    rise, error = _relative_rise(lower[:, None], upper[:, None])
    return bool(rise[0] > RISE and rise[0] > SIGNIFICANT * error[0])


FAMILIES = (
    (
        "A",
        fit_to_formula,
        "the abstract's closed form m [1 - (1 - 2/pi)^l] is the expected effective dimension",
        "ReLU, Gaussian weights, no bias, n >= m, layers 1 to 20",
        "RMSE over layers of mean rank / m to the formula",
        "what full rank at every layer would give",
        "ranks_by_layer",
    ),
    (
        "A over null",
        gain_over_null,
        "the abstract's closed form describes the effective dimension better than a constant does",
        "ReLU, Gaussian weights, no bias, n >= m, layers 1 to 20",
        "RMSE over layers of the formula less that of the best constant, in units of m",
        "what full rank at every layer, a constant, would give",
        "verdicts_by_definition",
    ),
    (
        "B spread",
        spread_exponent,
        "the effective dimension concentrates: its standard deviation grows like sqrt(m)",
        "ReLU, Gaussian weights, orthonormal inputs, n = m, layers 10 and 20",
        "exponent of the standard deviation in m",
        "no concentration: 1",
        "",
    ),
    (
        "B tail",
        tail,
        "the effective dimension's deviations have light, sub-Gaussian tails",
        "ReLU, Gaussian weights, orthonormal inputs, n = m, layers 10 and 20",
        "excess kurtosis",
        "exponential tails: 3",
        "",
    ),
    (
        "C revival",
        registered_revival,
        "the effective dimension revives: it rises by more than 2 % within 6 layers",
        "ReLU, Gaussian weights, no bias, n >= m, from any layer on",
        "largest relative rise significant at 4 paired standard errors",
        "monotone decay or full rank: 0",
        "verdicts_by_definition",
    ),
    (
        "C depths",
        rise_to_peak,
        "the effective dimension rises by 0.02 m towards each of the abstract's revival depths",
        "ReLU, Gaussian weights, no bias, n >= m, revivals k = 1, 2, 3",
        "rise of rank / m over the half period before the depth",
        "no oscillation: 0",
        "verdicts_by_definition",
    ),
    (
        "C height",
        height_at_revivals,
        "the effective dimension at each of the abstract's revival depths is (1 - e^(-pi/2)) m",
        "ReLU, Gaussian weights, no bias, n >= m, revivals k = 0 to 3",
        "mean rank / m at the depth",
        "full rank: 1",
        "verdicts_by_definition",
    ),
    (
        "C period",
        periodogram_peak,
        "the effective dimension of single networks oscillates with the abstract's period",
        "ReLU, Gaussian weights, no bias, n >= m, at least 16 layers",
        "power of increments at 1/3.104 over that beside it",
        "no periodicity: 1",
        "",
    ),
    (
        "D orthogonal",
        functools.partial(full_rank, setting="orthogonal"),
        "with orthogonal weights the effective dimension stays nearly full",
        "ReLU, orthogonal weights, no bias, layer 20 (or the last, if earlier)",
        "mean rank over min(m, n)",
        "",
        "verdicts_by_definition",
    ),
    (
        "D advantage",
        orthogonal_advantage,
        "orthogonal weights keep at least half of what Gaussian weights lose",
        "ReLU; points that exist with both initialisations and where Gaussian weights lose "
        "more than 0.02 m, layer 20 (or the last, if earlier)",
        "rank / m beyond halfway between Gaussian and full",
        "no difference between the initialisations",
        "verdicts_by_definition",
    ),
    (
        "D leaky",
        functools.partial(full_rank, setting="leaky"),
        "with a strong negative slope the effective dimension stays nearly full",
        "slopes of at least 0.25 in size, either sign, but not 1; layer 20 (or the last)",
        "mean rank over min(m, n)",
        "",
        "verdicts_by_definition",
    ),
    (
        "D finite width",
        functools.partial(full_rank, setting="wide"),
        "collapse is a finite-width phenomenon: at n >= 8 m the effective dimension is full",
        "ReLU, Gaussian weights, no bias, n >= 8 m, layer 20 (or the last)",
        "mean rank over min(m, n)",
        "",
        "verdicts_by_definition",
    ),
    (
        "E",
        alternation,
        "layers alternately collapse and revive: at least two rises, each after a fall",
        "ReLU, Gaussian weights, no bias, n >= m, all layers",
        "significant rises after a fall",
        "monotone decay or full rank: 0",
        "verdicts_by_definition",
    ),
)

SCORED = ("A", "A over null")


def _claims() -> tuple[Claim, ...]:
    found = [
        Claim(
            name=f"{family}: {definition.name}",
            statement=f"Effective dimension read as {definition.name}: {statement}.",
            source=SOURCE,
            scope=scope,
            basis=BASIS,
            estimate=estimate,
            null=null,
            figure=figure,
            evidence=functools.partial(evidence, definition),
        )
        for family, evidence, statement, scope, estimate, null, figure in FAMILIES
        for definition in (*DEFINITIONS, *((NO_RANK,) if family in SCORED else ()))
    ]
    exact = DEFINITIONS[0]
    narrow = Claim(
        name="A narrow: exact rank",
        statement="Effective dimension read as exact rank: the closed form holds for n < m too.",
        source=SOURCE,
        scope="ReLU, Gaussian weights, no bias, n < m, layers 1 to 20",
        basis=BASIS,
        estimate="RMSE over layers of mean rank / m to the formula",
        null="what full rank m at every layer would give",
        figure="ranks_by_layer",
        evidence=functools.partial(fit_narrow, exact),
    )
    unseen = Claim(
        name="full text",
        statement="The theorems of the full text, with its own assumptions and constants.",
        source="Makwana, arXiv 2507.07675, full text",
        scope="out of reach: the full text was not available, so that its definition of "
        "effective dimension and of rho, its assumptions on n, m and the inputs, its "
        "concentration constants and its experiments are unknown",
        basis=BASIS,
        estimate="none",
    )
    return (*found, narrow, unseen)


PAPER_CLAIMS = _claims()
