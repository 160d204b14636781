"""The spectra of the features that the page across the papers compares."""

import numpy as np
import xarray as xr

from rankscope.comparison.ranks import LOST, Spectrum

LAYERS = (1, 5, 20, 60)
PLAIN = {
    "negative_slope": 0.0,
    "bias_variance": 0.0,
    "initialisation": "gaussian",
    "geometry": "orthonormal",
}


def spectra(simulated: xr.Dataset, predicted: xr.Dataset) -> list[Spectrum]:
    """Return spectra of the features of plain ReLU networks about twice as wide as the batch."""
    del predicted
    plain = np.all([simulated[name].values == value for name, value in PLAIN.items()], axis=0)
    wide = plain & (simulated.width.values >= simulated.batch_size.values)
    if not wide.any():
        return []
    ratio = simulated.width.values / simulated.batch_size.values
    index = int(np.argmin(np.where(wide, np.abs(np.log(ratio / 2)), np.inf)))
    point = simulated.isel(point=index)
    shape = int(point.batch_size), int(point.width)
    values = point.singular_value.transpose("replicate", "layer", "index")
    return [
        Spectrum(
            question=LOST,
            label=f"ReLU features, layer {layer}",
            values=values.sel(layer=layer).values[:, : min(shape)],
            shape=shape,
        )
        for layer in LAYERS
        if layer <= int(point.depth)
    ]
