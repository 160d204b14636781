"""What chance alone gives a probe, in closed form."""

import numpy as np
import xarray as xr
from scipy.special import gammaln

from rankscope.datasets import variable
from rankscope.studies.adapter_probe.parameters import Parameters

PROBED_RANKS = (1, 2, 4, 8, 16, 32, 64)


def predict(parameters: Parameters) -> xr.Dataset:
    """Return mean and standard deviation of the alignment of random directions.

    The ``k = r^2`` entries of ``U' W V`` are nearly independent normals of equal variance, so
    the alignment is a chi variable with ``k`` degrees of freedom over ``sqrt(k)``. Derived
    here.
    """
    count = np.array(PROBED_RANKS, dtype=float) ** 2
    mean = np.sqrt(2 / count) * np.exp(gammaln((count + 1) / 2) - gammaln(count / 2))
    return xr.Dataset(
        {
            "alignment": variable(
                "probed_rank", mean, "mean alignment of random directions with the base weight"
            ),
            "alignment_sd": variable(
                "probed_rank", np.sqrt(np.maximum(1 - mean**2, 0)), "its standard deviation"
            ),
        },
        coords={"probed_rank": variable("probed_rank", list(PROBED_RANKS), "directions")},
    )
