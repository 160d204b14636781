"""The spectra of the features that the page across the papers compares."""

import math

from rankscope.comparison.ranks import LOST, Spectrum
from rankscope.evidence.results import Results

LAYERS = (1, 5, 20, 60)
PLAIN = {
    "geometry": "orthonormal",
    "initialisation": "gaussian",
    "negative_slope": 0.0,
    "bias_variance": 0.0,
}


def spectra(results: Results) -> list[Spectrum]:
    """Return spectra of the features of plain ReLU networks about twice as wide as the batch."""
    plain = results.where(lambda p: p.width >= p.batch_size, **PLAIN)
    nearest = sorted(plain, key=lambda p: abs(math.log(p.width / p.batch_size / 2)))[:1]
    return [
        Spectrum(
            question=LOST,
            label=f"ReLU features, layer {layer}",
            values=point.measured.singular_value.sel(layer=layer).to_numpy(),
            shape=(point.batch_size, point.width),
        )
        for point in nearest
        for layer in LAYERS
        if layer <= point.depth
    ]
