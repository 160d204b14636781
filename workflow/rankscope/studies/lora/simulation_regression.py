"""Optima that need no training: regression of reduced rank, and products of layers."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import product_fit, reduced_rank, targets
from rankscope.studies.lora.parameters import Parameters


def risk(p: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Fit noisy outputs by least squares and by reduced-rank regression of every rank."""
    paths = np.stack([_risk_one(p, np.random.default_rng(stream)) for stream in streams])
    return xr.Dataset(
        {
            "risk": variable(
                ("replicate", "fitted_rank"), paths, "expected squared output error of the fit"
            ),
            "full_risk": variable(
                "replicate", paths[:, -1], "expected squared output error of full least squares"
            ),
        },
        coords={
            "fitted_rank": variable(
                "fitted_rank", np.arange(paths.shape[1]), "rank of the regression"
            )
        },
    )


def _risk_one(p: Parameters, generator: np.random.Generator) -> np.ndarray:
    truth = targets.draw(generator, (p.rows, p.columns), p.teacher, p.teacher_rank, p.decay)
    update = truth.dense()
    x = generator.standard_normal((p.samples, p.columns))
    y = x @ update.T + p.noise * generator.standard_normal((p.samples, p.rows))
    coefficients, upper = reduced_rank.least_squares(x, y)
    return reduced_rank.path(coefficients, upper, update)


def product(p: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Fit a random target by a product of random layers with low-rank updates."""
    runs = [_product_one(p, np.random.default_rng(stream)) for stream in streams]
    errors, converged, spectra = (np.stack(part) for part in zip(*runs, strict=True))
    return xr.Dataset(
        {
            "product_error": variable("replicate", errors, "least Frobenius error found"),
            "converged": variable("replicate", converged, "whether the search converged"),
            "gap_spectrum": variable(
                ("replicate", "gap"), spectra, "singular values of target minus frozen product"
            ),
        },
        coords={"gap": variable("gap", np.arange(1, p.columns + 1), "singular direction")},
    )


def _product_one(p: Parameters, generator: np.random.Generator) -> tuple[float, bool, np.ndarray]:
    size = p.columns
    weights = generator.standard_normal((p.depth, size, size)) / np.sqrt(size)
    target = generator.standard_normal((size, size)) / np.sqrt(size)
    found = product_fit.fit(weights, target, p.rank, generator, starts=p.draws)
    frozen = np.eye(size)
    for weight in weights:
        frozen = weight @ frozen
    return found.error, found.converged, np.linalg.svd(target - frozen, compute_uv=False)
