"""Products of layers with low-rank updates, fitted to a target."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import product_fit
from rankscope.studies.lora.product.parameters import Parameters


def simulate(p: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Fit a random target by a product of random layers with low-rank updates."""
    runs = [_run(p, np.random.default_rng(stream)) for stream in streams]
    errors, converged, spectra = (np.stack(part) for part in zip(*runs, strict=True))
    return xr.Dataset(
        {
            "product_error": variable("replicate", errors, "least Frobenius error found"),
            "converged": variable("replicate", converged, "whether the search converged"),
            "gap_spectrum": variable(
                ("replicate", "gap"), spectra, "singular values of target minus frozen product"
            ),
        },
        coords={"gap": variable("gap", np.arange(1, p.width + 1), "singular direction")},
    )


def _run(p: Parameters, generator: np.random.Generator) -> tuple[float, bool, np.ndarray]:
    weights = generator.standard_normal((p.depth, p.width, p.width)) / np.sqrt(p.width)
    target = generator.standard_normal((p.width, p.width)) / np.sqrt(p.width)
    found = product_fit.fit(weights, target, p.rank, generator, starts=p.starts)
    frozen = np.eye(p.width)
    for weight in weights:
        frozen = weight @ frozen
    return found.error, found.converged, np.linalg.svd(target - frozen, compute_uv=False)
