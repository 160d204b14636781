"""The spectrum of what a network's last layer spends rank on, for the page across the papers."""

import numpy as np

from rankscope.comparison.ranks import SPENT, Spectrum
from rankscope.evidence.results import Results

WHEN = {"at the start": 0, "after training": -1}


def spectra(results: Results) -> list[Spectrum]:
    """Return spectra of the last layer's Hessian of the widest network at least noise.

    The singular values are those of the matrix whose Gram matrix the block is, one column
    per sample.
    """
    chosen = results.where(lambda point: point.duration > 0)
    if not len(chosen):
        return []
    point = max(chosen, key=lambda point: (point.width, point.snr, point.dimension))
    last = point.measured.last_eigenvalues.sel(last_matrix="hessian").isel(run=0)
    values = np.sort(last.values)[..., ::-1].clip(min=0)
    return [
        Spectrum(
            question=SPENT,
            label=f"Last-layer Hessian {when}",
            values=np.sqrt(values[:, time]),
            shape=(point.width, round(point.samples_per_dimension * point.dimension)),
        )
        for when, time in WHEN.items()
    ]
