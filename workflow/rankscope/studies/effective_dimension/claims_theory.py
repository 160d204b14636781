"""Claims of the theory that can be derived, so that the table also says what does hold.

Scopes and accepted regions are fixed in advance. Entries are points at registered layers; a
ratio is of the mean over networks to the prediction.
"""

import functools
from collections.abc import Callable, Iterator

import numpy as np
import xarray as xr

from rankscope.studies.effective_dimension import claims_evidence as evidence_of
from rankscope.studies.effective_dimension.claims_evidence import Definition, Row
from rankscope.evidence.verdicts import Claim, Evidence

SOURCE, BASIS = "derived here", "derived here"

LAYERS = (1, 2, 5, 10, 20, 40, 60)
"""Registered layers."""

Scope = Callable[[xr.Dataset, int, int], bool]
"""Says whether a point (by index) is in scope at a layer."""


def _value(data: xr.Dataset, name: str, point: int) -> float:
    return float(data[name].values[point])


def _ratio(data: xr.Dataset, point: int) -> float:
    return _value(data, "width", point) / _value(data, "batch_size", point)


def _bend(data: xr.Dataset, point: int) -> float:
    """Return ``(1 - a)^2 / (1 + a^2)``: how far from linear the activation is."""
    slope = _value(data, "negative_slope", point)
    return (1 - slope) ** 2 / (1 + slope**2)


def _relu(data: xr.Dataset, point: int) -> bool:
    return _value(data, "negative_slope", point) == 0


def _plain(data: xr.Dataset, point: int) -> bool:
    return _relu(data, point) and _value(data, "bias_variance", point) == 0


def _is(data: xr.Dataset, name: str, point: int, value: str) -> bool:
    return str(data[name].values[point]) == value


def _entries(
    simulated: xr.Dataset, scope: Scope, layers: tuple[int, ...] = LAYERS
) -> Iterator[tuple[str, int, int]]:
    """Yield the name, point and position of every registered layer in scope."""
    present = simulated["layer"].values
    for point in range(simulated.sizes["point"]):
        for position in evidence_of.columns(simulated, layers):
            if scope(simulated, point, int(present[position])):
                name = f"{evidence_of.name_of(simulated, point)} | layer {present[position]}"
                yield name, point, int(position)


def agreement(
    simulated: xr.Dataset,
    predicted: xr.Dataset,
    *,
    definition: Definition,
    scope: Scope,
    tolerance: float,
    prefix: str = "",
    absolute: bool = False,
    inverse: bool = False,
    unit: str = "batch_size",
) -> Evidence:
    """Compare a measured curve with the predicted one of the same name.

    Args:
        simulated: the measurements.
        predicted: the predictions; a Monte Carlo error there is added in quadrature.
        definition: what to compare (``scale="share"`` for values as they are).
        scope: where.
        tolerance: half width of the accepted region.
        prefix: of the predicted variable's name.
        absolute: estimate the difference rather than the ratio.
        inverse: average 1 / value over networks, as the theory does.
        unit: parameter that absolute differences are divided by; empty for none.
    """
    curves, theory = definition.curves(simulated), definition.curves(predicted, prefix)
    extra = Definition("", f"{definition.variable}_error", definition.tolerance, definition.scale)
    noise = np.nan_to_num(extra.curves(predicted, prefix))
    rows: list[Row] = []
    for name, point, layer in _entries(simulated, scope):
        sample, expected = curves[point][:, layer], theory[point, layer]
        if not np.isfinite(expected):
            continue
        value, error = evidence_of.mean(1 / sample if inverse else sample)
        if inverse:
            value, error = 1 / value, error / value**2
        error = np.hypot(error, noise[point, layer])
        if absolute:
            unit_size = _value(simulated, unit, point) if unit else 1.0
            estimate, centre = (value - expected) / unit_size, 0.0
            error = error / unit_size
        else:
            estimate, centre, error = value / expected, 1.0, error / abs(expected)
        region = (centre - tolerance, centre + tolerance, np.nan)
        rows.append((name, float(estimate), float(error), *region))
    return evidence_of.gather(rows, evidence_of.freedom(simulated))


def bound_violations(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Count layers of all networks whose exact rank exceeds the deterministic bound."""
    del predicted
    excess = simulated["exact_rank"] > simulated["exact_rank_bound"]
    counts = excess.sum(["replicate", "layer"]).values
    rows = [
        (evidence_of.name_of(simulated, i), float(count), 0.0, 0.0, 0.0, np.nan)
        for i, count in enumerate(counts)
    ]
    return evidence_of.gather(rows, evidence_of.freedom(simulated))


def full_exact_rank(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Share of networks and layers at which exact rank is min(m, n), for a leaky slope."""
    del predicted
    rank = simulated["exact_rank"].transpose("point", "replicate", "layer").values
    rows: list[Row] = []
    for point in range(simulated.sizes["point"]):
        slope = _value(simulated, "negative_slope", point)
        if slope in (0.0, 1.0):
            continue
        full = min(_value(simulated, "width", point), _value(simulated, "batch_size", point))
        values = rank[point][:, np.isfinite(rank[point]).any(axis=0)]
        share = float((values >= full).mean())
        rows.append((evidence_of.name_of(simulated, point), share, 0.0, 1.0, 1.0, np.nan))
    return evidence_of.gather(rows, evidence_of.freedom(simulated))


HUMP_FACTOR = 4 / 3
"""Accepted factor between measured and predicted depth of the maximum, which is flat."""

FLAT = 0.05
"""Share of the least 1/PR within which layers take part in the fit of a hump's depth."""

RESAMPLES = 400


def hump_depth(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Ln of measured over predicted depth of the largest centred participation ratio.

    Both depths are from the same fit. The error is from resampling networks (bootstrap of a
    fixed stream).
    """
    curves = _share("", "centred_participation_ratio").curves(simulated)
    generator = np.random.Generator(np.random.PCG64(0))
    rows: list[Row] = []
    for point in range(simulated.sizes["point"]):
        depth = _value(predicted, "hump_depth", point)
        if depth <= 1 or _orthonormal(simulated, point):
            continue
        sample = 1 / curves[point][:, np.isfinite(curves[point]).all(axis=0)]
        draws = generator.integers(len(sample), size=(RESAMPLES, len(sample)))
        found = [np.log(fitted_depth(sample[draw].mean(axis=0))) for draw in draws]
        estimate = np.log(fitted_depth(sample.mean(axis=0)) / depth)
        region = (-np.log(HUMP_FACTOR), np.log(HUMP_FACTOR), np.nan)
        name = evidence_of.name_of(simulated, point)
        rows.append((name, float(estimate), float(np.std(found, ddof=1)), *region))
    return evidence_of.gather(rows, evidence_of.freedom(simulated))


def fitted_depth(inverse: np.ndarray) -> float:
    """Return the layer of the least ``1/PR``: the vertex of a parabola in ln l.

    The parabola is fitted to the layers within ``FLAT`` of the least value. With fewer than
    three of them, or no minimum inside, it is the layer of the least value itself.

    Args:
        inverse: ``1/PR`` at layers 1 to L.
    """
    least = int(inverse.argmin())
    near = np.flatnonzero(inverse <= (1 + FLAT) * inverse[least])
    if least > 0 and len(near) >= 3:
        x = np.log(near + 1.0)
        bend, slope, _ = np.polyfit(x, inverse[near], 2)
        vertex = -slope / (2 * bend) if bend > 0 else np.inf
        if x[0] <= vertex <= x[-1]:
            return float(np.exp(vertex))
    return least + 1.0


def refined_asymptote(
    simulated: xr.Dataset, predicted: xr.Dataset, *, name: str, tolerance: float
) -> Evidence:
    """Ratio of ``1 - c`` from an asymptote to that of the recursion, both theory."""
    rows: list[Row] = []
    if name in predicted:
        for layer in (20, 40, 60):
            at = evidence_of.columns(simulated, [layer])
            plain = [i for i in range(simulated.sizes["point"]) if _plain(simulated, i)]
            plain = [i for i in plain if _is(simulated, "geometry", i, "orthonormal")]
            for point in plain[:1] if len(at) else []:
                asymptote = 1 - float(predicted[name].isel(point=point, layer=at[0]))
                exact = 1 - float(predicted["cosine"].isel(point=point, layer=at[0]))
                region = (1 - tolerance, 1 + tolerance, np.nan)
                rows.append((f"layer {layer}", asymptote / exact, 0.0, *region))
    return evidence_of.gather(rows, evidence_of.freedom(simulated))


def log_norm(simulated: xr.Dataset, predicted: xr.Dataset, *, moment: str) -> Evidence:
    """Log norm of one input against Hanin and Nica, pooled over points.

    The mean is compared in units of the predicted standard deviation, the variance as a
    ratio; pooling is over the independent networks of all points in scope.
    """
    values = Definition("", "first_log_norm", scale="share").curves(simulated)
    variance = Definition("", "log_norm_variance", scale="share").curves(predicted)
    rows: list[Row] = []
    for layer in (1, 5, 20):
        at = evidence_of.columns(simulated, [layer])
        if len(at) == 0:
            continue
        expected = variance[:, at[0]]
        wide = simulated["width"].values >= 8 * layer
        chosen = np.isfinite(expected) & wide & np.isfinite(values[:, :, at[0]]).all(axis=1)
        if not chosen.any():
            continue
        spread = expected[chosen][:, None]
        scores = ((values[chosen][:, :, at[0]] + spread / 2) / np.sqrt(spread)).ravel()
        if moment == "mean":
            estimate, error = evidence_of.mean(scores)
            region = (-0.2, 0.2, np.nan)
        else:
            estimate, error = evidence_of.mean((scores - scores.mean()) ** 2)
            region = (0.75, 1.25, np.nan)
        rows.append((f"layer {layer}, pooled", float(estimate), float(error), *region))
    return evidence_of.gather(rows, evidence_of.freedom(simulated))


def same_in_pairs(
    simulated: xr.Dataset,
    predicted: xr.Dataset,
    *,
    definition: Definition,
    axis: str,
    values: tuple[str, str],
    tolerance: float,
) -> Evidence:
    """Difference of a definition's means, in units of m, between points that differ in one axis."""
    del predicted
    curves = definition.curves(simulated)
    rows: list[Row] = []
    for first, second in evidence_of.pairs(simulated, axis, *values):
        for position in evidence_of.columns(simulated, (1, 5, 20)):
            one, one_error = evidence_of.mean(curves[first][:, position])
            other, other_error = evidence_of.mean(curves[second][:, position])
            layer = simulated["layer"].values[position]
            name = f"{evidence_of.name_of(simulated, first)} | layer {layer}"
            error = float(np.hypot(one_error, other_error))
            rows.append((name, float(one - other), error, -tolerance, tolerance, np.nan))
    return evidence_of.gather(rows, evidence_of.freedom(simulated))


def _orthonormal(data: xr.Dataset, point: int) -> bool:
    return _is(data, "geometry", point, "orthonormal")


def _gaussian(data: xr.Dataset, point: int) -> bool:
    return _is(data, "initialisation", point, "gaussian")


def in_kernel_scope(data: xr.Dataset, point: int, layer: int) -> bool:
    """Infinite width: n >= 2 m, far from linear, layers up to 20."""
    return _ratio(data, point) >= 2 and _bend(data, point) >= 1 and layer <= 20


def in_fluctuation_scope(data: xr.Dataset, point: int, layer: int) -> bool:
    """First order in 1/n: layers up to n/8."""
    return layer <= _value(data, "width", point) / 8


def in_raw_scope(data: xr.Dataset, point: int, layer: int) -> bool:
    """As the fluctuations, and ReLU without bias."""
    return in_fluctuation_scope(data, point, layer) and _plain(data, point)


def in_chain_scope(data: xr.Dataset, point: int, layer: int) -> bool:
    """The affine-Wishart chain: Gaussian weights, orthonormal inputs, n >= 4 m."""
    del layer
    return _gaussian(data, point) and _orthonormal(data, point) and _ratio(data, point) >= 4


def in_near_linear_scope(data: xr.Dataset, point: int, layer: int) -> bool:
    """Nearly linear nets, where infinite width fails: slope 0.9, n >= 2 m."""
    return (
        _value(data, "negative_slope", point) == 0.9
        and _ratio(data, point) >= 2
        and _orthonormal(data, point)
        and layer <= 20
    )


def in_unit_scope(data: xr.Dataset, point: int, layer: int) -> bool:
    """Dead units: ReLU, orthonormal inputs, n >= 32."""
    del layer
    return _relu(data, point) and _orthonormal(data, point) and _value(data, "width", point) >= 32


def in_exact_scope(data: xr.Dataset, point: int, layer: int) -> bool:
    """Exact rank from dead units: as those, n >= m and layers up to 20."""
    return in_unit_scope(data, point, layer) and _ratio(data, point) >= 1 and layer <= 20


def in_angle_scope(data: xr.Dataset, point: int, layer: int) -> bool:
    """Angles to order 1/n: n >= 128, layers up to 20."""
    return _value(data, "width", point) >= 128 and layer <= 20


def in_linear_scope(data: xr.Dataset, point: int, layer: int) -> bool:
    """Linear nets: layers up to n/4."""
    return layer <= _value(data, "width", point) / 4


def _claim(
    name: str,
    statement: str,
    evidence: Callable[[xr.Dataset, xr.Dataset], Evidence],
    scope: str,
    estimate: str,
    source: str = SOURCE,
    basis: str = BASIS,
    figure: str = "ranks_by_layer",
) -> Claim:
    return Claim(
        name=name,
        statement=statement,
        source=source,
        scope=scope,
        basis=basis,
        estimate=estimate,
        figure=figure,
        evidence=evidence,
    )


def _share(name: str, variable: str) -> Definition:
    return Definition(name, variable, scale="share")


RECALLED = "recalled, not quoted"
RATIO = "mean over networks / prediction"
REGISTERED = f"registered layers {', '.join(map(str, LAYERS))}"


def _infinite_width() -> Iterator[Claim]:
    scope = "n >= 2 m, (1 - a)^2 / (1 + a^2) >= 1, layers 1, 2, 5, 10, 20"
    yield _claim(
        "T1: cosine",
        "The correlation map gives the mean cosine of pairs within 0.03.",
        functools.partial(
            agreement,
            definition=_share("", "cosine"),
            scope=in_kernel_scope,
            tolerance=0.03,
            absolute=True,
            unit="",
        ),
        scope,
        "mean cosine less prediction",
        "Cho and Saul, NeurIPS 2009; leaky and biased forms derived here",
        RECALLED,
    )
    for name, variable, tolerance in (
        ("stable rank", "stable_rank", 0.05),
        ("participation ratio", "participation_ratio", 0.1),
    ):
        yield _claim(
            f"T3: {name}",
            f"The infinite-width spectrum gives the {name} within {tolerance:.0%}.",
            functools.partial(
                agreement,
                definition=_share(name, variable),
                scope=in_kernel_scope,
                tolerance=tolerance,
            ),
            scope,
            RATIO,
        )
    yield _claim(
        "T2: refined asymptote",
        "theta = 3 pi / (l + 1.5 ln l + 4.4) gives 1 - c within 3 % from layer 20 on.",
        functools.partial(refined_asymptote, name="cosine_refined_asymptote", tolerance=0.03),
        "ReLU from orthonormal inputs, layers 20, 40, 60, against the recursion",
        "1 - c of the asymptote / that of the recursion",
    )
    yield _claim(
        "T2: leading asymptote",
        "1 - c = 9 pi^2 / (2 l^2) holds within 10 % by layer 20.",
        functools.partial(refined_asymptote, name="cosine_asymptote", tolerance=0.1),
        "ReLU from orthonormal inputs, layers 20, 40, 60, against the recursion",
        "1 - c of the asymptote / that of the recursion",
        "Hayou, Doucet and Rousseau, ICML 2019, taken as if exact at these layers",
        RECALLED,
    )
    yield _claim(
        "T3: same kernel",
        "Orthogonal and Gaussian weights have the same stable rank, within 0.01 m.",
        functools.partial(
            same_in_pairs,
            definition=Definition("stable rank", "stable_rank"),
            axis="initialisation",
            values=("orthogonal", "gaussian"),
            tolerance=0.01,
        ),
        "points that exist with both initialisations, layers 1, 5, 20",
        "difference of the means, in units of m",
        "Nait Saada et al., abstract: pseudo-iid weights share the kernel",
        RECALLED,
    )


def _finite_width() -> Iterator[Claim]:
    yield _claim(
        "T4: centred participation ratio",
        "1/PR = 1/PR_inf + V gives the centred participation ratio within 10 %.",
        functools.partial(
            agreement,
            definition=_share("", "centred_participation_ratio"),
            scope=in_fluctuation_scope,
            tolerance=0.1,
            inverse=True,
        ),
        f"all geometries, slopes, biases and initialisations; {REGISTERED} up to n/8",
        "1 / mean of 1/PR over networks / prediction",
    )
    yield _claim(
        "T5: raw centred participation ratio",
        "With the spread of norms, T4 gives the raw centred participation ratio within 15 %.",
        functools.partial(
            agreement,
            definition=_share("", "raw_centred_participation_ratio"),
            scope=in_raw_scope,
            tolerance=0.15,
            inverse=True,
        ),
        f"ReLU without bias; {REGISTERED} up to n/8",
        "1 / mean of 1/PR over networks / prediction",
    )
    for tolerance in (0.1, 0.01):
        yield _claim(
            f"T6: rank at {tolerance}",
            f"The affine-Wishart chain gives the numerical rank at {tolerance} within 0.03 m.",
            functools.partial(
                agreement,
                definition=Definition("", "numerical_rank", tolerance),
                scope=in_chain_scope,
                tolerance=0.03,
                prefix="chain_",
                absolute=True,
                unit="",
            ),
            f"Gaussian weights, orthonormal inputs, n >= 4 m; {REGISTERED}",
            "mean rank less prediction, in units of m",
            figure="spectra",
        )
    yield _claim(
        "T6: effective rank",
        "The affine-Wishart chain gives the effective rank of singular values within 5 %.",
        functools.partial(
            agreement,
            definition=_share("", "effective_rank"),
            scope=in_chain_scope,
            tolerance=0.05,
            prefix="chain_",
        ),
        f"Gaussian weights, orthonormal inputs, n >= 4 m; {REGISTERED}",
        RATIO,
        figure="spectra",
    )
    yield _claim(
        "T6: near-linear stable rank",
        "Where infinite width fails, the chain gives the stable rank within 10 %.",
        functools.partial(
            agreement,
            definition=_share("", "stable_rank"),
            scope=in_near_linear_scope,
            tolerance=0.1,
            prefix="chain_",
        ),
        "slope 0.9, orthonormal inputs, n >= 2 m, layers 1 to 20",
        RATIO,
        figure="spectra",
    )


def _units_and_angles() -> Iterator[Claim]:
    yield _claim(
        "T7: bound",
        "Exact rank never exceeds min(m, min(previous rank, linear units) + mixed units).",
        bound_violations,
        "every network and layer of every point",
        "violations",
        figure="exact_rank",
    )
    yield _claim(
        "T7: dead units",
        "The expected number of units that are dead on the batch is right within 0.03 n.",
        functools.partial(
            agreement,
            definition=_share("", "dead_units"),
            scope=in_unit_scope,
            tolerance=0.03,
            absolute=True,
            unit="width",
        ),
        f"ReLU, orthonormal inputs, n >= 32; {REGISTERED}",
        "mean less prediction, in units of n",
        figure="exact_rank",
    )
    yield _claim(
        "T7: exact rank",
        "E min(m, n - dead units) gives the expected exact rank within 0.03 m.",
        functools.partial(
            agreement,
            definition=_share("", "exact_rank"),
            scope=in_exact_scope,
            tolerance=0.03,
            absolute=True,
        ),
        "ReLU, orthonormal inputs, n >= max(m, 32), layers 1, 2, 5, 10, 20",
        "mean less prediction, in units of m",
        figure="exact_rank",
    )
    yield _claim(
        "T7: leaky exact rank",
        "With a negative slope other than 0 and 1, exact rank is min(m, n) at every layer.",
        full_exact_rank,
        "every network and layer; rank at max(m, n) eps, which rounding can leave short of the "
        "rank in exact arithmetic where smallest singular values fall below it",
        "share of networks and layers of full rank",
        figure="exact_rank",
    )
    yield _claim(
        "T8: hump depth",
        "The centred participation ratio is largest where 1/PR_inf + V is least.",
        hump_depth,
        "inputs of low effective dimension: points whose predicted depth is beyond layer 1",
        "ln(measured depth / predicted depth)",
        figure="hump_depth",
    )
    yield _claim(
        "T9: pair angle",
        "Jakub and Nica's expansion gives the mean ln sin^2 of a pair's angle within 5 %.",
        functools.partial(
            agreement,
            definition=_share("", "log_squared_sine"),
            scope=in_angle_scope,
            tolerance=0.05,
        ),
        "ReLU, Gaussian weights, orthonormal inputs, n >= 128, layers 1, 2, 5, 10, 20",
        RATIO,
        "Jakub and Nica, arXiv 2302.09712, with the formulas of its authors' notebook",
        RECALLED,
        figure="angles_and_norms",
    )
    for moment, region in (("mean", "0.2 standard deviations"), ("variance", "25 %")):
        yield _claim(
            f"Hanin-Nica: {moment}",
            f"An input's log norm is normal N(-b/2, b), b = 5 l / n: {moment} within {region}.",
            functools.partial(log_norm, moment=moment),
            "Gaussian weights without bias, n >= 8 l, layers 1, 5, 20, pooled over points",
            "pooled standardised deviation" if moment == "mean" else "variance / prediction",
            "Hanin and Nica, Commun. Math. Phys. 376 (2020)",
            RECALLED,
            figure="angles_and_norms",
        )
    yield _claim(
        "linear: participation ratio",
        "A linear Gaussian net has 1/PR = 1/m + l/n, within 10 %.",
        functools.partial(
            agreement,
            definition=_share("", "participation_ratio"),
            prefix="linear_",
            scope=in_linear_scope,
            tolerance=0.1,
            inverse=True,
        ),
        f"slope 1; {REGISTERED} up to n/4",
        "1 / mean of 1/PR over networks / prediction",
    )


def _sampler() -> Iterator[Claim]:
    for definition in (
        Definition("exact rank", "exact_rank"),
        Definition("rank at 0.01", "numerical_rank", 1e-2),
        Definition("effective rank", "effective_rank"),
    ):
        yield _claim(
            f"sampler: {definition.name}",
            f"Reduced draws and explicit weights have the same mean {definition.name}, "
            "within 0.05 m.",
            functools.partial(
                same_in_pairs,
                definition=definition,
                axis="sampler",
                values=("explicit", "reduced"),
                tolerance=0.05,
            ),
            "points that exist with both samplers, layers 1, 5, 20; the law is proved equal, "
            "and sharper two-sample tests are among the unit tests",
            "difference of the means, in units of m",
        )


THEORY_CLAIMS = (*_infinite_width(), *_finite_width(), *_units_and_angles(), *_sampler())
