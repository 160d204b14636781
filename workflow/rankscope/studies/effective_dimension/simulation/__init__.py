"""Draw networks, and measure every notion of rank at every layer of each."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope import datasets
from rankscope.numerics import batch_geometry, ranks, relu_networks
from rankscope.studies.effective_dimension.parameters import Parameters
from rankscope.studies.effective_dimension.simulation import inputs

TOLERANCES = (1e-1, 1e-2, 1e-3)
"""Relative tolerances of the numerical ranks."""

GATE_TOLERANCE = 1e-1
ABSOLUTE_TOLERANCE = 1e-1
"""In units of the singular values of orthonormal inputs: those of the features over sqrt(n)."""

Measured = dict[str, np.ndarray]
Found = tuple[np.ndarray, float]

LABELS = {
    "singular_value": "singular value of the features",
    "exact_rank": "rank of the features at max(m, n) eps",
    "exact_rank_bound": "upper bound on the rank from the rank before and the unit counts",
    "dead_units": "units that are off on the whole batch",
    "linear_units": "units that act linearly on the whole batch and are not dead",
    "mixed_units": "units whose pre-activations have both signs on the batch",
    "dead_network": "1 if all features vanish, so that no soft rank is defined",
    "numerical_rank": "singular values above a tolerance times the largest",
    "float32_rank": "rank of the features at max(m, n) eps of float32",
    "absolute_rank": "singular values above 0.1 of those of orthonormal inputs",
    "stable_rank": "stable rank of the features",
    "participation_ratio": "participation ratio of the features' eigenvalues",
    "effective_rank": "effective rank of the features' singular values",
    "effective_rank_of_eigenvalues": "effective rank of the features' eigenvalues",
    "top_share": "share of the largest eigenvalue in the trace",
    "cosine": "mean cosine over pairs of inputs",
    "log_squared_sine": "mean ln sin^2 of the angle over pairs of inputs",
    "centred_participation_ratio": "participation ratio of unit-length, batch-centred features",
    "raw_centred_participation_ratio": "participation ratio of batch-centred features",
    "log_norm": "ln of the mean squared feature, averaged over inputs",
    "first_log_norm": "ln of the mean squared feature of the first input",
    "by_gram": "1 if the singular values come from the Gram matrix",
    "centred_rank": "rank of unit-length, batch-centred features at max(m, n) eps",
    "centred_numerical_rank": "numerical rank of unit-length, batch-centred features",
    "centred_effective_rank": "effective rank of unit-length, batch-centred singular values",
    "preactivation_rank": "rank of the pre-activations at max(m, n) eps",
    "preactivation_participation_ratio": "participation ratio of the pre-activations",
    "jacobian_rank": "rank at max(m, n) eps of the first input's Jacobian, on the batch",
    "jacobian_participation_ratio": "participation ratio of that Jacobian, on the batch",
    "gate_rank": "rank of the matrix of gates at max(m, n) eps",
    "gate_numerical_rank": "rank of the matrix of gates at tolerance 0.1",
}
DIMENSIONS = {
    "singular_value": ("layer", "index"),
    "numerical_rank": ("layer", "tolerance"),
    "centred_numerical_rank": ("layer", "tolerance"),
}


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Simulate one network per stream.

    Args:
        parameters: the point.
        streams: one per replicate.

    Returns:
        Variables with leading dimensions ``replicate`` and ``layer``; see ``LABELS``. The
        singular values are stored in single precision, which leaves every relative
        tolerance down to that of exact rank usable.
    """
    networks = [_network(parameters, np.random.SFC64(stream)) for stream in streams]
    variables = {
        name: datasets.variable(
            ("replicate", *DIMENSIONS.get(name, ("layer",))),
            np.stack([network[name] for network in networks]),
            LABELS[name],
        )
        for name in networks[0]
    }
    coordinates = {
        "layer": datasets.variable("layer", np.arange(1, parameters.depth + 1), "layer"),
        "tolerance": datasets.variable("tolerance", np.array(TOLERANCES), "relative tolerance"),
    }
    return xr.Dataset(variables, coordinates)


def _network(parameters: Parameters, bits: np.random.BitGenerator) -> Measured:
    generator = np.random.Generator(bits)
    m, n = parameters.batch_size, parameters.width
    float32 = max(m, n) * float(np.finfo(np.float32).eps)
    law = relu_networks.Network(
        width=n,
        depth=parameters.depth,
        negative_slope=parameters.negative_slope,
        bias_variance=parameters.bias_variance,
        orthogonal=parameters.initialisation == "orthogonal",
    )
    batch = inputs.batch(parameters, generator)
    layers, grams, extras = [], [], []
    for layer in relu_networks.layers(
        batch,
        law,
        generator,
        explicit=parameters.sampler == "explicit",
        keep_preactivations=parameters.extras,
        tolerances=(*TOLERANCES, float32),
    ):
        if layer.preactivations is not None:
            extras.append(_extras(layer, layer.preactivations))
        grams.append(layer.factor @ layer.factor.T)
        # the pre-activations of all layers would leave the cache
        layers.append(dataclasses.replace(layer, preactivations=None))
    spectrum = np.stack([layer.singular_values for layer in layers])
    measured = _units(layers, spectrum, parameters) | _ranks(spectrum, m, n, float32)
    measured |= _geometry(np.stack(grams), n)
    if extras:
        exact, length = ranks.exact_tolerance(m, n), min(m, n)
        maps = relu_networks.variations(batch, law, generator)
        jacobians = [_spectrum_and_ratio(matrix, length) for matrix in maps]
        measured |= _stacked(extras, exact) | _ranks_and_ratios("jacobian", jacobians, exact)
    return measured


def _units(
    layers: Sequence[relu_networks.Layer], spectrum: np.ndarray, parameters: Parameters
) -> Measured:
    m, n = parameters.batch_size, parameters.width
    rank = ranks.numerical_rank(spectrum, ranks.exact_tolerance(m, n))
    before = [min(m, parameters.fan_in), *rank[:-1]]
    bias = parameters.bias_variance > 0
    bound = [
        relu_networks.rank_bound(previous, layer, m, bias=bias)
        for previous, layer in zip(before, layers, strict=True)
    ]
    counts = {
        "exact_rank": rank,
        "exact_rank_bound": bound,
        "dead_units": [layer.dead for layer in layers],
        "linear_units": [layer.linear for layer in layers],
        "mixed_units": [layer.mixed for layer in layers],
        "dead_network": [layer.dead == n for layer in layers],
        "by_gram": [layer.by_gram for layer in layers],
    }
    return {name: np.array(values, dtype=np.int32) for name, values in counts.items()}


def _ranks(spectrum: np.ndarray, m: int, n: int, float32: float) -> Measured:
    counts = [ranks.numerical_rank(spectrum, tolerance) for tolerance in TOLERANCES]
    return {
        "singular_value": spectrum.astype(np.float32),
        "numerical_rank": np.stack(counts, axis=-1).astype(np.int32),
        "absolute_rank": (spectrum > ABSOLUTE_TOLERANCE * np.sqrt(n)).sum(-1, dtype=np.int32),
        "float32_rank": ranks.numerical_rank(spectrum, float32).astype(np.int32),
        "stable_rank": ranks.stable_rank(spectrum),
        "participation_ratio": ranks.participation_ratio(spectrum),
        "effective_rank": ranks.effective_rank(spectrum),
        "effective_rank_of_eigenvalues": ranks.effective_rank_of_eigenvalues(spectrum),
        "top_share": ranks.top_share(spectrum),
    }


def _geometry(gram: np.ndarray, width: int) -> Measured:
    cosine = batch_geometry.cosines(gram)
    with np.errstate(divide="ignore"):
        log_norm = np.log(np.diagonal(gram, axis1=-2, axis2=-1) / width)
    alive = np.isfinite(log_norm)
    total = np.where(alive, log_norm, 0.0).sum(axis=-1)
    count = alive.sum(axis=-1)
    return {
        "cosine": batch_geometry.mean_cosine(cosine),
        "log_squared_sine": batch_geometry.mean_log_squared_sine(cosine),
        "centred_participation_ratio": batch_geometry.participation_ratio(
            batch_geometry.centred(cosine)
        ),
        "raw_centred_participation_ratio": batch_geometry.participation_ratio(
            batch_geometry.centred(gram)
        ),
        "log_norm": np.divide(total, count, out=np.full(len(gram), np.nan), where=count > 0),
        "first_log_norm": np.where(alive[:, 0], log_norm[:, 0], np.nan),
    }


def _extras(
    layer: relu_networks.Layer, preactivations: np.ndarray
) -> tuple[np.ndarray, np.ndarray, Found]:
    unit = _unit_rows(layer.factor)
    length = len(layer.singular_values)
    return (
        _spectrum(unit - unit.mean(axis=0), length),
        _spectrum(_gates(preactivations), length, gram=True),
        _spectrum_and_ratio(preactivations, length),
    )


def _stacked(extras: Sequence[tuple[np.ndarray, np.ndarray, Found]], exact: float) -> Measured:
    centred = np.stack([extra[0] for extra in extras])
    gates = np.stack([extra[1] for extra in extras])
    counts = [ranks.numerical_rank(centred, tolerance) for tolerance in TOLERANCES]
    return {
        "centred_rank": ranks.numerical_rank(centred, exact).astype(np.int32),
        "centred_numerical_rank": np.stack(counts, axis=-1).astype(np.int32),
        "centred_effective_rank": ranks.effective_rank(centred),
        "gate_rank": ranks.numerical_rank(gates, exact).astype(np.int32),
        "gate_numerical_rank": ranks.numerical_rank(gates, GATE_TOLERANCE).astype(np.int32),
    } | _ranks_and_ratios("preactivation", [extra[2] for extra in extras], exact)


def _ranks_and_ratios(name: str, found: Sequence[Found], exact: float) -> Measured:
    spectra, ratios = zip(*found, strict=True)
    return {
        f"{name}_rank": ranks.numerical_rank(np.stack(spectra), exact).astype(np.int32),
        f"{name}_participation_ratio": np.array(ratios),
    }


def _spectrum_and_ratio(matrix: np.ndarray, length: int) -> Found:
    """Return singular values, or ones if rank is full, and the participation ratio."""
    rows, columns = matrix.shape
    gram = matrix @ matrix.T
    full = columns > rows and relu_networks.has_full_rank(gram, columns)
    spectrum = np.ones(length) if full else _spectrum(matrix, length)
    return spectrum, float(batch_geometry.participation_ratio(gram))


def _gates(preactivations: np.ndarray) -> np.ndarray:
    """Return a matrix of the same spectrum as the gates, its constant columns as one."""
    gates = preactivations > 0
    always = gates.all(axis=0)
    mixed = gates.compress(gates.any(axis=0) & ~always, axis=1)
    count = int(np.count_nonzero(always))
    return np.hstack([mixed, np.full((len(gates), min(count, 1)), np.sqrt(count))])


def _unit_rows(factor: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(factor, axis=1, keepdims=True)
    return np.divide(factor, norms, out=np.zeros_like(factor), where=norms > 0)


def _spectrum(matrix: np.ndarray, length: int, *, gram: bool = False) -> np.ndarray:
    """Return singular values, by a Gram matrix if asked for and if that can tell all ranks."""
    values = relu_networks.decompose(matrix, (GATE_TOLERANCE,), gram=gram)[0]
    return np.concatenate([values, np.zeros(length - len(values))])
