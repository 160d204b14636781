"""Evidence for the claims on the softmax classifier of a Gaussian mixture.

Every accepted region is a constant that was fixed before the runs.
"""

import numpy as np
import xarray as xr

from rankscope.studies.eigenspace_alignment.claims_tools import each_matrix, gather, ratio_of_means
from rankscope.studies.eigenspace_alignment.selection import (
    at,
    families,
    last,
    lengths,
    name_of,
    parameter,
    points,
    short,
    test_blocks,
    value,
)
from rankscope.evidence.verdicts import Evidence

TRACKING = 4.0  # in units of c / sqrt(d): a few standard deviations of the fluctuations
CONSTANT_SPREAD = 0.15
CORRECTED = 0.05  # the bias is O(1/d), about 1 percent at d = 250
CORRECTOR_DIMENSION = 200
ALIGNED = 0.02
MONOTONE = -0.005  # a decrease below the resolution of the alignment is none
SLOPE = 0.1
LAW = 0.15
STEADY = 4.0  # in units of 1 / beta: the transient is then exp(-8)
BURN_IN = 0.1
WINDOW = 0.25, 1.5  # in units of 1 / beta: before the floor of order 1 / lambda
FIRST = 0.01
LEVELS = 0.05
HALF = 0.5  # a mean count within one half of the predicted one
MARGIN = 1.9  # tested at least this factor away from a threshold: outliers must clear the edge
EDGE_SLACK = 3.0  # Tracy-Widom: outliers lie above edge (1 + 3 d^(-2/3))
CROSS_SLOPE = 0.1


def trained(simulated: xr.Dataset, **required: object) -> np.ndarray:
    """Return the points of plain SGD on the mixture that train for some time."""
    chosen = points(simulated, model="mixture", update="full", **required)
    return chosen[parameter(simulated, "duration")[chosen] > 0]


def measured(simulated: xr.Dataset, **required: object) -> np.ndarray:
    """Return those of them with matrices."""
    return trained(simulated, matrices=("blocks", "full"), **required)


def steady(simulated: xr.Dataset, chosen: np.ndarray) -> np.ndarray:
    """Keep the points that train for at least ``STEADY / beta``."""
    time = parameter(simulated, "duration") * parameter(simulated, "ridge")
    return chosen[time[chosen] >= STEADY]


def above(simulated: xr.Dataset, chosen: np.ndarray, snr: float) -> np.ndarray:
    """Keep the points with at least this signal-to-noise ratio."""
    return chosen[parameter(simulated, "snr")[chosen] >= snr]


def dynamics(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C1: largest gap between overlaps and ODE, in units of ``c / sqrt(d)``."""
    entries = []
    for index in trained(simulated):
        scale = value(simulated, index, "step_scale")
        if scale >= 1:
            gap = np.abs(
                at(simulated, index, "mean_overlap") - at(predicted, index, "mean_overlap")
            )
            gap = gap.max(("checkpoint", "label", "mean")).mean("run")
            unit = scale / np.sqrt(value(simulated, index, "dimension"))
            entries.append(
                (name_of(simulated, index), gap.values / unit, -np.inf, TRACKING, np.nan)
            )
    return gather(entries)


def spread(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C1: spread of the overlaps over networks, times ``sqrt(d)``, over that at the largest d."""
    del predicted
    chosen = trained(simulated)
    chosen = chosen[parameter(simulated, "runs")[chosen] > 1]
    entries = []
    for family in families(simulated, chosen, "dimension"):
        widths = []
        for index in family:
            variance = last(simulated, index, "mean_overlap").var("run", ddof=1)
            d = value(simulated, index, "dimension")
            widths.append(np.sqrt(variance.mean(("label", "mean")).values * d))
        for index, width in zip(family[:-1], widths[:-1], strict=True):
            ratio = ratio_of_independent(width, widths[-1])
            bounds = 1 - CONSTANT_SPREAD, 1 + CONSTANT_SPREAD
            entries.append((name_of(simulated, index), ratio, *bounds, np.nan))
    return gather(entries)


def ratio_of_independent(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    """Return the ratio of means of two samples, jackknifed replicate by replicate."""
    count = min(len(over), len(under))
    return ratio_of_means(over[:count], under[:count])


def corrector(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C2: ``|x^a|^2`` outside the means, over the ODE with the corrector."""
    chosen = trained(simulated)
    entries = []
    for index in chosen[parameter(simulated, "runs")[chosen] > 1]:
        if value(simulated, index, "dimension") >= CORRECTOR_DIMENSION:
            weight = last(simulated, index, "weight_gram")
            outside = lengths(weight) * (1 - last(simulated, index, "weights_in_means") ** 2)
            theory = last(predicted, index, "weights_outside").mean().item()
            without = last(predicted, index, "weights_outside_without_corrector").mean().item()
            ratio = outside.mean(("label", "run")).values / theory
            bounds = 1 - CORRECTED, 1 + CORRECTED
            entries.append((name_of(simulated, index), ratio, *bounds, without / theory))
    return gather(entries)


def predicted_alignment(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C3: alignment with ``E_k`` minus that of the effective spectrum."""
    chosen = above(simulated, measured(simulated), 30.0)

    def gap(index: int, matrix: str) -> np.ndarray:
        found = test_blocks(simulated, index, "alignment").isel(checkpoint=-1)
        theory = last(predicted, index, "alignment")
        return (found - theory).sel(matrix=matrix).mean("label").values

    return gather(
        [
            (name, gaps, -ALIGNED, ALIGNED, np.nan)
            for name, _, _, gaps in each_matrix(simulated, chosen, gap)
        ]
    )


def monotone_alignment(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C3: smallest gain in alignment from one signal-to-noise ratio to the next."""
    del predicted
    entries = []
    for family in families(simulated, measured(simulated), "snr"):
        for matrix in ("hessian", "g"):
            rho = np.array([_final(simulated, index, "alignment", matrix) for index in family])
            gains = np.diff(rho, axis=0)
            worst = gains[gains.mean(axis=1).argmin()]
            name = f"{short(simulated, family[0], 'classes', 'dimension', 'step_scale')} {matrix}"
            entries.append((name, worst, MONOTONE, np.inf, np.nan))
    return gather(entries)


def _final(simulated: xr.Dataset, index: int, name: str, matrix: str) -> np.ndarray:
    """Return a block variable at the end, mean over classes, one value per replicate."""
    data = test_blocks(simulated, index, name).isel(checkpoint=-1).sel(matrix=matrix)
    return data.mean("label").values


def error_slope(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C4: slope of ``log(1 - rho)`` against ``log lambda``."""
    del predicted
    chosen = above(simulated, steady(simulated, measured(simulated)), 100.0)
    entries = []
    for family in families(simulated, chosen, "snr"):
        log_snr = np.log([value(simulated, index, "snr") for index in family])
        for matrix in ("hessian", "g"):
            error = np.array([1 - _final(simulated, i, "alignment", matrix) for i in family])
            slope = np.polyfit(log_snr, np.log(error), 1)[0]
            name = f"{short(simulated, family[0], 'classes', 'dimension', 'step_scale')} {matrix}"
            entries.append((name, slope, -1 - SLOPE, -1 + SLOPE, -0.5))
    return gather(entries)


def error_constant(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C4: ``1 - rho`` over the error law."""
    chosen = steady(simulated, measured(simulated, means="orthonormal", samples="test"))
    entries = []
    for index in above(simulated, chosen, 100.0):
        law = last(predicted, index, "misalignment_law").item()
        for matrix in ("hessian", "g"):
            ratio = (1 - _final(simulated, index, "alignment", matrix)) / law
            name = f"{name_of(simulated, index)} {matrix}"
            entries.append((name, ratio, 1 - LAW, 1 + LAW, np.nan))
    return gather(entries)


def burn_in(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C5: decay rate of the misaligned squared length, over ``2 beta``."""
    del predicted
    entries = []
    for index in above(simulated, trained(simulated, samples="test"), 1000.0):
        ridge = value(simulated, index, "ridge")
        time = at(simulated, index, "training_time").values
        inside = (time * ridge >= WINDOW[0]) & (time * ridge <= WINDOW[1])
        if inside.sum() < 2:
            continue
        share = at(simulated, index, "weights_in_means").mean("run")
        squared = at(simulated, index, "weight_gram").mean("run")
        if value(simulated, index, "matrices") != "none":
            share = test_blocks(simulated, index, "alignment").sel(matrix="hessian")
        outside = ((1 - share**2) * lengths(squared)).mean("label")
        outside = outside.transpose("checkpoint", "replicate")
        rate = np.polyfit(time[inside], np.log(outside.values[inside]), 1)[0] / (-2 * ridge)
        entries.append((name_of(simulated, index), rate, 1 - BURN_IN, 1 + BURN_IN, np.nan))
    return gather(entries)


def collapse(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C5: largest gap in alignment to the largest dimension, after ``1 / (2 beta)``."""
    del predicted
    entries = []
    for family in families(simulated, above(simulated, trained(simulated), 1000.0), "dimension"):
        curves = []
        for index in family:
            if value(simulated, index, "matrices") == "none":
                curve = at(simulated, index, "weights_in_means").mean(("label", "run"))
            else:
                curve = test_blocks(simulated, index, "alignment").sel(matrix="hessian")
                curve = curve.mean("label")
            curves.append(curve.transpose("checkpoint", "replicate").values)
        time = at(simulated, family[0], "training_time").values
        late = time * value(simulated, family[0], "ridge") >= 0.5
        if any(curve.shape != curves[0].shape for curve in curves) or not late.any():
            continue
        for index, curve in zip(family[:-1], curves[:-1], strict=True):
            gaps = (curve - curves[-1])[late]
            worst = gaps[np.abs(gaps.mean(axis=1)).argmax()]
            entries.append((name_of(simulated, index), worst, -ALIGNED, ALIGNED, np.nan))
    return gather(entries)


def first_eigenvector(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C6: ``rho(x^a, E_1) - sqrt((k - 1) / k)``."""
    chosen = steady(simulated, measured(simulated, means="orthonormal", samples="test"))
    entries = []
    for index in above(simulated, chosen, 300.0):
        limit = predicted["limit_alignment_first"].values[index]
        for matrix in ("hessian", "g"):
            gap = _final(simulated, index, "alignment_first", matrix) - limit
            entries.append((f"{name_of(simulated, index)} {matrix}", gap, -FIRST, FIRST, 1 - limit))
    return gather(entries)


def levels(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C7: the outlier and the mini-bulk, over their limits."""
    chosen = steady(simulated, measured(simulated, means="orthonormal", samples="test"))
    entries = []
    for index in above(simulated, chosen, 300.0):
        k = int(value(simulated, index, "classes"))
        limit = predicted["limit_eigenvalues"].isel(point=index)
        found = test_blocks(simulated, index, "eigenvalues").isel(checkpoint=-1).mean("label")
        for matrix in ("hessian", "g"):
            one = found.sel(matrix=matrix)
            for kind, part in (("outlier", slice(0, 1)), ("mini-bulk", slice(1, k))):
                ratio = one.isel(eigenvalue=part).mean("eigenvalue") / limit.sel(
                    matrix=matrix, kind=kind
                )
                name = f"{name_of(simulated, index)} {matrix} {kind}"
                entries.append((name, ratio.values, 1 - LEVELS, 1 + LEVELS, np.nan))
    return gather(entries)


def clear_of_edge(edge: xr.DataArray, dimension: float) -> xr.DataArray:
    """Return the level above which an empirical eigenvalue counts as an outlier."""
    return edge * (1 + EDGE_SLACK * dimension ** (-2 / 3))


def counts(simulated: xr.Dataset, predicted: xr.Dataset, index: int) -> xr.DataArray:
    """Count the outliers of class blocks: (replicate, checkpoint, matrix, label)."""
    level = clear_of_edge(at(predicted, index, "edge"), value(simulated, index, "dimension"))
    return (test_blocks(simulated, index, "eigenvalues") > level).sum("eigenvalue")


def start_thresholds(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C8: outliers at ``x = 0`` minus the number whose threshold is exceeded."""
    entries = []
    for index in points(simulated, model="mixture", start="zero", duration=0.0):
        k, snr = int(value(simulated, index, "classes")), value(simulated, index, "snr")
        threshold = predicted["start_threshold"].isel(point=index)
        found = counts(simulated, predicted, index).isel(checkpoint=-1).mean("label")
        for matrix in ("hessian", "g"):
            own, other = threshold.sel(matrix=matrix).values
            if min(abs(np.log(snr / own)), abs(np.log(snr / other))) >= np.log(MARGIN):
                expected = float(snr > own) + (k - 1) * float(snr > other)
                gap = found.sel(matrix=matrix).values - expected
                name = f"{name_of(simulated, index)} {matrix}"
                entries.append((name, gap, -HALF, HALF, np.nan))
    return gather(entries)


def outlier_counts(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C9: mean gap between counted outliers and those of the effective spectrum."""
    entries = []
    for index in measured(simulated):
        dimension = value(simulated, index, "dimension")
        level = clear_of_edge(at(predicted, index, "edge"), dimension)
        expected = (at(predicted, index, "eigenvalues") > level).sum("eigenvalue")
        gap = np.abs(counts(simulated, predicted, index) - expected).isel(checkpoint=slice(1, None))
        for matrix in ("hessian", "g"):
            values = gap.sel(matrix=matrix).mean(("checkpoint", "label")).values
            entries.append((f"{name_of(simulated, index)} {matrix}", values, -np.inf, HALF, np.nan))
    return gather(entries)


def full_counts(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C16: outliers of the full matrices minus ``k (k - 1)`` for H and ``k`` for G."""
    entries = []
    for index in above(simulated, trained(simulated, matrices="full"), 100.0):
        k, d = int(value(simulated, index, "classes")), value(simulated, index, "dimension")
        level = clear_of_edge(last(predicted, index, "full_edge"), d)
        found = (last(simulated, index, "full_eigenvalues") > level).sum("full_eigenvalue")
        for matrix, expected in (("hessian", k * (k - 1)), ("g", k)):
            gap = found.sel(matrix=matrix).values - expected
            entries.append((f"{name_of(simulated, index)} {matrix}", gap, -HALF, HALF, np.nan))
    return gather(entries)


def cross_term(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Slope of ``log |A - P A P| / |A|`` against ``log lambda`` at fixed ``phi``."""
    del predicted
    chosen = above(simulated, steady(simulated, measured(simulated)), 100.0)
    entries = []
    for family in families(simulated, chosen, "snr"):
        log_snr = np.log([value(simulated, index, "snr") for index in family])
        for matrix in ("hessian", "g"):
            outside = np.array([_final(simulated, i, "outside", matrix) for i in family])
            slope = np.polyfit(log_snr, np.log(outside), 1)[0]
            name = f"{short(simulated, family[0], 'classes', 'dimension', 'step_scale')} {matrix}"
            entries.append((name, slope, -0.5 - CROSS_SLOPE, -0.5 + CROSS_SLOPE, -1.0))
    return gather(entries)
