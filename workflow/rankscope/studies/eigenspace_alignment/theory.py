"""What the theory predicts at a point: dynamics, spectra, alignments and closed forms."""

import numpy as np
import xarray as xr
from scipy import special

from rankscope import datasets
from rankscope.studies.eigenspace_alignment import theory_full, theory_limits, theory_xor
from rankscope.studies.eigenspace_alignment.parameters import Parameters
from rankscope.studies.eigenspace_alignment.theory_mixture import Overlaps, trajectory
from rankscope.studies.eigenspace_alignment.theory_nodes import normal_nodes, root
from rankscope.studies.eigenspace_alignment.theory_spectrum import Spectrum, spectrum

EXTRA = 2
XOR_EIGENVALUES = 4
LOG2_NODES = 12
LOG2_FULL = 10
_BLOCK = ("checkpoint", "matrix", "label")
_NEURON = ("checkpoint", "matrix", "neuron")
_COORDINATES = {
    "matrix": (["hessian", "g"], "Hessian, or second moment of the gradients"),
    "feature": (["mu", "nu"], "direction of a pair of centres"),
    "kind": (["outlier", "mini-bulk"], "group of eigenvalues"),
    "direction": (["own", "other"], "mean of the block's own class, or of another"),
}
Variables = dict[str, xr.Variable]


def predict(parameters: Parameters) -> xr.Dataset:
    """Predict the point; a variable of the same name in the simulation is its measurement.

    Projected updates have no theory here, nor has a Gaussian start of XOR, whose basin the
    noise chooses: those points carry closed forms only.
    """
    data: Variables = {
        "training_time": datasets.variable(
            "checkpoint", np.array(parameters.times()), "training time, steps times c / d"
        )
    }
    data |= _mixture(parameters) if parameters.model == "mixture" else _xor(parameters)
    dataset = xr.Dataset(data)
    return dataset.assign_coords(
        {
            name: datasets.variable(name, entries, long_name)
            for name, (entries, long_name) in _COORDINATES.items()
            if name in dataset.sizes
        }
    )


def _mixture(parameters: Parameters) -> Variables:
    data = _mixture_limits(parameters)
    if parameters.update != "full":
        return data
    gram, times = np.array(parameters.mean_gram()), np.array(parameters.times())
    start = (0.0 if parameters.start == "zero" else 1.0) * np.eye(parameters.classes)
    arguments = gram, parameters.snr, parameters.ridge
    found = trajectory(*arguments, parameters.step_scale, times, start)
    without = trajectory(*arguments, 0.0, times, start)
    limit = trajectory(gram, np.inf, parameters.ridge, 0.0, times, start)
    squared = np.einsum("taa->ta", found.weight)
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = np.where(squared > 0, 1 - _outside(gram, found) / squared, np.nan)
    mean, weight = ("checkpoint", "label", "mean"), ("checkpoint", "label", "other")
    data |= {
        "mean_overlap": datasets.variable(mean, found.mean, "x^a . mu_b"),
        "weight_gram": datasets.variable(weight, found.weight, "x^a . x^b"),
        "weights_outside": datasets.variable(
            ("checkpoint", "label"),
            _outside(gram, found),
            "squared length of x^a outside the span of the means",
        ),
        "weights_outside_without_corrector": datasets.variable(
            ("checkpoint", "label"),
            _outside(gram, without),
            "the same without the corrector of the step size",
        ),
        "mean_overlap_limit": datasets.variable(mean, limit.mean, "x^a . mu_b without noise"),
        "weights_in_means": datasets.variable(
            ("checkpoint", "label"), np.sqrt(inside), "share of x^a in the span of the means"
        ),
    }
    if parameters.matrices != "none":
        data |= _mixture_spectra(parameters, gram, found)
    if parameters.matrices == "full":
        data |= _full_spectra(parameters, gram, found)
    return data


def _outside(gram: np.ndarray, found: Overlaps) -> np.ndarray:
    inside = np.einsum("tab,bc,tac->ta", found.mean, np.linalg.inv(gram), found.mean)
    return np.einsum("taa->ta", found.weight) - inside


def _mixture_limits(parameters: Parameters) -> Variables:
    if parameters.means != "orthonormal" or parameters.ridge == 0:
        return {}
    point = theory_limits.fixed_point(parameters.classes, parameters.ridge)
    start = 0.0 if parameters.start == "zero" else 1.0
    law = theory_limits.misalignment_law(
        point,
        parameters.snr,
        parameters.samples_per_dimension,
        parameters.step_scale,
        np.array(parameters.times()),
        start,
    )
    thresholds = theory_limits.start_thresholds(
        parameters.classes, parameters.samples_per_dimension
    )
    return {
        "limit_eigenvalues": datasets.variable(
            ("matrix", "kind"), point.eigenvalues, "eigenvalues at the fixed point, no noise"
        ),
        "limit_alignment_first": datasets.variable(
            (), point.alignment_first, "rho(x^a, E_1) at the fixed point, no noise"
        ),
        "misalignment_law": datasets.variable(
            "checkpoint", law, "1 - rho(x^a, E_k) to first order in 1 / lambda"
        ),
        "start_threshold": datasets.variable(
            ("matrix", "direction"), thresholds, "lambda above which outliers appear at x = 0"
        ),
    }


def _mixture_nodes(
    gram: np.ndarray, mean: np.ndarray, weight: np.ndarray, snr: float, log2_half: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the weights in ``2 k`` coordinates, and nodes: inputs, probabilities, onehots."""
    k = len(gram)
    centres = np.linalg.cholesky(gram)
    inside = np.linalg.solve(centres, mean.T).T
    vectors = np.concatenate([inside, root(weight - inside @ inside.T)], axis=1)
    noise = normal_nodes(2 * k, log2_half) / np.sqrt(snr)
    inputs = np.concatenate([noise + np.pad(centre, (0, k)) for centre in centres])
    probabilities = special.softmax(inputs @ vectors.T, axis=1)
    return vectors, inputs, probabilities, np.repeat(np.eye(k), len(noise), axis=0)


def _mixture_spectra(parameters: Parameters, gram: np.ndarray, found: Overlaps) -> Variables:
    k = parameters.classes
    distinct = k if parameters.means == "random" else 1  # else classes are exchangeable
    log2_half = LOG2_NODES - int(np.log2(k))
    spectra = []
    for mean, weight in zip(found.mean, found.weight, strict=True):
        vectors, inputs, p, onehot = _mixture_nodes(gram, mean, weight, parameters.snr, log2_half)
        for weights in (p * (1 - p), (p - onehot) ** 2):
            for label in range(k):
                if label < distinct:
                    effective = spectrum(
                        weights[:, label],
                        inputs,
                        parameters.snr,
                        parameters.samples_per_dimension,
                        k + EXTRA,
                    )
                    summary = _summary(effective, vectors[label], k, k, k + EXTRA)
                spectra.append(summary)
    shape = len(found.mean), 2, k
    return _spectral_variables(spectra, shape, _BLOCK, ("", "alignment"), "rho(x^a, E_k)", "means")


def _summary(
    effective: Spectrum, vector: np.ndarray, span: int, dominant: int, count: int
) -> tuple[np.ndarray, float, int, float, float, float]:
    """Return eigenvalues (the edge beyond the outliers), edge, count, and three alignments."""
    values = np.full(count, effective.edge)
    values[: len(effective.outliers)] = effective.outliers
    return (
        values,
        effective.edge,
        len(effective.outliers),
        effective.overlap(vector, dominant),
        effective.overlap(vector, 1),
        effective.smallest_cosine(span, dominant),
    )


def _spectral_variables(
    spectra: list[tuple],
    shape: tuple[int, ...],
    dims: tuple[str, ...],
    names: tuple[str, str],
    alignment: str,
    span: str,
) -> Variables:
    suffix, name = names
    values, edge, count, dominant, first, cosine = (
        np.array(part).reshape(*shape, *np.shape(part[0])) for part in zip(*spectra, strict=True)
    )
    return {
        f"eigenvalues{suffix}": datasets.variable(
            (*dims, "eigenvalue"), values, "outliers; the edge of the bulk beyond them"
        ),
        f"edge{suffix}": datasets.variable(dims, edge, "upper edge of the bulk"),
        f"outliers{suffix}": datasets.variable(dims, count, "number of outliers"),
        name: datasets.variable(dims, dominant, alignment),
        f"alignment_first{suffix}": datasets.variable(dims, first, "alignment with E_1"),
        f"smallest_cosine{suffix or ''}": datasets.variable(
            dims, cosine, f"smallest cosine between the leading eigenspace and the span of {span}"
        ),
    }


def _full_spectra(parameters: Parameters, gram: np.ndarray, found: Overlaps) -> Variables:
    """Predict the full matrices at every time; outliers beyond those found are the edge."""
    k = parameters.classes
    count = k * (k - 1) + EXTRA
    values, edges, counts = [], [], []
    for mean, weight in zip(found.mean, found.weight, strict=True):
        _, inputs, p, onehot = _mixture_nodes(gram, mean, weight, parameters.snr, LOG2_FULL)
        u = p - onehot
        hessian = p[:, :, None] * np.eye(k) - p[:, :, None] * p[:, None, :]
        for matrices in (hessian, u[:, :, None] * u[:, None, :]):
            edge, outliers = theory_full.outliers(
                matrices, inputs, parameters.snr, parameters.samples_per_dimension
            )
            row = np.full(count, edge)
            row[: min(count, len(outliers))] = outliers[:count]
            values.append(row)
            edges.append(edge)
            counts.append(len(outliers))
    shape = len(found.mean), 2
    dims = "checkpoint", "matrix"
    return {
        "full_eigenvalues": datasets.variable(
            (*dims, "full_eigenvalue"),
            np.reshape(values, (*shape, count)),
            "outliers of the full matrices; the edge of the bulk beyond them",
        ),
        "full_edge": datasets.variable(dims, np.reshape(edges, shape), "upper edge of the bulk"),
        "full_outliers": datasets.variable(dims, np.reshape(counts, shape), "number of outliers"),
    }


def _xor(parameters: Parameters) -> Variables:
    data = _xor_limits(parameters)
    if parameters.start != "planted":
        return data
    start = theory_xor.planted(parameters.width, parameters.groups)
    states = theory_xor.trajectory(
        start,
        parameters.activation,
        parameters.snr,
        parameters.ridge,
        parameters.step_scale,
        np.array(parameters.times()),
    )
    outside = np.stack([np.diag(state.outside) for state in states])
    data |= {
        "first_layer": datasets.variable(
            ("checkpoint", "neuron", "feature"),
            np.stack([state.first for state in states]),
            "W_i along mu and nu",
        ),
        "second_layer": datasets.variable(
            ("checkpoint", "neuron"), np.stack([state.second for state in states]), "v_i"
        ),
        "first_layer_outside": datasets.variable(
            ("checkpoint", "neuron"), outside, "squared length of W_i outside span(mu, nu)"
        ),
    }
    if parameters.activation == "relu":
        kinks = [theory_xor.kink(states[-1], parameters.snr, i) for i in range(parameters.width)]
        data["kink_of_state"] = datasets.variable(
            "neuron", np.array(kinks), "curvature that the kink adds at the end of the ODE"
        )
    if parameters.matrices != "none":
        data |= _xor_spectra(parameters, states)
    return data


def _xor_limits(parameters: Parameters) -> Variables:
    ridge, snr = parameters.ridge, parameters.snr
    per_cell = max(1.0, parameters.width / 4)
    data = {
        "occupancy": datasets.variable(
            "cells", theory_limits.occupancy(parameters.width), "P(r), law of occupied cells"
        ),
        "kink_term": datasets.variable(
            (), theory_limits.kink_term(ridge, snr), "curvature that the kink of ReLU adds"
        ),
    }
    if ridge == 0:
        return data
    law = theory_limits.xor_misalignment_law(
        ridge,
        snr,
        parameters.samples_per_dimension,
        parameters.step_scale,
        np.array(parameters.times()),
        per_cell,
    )
    return data | {
        "last_limit": datasets.variable(
            "matrix",
            theory_limits.xor_last_eigenvalues(ridge),
            "last-layer outliers at a fixed point, no noise",
        ),
        "cell_length": datasets.variable(
            (), theory_limits.xor_squared_length(ridge), "sum of v_i^2 over a cell"
        ),
        "misalignment_two_law": datasets.variable(
            "checkpoint", law, "1 - rho(W_i, E_2) to first order in 1 / lambda"
        ),
    }


def _xor_spectra(parameters: Parameters, states: list[theory_xor.State]) -> Variables:
    """Predict first-layer blocks; neurons of one cell follow the same planted trajectory."""
    _, slope, curvature = theory_xor.activation(parameters.activation)
    spectra = []
    for state in states:
        inputs, hidden, truth = theory_xor.samples(state, parameters.snr, LOG2_NODES - 2)
        vectors = np.concatenate([state.first, root(state.outside)], axis=1)
        value = theory_xor.activation(parameters.activation)[0](hidden)
        s = special.expit(value @ state.second)[:, None]
        u, v = s - truth[:, None], state.second
        gauss_newton = s * (1 - s) * (v * slope(hidden)) ** 2
        for weights in (gauss_newton + v * u * curvature(hidden), (u * v * slope(hidden)) ** 2):
            distinct = [
                _summary(
                    spectrum(
                        weights[:, neuron],
                        inputs,
                        parameters.snr,
                        parameters.samples_per_dimension,
                        XOR_EIGENVALUES,
                    ),
                    vectors[neuron],
                    2,
                    2,
                    XOR_EIGENVALUES,
                )
                for neuron in range(parameters.groups)
            ]
            spectra += [distinct[i % parameters.groups] for i in range(parameters.width)]
    shape = len(states), 2, parameters.width
    found = _spectral_variables(
        spectra, shape, _NEURON, ("_first", "alignment_two"), "rho(W_i, E_2)", "mu and nu"
    )
    found["smallest_cosine_two"] = found.pop("smallest_cosine_first")
    return found
