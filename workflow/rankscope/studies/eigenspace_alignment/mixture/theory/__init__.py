"""What the theory predicts at a point: dynamics, spectra, alignments and closed forms."""

import numpy as np
import xarray as xr
from scipy import special

from rankscope import datasets
from rankscope.studies.eigenspace_alignment import prediction
from rankscope.studies.eigenspace_alignment.effective_spectrum import spectrum
from rankscope.studies.eigenspace_alignment.mixture.parameters import Parameters
from rankscope.studies.eigenspace_alignment.mixture.theory import (
    exchangeable,
    full_matrices,
    limits,
)
from rankscope.studies.eigenspace_alignment.nodes import normal_nodes, root
from rankscope.studies.eigenspace_alignment.prediction import Variables
from rankscope.studies.eigenspace_alignment.softmax_dynamics import Overlaps, trajectory

EXTRA = 2
LOG2_NODES = 12
LOG2_FULL = 10
AROUND = 0.94, 1.0, 1.06
"""Values of lambda over that of a point, for a curve between points."""
MOMENTS = 14
"""Times after the start, for the same."""


def predict(parameters: Parameters) -> xr.Dataset:
    """Predict the point; a variable of the same name in the simulation is its measurement.

    Projected updates have no theory here: such a point carries closed forms only.
    """
    data = _limits(parameters)
    if parameters.update == "full":
        gram, times = np.array(parameters.mean_gram()), np.array(parameters.times())
        start = (0.0 if parameters.start == "zero" else 1.0) * np.eye(parameters.classes)
        arguments = gram, parameters.snr, parameters.ridge
        found = trajectory(*arguments, parameters.step_scale, times, start)
        without = trajectory(*arguments, 0.0, times, start)
        limit = trajectory(gram, np.inf, parameters.ridge, 0.0, times, start)
        data |= _dynamics(gram, found, without, limit)
        if parameters.blocks:
            data |= _blocks(parameters, gram, found)
        if parameters.matrices == "first":
            data |= _first(parameters, gram, found, start)
        if parameters.matrices == "full":
            data |= _full(parameters, gram, found)
    return prediction.dataset(parameters.times(), data)


def _dynamics(gram: np.ndarray, found: Overlaps, without: Overlaps, limit: Overlaps) -> Variables:
    """Label the overlaps, those without the corrector, and those without noise."""
    squared = np.einsum("taa->ta", found.weight)
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = np.where(squared > 0, 1 - _outside(gram, found) / squared, np.nan)
    mean, weight = ("checkpoint", "label", "mean"), ("checkpoint", "label", "other")
    return {
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


def _outside(gram: np.ndarray, found: Overlaps) -> np.ndarray:
    inside = np.einsum("tab,bc,tac->ta", found.mean, np.linalg.inv(gram), found.mean)
    return np.einsum("taa->ta", found.weight) - inside


def _limits(parameters: Parameters) -> Variables:
    if parameters.means != "orthonormal" or parameters.ridge == 0:
        return {}
    point = limits.fixed_point(parameters.classes, parameters.ridge)
    law = limits.misalignment_law(
        point,
        parameters.snr,
        parameters.samples_per_dimension,
        parameters.step_scale,
        np.array(parameters.times()),
        0.0 if parameters.start == "zero" else 1.0,
    )
    thresholds = limits.start_thresholds(parameters.classes, parameters.samples_per_dimension)
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


def _nodes(
    gram: np.ndarray, mean: np.ndarray, weight: np.ndarray, snr: float, log2_half: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the weights in ``2 k`` coordinates, and nodes: inputs, probabilities, onehots."""
    k = len(gram)
    centres = root(gram)
    inside = np.linalg.solve(centres, mean.T).T
    vectors = np.concatenate([inside, root(weight - inside @ inside.T)], axis=1)
    noise = normal_nodes(2 * k, log2_half) / np.sqrt(snr)
    inputs = np.concatenate([noise + np.pad(centre, (0, k)) for centre in centres])
    probabilities = special.softmax(inputs @ vectors.T, axis=1)
    return vectors, inputs, probabilities, np.repeat(np.eye(k), len(noise), axis=0)


def _blocks(parameters: Parameters, gram: np.ndarray, found: Overlaps) -> Variables:
    """Predict the class blocks; unless means are random, classes are exchangeable."""
    k = parameters.classes
    distinct, of_block, overlaps = 1, exchangeable.spectrum, _symmetric(found)
    if parameters.means == "random":
        distinct, of_block, overlaps = k, spectrum, found
    log2_half = LOG2_NODES - int(np.log2(k))
    blocks = []
    for mean, weight in zip(overlaps.mean, overlaps.weight, strict=True):
        vectors, inputs, p, onehot = _nodes(gram, mean, weight, parameters.snr, log2_half)
        for weights in (p * (1 - p), (p - onehot) ** 2):
            own = [
                prediction.block(
                    of_block(
                        weights[:, label],
                        inputs,
                        parameters.snr,
                        parameters.samples_per_dimension,
                        k + EXTRA,
                    ),
                    vectors[label],
                    k,
                    k + EXTRA,
                )
                for label in range(distinct)
            ]
            blocks += own * (k // distinct)
    return prediction.variables(blocks, (len(found.mean), 2, k), ("checkpoint", "matrix", "label"))


def _first(
    parameters: Parameters, gram: np.ndarray, found: Overlaps, start: np.ndarray
) -> Variables:
    """Follow the first outlier of a Hessian block, at the measured times and between points."""
    values, edges = _first_outlier(parameters, parameters.snr, gram, found)
    times = np.array([0.0, *parameters.duration * np.geomspace(1 / 64, 1, MOMENTS)])
    snrs, heights = parameters.snr * np.array(AROUND), []
    for snr in snrs:
        along = trajectory(gram, snr, parameters.ridge, parameters.step_scale, times, start)
        heights.append(np.divide(*_first_outlier(parameters, snr, gram, along)))
    return {
        "first_eigenvalue": datasets.variable(
            "checkpoint", values, "first eigenvalue of a Hessian block"
        ),
        "first_edge": datasets.variable("checkpoint", edges, "upper edge of its bulk"),
        "curve_snr": datasets.variable("curve", snrs, "lambda of a curve"),
        "curve_time": datasets.variable("moment", times, "time along a curve"),
        "curve_height": datasets.variable(
            ("curve", "moment"), np.stack(heights), "first eigenvalue over edge along a curve"
        ),
    }


def _first_outlier(
    parameters: Parameters, snr: float, gram: np.ndarray, found: Overlaps
) -> tuple[np.ndarray, np.ndarray]:
    """Return the first eigenvalue of a Hessian block, and the edge of its bulk, at all times.

    Contrasts of the other classes are left out: the own class comes first.
    """
    k, pairs = parameters.classes, []
    overlaps = _symmetric(found)
    for mean, weight in zip(overlaps.mean, overlaps.weight, strict=True):
        _, inputs, p, _ = _nodes(gram, mean, weight, snr, LOG2_NODES - int(np.log2(k)))
        block = spectrum(
            p[:, 0] * (1 - p[:, 0]),
            inputs @ exchangeable.fixed(k),
            snr,
            parameters.samples_per_dimension,
            1,
        )
        pairs.append((*block.outliers, block.edge, block.edge)[:2])
    values, edges = np.transpose(pairs)
    return values, edges


def _symmetric(found: Overlaps) -> Overlaps:
    """Remove what the nodes of the ODEs leave of differences between exchangeable classes."""
    return Overlaps(*(exchangeable.symmetric(each) for each in (found.mean, found.weight)))


def _full(parameters: Parameters, gram: np.ndarray, found: Overlaps) -> Variables:
    """Predict the full matrices at every time; outliers beyond those found are the edge."""
    k = parameters.classes
    count = k * (k - 1) + EXTRA
    values, edges, counts = [], [], []
    for mean, weight in zip(found.mean, found.weight, strict=True):
        _, inputs, p, onehot = _nodes(gram, mean, weight, parameters.snr, LOG2_FULL)
        u = p - onehot
        hessian = p[:, :, None] * np.eye(k) - p[:, :, None] * p[:, None, :]
        for matrices in (hessian, u[:, :, None] * u[:, None, :]):
            edge, outliers = full_matrices.outliers(
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
