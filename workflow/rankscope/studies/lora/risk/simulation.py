"""Regression of every rank on noisy samples of a known map."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import reduced_rank, targets
from rankscope.studies.lora.risk.parameters import Parameters


def simulate(p: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Fit noisy outputs by least squares and by reduced-rank regression of every rank."""
    paths = np.stack([_risks(p, np.random.default_rng(stream)) for stream in streams])
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


def _risks(p: Parameters, generator: np.random.Generator) -> np.ndarray:
    truth = targets.draw(generator, (p.rows, p.columns), "power", p.teacher_rank, p.decay)
    update = truth.dense()
    x = generator.standard_normal((p.samples, p.columns))
    y = x @ update.T + p.noise * generator.standard_normal((p.samples, p.rows))
    coefficients, upper = reduced_rank.least_squares(x, y)
    return reduced_rank.path(coefficients, upper, update)
