"""Evidence for the claims on the two-layer network of the XOR mixture, and on controls.

Every accepted region is a constant that was fixed before the runs.
"""

import numpy as np
import xarray as xr
from scipy import stats

from rankscope.studies.eigenspace_alignment.claims_mixture import above, steady
from rankscope.studies.eigenspace_alignment.claims_tools import gather
from rankscope.studies.eigenspace_alignment.selection import (
    at,
    families,
    last,
    name_of,
    parameter,
    points,
    short,
    value,
)
from rankscope.evidence.verdicts import Evidence, proportion

MANY = 100  # networks of one point, from which a proportion or a law can be judged
RANK_SHARE = 0.98
SIGNIFICANCE = 0.01
SMALLEST_COUNT = 5.0
SETTLED = 3.0  # in units of 1 / beta
LEVELS = 0.1
KERNEL = 0.03
NOT_KERNEL = 0.9
LAW = 0.15  # plus lambda^(-1/2), the stated relative order of the corrections
ONE = 0.5  # a mean count within one half of 1, or of the number of cells
REACHED = 0.9
WIDE = 20
APART = 0.1
TRAIN_GAIN = 0.0
TRAIN_SLOPE = -0.75  # at least nearly as fast as 1 / phi
DOMINANT = 0.1
BULK = 0.1
KINK = 0.1
SMOOTH = 0.05


def _xor(simulated: xr.Dataset, snr: float, **required: object) -> np.ndarray:
    return above(simulated, points(simulated, model="xor", **required), snr)


def _settled(simulated: xr.Dataset, chosen: np.ndarray) -> np.ndarray:
    time = parameter(simulated, "duration") * parameter(simulated, "ridge")
    return chosen[time[chosen] >= SETTLED]


def _populous(simulated: xr.Dataset, chosen: np.ndarray) -> np.ndarray:
    networks = parameter(simulated, "runs") * simulated.sizes["replicate"]
    return chosen[networks[chosen] >= MANY]


def rank_is_groups(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C10: share of networks whose last-layer Hessian has one outlier per occupied cell."""
    del predicted
    chosen = _populous(simulated, _settled(simulated, _xor(simulated, 30.0, start="gaussian")))
    names, agree, trials = [], [], []
    for index in chosen:
        rank = last(simulated, index, "last_outliers").sel(last_matrix="hessian")
        groups = last(simulated, index, "groups_found")
        names.append(name_of(simulated, index))
        agree.append(int((rank == groups).sum()))
        trials.append(groups.size)
    share, error = proportion(np.array(agree, dtype=float), np.array(trials, dtype=float))
    return Evidence(
        point=names, estimate=share, error=error, freedom=np.inf, lower=RANK_SHARE, upper=np.inf
    )


def occupancy(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C11: p-value of the chi-square test of the outlier rank against the law ``P(r)``."""
    chosen = _populous(simulated, _settled(simulated, _xor(simulated, 30.0, start="gaussian")))
    chosen = chosen[parameter(simulated, "ridge")[chosen] <= 0.05]
    entries = []
    for index in chosen:
        rank = last(simulated, index, "last_outliers").sel(last_matrix="hessian").values.ravel()
        law = predicted["occupancy"].isel(point=index).values
        p_value = _chi_square(np.bincount(rank.astype(int), minlength=5), law)
        entries.append((name_of(simulated, index), p_value, SIGNIFICANCE, 1.0, np.nan))
    return gather(entries)


def _chi_square(observed: np.ndarray, law: np.ndarray) -> float:
    """Return the p-value; ranks that are expected fewer than five times join the next."""
    expected = law * observed.sum()
    pooled: list[list[float]] = []
    carried = np.zeros(2)
    for pair in zip(observed[: len(law)], expected, strict=True):
        carried = carried + pair
        if carried[1] >= SMALLEST_COUNT:
            pooled.append(list(carried))
            carried = np.zeros(2)
    pooled[-1] = list(np.add(pooled[-1], carried))
    found, wanted = np.array(pooled).T
    if len(found) < 2:
        return 1.0
    return float(stats.chisquare(found, wanted).pvalue)


def last_levels(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C12: mean last-layer outlier over its limit, in networks whose rank is their cells."""
    entries = []
    chosen = _settled(simulated, _xor(simulated, 100.0, activation="relu"))
    for index in chosen:
        rank = last(simulated, index, "last_outliers").sel(last_matrix="hessian")
        groups = last(simulated, index, "groups_found")
        found = last(simulated, index, "last_eigenvalues")
        order = xr.DataArray(np.arange(found.sizes["eigenvalue_index"]), dims="eigenvalue_index")
        for matrix in ("hessian", "g"):
            mean = found.sel(last_matrix=matrix).where(order < groups).mean("eigenvalue_index")
            limit = predicted["last_limit"].isel(point=index).sel(matrix=matrix).item()
            ratio = (mean.where((rank == groups) & (groups > 0)) / limit).mean("run").values
            name = f"{name_of(simulated, index)} {matrix}"
            entries.append((name, ratio, 1 - LEVELS, 1 + LEVELS, np.nan))
    return gather(entries)


def regularised_kernel(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C13: ``rho(v, E_3)`` of the regularised G, apart for four cells and for fewer."""
    del predicted
    entries = []
    for index in steady(simulated, _xor(simulated, 100.0, start="planted", activation="relu")):
        rho = last(simulated, index, "second_in_three").sel(last_matrix="regularised g")
        groups = last(simulated, index, "groups_found")
        for kind, right, bounds in (
            ("4 cells", groups == 4, (-np.inf, KERNEL)),
            ("3 cells", groups == 3, (NOT_KERNEL, np.inf)),
        ):
            values = rho.where(right).mean("run").values
            if np.isfinite(values).any():
                entries.append((f"{name_of(simulated, index)} {kind}", values, *bounds, np.nan))
    return gather(entries)


def first_layer_law(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C14: ``1 - rho(W_i, E_2)`` over its law, neurons that are alive."""
    chosen = _xor(simulated, 30.0, start="planted", groups=4, activation="relu", matrices="blocks")
    entries = []
    for index in steady(simulated, chosen):
        law = last(predicted, index, "misalignment_two_law").item()
        alive = last(simulated, index, "alive").isel(run=0) > 0
        error = 1 - last(simulated, index, "alignment_two").where(alive).mean("neuron")
        slack = LAW + value(simulated, index, "snr") ** -0.5
        for matrix in ("hessian", "g"):
            ratio = error.sel(matrix=matrix).values / law
            name = f"{name_of(simulated, index)} {matrix}"
            entries.append((name, ratio, 1 - slack, 1 + slack, np.nan))
    return gather(entries)


def _wide(simulated: xr.Dataset) -> np.ndarray:
    chosen = _xor(simulated, 30.0, start="gaussian", matrices="blocks")
    return chosen[parameter(simulated, "width")[chosen] >= WIDE]


def emergence(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C15: last-layer outliers: their number at the start, and at the end less the cells."""
    del predicted
    entries = []
    for index in _wide(simulated):
        rank = at(simulated, index, "last_outliers").isel(run=0)
        groups = at(simulated, index, "groups_found").isel(run=0)
        for matrix in ("hessian", "g"):
            one = rank.sel(last_matrix=matrix)
            name = f"{name_of(simulated, index)} {matrix}"
            bounds = 1 - ONE, 1 + ONE, np.nan
            entries.append((f"{name} start", one.isel(checkpoint=0).values, *bounds))
            gap = (one - groups).isel(checkpoint=-1).values
            entries.append((f"{name} end", gap, -ONE, ONE, np.nan))
    return gather(entries)


def layer_order(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C15: log ratio of the times when first and second layer reach alignment 0.9."""
    del predicted
    entries = []
    for index in _wide(simulated):
        time = at(simulated, index, "training_time").values
        alive = at(simulated, index, "alive").isel(run=0) > 0
        for matrix in ("hessian", "g"):
            first = at(simulated, index, "alignment_two").sel(matrix=matrix).where(alive)
            second = at(simulated, index, "second_in_four").sel(last_matrix=matrix).isel(run=0)
            ratio = np.log(
                _reached(time, first.median("neuron").transpose("replicate", ...).values)
                / _reached(time, second.transpose("replicate", ...).values)
            )
            name = f"{name_of(simulated, index)} {matrix}"
            entries.append((name, ratio, 0.0, np.inf, np.nan))
    return gather(entries)


def _reached(time: np.ndarray, curves: np.ndarray) -> np.ndarray:
    """Return when each curve first reaches `REACHED`, by linear interpolation, or ``nan``."""
    found = np.full(len(curves), np.nan)
    for row, curve in enumerate(curves):
        hits = np.flatnonzero(curve >= REACHED)
        if len(hits) and hits[0] > 0:
            after, before = hits[0], hits[0] - 1
            share = (REACHED - curve[before]) / (curve[after] - curve[before])
            found[row] = time[before] + share * (time[after] - time[before])
    return found


def dead_neurons(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Alignment of living neurons less that of dead ones, networks that have both."""
    del predicted
    entries = []
    for index in _settled(simulated, _xor(simulated, 30.0, start="gaussian", matrices="blocks")):
        alive = last(simulated, index, "alive").isel(run=0) > 0
        rho = last(simulated, index, "alignment_two")
        gap = rho.where(alive).mean("neuron") - rho.where(~alive).mean("neuron")
        for matrix in ("hessian", "g"):
            values = gap.sel(matrix=matrix).values
            if np.isfinite(values).any():
                entries.append(
                    (f"{name_of(simulated, index)} {matrix}", values, APART, np.inf, 0.0)
                )
    return gather(entries)


def _training_gain(simulated: xr.Dataset, index: int, matrix: str) -> np.ndarray:
    rho = last(simulated, index, "alignment").sel(matrix=matrix).mean("label")
    return (rho.isel(source=1) - rho.isel(source=0)).values


def training_gain(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C17: alignment with training matrices less that with test matrices."""
    del predicted
    return gather(
        [
            (
                f"{name_of(simulated, index)} {matrix}",
                _training_gain(simulated, index, matrix),
                TRAIN_GAIN,
                np.inf,
                0.0,
            )
            for index in points(simulated, model="mixture", samples="train")
            for matrix in ("hessian", "g")
        ]
    )


def training_slope(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C17: slope of the log of the mean absolute gain against ``log phi``."""
    del predicted
    chosen = points(simulated, model="mixture", samples="train")
    entries = []
    for family in families(simulated, chosen, "samples_per_dimension"):
        log_phi = np.log([value(simulated, index, "samples_per_dimension") for index in family])
        for matrix in ("hessian", "g"):
            gains = np.array([_training_gain(simulated, i, matrix) for i in family])
            slopes = _jackknife_slopes(log_phi, gains)
            name = f"{short(simulated, family[0], 'classes', 'dimension', 'snr')} {matrix}"
            entries.append((name, slopes, -np.inf, TRAIN_SLOPE, 0.0))
    return gather(entries)


def _jackknife_slopes(log_x: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return jackknife pseudo-values of the slope of ``log |mean|``, one per replicate."""
    count = values.shape[1]
    slope = np.polyfit(log_x, np.log(np.abs(values.mean(axis=1))), 1)[0]
    left = (values.sum(axis=1, keepdims=True) - values) / max(count - 1, 1)
    without = np.polyfit(log_x, np.log(np.abs(left)), 1)[0] if count > 1 else np.array([np.nan])
    return count * slope - (count - 1) * without


def projected_descent(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C18: loss left by dominant-only descent, and gained by bulk-only, over that gained by SGD."""
    del predicted
    chosen = above(simulated, points(simulated, model="mixture", matrices="blocks"), 30.0)
    chosen = chosen[parameter(simulated, "duration")[chosen] > 0]
    entries = []
    for family in families(simulated, chosen, "update"):
        loss = {
            value(simulated, index, "update"): at(simulated, index, "loss").isel(run=0)
            for index in family
        }
        if "full" not in loss:
            continue
        full = loss["full"]
        gain = (full.isel(checkpoint=0) - full.isel(checkpoint=-1)).mean().item()
        for index in family:
            kind = value(simulated, index, "update")
            own = loss[kind]
            if kind == "dominant":
                left = (own - full.mean("replicate")).isel(checkpoint=-1).values / gain
                entries.append((name_of(simulated, index), left, -DOMINANT, DOMINANT, np.nan))
            elif kind == "bulk":
                won = (own.isel(checkpoint=0) - own.isel(checkpoint=-1)).values / gain
                entries.append((name_of(simulated, index), won, -BULK, BULK, np.nan))
    return gather(entries)


def kink(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """C19: what the almost-everywhere Hessian misses, over the predicted kink term."""
    entries = []
    chosen = steady(simulated, _xor(simulated, 10.0, start="planted", groups=4, matrices="blocks"))
    for index in chosen:
        missed = last(simulated, index, "curvature_difference") - last(
            simulated, index, "curvature_almost_everywhere"
        )
        alive = last(simulated, index, "alive").isel(run=0) > 0
        ratio = missed.where(alive).mean("neuron").values
        ratio = ratio / predicted["kink_term"].values[index]
        relu = value(simulated, index, "activation") == "relu"
        bounds = (1 - KINK, 1 + KINK) if relu else (-SMOOTH, SMOOTH)
        entries.append((name_of(simulated, index), ratio, *bounds, 0.0 if relu else 1.0))
    return gather(entries)
