"""Predictions for a point: the abstract's formulas, and the theory that can be derived.

A prediction with the name of a measured variable is to be compared with it. Which theories
exist depends on the point: a missing variable means "no formula for this law".
"""

import numpy as np
import xarray as xr

from rankscope import datasets
from rankscope.studies.effective_dimension.parameters import Parameters
from rankscope.studies.effective_dimension.theory import (
    angles,
    chain,
    fluctuations,
    inputs,
    kernel,
    paper,
    units,
)

TOLERANCES = (1e-1, 1e-2, 1e-3)

NO_FLUCTUATION = 1e-9
"""Orthogonal weights and a linear activation inject nothing, up to rounding."""

Values = dict[str, tuple[tuple[str, ...], np.ndarray, str]]

LAYER = ("layer",)
SOFT = {
    "stable_rank": "stable rank",
    "participation_ratio": "participation ratio",
    "top_share": "share of the largest eigenvalue",
    "effective_rank": "effective rank of singular values",
    "effective_rank_of_eigenvalues": "effective rank of eigenvalues",
}


def predict(parameters: Parameters) -> xr.Dataset:
    """Evaluate every formula that covers a point, along ``layer``.

    Args:
        parameters: the point.

    Returns:
        ``paper_*`` from the abstract and ``null_rank``; unprefixed names from infinite width
        or the finite-width formula of the same name; ``*_infinite_width`` where both
        exist; ``chain_*`` from the affine-Wishart chain with its Monte Carlo error.
    """
    layers = np.arange(1, parameters.depth + 1)
    wide = _InfiniteWidth(parameters)
    values = _paper(parameters, layers) | wide.values(layers)
    values |= _finite_width(parameters, wide)
    if parameters.geometry == "orthonormal":
        values |= _chain(parameters, wide) | _equicorrelated(parameters, wide, layers)
    if parameters.bias_variance == 0:
        variance = angles.log_norm_variance(layers, parameters.width, parameters.negative_slope)
        if parameters.initialisation == "gaussian":
            values["log_norm_variance"] = (LAYER, variance, "variance of the log norm")
            values["log_norm"] = (LAYER, -variance / 2, "expected log norm")
    variables = {name: datasets.variable(*value) for name, value in values.items()}
    coordinates = {
        "layer": datasets.variable("layer", layers, "layer"),
        "tolerance": datasets.variable("tolerance", np.array(TOLERANCES), "relative tolerance"),
    }
    return xr.Dataset(variables, coordinates)


def _paper(parameters: Parameters, layers: np.ndarray) -> Values:
    m, n = parameters.batch_size, parameters.width
    return {
        "paper_rank": (LAYER, paper.expected_rank(m, layers), "the abstract's rank"),
        "null_rank": (LAYER, paper.constant_null(m, n, layers), "full rank, the null"),
        "paper_revival_depth": (
            ("revival",),
            paper.revival_depths(),
            "the abstract's revival depths, rho read as 1 - 2/pi",
        ),
        "paper_revival_height": (
            (),
            np.asarray(paper.revival_height(m)),
            "the abstract's revival height",
        ),
    }


class _InfiniteWidth:
    """The infinite-width kernel at every layer, for one or several input batches."""

    def __init__(self, parameters: Parameters) -> None:
        p = self.parameters = parameters
        law = (p.depth, p.negative_slope, p.bias_variance)
        if p.geometry == "orthonormal":
            found = kernel.recursion(0.0, *law)
            self.before, self.after = found.before, found.after
            spectrum = kernel.equicorrelated_eigenvalues(p.batch_size, self.after)
            self.eigenvalues = spectrum[None]
            self.centred = np.full(p.depth, p.batch_size - 1.0)
            return
        pairs = np.triu_indices(p.batch_size, 1)
        runs = [kernel.recursion(start, *law) for start in inputs.cosine_matrices(p)]
        self.before = np.mean([run.before[:, *pairs].mean(axis=1) for run in runs], axis=0)
        self.after = np.mean([run.after[:, *pairs].mean(axis=1) for run in runs], axis=0)
        self.eigenvalues = np.stack([np.linalg.eigvalsh(run.after)[:, ::-1] for run in runs])
        inverse = [1 / kernel.centred_participation_ratio(run.after) for run in runs]
        self.centred = 1 / np.mean(inverse, axis=0)

    def values(self, layers: np.ndarray) -> Values:
        """Return what infinite width alone predicts."""
        p = self.parameters
        soft = kernel.soft_ranks(self.eigenvalues)
        counts = kernel.numerical_ranks(self.eigenvalues, TOLERANCES)
        values: Values = {
            name: (LAYER, soft[name].mean(axis=0), f"{label}, infinite width")
            for name, label in SOFT.items()
        }
        values["numerical_rank"] = (
            ("layer", "tolerance"),
            counts.mean(axis=0),
            "numerical rank, infinite width",
        )
        values["eigenvalue_infinite_width"] = (
            ("layer", "index"),
            self.eigenvalues.mean(axis=0),
            "eigenvalues of the kernel, in units of the mean squared feature",
        )
        values["cosine"] = (LAYER, self.after, "mean cosine over pairs, infinite width")
        values["centred_participation_ratio_infinite_width"] = (
            LAYER,
            self.centred,
            "participation ratio of the centred kernel, infinite width",
        )
        asymptote = kernel.cosine_asymptote(layers, p.negative_slope, p.bias_variance)
        values["cosine_asymptote"] = (LAYER, asymptote, "leading order of the cosine at depth")
        return values


def _finite_width(parameters: Parameters, wide: _InfiniteWidth) -> Values:
    p = parameters
    orthogonal = p.initialisation == "orthogonal"
    before = np.clip(wide.before, 0.0, None)
    variance = fluctuations.fluctuation(before, p.width, p.negative_slope, orthogonal=orthogonal)
    ratio = 1.0 / (1.0 / wide.centred + variance)
    # of first order in l/n, and to leading order in 1/m
    holds = (np.arange(1, p.depth + 1) <= p.width / 8) & (p.batch_size > 2)
    values: Values = {
        "centred_participation_ratio": (
            LAYER,
            np.where(holds, ratio, np.nan),
            "participation ratio of unit-length, batch-centred features, up to layer n/8",
        ),
        "hump_depth": (
            (),
            np.asarray(fluctuations.hump_depth(1.0 / ratio)),
            "layer at which that is largest; 1 if it only falls",
        ),
    }
    if p.negative_slope == 0 and p.bias_variance == 0:
        spread = fluctuations.norm_spread(before, p.width, orthogonal=orthogonal)
        raw = fluctuations.raw_centred_participation_ratio(
            p.batch_size, wide.after, wide.centred, variance, spread
        )
        values["raw_centred_participation_ratio"] = (
            LAYER,
            np.where(holds, raw, np.nan),
            "participation ratio of batch-centred features, up to layer n/8",
        )
    return values


def _chain(parameters: Parameters, wide: _InfiniteWidth) -> Values:
    p = parameters
    orthogonal = p.initialisation == "orthogonal"
    kappa = fluctuations.injection(wide.before, p.negative_slope, orthogonal=orthogonal)
    keep = fluctuations.damping(wide.before, p.negative_slope)
    # none where the first Wishart matrix would be singular, or where nothing fluctuates
    if p.width <= kappa[0] * (p.batch_size - 1) or kappa.min() < NO_FLUCTUATION:
        return {}
    chains = chain.affordable(p.batch_size)
    spectra = chain.eigenvalues(p.batch_size, p.width, wide.after, keep, kappa, chains)
    drawn = kernel.soft_ranks(spectra)
    values: Values = {}
    for name, label in SOFT.items():
        mean, error = chain.mean_and_error(drawn[name])
        values[f"chain_{name}"] = (LAYER, mean, f"{label}, affine-Wishart chain")
        values[f"chain_{name}_error"] = (LAYER, error, f"Monte Carlo error of chain_{name}")
    ran = np.isfinite(spectra[..., :1])
    counts = np.where(ran, kernel.numerical_ranks(spectra, TOLERANCES), np.nan)
    mean, error = chain.mean_and_error(counts)
    dims = ("layer", "tolerance")
    values["chain_numerical_rank"] = (dims, mean, "numerical rank, affine-Wishart chain")
    values["chain_numerical_rank_error"] = (dims, error, "its Monte Carlo error")
    values["chain_log_singular_value"] = (
        ("layer", "index"),
        0.5 * np.log(spectra / spectra[..., :1]).mean(axis=0),
        "mean ln of singular values over the largest, affine-Wishart chain",
    )
    return values


def _equicorrelated(parameters: Parameters, wide: _InfiniteWidth, layers: np.ndarray) -> Values:
    p = parameters
    values: Values = {}
    if p.negative_slope == 0:
        probability = units.dead_probability(p.batch_size, wide.before)
        values["dead_units"] = (LAYER, p.width * probability, "expected dead units")
        values["exact_rank"] = (
            LAYER,
            units.expected_exact_rank(p.batch_size, p.width, probability),
            "expected exact rank",
        )
    if p.negative_slope == 0 and p.bias_variance == 0:
        values["log_squared_sine_infinite_width"] = (
            LAYER,
            np.log1p(-(wide.after**2)),
            "ln sin^2 of the angle of a pair, infinite width",
        )
        values["cosine_refined_asymptote"] = (
            LAYER,
            kernel.cosine_refined_asymptote(layers),
            "cosine at depth, with logarithmic correction",
        )
        if p.initialisation == "gaussian" and p.width >= 8:
            values["log_squared_sine"] = (
                LAYER,
                angles.log_squared_sine(p.depth, p.width),
                "expected ln sin^2 of the angle of a pair",
            )
    if p.negative_slope == 1 and p.bias_variance == 0 and p.initialisation == "gaussian":
        values["linear_participation_ratio"] = (
            LAYER,
            angles.linear_participation_ratio(p.batch_size, p.width, layers),
            "participation ratio of a linear net",
        )
        count = min(p.batch_size, p.width)
        values["lyapunov_exponent"] = (
            ("exponent",),
            angles.lyapunov_exponents(count, p.width),
            "growth rate per layer of each singular value, linear net",
        )
    return values
